"""A file of records, opened whatever it is packed in, with the place where reading is."""

import gzip
import hashlib
import io
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

GZIP = b"\x1f\x8b"
SAMPLE_BYTES = 256 * 1024
BLOCK = 64 * 1024
STANDARD_INPUT = "-"
# Real files shrink 5 to 40 times; what shrinks more, once it is long, was made to do harm.
BOMB_RATIO = 200
BOMB_BYTES = 64 * 1024 * 1024


class UnreadableFileError(Exception):
    """The file cannot be read as a file of records at all; the text says why."""


class BrokenFileError(EOFError):
    """Reading cannot go on from here; the text says why. What was read before is whole."""


class RawFile(io.RawIOBase):
    """The bytes of a file from its beginning to its end, counted and hashed as they pass.

    ``size`` is None where the length is not known beforehand.
    """

    def __init__(self, file: BinaryIO, size: int | None) -> None:
        self.file = file
        self.size = size
        self.count = 0
        self.hash = hashlib.sha256()
        self.ended = False

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer``. Raises BrokenFileError when the file became shorter meanwhile."""
        block = self.file.read(len(buffer))
        if not block:
            if self.size is not None and self.count < self.size:
                raise BrokenFileError(_("the file became shorter while it was being read"))
            self.ended = True
            return 0
        self.hash.update(block)
        self.count += len(block)
        buffer[: len(block)] = block
        return len(block)

    def tell(self) -> int:
        """Return how many bytes have passed."""
        return self.count

    def drain(self) -> str | None:
        """Read what is left; return the hash of the whole file, None if it cannot be had."""
        buffer = bytearray(BLOCK)
        try:
            while not self.ended:
                self.readinto(buffer)
        except (OSError, EOFError):
            return None
        return self.hash.hexdigest()


class Replayed(io.RawIOBase):
    """A stream of which the beginning was looked at already, from its beginning."""

    def __init__(self, beginning: bytes, rest: Any, trouble: Exception | None = None) -> None:
        self.beginning = memoryview(beginning)
        self.rest = rest
        self.trouble = trouble

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer`` with the beginning, then with the rest."""
        if self.beginning:
            block = self.beginning[: len(buffer)]
            self.beginning = self.beginning[len(block) :]
        elif self.trouble is not None:
            raise self.trouble
        else:
            block = self.rest.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


class Unpacked(io.RawIOBase):
    """What a compressed stream holds, refused as soon as it is out of all proportion."""

    def __init__(self, packed: Any, content: Any) -> None:
        self.packed = packed
        self.content = content
        self.count = 0

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer``. Raises BrokenFileError for a bomb."""
        try:
            block = self.content.read1(len(buffer))
        except (OSError, EOFError, zlib.error) as error:
            reason = _("the compressed file is cut short or damaged (%s)") % error
            raise BrokenFileError(reason) from error
        self.count += len(block)
        if self.count > BOMB_BYTES and self.count > BOMB_RATIO * max(self.packed.tell(), 1):
            raise BrokenFileError(_("the file unpacks to more than %d times its size") % BOMB_RATIO)
        buffer[: len(block)] = block
        return len(block)


@dataclass(frozen=True)
class Source:
    """An open file: its content, a sample of it, and how far it has been read.

    ``raw`` tells how many of the ``size`` bytes on disk were read; ``whole`` is True when the
    sample is all there is.
    """

    name: str
    size: int | None
    content: BinaryIO
    sample: bytes
    raw: Any
    whole: bool = False

    def position(self) -> int:
        """Return how many of the ``size`` bytes on disk were read."""
        return self.raw.tell()


@contextmanager
def open_raw(path: Path | str) -> Iterator[tuple[str, int | None, BinaryIO]]:
    """Open ``path`` (``-`` is standard input); yield name, size and file. Raises
    UnreadableFileError.
    """
    if str(path) == STANDARD_INPUT:
        yield STANDARD_INPUT, None, sys.stdin.buffer
        return
    path = Path(path)
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise UnreadableFileError(_("%s: this is a directory, not a file") % path)
        file = path.open("rb", buffering=0)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreadableFileError(f"{path}: {reason}") from error
    with file:
        size = os.fstat(file.fileno()).st_size if stat.S_ISREG(kind) else None
        yield path.name, size, file


def as_source(name: str, size: int | None, raw: Any) -> Source:
    """Return the content of ``raw``, gzip or plain, told apart by its first bytes.

    Raises UnreadableFileError when nothing can be read of it.
    """
    beginning, whole, trouble = read_sample(raw, 2)
    stream: Any = io.BufferedReader(Replayed(beginning, raw, trouble), BLOCK)
    if beginning == GZIP:
        stream = Unpacked(raw, gzip.GzipFile(fileobj=stream))
    sample, whole, trouble = read_sample(stream, SAMPLE_BYTES)
    if trouble is not None and not sample:
        raise UnreadableFileError(
            _("%(file)s: damaged (%(reason)s)") % {"file": name, "reason": trouble}
        ) from trouble
    if not sample.strip():
        raise UnreadableFileError(_("%s: the file is empty") % name)
    content: Any = io.BufferedReader(Replayed(sample, stream, trouble), BLOCK)
    return Source(name, size, content, sample, raw, whole and trouble is None)


def read_sample(content: Any, wanted: int) -> tuple[bytes, bool, Exception | None]:
    """Return the beginning of a stream, whether that is all, and what kept from reading on."""
    sample = b""
    while len(sample) < wanted:
        try:
            chunk = content.read(wanted - len(sample))
        except (OSError, EOFError) as error:
            return sample, False, error
        if not chunk:
            return sample, True, None
        sample += chunk
    return sample, False, None


def encoding_of(sample: bytes) -> str:
    """Return the encoding of a text file: UTF-8 (marked or not) or Windows-1252."""
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        cut_short = error.reason == "unexpected end of data" and error.start > len(sample) - 4
        if not cut_short:
            return "cp1252"
    return "utf-8-sig"
