"""MARCXML: records in collections, OAI and SRU answers, with any namespace or none."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from biblioteca.loading.formats.bibliographic import MarcRecord, as_record, is_unimarc
from biblioteca.loading.formats.markup import MarkupError, Pieces, local, parsed, shown
from biblioteca.loading.names import NATURAL
from biblioteca.loading.options import ReadingOptions
from biblioteca.loading.records import Fault, RawRecord
from biblioteca.loading.source import Source, UnreadableFileError


class MarcXml:
    """A file of records. Raises UnreadableFileError when it is UNIMARC or defines entities."""

    format = "marcxml"
    unit = "record"
    order = 0
    style = NATURAL

    def __init__(self, source: Source, options: ReadingOptions) -> None:
        self.pieces = Pieces(source, "record")
        self.options = options
        self.items = self.read()
        self.first = next(self.items, None) if source.sample else None
        if isinstance(self.first, MarcRecord) and is_unimarc(self.first):
            raise UnreadableFileError(_("this is UNIMARC, which is not read; export MARC 21"))

    def __iter__(self) -> Iterator[RawRecord | Fault]:
        """Yield the records one by one, and what is wrong with those that are none."""
        number = 0
        item = self.first
        while item is not None:
            number += 1
            if isinstance(item, MarcRecord):
                yield as_record(number, item, self.options)
            else:
                yield Fault(number, item[1], shown(item[0]))
            item = next(self.items, None)

    def read(self) -> Iterator[MarcRecord | tuple[str, str]]:
        """Yield the records; text and reason of what is none."""
        for piece in self.pieces:
            if piece.fault:
                yield piece.text, piece.fault
                continue
            try:
                element = parsed(piece.text)
            except MarkupError as error:
                yield piece.text, str(error)
                continue
            if not any(local(child) in FIELDS for child in element):
                continue  # an envelope's record: a deleted one of OAI, for example
            record = record_of(element)
            record.warnings.extend(piece.warnings)
            yield record


FIELDS = frozenset(("leader", "controlfield", "datafield"))


def record_of(element: Any) -> MarcRecord:
    """Return the fields of a record; what has no tag or no code is left out with a warning."""
    record = MarcRecord("")
    faulty = False
    for child in element:
        name = local(child)
        tag = (child.get("tag") or "").strip()
        if name == "leader":
            record.leader = child.text or ""
        elif name == "controlfield" and tag:
            record.controls.append((tag, child.text or ""))
        elif name == "datafield" and len(tag) == 3:
            subfields = []
            for part in child:
                code = part.get("code") or ""
                if local(part) == "subfield" and len(code) == 1:
                    subfields.append((code, "".join(part.itertext())))
                else:
                    faulty = True
            if subfields:
                first, second = (child.get("ind1") or " ")[:1], (child.get("ind2") or " ")[:1]
                record.fields.append((tag, first, second, subfields))
        else:
            faulty = True
    if element.get("type") not in (None, "", "Bibliographic"):
        # The schema's own word for what the leader says as well.
        record.leader = record.leader[:6].ljust(6) + "z" + record.leader[7:]
    if faulty:
        record.warnings.append(_("fields without a tag or subfields without a code were left out"))
    return record
