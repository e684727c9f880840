"""Tables: CSV and XLSX, one record a row, every cell a text."""

import csv
import io
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from biblioteca.loading.exporting import Export, ExportError
from biblioteca.loading.writers.base import UnwritableRecordError, check_xml
from biblioteca.loading.writers.cells import neutral

# What Excel can hold; openpyxl would cut longer texts.
MAX_CELL, MAX_ROWS = 32_767, 1_048_576


class CsvWriter:
    """RFC 4180 in UTF-8, with the mark by which Excel knows UTF-8."""

    def __init__(self, file: BinaryIO, export: Export) -> None:
        self.file, self.export = file, export
        self.text = io.StringIO(newline="")
        self.table = csv.writer(self.text, lineterminator="\r\n")
        file.write("\ufeff".encode())
        self.add(list(export.columns))

    def add(self, cells: list[str]) -> None:
        """Write one line."""
        self.table.writerow(cells)
        self.file.write(self.text.getvalue().encode())
        self.text.seek(0)
        self.text.truncate()

    def write(self, row: dict[str, Any]) -> None:
        """Write one record."""
        self.add([neutral(cell) for cell in self.export.cells(row)])

    def finish(self) -> None:
        """Leave the last line as it is."""


class XlsxWriter:
    """One sheet, written row by row; a person's spreadsheet turns no id or ISBN into a number."""

    def __init__(self, file: BinaryIO, export: Export) -> None:
        import openpyxl.cell.cell  # heavy, and few processes write workbooks

        self.file, self.export = file, export
        self.cells = openpyxl.cell.cell
        self.book = openpyxl.Workbook(write_only=True)
        self.sheet: Any = self.book.create_sheet(export.model.RESOURCE)
        self.sheet.freeze_panes = "A2"
        self.sheet.append(list(export.columns))
        self.rows = 1

    def write(self, row: dict[str, Any]) -> None:
        """Write one record. Raises ExportError behind the last row that a sheet can have."""
        cells = [neutral(cell) for cell in self.export.cells(row)]
        for name, cell in zip(self.export.columns, cells, strict=True):
            check_xml(cell)
            if len(cell.encode("utf-16-le")) // 2 > MAX_CELL:
                raise UnwritableRecordError(
                    _("%(column)s has more than the %(most)d characters of a cell")
                    % {"column": name, "most": MAX_CELL}
                )
        if self.rows == MAX_ROWS:
            raise ExportError(
                _("A sheet holds %d records at most: use another format.") % (MAX_ROWS - 1)
            )
        self.rows += 1
        self.sheet.append([self.text(cell) for cell in cells])

    def text(self, cell: str) -> Any:
        """Return what openpyxl writes as this text, and not as an error such as ``#N/A``."""
        if cell not in self.cells.ERROR_CODES:
            return cell
        plain = self.cells.WriteOnlyCell(self.sheet, value=cell)
        plain.data_type = "s"
        return plain

    def finish(self) -> None:
        """Put the workbook together."""
        self.book.save(self.file)
