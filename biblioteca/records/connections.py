"""Connections that are kept for days, and servers that are restarted meanwhile."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, transaction

Method = TypeVar("Method", bound=Callable[..., Any])


def survives_dead_connection(read: Method) -> Method:
    """Decorate a method that only reads: it is run again when its connection turns out dead.

    That costs nothing, where asking the server before each request whether it is still there costs
    a round trip. Writes do ask: what they had done when a connection died, nobody can tell.
    """

    @wraps(read)
    def reading(*args: Any, **kwargs: Any) -> Any:
        connection: Any = transaction.get_connection()
        connection.health_check_done = True
        try:
            return read(*args, **kwargs)
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or is_alive(connection):
                raise
            connection.close()
            return read(*args, **kwargs)

    return reading  # type: ignore[return-value]


def is_alive(connection: Any) -> bool:
    """Tell whether there is a connection that the server answers."""
    return connection.connection is not None and connection.is_usable()


def check_before_writing() -> None:
    """Replace a dead connection before a write, outside any transaction."""
    connection: Any = transaction.get_connection()
    if not connection.in_atomic_block:
        connection.health_check_done = False
