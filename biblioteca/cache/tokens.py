"""What is current: a random token for each resource, and who reads and replaces them."""

import asyncio
import secrets
import time
from collections.abc import Mapping
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


@dataclass(frozen=True, slots=True)
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


class Source(Protocol):
    """Where the event loop reads tokens."""

    async def read(self) -> Reading:
        """Return the current tokens. Raises UnreachableError."""

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
        self.next: asyncio.Future[Reading] | None = None
        self.is_reading = False
        self.number = 0
        self.running: asyncio.Task[None] | None = None

    def ask(self) -> "asyncio.Future[Reading]":
        """Return the future of a reading that begins after this call."""
        future = self.next
        if future is None:
            future = self.next = asyncio.get_running_loop().create_future()
            if not self.is_reading:
                self.is_reading = True
                self.running = asyncio.ensure_future(self.read_on())
        return future

    async def read_on(self) -> None:
        """Read as long as somebody waits."""
        while self.next is not None:
            # What the loop has ready joins this reading: half as many are needed under load.
            await asyncio.sleep(0)
            future, self.next = self.next, None
            self.number += 1
            try:
                reading = await self.source.read()
            except BaseException as error:
                future.set_exception(
                    error if isinstance(error, UnreachableError) else UnreachableError(repr(error))
                )
                future.exception()  # somebody may have gone: that is no error of the loop
                if not isinstance(error, Exception):
                    self.is_reading = False
                    raise
            else:
                if not future.done():
                    future.set_result(reading)
        self.is_reading = False


class DatabaseSource:
    """Tokens in the database, read by one thread with a connection of its own."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tokens")

    async def read(self) -> Reading:
        """Return the current tokens. Raises UnreachableError."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, self.read_rows)

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
