"""Who is changing the catalogue, through which door: what history says of every write."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """The author of a change.

    ``who`` is the caller, editor or operator; ``door`` is ``api``, ``admin`` or ``comando``;
    ``source`` is the request's id or the file.
    """

    who: str
    door: str
    source: str = ""


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
