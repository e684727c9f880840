"""Opening files of records: which format, which reader, and how far it has come."""

import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from django.utils.translation import gettext as _

from biblioteca.loading import detection
from biblioteca.loading.archives import is_spreadsheet, members_of, open_member, open_zip
from biblioteca.loading.formats.json_files import JsonFile, JsonLines
from biblioteca.loading.formats.marc import MarcFile
from biblioteca.loading.formats.marcxml import MarcXml
from biblioteca.loading.formats.onix import Onix
from biblioteca.loading.formats.openlibrary import Dump
from biblioteca.loading.formats.spreadsheets import Spreadsheet
from biblioteca.loading.formats.tables import Table
from biblioteca.loading.names import NameStyle
from biblioteca.loading.options import ReadingOptions
from biblioteca.loading.records import Fault, RawRecord
from biblioteca.loading.source import (
    BLOCK,
    RawFile,
    Source,
    UnreadableFileError,
    as_source,
    open_raw,
)  # fmt: skip

__all__ = ["Reading", "ReadingOptions", "UnreadableFileError", "in_loading_order", "open_reading"]

# An archive that comes through a pipe is kept on disk; more than this is not taken.
MOST_SPOOLED = 4 * 1024**3
IN_MEMORY = 16 * 1024**2


class Reader(Protocol):
    """What a format gives: its records, and how they are numbered and written.

    Making one looks at the beginning of the file and raises UnreadableFileError when that is none
    of this format. ``order`` says which of several files given together comes first.
    """

    format: str
    unit: str
    order: int

    @property
    def style(self) -> NameStyle:
        """How authors are written in a cell."""

    def __iter__(self) -> Iterator[RawRecord | Fault]:
        """Yield the records. Raises EOFError where reading cannot go on."""


READERS: dict[str, Callable[[Source, ReadingOptions], Reader]] = {
    detection.CSV: Table,
    detection.JSON: JsonFile,
    detection.JSON_LINES: JsonLines,
    detection.MARC: MarcFile,
    detection.MARC_XML: MarcXml,
    detection.ONIX: Onix,
    detection.OPEN_LIBRARY: Dump,
}


class Reading:
    """A file that is being read.

    ``format``, ``unit`` ("line" or "record") and ``style`` are those of the record that was read
    last: a zip archive may hold files of several kinds. ``member`` is the name of that file, ""
    outside archives.
    """

    def __init__(
        self, name: str, size: int | None, raw: Any, parts: list[tuple[str, Callable[[], Reader]]]
    ) -> None:
        self.name = name
        self.size = size
        self.raw = raw
        self.parts = parts
        self.member = ""
        self.reader: Reader
        self.sha256: str | None = None

    @property
    def format(self) -> str:
        """The name of the format."""
        return self.reader.format

    @property
    def unit(self) -> str:
        """What the numbers of records count: lines of the file, or records."""
        return self.reader.unit

    @property
    def style(self) -> NameStyle:
        """How authors are written in a cell."""
        return self.reader.style

    def position(self) -> int:
        """Return how many bytes of the file were read, for showing how far it is."""
        return self.raw.tell()

    def records(self) -> Iterator[RawRecord | Fault]:
        """Yield the records and faults one by one.

        What goes wrong while reading is a fault with the reason, the last one of its file; the
        hash is known when everything was read.
        """
        for number, (member, start) in enumerate(self.parts):
            self.member = member
            last = 0
            try:
                if number:
                    self.reader = start()
                for item in self.reader:
                    last = item.line
                    yield item
            except UnreadableFileError as error:
                yield Fault(1, str(error), {})
            except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
                yield Fault(last + 1, _("reading ends here: %s") % error, {})
        self.sha256 = self.raw.drain()


@contextmanager
def open_reading(path: Path | str, options: ReadingOptions) -> Iterator[Reading]:
    """Open a file of records (``-`` is standard input), packed or not.

    Raises UnreadableFileError when it cannot be read as one.
    """
    with open_raw(path) as (name, size, file):
        raw = RawFile(file, size)
        source = as_source(name, size, raw)
        try:
            if source.sample.startswith(detection.ZIP):
                with seekable(source, file) as whole:
                    yield open_archive(name, size, whole, options)
                return
            reading = Reading(name, size, raw, [("", lambda: start(source, options))])
            reading.reader = reading.parts[0][1]()
        except UnreadableFileError as error:
            raise UnreadableFileError(f"{name}: {error}") from error
        yield reading


def start(source: Source, options: ReadingOptions) -> Reader:
    """Return the reader of a file. Raises UnreadableFileError."""
    found = detection.format_of(source.sample, options.format)
    try:
        return READERS[found](source, options)
    except EOFError as error:
        raise UnreadableFileError(_("damaged (%s)") % error) from error


class ArchiveFile:
    """The bytes of an archive, which are read here and there; the hash is taken at the end."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.furthest = 0

    def tell(self) -> int:
        """Return how far into the archive reading has come."""
        self.furthest = max(self.furthest, self.file.tell())
        return self.furthest

    def drain(self) -> str | None:
        """Return the hash of the whole archive, None if it cannot be had."""
        try:
            self.file.seek(0)
            raw = RawFile(self.file, None)
            return raw.drain()
        except OSError:
            return None


@contextmanager
def seekable(source: Source, file: BinaryIO) -> Iterator[BinaryIO]:
    """Yield an archive as a file that can be read here and there."""
    if source.size is not None:
        if source.raw.count and not starts_with_zip(file):
            raise UnreadableFileError(_("an archive within an archive is not read"))
        yield file
        return
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as spool:
        while block := source.content.read(BLOCK):
            spool.write(block)
            if spool.tell() > MOST_SPOOLED:
                raise UnreadableFileError(_("the archive is too big to come through a pipe"))
        spool.seek(0)
        yield spool  # type: ignore[misc]


def starts_with_zip(file: BinaryIO) -> bool:
    """Tell whether the file itself, not what it unpacks to, is an archive."""
    file.seek(0)
    return file.read(4) in detection.ZIP


def open_archive(name: str, size: int | None, file: BinaryIO, options: ReadingOptions) -> Reading:
    """Return the reading of a zip archive or of a workbook. Raises UnreadableFileError."""
    archive = open_zip(file)
    raw = ArchiveFile(file)
    if is_spreadsheet(archive):
        detection.format_of(b"PK\x03\x04", options.format)
        reading = Reading(name, size, raw, [("", lambda: Spreadsheet(archive, file, options))])
        reading.reader = reading.parts[0][1]()
        return reading
    parts: list[tuple[str, Callable[[], Reader]]] = [
        (info.filename, lambda info=info: start(open_member(archive, info, raw), options))  # type: ignore[misc]
        for info in members_of(archive)
    ]
    failures: list[str] = []
    readable = 0
    for member, begin in parts:
        try:
            begin()
            readable += 1
        except UnreadableFileError as error:
            failures.append(f"{member}: {error}")
    if not readable:
        raise UnreadableFileError("; ".join(failures[:5]))
    reading = Reading(name, size, raw, parts)
    for place, (_member, begin) in enumerate(parts):
        try:
            reading.reader = begin()
        except UnreadableFileError:
            continue
        reading.parts.insert(0, reading.parts.pop(place))
        break
    return reading


def in_loading_order(readings: Iterable[Reading]) -> list[Reading]:
    """Return files given together in the order in which they refer to each other.

    Of Open Library's dumps the authors come before the editions, and these before the works;
    others stay in the order given.
    """
    return sorted(readings, key=lambda reading: reading.reader.order)
