"""Files that are there whole or not at all."""

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write that becomes ``path`` when the block ends well.

    Until then ``path`` is what it was, also when the block fails or the process is killed. What is
    no file (a pipe, a device) is written as it is. Raises OSError.
    """
    target = path.resolve()
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            yield file
        return
    nameless = open_nameless(target.parent)
    descriptor, name = (nameless, "") if nameless is not None else open_named(target)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if target.exists():
                os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
            yield file
            file.flush()
            os.fsync(descriptor)
            name = name or give_name(descriptor, target)
        os.replace(name, target)
        name = ""
    finally:
        if name:
            Path(name).unlink(missing_ok=True)


def open_nameless(directory: Path) -> int | None:
    """Return a file in ``directory`` without a name, which is gone with its process.

    None where the system or the file system knows no such files.
    """
    try:
        return os.open(directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o666)
    except (AttributeError, OSError):
        return None


def open_named(target: Path) -> tuple[int, str]:
    """Return a new file beside ``target`` and its name."""
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:60]}.", dir=target.parent)
    mask = os.umask(0)
    os.umask(mask)
    os.fchmod(descriptor, 0o666 & ~mask)
    return descriptor, name


def give_name(descriptor: int, target: Path) -> str:
    """Give a file without a name one beside ``target``, for the moment before it replaces it."""
    name = f".{target.name[:60]}.{os.getpid()}.{os.urandom(4).hex()}"
    directory = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # With a directory given Python calls linkat(), which follows the link to the file.
        os.link(f"/proc/self/fd/{descriptor}", name, dst_dir_fd=directory, follow_symlinks=True)
    finally:
        os.close(directory)
    return str(target.parent / name)
