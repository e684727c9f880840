"""Opening a file of records."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from biblioteca.loading.formats.tables import read_table
from biblioteca.loading.names import detect_style
from biblioteca.loading.records import Fault, RawRecord
from biblioteca.loading.source import Source, open_source

FORMATS = ("csv",)


@dataclass(frozen=True)
class ReadingOptions:
    """How a file is to be read, where it does not tell."""

    format: str | None = None
    resource: str | None = None
    source: str | None = None
    mapping: dict[str, str] = field(default_factory=dict)


class Reading:
    """A file under way."""

    unit = "line"
    format = "csv"

    def __init__(self, source: Source) -> None:
        self.source = source
        self.name = source.name
        self.size: int | None = source.size
        self.sha256: str | None = None
        stream = read_table(source)
        sample = list(islice(stream, 500))
        cells = [item.authors for item in sample if isinstance(item, RawRecord)]
        self.style = detect_style(cell for cell in cells if isinstance(cell, str))
        self.stream = chain(sample, stream)

    def position(self) -> int:
        """Return how many bytes were read."""
        return self.source.position()

    def records(self) -> Iterator[RawRecord | Fault]:
        """Yield the records."""
        return self.stream


@contextmanager
def open_reading(path: str, options: ReadingOptions) -> Iterator[Reading]:
    """Open a file."""
    with open_source(Path(path)) as source:
        yield Reading(source)


def in_loading_order(paths: Sequence[str], options: ReadingOptions) -> Sequence[str]:
    """Return the paths in the order in which they are loaded."""
    return paths
