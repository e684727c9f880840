"""Tokens and answers in Redis, as the event loop reads them."""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from redis.exceptions import RedisError

from biblioteca.cache import scripts, wire
from biblioteca.cache.link import TIMEOUT_SECONDS, Link
from biblioteca.cache.tokens import Done, Reading, UnreachableError, new_token

logger = logging.getLogger(__name__)

PROBE_SECONDS = 0.5
# What was sent before Redis paused has arrived by then.
SWEEP_SECONDS = 1.0
FAULTS = (RedisError, OSError, TimeoutError)


def token_keys(prefix: str, resources: list[str]) -> list[str]:
    """Return the keys of the tokens of ``resources``."""
    return [f"{prefix}:token:{resource}" for resource in resources]


def mark_keys(prefix: str, resources: list[str]) -> list[str]:
    """Return the keys of the marks of ``resources``, to which the run of Redis is added."""
    return [f"{prefix}:marks:{resource}" for resource in resources]


class RedisSource:
    """Reads tokens over one connection; keeps nobody waiting while Redis is away."""

    def __init__(
        self, url: str, prefix: str, resources: list[str], link: Link, lost: Callable[[], None]
    ) -> None:
        self.url = url
        self.link, self.lost = link, lost
        self.resources = resources
        self.tokens = token_keys(prefix, resources)
        self.every_marks = mark_keys(prefix, resources)
        self.marks = self.every_marks  # of this run of Redis, once that is known
        self.connection: wire.Wire | None = None
        self.run_id = ""
        self.read_parts: tuple[str | bytes | int, ...] = ()
        self.read_command = b""
        self.careful: asyncio.Task[None] | None = None
        # What was read last, and what it means: most readings bring the same again.
        self.last: list[bytes | None] = []
        self.current: dict[str, str] = {}
        self.probe: asyncio.Task[None] | None = None

    def begin(self, done: Done) -> None:
        """Read the current tokens; while Redis is away nobody waits for them."""
        if self.connection is not None and self.connection.transport is None:
            # Closed while nobody used it: nothing failed, but another Redis may be there now.
            self.lost()
            self.connection = None
        if self.probe is not None:
            done(UnreachableError("Redis is away"))
        elif self.connection is None or self.link.needs_repair:
            self.begin_carefully(done)
        else:
            self.connection.send(self.read_command, partial(self.take, done, time.monotonic()))

    def take(self, done: Done, began: float, found: Any) -> None:
        """Take the answer to a token read."""
        if isinstance(found, Exception):
            self.fail(done, found)
        elif None in found:
            self.begin_carefully(done)
        else:
            done(self.reading(found, began))

    def begin_carefully(self, done: Done) -> None:
        """Read the current tokens after whatever has to be done before."""

        async def read() -> None:
            began = time.monotonic()
            try:
                found = await self.read_carefully()
            except FAULTS as error:
                self.fail(done, error)
            except BaseException as error:
                done(UnreachableError(repr(error)))
                raise
            else:
                done(self.reading(found, began))

        self.careful = asyncio.ensure_future(read())

    def fail(self, done: Done, error: Exception) -> None:
        """Drop everything, and look for Redis in nobody's way."""
        self.disconnect(error)
        self.probe = asyncio.ensure_future(self.wait_for_redis())
        done(UnreachableError(str(error)))

    def reading(self, found: list[Any], began: float) -> Reading:
        """Return what the reading script answered as a reading."""
        now = found.pop(0)
        if found != self.last:
            self.last = found
            self.current = {
                resource: f"{self.run_id}:{token.decode()}"
                for resource, token in zip(self.resources, found, strict=True)
                if token is not None and token != b":marked"
            }
        return Reading(self.current, now, began)

    async def read_carefully(self) -> list[Any]:
        """Read tokens after connecting, replacing or adding them where that is needed."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            connection = self.connection or await self.connect()
            if self.link.needs_repair:
                await self.repair(connection)
            found = await connection.ask(*self.read_parts)
            if None in found:
                await self.replace(connection, all_of_them=False)
                found = await connection.ask(*self.read_parts)
            return found

    async def connect(self) -> wire.Wire:
        """Open the connection, learn which Redis process it leads to, load the script."""
        connection = await wire.connect(self.url)
        try:
            info = await connection.ask("INFO", "server")
            self.last = []
            self.run_id = info.decode().partition("run_id:")[2][:40]
            digest = await connection.ask("SCRIPT", "LOAD", scripts.READ)
        except BaseException:
            connection.close()
            raise
        self.marks = [f"{marks}:{self.run_id}" for marks in self.every_marks]
        keys = [*self.tokens, *self.marks]
        self.read_parts = ("EVALSHA", digest, len(keys), *keys)
        self.read_command = wire.pack(*self.read_parts)
        self.connection = connection
        return connection

    async def repair(self, connection: wire.Wire) -> None:
        """Replace all tokens: a write may have gone unannounced, or a reading unheard."""
        failures = self.link.failures
        await self.replace(connection, all_of_them=True)
        await self.sweep(connection, self.link.take_left_behind())
        self.link.repair_up_to(failures)

    async def sweep(self, connection: wire.Wire, marks: list[str]) -> None:
        """Take away marks of writes that are over, and once more for those that come late."""
        if not marks:
            return
        for keys in self.marks:
            await connection.ask("ZREM", keys, *marks)
        loop = asyncio.get_running_loop()
        loop.call_later(SWEEP_SECONDS, self.sweep_again, marks)

    def sweep_again(self, marks: list[str]) -> None:
        """Take the same marks away a second time, if Redis is there."""
        if self.connection is not None:
            for keys in self.marks:
                self.connection.send(wire.pack("ZREM", keys, *marks), lambda _answer: None)

    async def replace(self, connection: wire.Wire, *, all_of_them: bool) -> None:
        """Give new tokens to all resources, or to those without one."""
        arguments = (new_token(), "1" if all_of_them else "0")
        keys = self.tokens
        await connection.ask("EVAL", scripts.REPLACE, len(keys), *keys, *arguments)

    def disconnect(self, error: BaseException) -> None:
        """Drop the connection and what rests on it."""
        logger.warning("Redis is away, reads go to the database: %r", error)
        self.link.failed()
        self.lost()
        self.drop()

    def drop(self) -> None:
        """Close the connection, if there is one."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()

    async def wait_for_redis(self) -> None:
        """Try again and again, in nobody's way; replace all tokens when Redis is back."""
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS * 2):
                    await self.repair(await self.connect())
            except Exception as error:  # noqa: BLE001 (whatever it is, Redis is not back)
                logger.debug("Redis is not back: %r", error)
                self.drop()
                continue
            logger.warning("Redis is back")
            self.probe = None
            return

    async def close(self) -> None:
        """Close the connection."""
        if self.probe is not None:
            self.probe.cancel()
        self.drop()
