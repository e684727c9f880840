"""Tables: CSV with commas, semicolons or tabs; encoding and header found out."""

import csv
import io
from collections.abc import Iterator
from typing import TextIO

from django.utils.translation import gettext as _

from biblioteca.loading.records import Fault, RawName, RawRecord
from biblioteca.loading.source import Source, UnreadableFileError, encoding_of
from biblioteca.records.text import words

DELIMITERS = ",;\t|"
MAX_COLUMNS = 1000
MAX_CELL = 100_000

# What people call the columns, folded and without punctuation.
SYNONYMS = {
    "titulo": ("titulo", "title", "book title", "booktitle", "titulo da obra", "obra"),
    "autores": (
        "autor", "autores", "author", "authors", "book author", "autor es", "autoria",
        "autor principal",
    ),
    "editora": ("editora", "editor", "editorial", "publisher", "book publisher", "casa editora"),
    "foto": (
        "foto", "capa", "imagem", "image url", "imagem url", "cover", "cover url", "url da capa",
        "image url l", "image url m", "image",
    ),
    "isbn": ("isbn", "isbn13", "isbn 13", "isbn10", "isbn 10", "ean"),
}  # fmt: skip


def read_table(source: Source) -> Iterator[RawRecord | Fault]:
    """Yield the records of a table, one by one, and what is wrong with the lines that are none.

    Raises UnreadableFileError when no column can be recognised as the title.
    """
    encoding = encoding_of(source.sample)
    lines = io.TextIOWrapper(
        source.content, encoding=encoding, errors="surrogateescape", newline=""
    )
    try:
        yield from read_lines(lines, source.sample.decode(encoding, "replace"))
    finally:
        lines.detach()  # the file is its opener's to close


def read_lines(lines: TextIO, sample: str) -> Iterator[RawRecord | Fault]:
    """Yield the records of an open table; see :func:`read_table`."""
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(lines, delimiter=delimiter_of(sample))
    header = next(reader, [])
    columns = columns_of(header)
    if "titulo" not in columns:
        known = ", ".join(repr(name) for name in header[:20])
        raise UnreadableFileError(
            _("no column is a title (called titulo, title, Book-Title…); the header has %s") % known
        )
    line = reader.line_num + 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Fault(line, _("the line cannot be read as CSV (%s)") % error, {})
        else:
            if any(cell.strip() for cell in cells):
                yield as_record(line, cells, header, columns)
        line = reader.line_num + 1


def delimiter_of(text: str) -> str:
    """Return the delimiter that the first line has most of, outside quotes."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    outside = "".join(part for number, part in enumerate(first.split('"')) if number % 2 == 0)
    return max(DELIMITERS, key=outside.count)


def columns_of(header: list[str]) -> dict[str, list[int]]:
    """Return which columns hold each field, by what they are called, in order of preference."""
    if len(header) > MAX_COLUMNS:
        raise UnreadableFileError(_("the header has %d columns") % len(header))
    names = [" ".join(words(name)) for name in header]
    return {
        field: found
        for field, synonyms in SYNONYMS.items()
        if (found := [names.index(synonym) for synonym in synonyms if synonym in names])
    }


def as_record(
    line: int, cells: list[str], header: list[str], columns: dict[str, list[int]]
) -> RawRecord | Fault:
    """Return the record in ``cells``, or why there is none."""
    raw = dict(zip(header, cells, strict=False))
    if len(cells) != len(header):
        counts = {"cells": len(cells), "columns": len(header)}
        fault = _("the line has %(cells)d cells, the header has %(columns)d") % counts
        return Fault(line, fault, raw)
    values = {field: first_filled(cells, places) for field, places in columns.items()}
    publisher, isbn = values.get("editora", ""), values.get("isbn", "")
    return RawRecord(
        line=line,
        text=values.get("titulo", ""),
        authors=values.get("autores", ""),
        publisher=RawName(publisher) if publisher else None,
        photo=values.get("foto", ""),
        identifiers=(("isbn", isbn),) if isbn else (),
        raw=raw,
    )


def first_filled(cells: list[str], places: list[int]) -> str:
    """Return the first cell at ``places`` that is not blank, "" if none is."""
    return next((cells[place] for place in places if cells[place].strip()), "")
