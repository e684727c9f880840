"""Zip archives: several files in one, and the workbooks of spreadsheets."""

import io
import zipfile
import zlib
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from biblioteca.loading.source import (
    BOMB_BYTES,
    BOMB_RATIO,
    GZIP,
    BrokenFileError,
    Source,
    UnreadableFileError,
    as_source,
)  # fmt: skip

MOST_MEMBERS = 1000
MOST_BYTES = 1024**4
ZIP = b"PK"
WORKBOOK = "xl/workbook.xml"
# Strings that the cells share are held in memory.
MOST_SHARED = 512 * 1024**2
PACKED = (GZIP, ZIP, b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")


class Member(io.RawIOBase):
    """One file of an archive, its damage told in the way of all files."""

    def __init__(self, content: Any) -> None:
        self.content = content

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer``. Raises BrokenFileError for a damaged archive."""
        try:
            block = self.content.read(len(buffer))
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
            raise BrokenFileError(_("the archive is damaged (%s)") % error) from error
        buffer[: len(block)] = block
        return len(block)


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Open an archive and look whether it is what it says. Raises UnreadableFileError."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise UnreadableFileError(_("damaged (%s)") % error) from error
    check_sizes(archive)
    return archive


def check_sizes(archive: zipfile.ZipFile) -> None:
    """Raise UnreadableFileError for an archive that would unpack to what no one has meant."""
    found = archive.infolist()
    if len(found) > MOST_MEMBERS:
        raise UnreadableFileError(
            _("the archive has %(files)d files; at most %(most)d can be read")
            % {"files": len(found), "most": MOST_MEMBERS}
        )
    total = 0
    for info in found:
        if info.flag_bits & 1:
            raise UnreadableFileError(_("%s is encrypted") % info.filename)
        total += info.file_size
        if info.file_size > BOMB_BYTES and info.file_size > BOMB_RATIO * info.compress_size:
            raise UnreadableFileError(
                _("%(file)s unpacks to more than %(ratio)d times its size")
                % {"file": info.filename, "ratio": BOMB_RATIO}
            )
    # Members that share their compressed bytes can add up to far more than there is.
    packed = sum(info.compress_size for info in found)
    size = archive.fp.seek(0, io.SEEK_END) if archive.fp else 0
    if packed > size or total > MOST_BYTES:
        raise UnreadableFileError(_("the archive's files overlap; it was made to do harm"))


def is_spreadsheet(archive: zipfile.ZipFile) -> bool:
    """Tell a workbook from an archive of files."""
    return WORKBOOK in archive.namelist()


def members_of(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the files of an archive. Raises UnreadableFileError when there is none."""
    found = [
        info
        for info in archive.infolist()
        if not info.is_dir()
        and not info.filename.startswith("__MACOSX/")
        and not info.filename.rpartition("/")[2].startswith(".")
    ]
    if not found:
        raise UnreadableFileError(_("the archive is empty"))
    return found


def open_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, raw: Any) -> Source:
    """Return one file of an archive. Raises UnreadableFileError, for an archive in it as well."""
    try:
        content = archive.open(info)
        beginning = content.peek(6)  # type: ignore[attr-defined]
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
        raise UnreadableFileError(_("damaged (%s)") % error) from error
    if beginning.startswith(PACKED):
        raise UnreadableFileError(_("an archive within an archive is not read"))
    source = as_source(info.filename, info.file_size, Member(content))
    return Source(source.name, source.size, source.content, source.sample, raw, source.whole)


def check_workbook(archive: zipfile.ZipFile) -> None:
    """Raise UnreadableFileError for a workbook that defines entities or is too big to hold."""
    for info in archive.infolist():
        if info.filename == "xl/sharedStrings.xml" and info.file_size > MOST_SHARED:
            raise UnreadableFileError(_("the workbook has too many different texts; use CSV"))
        if info.filename.endswith((".xml", ".rels")):
            try:
                with archive.open(info) as part:
                    beginning = part.read(4096)
            except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
                raise UnreadableFileError(_("damaged (%s)") % error) from error
            if b"<!DOCTYPE" in beginning or b"<!ENTITY" in beginning:
                raise UnreadableFileError(_("XML that defines entities is not read"))
