"""What is current: a random token for each resource, and who reads and replaces them."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings
from django.db import connection

# Before these seconds a transaction that was announced has to be committed …
TRANSACTION_SECONDS = 60
# … and so long its mark stands if nobody takes it away: commits take time too.
MARK_SECONDS = 120


class UnreachableError(Exception):
    """The tokens cannot be read now: nothing may be served or stored."""


@dataclass(slots=True)
class Reading:
    """The tokens at one moment; ``began`` (time.monotonic) is before it.

    ``now`` is the time at the place where tokens are kept, in milliseconds. A resource that is
    being written, or whose token is unknown, is not in ``tokens``.
    """

    tokens: Mapping[str, str]
    now: int
    began: float


# The name under which a request carries the reading that it may rely on.
READING = "biblioteca.reading"


def current_reading(request: Any) -> Reading | None:
    """Return the reading that came with a request, None when nothing may be kept for it."""
    return request.META.get(READING)


# Called with a reading, or with UnreachableError.
Done = Callable[[Reading | UnreachableError], None]


class Source(Protocol):
    """Where the event loop reads tokens."""

    def begin(self, done: Done) -> None:
        """Begin to read the current tokens, and call ``done`` from the event loop."""

    async def close(self) -> None:
        """Give back what is open."""


def new_token() -> str:
    """Return a token that no resource has had before (a counter would repeat when evicted)."""
    return secrets.token_hex(12)


class SharedReads:
    """Lets requests that arrive while tokens are being read share the next reading.

    None is given a reading that began before it asked.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.waiting: asyncio.Future[Reading] | None = None
        self.under_way: asyncio.Future[Reading] | None = None
        self.is_reading = False
        self.number = 0

    def ask(self) -> "asyncio.Future[Reading]":
        """Return the future of a reading that begins after this call."""
        if self.waiting is None:
            loop = asyncio.get_running_loop()
            self.waiting = loop.create_future()
            if not self.is_reading:
                self.is_reading = True
                # Not at once: what the loop has ready joins this reading.
                loop.call_soon(self.begin)
        return self.waiting

    def begin(self) -> None:
        """Begin the reading that is waited for."""
        self.under_way, self.waiting = self.waiting, None
        self.number += 1
        self.source.begin(self.done)

    def done(self, reading: Reading | UnreachableError) -> None:
        """Hand a reading to all who asked before it began, and begin the next one."""
        future = self.under_way
        if future is not None and not future.done():
            if isinstance(reading, Reading):
                future.set_result(reading)
            else:
                future.set_exception(reading)
                future.exception()  # those who asked may have gone: no error of the loop
        if self.waiting is not None:
            asyncio.get_running_loop().call_soon(self.begin)
        else:
            self.is_reading = False


class DatabaseSource:
    """Tokens in the database, read by one thread with a connection of its own."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tokens")

    def begin(self, done: Done) -> None:
        """Read in the thread."""
        loop = asyncio.get_running_loop()

        def take(future: "asyncio.Future[Reading]") -> None:
            error = future.exception()
            if error is None:
                done(future.result())
            else:
                done(error if isinstance(error, UnreachableError) else UnreachableError(str(error)))

        loop.run_in_executor(self.pool, self.read_rows).add_done_callback(take)

    def read_rows(self) -> Reading:
        """Read the rows in a transaction that is over at once."""
        from biblioteca.cache.models import Geracao

        began = time.monotonic()
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT recurso, sorteio FROM {Geracao._meta.db_table}"  # noqa: S608
                    " ORDER BY recurso, sorteio"
                )
                rows = cursor.fetchall()
        except Exception as error:
            connection.close()
            raise UnreachableError(str(error)) from error
        # A resource that was never changed has no rows, and this for its token.
        drawn: dict[str, str] = dict.fromkeys(settings.CACHED_RESOURCES, "0")
        for resource, token in rows:
            drawn[resource] = drawn.get(resource, "0") + token
        return Reading(drawn, int(time.monotonic() * 1000), began)

    async def close(self) -> None:
        """Close the thread and its connection."""
        await asyncio.get_running_loop().run_in_executor(self.pool, connection.close)
        self.pool.shutdown(wait=False)
