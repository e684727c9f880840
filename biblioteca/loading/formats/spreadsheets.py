"""Workbooks (XLSX): the first sheet that is a table of records."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import chain, islice
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from lxml.etree import LxmlError

from biblioteca.loading.archives import check_workbook
from biblioteca.loading.formats.columns import MAX_COLUMNS, has_header
from biblioteca.loading.formats.rows import Rows
from biblioteca.loading.formats.tables import SAMPLED
from biblioteca.loading.names import NameStyle
from biblioteca.loading.options import ReadingOptions
from biblioteca.loading.records import Fault, RawRecord
from biblioteca.loading.source import BrokenFileError, UnreadableFileError

# What openpyxl raises for a workbook that is damaged or is none.
DAMAGE = (ValueError, KeyError, TypeError, AttributeError, IndexError, ParseError, LxmlError)


class Spreadsheet:
    """A sheet of a workbook, read row by row.

    Raises UnreadableFileError when no sheet has a column of titles.
    """

    format = "xlsx"
    unit = "line"
    order = 0

    def __init__(self, archive: zipfile.ZipFile, file: BinaryIO, options: ReadingOptions) -> None:
        check_workbook(archive)
        import openpyxl  # heavy, and few processes read workbooks

        try:
            self.book = openpyxl.load_workbook(
                file, read_only=True, data_only=True, keep_links=False
            )
            sheets = [sheet for sheet in self.book.worksheets if sheet.sheet_state == "visible"]
        except (*DAMAGE, EOFError, OSError, zipfile.BadZipFile) as error:
            raise UnreadableFileError(_("damaged (%s)") % error) from error
        failure: UnreadableFileError | None = None
        for sheet in sheets:
            try:
                self.begin(sheet, options)
            except UnreadableFileError as error:
                failure = failure or error
            else:
                return
        raise failure or UnreadableFileError(_("the workbook has no sheet"))

    def begin(self, sheet: Any, options: ReadingOptions) -> None:
        """Look at the first rows of a sheet. Raises UnreadableFileError."""
        sheet.reset_dimensions()
        self.rows = self.filled(sheet)
        try:
            first = next(self.rows, None)
            if first is None:
                raise UnreadableFileError(_("the sheet %s is empty") % repr(sheet.title))
            header = first[1]
            named = has_header(header, options.mapping)
            self.ahead = ([] if named else [first]) + list(islice(self.rows, SAMPLED))
        except (EOFError, OSError) as error:
            raise UnreadableFileError(_("damaged (%s)") % error) from error
        width = len(header)
        self.table = Rows(
            header if named else [str(number) for number in range(1, width + 1)],
            [fitted(cells, width) for _line, cells in self.ahead],
            options,
        )

    @property
    def style(self) -> NameStyle:
        """How authors are written."""
        return self.table.style

    def filled(self, sheet: Any) -> Iterator[tuple[int, list[str]]]:
        """Yield number and cells of each row that has anything. Raises BrokenFileError."""
        rows = sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1)
        number = 0
        while True:
            number += 1
            try:
                row = next(rows)
            except StopIteration:
                return
            except (*DAMAGE, zipfile.BadZipFile) as error:
                raise BrokenFileError(_("the sheet is damaged (%s)") % error) from error
            cells = [text_of(value) for value in row]
            while cells and not cells[-1].strip():
                cells.pop()
            if cells:
                yield number, cells

    def __iter__(self) -> Iterator[RawRecord | Fault]:
        """Yield the records one by one, and what is wrong with the rows that are none."""
        width = self.table.width
        for number, cells in chain(self.ahead, self.rows):
            if any("\0" in cell for cell in cells):
                yield Fault(number, _("the line has NUL bytes"), {})
            else:
                yield self.table.record(number, fitted(cells, width))


def fitted(cells: list[str], width: int) -> list[str]:
    """Return a row as long as the header: the blank cells at its end are not in the file."""
    return cells + [""] * (width - len(cells)) if len(cells) < width else cells


def text_of(value: Any) -> str:
    """Return a cell as text: whole numbers without a point, dates as ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e18 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
