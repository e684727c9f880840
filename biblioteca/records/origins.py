"""Who is changing the catalogue, through which door: what history says of every write."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """The author of a change.

    ``who`` is the caller, editor or operator; ``door`` is ``api``, ``admin``, ``comando`` or
    ``carga`` (a file that was loaded); ``source`` is the request's id or the file. ``group`` names
    what was done in one go and can be undone as one (``lote:5``).
    """

    who: str
    door: str
    source: str = ""
    group: str = ""


UNKNOWN = Origin(who="", door="codigo")

_current: ContextVar[Origin] = ContextVar("current_origin", default=UNKNOWN)


def current_origin() -> Origin:
    """Return the origin of what is being written now."""
    return _current.get()


@contextmanager
def writing_as(origin: Origin) -> Iterator[None]:
    """Name ``origin`` in the history of everything written inside the block."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)
