"""One row of a table into a record, whatever file the table is in."""

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _

from biblioteca.loading.formats.columns import (
    AUTHOR_IDS,
    CATALOGUE,
    IDS,
    KEY,
    PUBLISHER_ID,
    columns_of,
    text_column,
    unique,
)  # fmt: skip
from biblioteca.loading.names import NameStyle, detect_style
from biblioteca.loading.options import ReadingOptions
from biblioteca.loading.records import WORKS, Fault, RawName, RawRecord

# What this product calls a catalogue in the files that it exports.
CATALOGUE_CODE = re.compile(r"biblioteca-[0-9a-f]+")
# What the export protects from spreadsheets by an apostrophe in front.
PROTECTED = re.compile(r"'[=+\-@'\t\r]")
ESCAPED = re.compile(r"\\(.)", re.S)
ID = re.compile(r"[0-9]{1,19}")


class Rows:
    """How the rows of one table are read: which column is what, and how authors are written.

    ``sample`` are some of the first rows. Raises UnreadableFileError when there is no title.
    """

    def __init__(
        self, header: list[str], sample: Sequence[list[str]], options: ReadingOptions
    ) -> None:
        self.options = options
        self.names = unique(header)
        self.columns = columns_of(header, options)
        self.text = text_column(header, self.columns, options)
        self.width = len(header)
        self.resource = options.wanted
        self.exported = any(
            CATALOGUE_CODE.fullmatch(self.value(cells, CATALOGUE).strip()) for cells in sample
        )
        self.style = self.style_of(sample)
        self.photo = self.columns.get("foto", [])
        self.authors = self.columns.get("autores", []) if self.resource == WORKS else []
        self.publisher = self.columns.get("editora", []) if self.resource == WORKS else []
        self.numbers = [
            (scheme, place)
            for scheme in ("isbn", "issn")
            for place in self.columns.get(scheme, [])
            if self.resource == WORKS
        ]
        self.keys = self.columns.get(KEY, []) if options.source else []
        self.ids = self.columns.get(IDS, [])

    def style_of(self, sample: Sequence[list[str]]) -> NameStyle:
        """Return how names are written in the column of authors, or of the authors' names."""
        if self.resource == WORKS:
            return detect_style(self.value(cells, "autores") for cells in sample)
        names = [first_filled(cells, self.text) for cells in sample]
        return NameStyle("", detect_style(names).surname_first)

    def value(self, cells: list[str], field: str) -> str:
        """Return what a row says of ``field``, "" if nothing."""
        return first_filled(cells, self.columns.get(field, []))

    def record(self, line: int, cells: list[str]) -> RawRecord | Fault:
        """Return the record in a row, or why there is none."""
        if len(cells) != self.width:
            return self.misfit(line, cells)
        raw = dict(zip(self.names, cells, strict=True))
        if self.exported:
            return self.exported_record(line, [unprotected(cell) for cell in cells], raw)
        publisher = first_filled(cells, self.publisher) if self.publisher else ""
        identifiers = [
            (scheme, cell) for scheme, place in self.numbers if (cell := cells[place].strip())
        ]
        return RawRecord(
            line=line,
            text=first_filled(cells, self.text),
            resource=self.resource,
            authors=first_filled(cells, self.authors) if self.authors else (),
            publisher=RawName(publisher) if publisher else None,
            photo=first_filled(cells, self.photo) if self.photo else "",
            identifiers=tuple(identifiers),
            key=self.key_of(cells) if self.keys else None,
            id=whole(first_filled(cells, self.ids)) if self.ids else None,
            raw=raw,
        )

    def key_of(self, cells: list[str]) -> tuple[str, str] | None:
        """Return the source's own key of a row."""
        key = first_filled(cells, self.keys).strip()
        return (self.options.source or "", key) if key else None

    def misfit(self, line: int, cells: list[str]) -> Fault:
        """Return the fault of a row that has too few or too many cells."""
        raw = dict(zip(self.names, cells, strict=False))
        if len(cells) > self.width:
            raw[_("beyond the last column")] = " | ".join(cells[self.width :][:20])
        counts = {"cells": len(cells), "columns": self.width}
        return Fault(
            line, _("the line has %(cells)d cells, the header has %(columns)d") % counts, raw
        )

    def exported_record(
        self, line: int, cells: list[str], raw: dict[str, str]
    ) -> RawRecord | Fault:
        """Return the record in a row that a catalogue like this one wrote: nothing to guess."""
        fields = ("foto",) if self.resource != WORKS else (
            "autores", "editora", "foto", "identificadores",
        )  # fmt: skip
        values = {field: self.value(cells, field) for field in fields}
        identifiers = [part.partition(":")[::2] for part in parts_of(
            values.get("identificadores", "")
        )]  # fmt: skip
        publisher, publisher_id = (
            values.get("editora", ""), whole(self.value(cells, PUBLISHER_ID)),
        )  # fmt: skip
        return RawRecord(
            line=line,
            text=first_filled(cells, self.text),
            resource=self.resource,
            authors=numbered(
                parts_of(values.get("autores", "")), parts_of(self.value(cells, AUTHOR_IDS))
            ),
            publisher=(
                RawName(publisher, inverted=False, id=publisher_id)
                if publisher or publisher_id is not None
                else None
            ),
            photo=values["foto"],
            identifiers=tuple(identifiers),
            id=whole(self.value(cells, IDS)),
            catalogue=self.value(cells, CATALOGUE).strip(),
            blank=frozenset(
                field for field in fields if field in self.columns and not values[field].strip()
            ),
            raw=raw,
        )


def first_filled(cells: list[str], places: list[int]) -> str:
    """Return the first cell at ``places`` that is not blank, "" if none is."""
    for place in places:
        if place < len(cells) and cells[place] and not cells[place].isspace():
            return cells[place]
    return ""


def whole(cell: str) -> int | None:
    """Return the id in a cell, None where there is none."""
    text = cell.strip()
    return int(text) if ID.fullmatch(text) else None


def unprotected(cell: str) -> str:
    """Return an exported cell without the apostrophe that kept spreadsheets from running it."""
    return cell[1:] if PROTECTED.match(cell) else cell


def parts_of(cell: str) -> list[str]:
    """Return the parts of an exported cell, written ``one | two`` with ``\\|`` within a part."""
    parts: list[str] = []
    part = ""
    place = 0
    while place < len(cell):
        if cell[place] == "\\":
            part += cell[place + 1 : place + 2]
            place += 2
        elif cell.startswith(" | ", place):
            parts.append(part)
            part = ""
            place += 3
        else:
            part += cell[place]
            place += 1
    return [each for each in [*parts, part] if each.strip()]


def numbered(names: list[str], ids: list[str]) -> tuple[RawName, ...]:
    """Return the authors of an exported row with their ids, where there are as many."""
    keys: list[int | None] = [whole(each) for each in ids]
    if len(keys) != len(names):
        keys = [None] * len(names) if names else keys
    names = names or [""] * len(keys)
    return tuple(
        RawName(name, inverted=False, id=key) for name, key in zip(names, keys, strict=True)
    )
