"""A file of records, opened whatever it is packed in, with the place where reading is."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

GZIP = b"\x1f\x8b"
SAMPLE_BYTES = 256 * 1024


class UnreadableFileError(Exception):
    """The file cannot be read as a file of records at all; the text says why."""


@dataclass(frozen=True)
class Source:
    """An open file: its content, a sample of it, and how far it has been read."""

    name: str
    size: int
    content: BinaryIO
    sample: bytes
    raw: BinaryIO

    def position(self) -> int:
        """Return how many of the ``size`` bytes on disk were read."""
        return self.raw.tell()


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open ``path``, gzip or plain, told apart by content. Raises UnreadableFileError."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise UnreadableFileError(f"{path}: {error.strerror}") from error
    with raw:
        packed = raw.read(2) == GZIP
        raw.seek(0)
        content: Any = gzip.GzipFile(fileobj=raw) if packed else raw
        try:
            sample = read_sample(content)
            content.seek(0)
        except (OSError, EOFError) as error:
            raise UnreadableFileError(_("%(file)s: damaged (%(reason)s)") % {
                "file": path, "reason": error,
            }) from error  # fmt: skip
        if not sample.strip():
            raise UnreadableFileError(_("%s: the file is empty") % path)
        yield Source(path.name, path.stat().st_size, content, sample, raw)


def read_sample(content: BinaryIO) -> bytes:
    """Return the beginning of a file, what there is of it when the file is cut short."""
    sample = b""
    while len(sample) < SAMPLE_BYTES:
        try:
            chunk = content.read1(SAMPLE_BYTES)  # type: ignore[attr-defined]
        except EOFError:
            if sample:
                break
            raise
        if not chunk:
            break
        sample += chunk
    return sample


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
