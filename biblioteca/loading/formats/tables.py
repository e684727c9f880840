"""Tables in text files: separator, quoting, encoding and header found out."""

import csv
import io
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from biblioteca.loading.formats.columns import has_header
from biblioteca.loading.formats.rows import Rows
from biblioteca.loading.names import NameStyle
from biblioteca.loading.options import ReadingOptions
from biblioteca.loading.records import Fault, RawRecord
from biblioteca.loading.source import Source, UnreadableFileError, encoding_of

DELIMITERS = ",;\t|"
MAX_CELL = 100_000
MAX_LINE = 1024 * 1024
# A quote that is never closed swallows lines; a cell of more lines than this is one.
MAX_LINES = 2_000
SAMPLED = 1000
DEFAULT = ReadingOptions()


class LineTooLongError(ValueError):
    """A line is longer than any record can be."""


class Lines:
    """The lines of a text file, none of them longer than ``MAX_LINE``, with their numbers.

    ``taken`` are the lines that the record being read is made of. Lines can be put back.
    """

    def __init__(self, source: Source) -> None:
        self.readline, self.decode = opened(source)
        self.taken: list[str] = []
        self.returned: deque[str] = deque()
        self.number = 0
        self.ended = False
        self.foreign = False

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self.returned.popleft() if self.returned else self.fresh()
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        if len(self.taken) > MAX_LINES:
            raise LineTooLongError(_("a quoted cell has more than %d lines") % MAX_LINES)
        return line

    def fresh(self) -> str:
        """Read one line more; "" at the end. Raises LineTooLongError when it has no end."""
        line = self.readline(MAX_LINE)
        if len(line) == MAX_LINE and line[-1:] not in (b"\n", "\n"):
            beginning = line[:200]
            while len(line) == MAX_LINE and line[-1:] not in (b"\n", "\n"):
                line = self.readline(MAX_LINE)
            self.number += 1
            self.taken.append(self.decoded(beginning))
            raise LineTooLongError(_("the line is longer than %d bytes") % MAX_LINE)
        return self.decoded(line)

    def decoded(self, line: Any) -> str:
        """Return a line as text: UTF-8, or Windows-1252 where it is not that."""
        if isinstance(line, str):
            return line
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            self.foreign = True
            return windows_text(line)

    def begin(self) -> int:
        """Start a record: return the number of its first line."""
        self.taken = []
        self.foreign = False
        return self.number + 1

    def put_back(self, kept: int) -> None:
        """Give back all but the first ``kept`` lines of the record that was begun."""
        self.returned.extendleft(reversed(self.taken[kept:]))
        self.number -= len(self.taken) - kept
        self.taken = self.taken[:kept]
        self.ended = False


def has_utf8(sample: bytes) -> bool:
    """Tell whether some line of a sample is UTF-8 that is not ASCII."""
    if sample.isascii():
        return False
    for line in sample.split(b"\n"):
        if not line.isascii():
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                continue
            return True
    return False


def windows_text(line: bytes) -> str:
    """Return bytes as Windows-1252, the five that it leaves undefined as Latin-1 has them."""
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in line)


def opened(source: Source) -> tuple[Callable[[int], Any], str]:
    """Return what reads a line of at most so many bytes or characters, and the encoding."""
    sample = source.sample
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = io.TextIOWrapper(source.content, "utf-16", errors="replace", newline="")
        return text.readline, "utf-16"
    if b"\n" not in sample and b"\r" in sample:
        encoding = encoding_of(sample)
        text = io.TextIOWrapper(source.content, encoding, errors="replace", newline=None)
        return text.readline, encoding
    if sample.startswith(b"\xef\xbb\xbf"):
        source.content.read(3)
    return source.content.readline, encoding_of(sample)


