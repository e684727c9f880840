"""Statements that nobody waits for: the database executes one while the next is put together.

For MySQL and MariaDB, whose driver lets other threads run while the server works. A statement
whose answer matters, and the end of the transaction, come after all that were sent before.
"""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection, connections


class StatementsBehind:
    """The statements of one transaction that are on their way, in their order."""

    def __init__(self, sender: ThreadPoolExecutor) -> None:
        self.sender = sender
        # The name ``connection`` means another one in the sender's thread.
        self.connection = connections[connection.alias]
        self.pending: list[Future[None]] = []
        self.has_failed = False

    def send(self, sql: str) -> None:
        """Let ``sql``, which has no answer, be executed after what was sent before it."""
        self.pending.append(self.sender.submit(self.execute, sql))

    def execute(self, sql: str) -> None:
        """Execute ``sql`` in the sender's thread, unless one before it failed."""
        if self.has_failed:
            return
        began = time.monotonic()
        try:
            self.connection.connection.query(sql.encode())
        except BaseException:
            self.has_failed = True
            raise
        if self.connection.queries_logged:
            seconds = time.monotonic() - began
            self.connection.queries_log.append({"sql": sql, "time": f"{seconds:.3f}"})

    def wait(self) -> None:
        """Return when all is executed. Raises what the database said of the first that failed."""
        with self.connection.wrap_database_errors:
            while self.pending:
                self.pending[0].result()
                self.pending.pop(0)

    def before(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Execute another statement of the connection when its turn has come."""
        self.wait()
        return execute(sql, params, many, context)


current: ContextVar[StatementsBehind | None] = ContextVar("statements_behind", default=None)


@contextmanager
def sending(sender: ThreadPoolExecutor) -> Iterator[None]:
    """Let the inserts of this transaction be executed by ``sender``, which has one thread.

    Raises, at its end at the latest, DatabaseError for a statement that failed. Does nothing on
    other databases.
    """
    if connection.vendor != "mysql":
        yield
        return
    connection.ensure_connection()
    statements = StatementsBehind(sender)
    token = current.set(statements)
    try:
        with connection.execute_wrapper(statements.before):
            yield
        statements.wait()
    finally:
        current.reset(token)
        # Whoever rolls back now must not find the connection at work.
        for statement in statements.pending:
            statement.exception()
