"""What every format of an export gives."""

import re
from typing import Any, Protocol

from django.utils.translation import gettext as _

# Neither XML 1.0 nor a spreadsheet can hold these.
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class UnwritableRecordError(Exception):
    """A record that the format cannot hold; the message says why."""


class Writer(Protocol):
    """Writes the rows of an export to a binary file."""

    def write(self, row: dict[str, Any]) -> None:
        """Write one row, whole; raises UnwritableRecordError, and writes nothing, if it cannot."""

    def finish(self) -> None:
        """Write what stands behind the last row."""


def check_xml(text: str) -> None:
    """Raise UnwritableRecordError for a character that XML does not know."""
    if found := NOT_XML.search(text):
        raise UnwritableRecordError(
            _("the character U+%(code)s cannot be written in this format")
            % {"code": f"{ord(found[0]):04X}"}
        )
