"""MARC 21 (ISO 2709, in UTF-8) and MARCXML, by pymarc."""

import re
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from pymarc import Record, XMLWriter

from biblioteca.loading.exporting import Export
from biblioteca.loading.writers.base import UnwritableRecordError, check_xml

# The directory of a record has five digits for its length and four for that of a field.
MAX_RECORD, MAX_FIELD = 99_999, 9_999
# They end and separate subfields, fields and records.
DELIMITERS = re.compile("[\x1d-\x1f]")


def record_of(export: Export, row: dict[str, Any]) -> Record:
    """Return the row as a MARC record."""
    if export.marc is None:  # the command asks for no such export
        raise TypeError(f"{export.model.RESOURCE} has no MARC")
    return export.marc(row)


def values_of(record: Record) -> list[str]:
    """Return every text of a record."""
    return [
        text
        for field in record
        for text in ([field.data] if field.control_field else [s.value for s in field.subfields])
        if text is not None
    ]


class MarcXmlWriter:
    """One collection of records."""

    def __init__(self, file: BinaryIO, export: Export) -> None:
        self.file, self.export = file, export
        self.writer = XMLWriter(file)

    def write(self, row: dict[str, Any]) -> None:
        """Write one record."""
        record = record_of(self.export, row)
        for text in values_of(record):
            check_xml(text)
        self.writer.write(record)
        self.file.write(b"\n")

    def finish(self) -> None:
        """Close the collection."""
        self.writer.close(close_fh=False)


class MarcWriter:
    """Records one behind the other."""

    def __init__(self, file: BinaryIO, export: Export) -> None:
        self.file, self.export = file, export

    def write(self, row: dict[str, Any]) -> None:
        """Write one record, if its directory can say how long it is."""
        record = record_of(self.export, row)
        if any(DELIMITERS.search(text) for text in values_of(record)):
            raise UnwritableRecordError(_("a text has one of MARC's own delimiters"))
        content = record.as_marc()
        check_length(record, len(content))
        self.file.write(content)

    def finish(self) -> None:
        """Leave the last record as it is."""


def check_length(record: Record, length: int) -> None:
    """Raise UnwritableRecordError for what is too long for MARC 21."""
    if length > MAX_RECORD:
        raise UnwritableRecordError(
            _("too long for MARC 21: %(length)d bytes, at most %(most)d")
            % {"length": length, "most": MAX_RECORD}
        )
    if length <= MAX_FIELD:
        return
    for field in record:
        size = len(field.as_marc("utf-8"))
        if size > MAX_FIELD:
            raise UnwritableRecordError(
                _("field %(tag)s is too long for MARC 21: %(length)d bytes, at most %(most)d")
                % {"tag": field.tag, "length": size, "most": MAX_FIELD}
            )
