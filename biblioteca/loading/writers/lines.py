"""JSON Lines: one object a line, in the API's own names."""

import json
from typing import Any, BinaryIO

from biblioteca.loading.exporting import Export


class JsonLinesWriter:
    """One object a line."""

    def __init__(self, file: BinaryIO, export: Export) -> None:
        self.file = file

    def write(self, row: dict[str, Any]) -> None:
        """Write one record."""
        self.file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")

    def finish(self) -> None:
        """Leave the last line as it is."""
