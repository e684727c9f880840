"""Reading the database as it was at one moment, however long that takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction
from django.db.utils import DEFAULT_DB_ALIAS


@contextmanager
def snapshot(alias: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Let every query of the block see one state of the database; nobody waits for it.

    The block only reads. Inside a transaction of the caller's there is no snapshot but what that
    transaction sees.
    """
    connection: Any = connections[alias]
    if connection.in_atomic_block:
        yield
        return
    with deferred(connection), transaction.atomic(using=alias), connection.cursor() as cursor:
        for statement in STATEMENTS.get(connection.vendor, ()):
            cursor.execute(statement)
        yield


# The first statements of the transaction. SQLite's own transactions are snapshots.
STATEMENTS = {
    "mysql": (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
    "postgresql": ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",),
}


@contextmanager
def deferred(connection: Any) -> Iterator[None]:
    """Let SQLite begin a transaction as a reader: ours begin as writers, and keep others out."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    mode, connection.transaction_mode = connection.transaction_mode, "DEFERRED"
    try:
        yield
    finally:
        connection.transaction_mode = mode
