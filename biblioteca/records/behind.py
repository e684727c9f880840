"""Statements that nobody waits for: the database executes one while the next is put together.

For MySQL and MariaDB, whose driver lets other threads run while the server works. Rows of different
tables wait in no order: who asks for a table gets what was sent to it before, and the transaction
ends behind all of them.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Condition, Thread
from typing import Any

from django.db import connection, connections

# Other statements, of savepoints for instance, are about everything before them.
ABOUT_ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE")


class StatementsBehind:
    """The inserts of one transaction that are still to be executed, each with its table.

    They depend on nothing that is pending itself. The connection belongs to one of two threads at
    a time: to the transaction's from a statement of its own until it sends one or says that it will
    :meth:`proceed` without (no cursor is open then), to the sender's otherwise.
    """

    def __init__(self) -> None:
        # The name ``connection`` means another one in the sender's thread.
        self.connection = connections[connection.alias]
        self.pending: deque[tuple[str, str]] = deque()
        self.changed = Condition()
        self.is_ours = self.is_sending = self.has_ended = False
        self.error: BaseException | None = None
        self.sender = Thread(target=self.run, name="sender", daemon=True)
        self.sender.start()

    # --- In the transaction's thread -------------------------------------------------------------

    def send(self, table: str, sql: str) -> None:
        """Let ``sql``, an insert into ``table`` that has no answer, be executed some time."""
        with self.changed:
            self.pending.append((table, sql))
            self.is_ours = False
            self.changed.notify_all()

    def proceed(self) -> None:
        """Leave the connection to the sender; no cursor of it is open."""
        with self.changed:
            self.is_ours = False
            self.changed.notify_all()

    def take(self) -> None:
        """Take the connection. Raises what the database said of a statement that failed."""
        with self.changed:
            self.is_ours = True
            self.changed.wait_for(lambda: not self.is_sending)
            if self.error is not None:
                with self.connection.wrap_database_errors:
                    raise self.error

    def in_turn(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        """Execute a statement of the transaction's own behind those that it depends on."""
        self.take()
        self.execute_pending(sql if sql.startswith(ABOUT_ROWS) else None)
        return execute(sql, params, many, context)

    def execute_pending(self, mentioned_in: str | None = None) -> None:
        """Execute what is pending: all, or the inserts into tables ``mentioned_in`` a statement."""
        for table, sql in list(self.pending):
            if mentioned_in is not None and f"`{table}`" not in mentioned_in:
                continue
            self.pending.remove((table, sql))
            try:
                with self.connection.wrap_database_errors:
                    self.query(sql)
            except BaseException as error:
                self.error = error  # nothing of the transaction may be executed any more
                raise

    def end(self) -> None:
        """Let the sender end, whatever is pending; the connection is idle then."""
        with self.changed:
            self.pending.clear()
            self.has_ended = True
            self.changed.notify_all()
        interrupt: KeyboardInterrupt | None = None
        while self.sender.is_alive():
            try:
                self.sender.join()
            except KeyboardInterrupt as error:  # after the statement under way
                interrupt = error
        if interrupt is not None:
            raise interrupt

    # --- In the sender's thread ------------------------------------------------------------------

    def run(self) -> None:
        """Execute one statement after the other."""
        while sql := self.next_statement():
            try:
                self.query(sql)
            except BaseException as error:  # noqa: BLE001 (raised again by who takes over)
                self.error = error
            with self.changed:
                self.is_sending = False
                self.changed.notify_all()

    def next_statement(self) -> str:
        """Return the next statement when it is its turn, "" when there will be none."""

        def is_ready() -> bool:
            may_send = not self.is_ours and self.error is None
            return self.has_ended or bool(self.pending and may_send)

        with self.changed:
            self.changed.wait_for(is_ready)
            if self.has_ended:
                return ""
            self.is_sending = True
            return self.pending.popleft()[1]

    # --- In either -------------------------------------------------------------------------------

    def query(self, sql: str) -> None:
        """Execute ``sql`` on the driver's connection."""
        began = time.monotonic()
        self.connection.connection.query(sql.encode())
        if self.connection.queries_logged:
            seconds = time.monotonic() - began
            self.connection.queries_log.append({"sql": sql, "time": f"{seconds:.3f}"})


current: ContextVar[StatementsBehind | None] = ContextVar("statements_behind", default=None)


@contextmanager
def sending() -> Iterator[None]:
    """Let the inserts of this transaction be executed beside what else its thread does.

    Raises, at its end at the latest, DatabaseError for a statement that failed. Does nothing on
    other databases.
    """
    if connection.vendor != "mysql":
        yield
        return
    if current.get() is not None:
        raise RuntimeError("the statements of a transaction have one sender")
    connection.ensure_connection()
    statements = StatementsBehind()
    token = current.set(statements)
    try:
        with connection.execute_wrapper(statements.in_turn):
            yield
            statements.take()
            statements.execute_pending()
    finally:
        # Whoever rolls back now must not find the connection at work.
        statements.end()
        current.reset(token)


def proceed() -> None:
    """Let the statements that were sent be executed while this thread does without them."""
    if statements := current.get():
        statements.proceed()