class Table:
    """A table of records, one a line (or several, where a cell has line breaks).

    Raises UnreadableFileError when it is none: no title, too many columns.
    """

    format = "csv"
    unit = "line"
    order = 0

    def __init__(self, source: Source, options: ReadingOptions = DEFAULT) -> None:
        csv.field_size_limit(MAX_CELL)
        self.lines = Lines(source)
        # Where a file has good UTF-8, a line that is not is worth a remark.
        self.remark = has_utf8(source.sample)
        text = source.sample.decode(self.lines.decode, "replace")
        self.reader = csv.reader(self.lines, delimiter=delimiter_of(text))
        first, header = self.header()
        named = has_header(header, options.mapping)
        ahead: list[Any] = [] if named else [(first, header, False)]
        try:
            ahead += islice(self.rows(len(header)), SAMPLED)
        except EOFError as error:
            self.trouble: EOFError | None = error
        else:
            self.trouble = None
        self.ahead: deque[Any] = deque(ahead)
        self.table = Rows(
            header if named else [str(number) for number in range(1, len(header) + 1)],
            [row[1] for row in ahead if isinstance(row, tuple)],
            options,
        )

    @property
    def style(self) -> NameStyle:
        """How authors are written."""
        return self.table.style

    def header(self) -> tuple[int, list[str]]:
        """Return the first line that is not blank, and its number."""
        while True:
            first = self.lines.begin()
            try:
                cells = next(self.reader)
            except StopIteration:
                raise UnreadableFileError(_("there is no line with anything in it")) from None
            except (csv.Error, LineTooLongError, EOFError) as error:
                raise UnreadableFileError(
                    _("the first line cannot be read as the header of a table (%s)") % error
                ) from error
            if any(cell.strip() for cell in cells):
                return first, cells

    def __iter__(self) -> Iterator[RawRecord | Fault]:
        """Yield the records one by one, and what is wrong with the lines that are none."""
        width = self.table.width
        while self.ahead:
            yield self.record(self.ahead.popleft())
        if self.trouble:
            raise self.trouble
        for row in self.rows(width):
            yield self.record(row)

    def record(self, row: Any) -> RawRecord | Fault:
        """Return what is in a row that was read."""
        if isinstance(row, Fault):
            return row
        line, cells, foreign = row
        found = self.table.record(line, cells)
        if foreign and self.remark and isinstance(found, RawRecord):
            warning = _("the line is not UTF-8; it was read as Windows-1252")
            return replace(found, warnings=(*found.warnings, warning))
        return found

    def rows(self, width: int) -> Iterator[tuple[int, list[str], bool] | Fault]:
        """Yield number and cells of each row that is not blank, and faults."""
        lines, reader = self.lines, self.reader
        while True:
            line = lines.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, LineTooLongError) as error:
                yield self.unreadable(line, width, str(error))
                continue
            taken = lines.taken
            if lines.ended or (len(taken) > 1 and self.swallowed(len(cells), width)):
                yield self.unreadable(line, width, _("a quote that is opened is never closed"))
                continue
            if "\0" in taken[0] or (len(taken) > 1 and any("\0" in each for each in taken)):
                yield Fault(line, _("the line has NUL bytes"), shown(taken))
            elif any(cells) and not all(cell.isspace() for cell in cells if cell):
                yield line, cells, lines.foreign

    def unreadable(self, line: int, width: int, reason: str) -> Fault:
        """Return the fault of a record that cannot be read, going on where lines make sense."""
        taken = self.lines.taken
        if self.lines.ended and not self.recoverable(width):
            reason = _("the file ends inside a quoted cell")
            return Fault(line, reason, shown(taken))
        if len(taken) > 1 and self.recoverable(width):
            self.lines.put_back(1)
        return Fault(line, _("the line cannot be read as CSV (%s)") % reason, shown(taken[:1]))

    def swallowed(self, cells: int, width: int) -> bool:
        """Tell whether a quote that is never closed took lines that are records of their own."""
        if cells == width:
            try:
                list(csv.reader(self.lines.taken, self.reader.dialect, strict=True))
            except csv.Error:
                pass
            else:
                return False
        return self.recoverable(width)

    def recoverable(self, width: int) -> bool:
        """Tell whether the second line of what was taken for one record is one by itself."""
        taken = self.lines.taken
        if width < 2 or len(taken) < 2:
            return False
        try:
            cells = next(csv.reader([taken[1]], self.reader.dialect), [])
        except csv.Error:
            return False
        return len(cells) == width


def shown(taken: list[str]) -> dict[str, str]:
    """Return the beginning of unreadable lines as what they are kept as."""
    text = "".join(taken)[:1000]
    return {_("text"): text.replace("\0", "\\0")}


def delimiter_of(text: str) -> str:
    """Return the delimiter that the first line has most of, outside quotes."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    outside = "".join(part for number, part in enumerate(first.split('"')) if number % 2 == 0)
    return max(DELIMITERS, key=outside.count)


def read_table(source: Source) -> Iterator[RawRecord | Fault]:
    """Yield the records of a table; see :class:`Table`."""
    yield from Table(source)
