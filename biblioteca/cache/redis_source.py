"""Tokens and answers in Redis, as the event loop reads them."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from redis.exceptions import RedisError

from biblioteca.cache import scripts, wire
from biblioteca.cache.link import TIMEOUT_SECONDS, Link
from biblioteca.cache.tokens import Reading, UnreachableError, new_token

logger = logging.getLogger(__name__)

PROBE_SECONDS = 0.5
FAULTS = (RedisError, OSError, TimeoutError)


def token_keys(prefix: str, resources: list[str]) -> list[str]:
    """Return the keys of the tokens of ``resources``."""
    return [f"{prefix}:token:{resource}" for resource in resources]


def mark_keys(prefix: str, resources: list[str]) -> list[str]:
    """Return the keys of the marks of ``resources``."""
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
        self.keys = [*self.tokens, *mark_keys(prefix, resources)]
        self.connection: wire.Wire | None = None
        self.run_id = ""
        self.read_command = b""
        # What was read last, and what it means: most readings bring the same again.
        self.last: list[bytes | None] = []
        self.current: dict[str, str] = {}
        self.probe: asyncio.Task[None] | None = None

    async def read(self) -> Reading:
        """Return the current tokens. Raises UnreachableError, at once while Redis is away."""
        if self.probe is not None:
            raise UnreachableError("Redis is away")
        began = time.monotonic()
        try:
            if self.connection is None or self.link.needs_repair:
                found = await self.read_carefully()
            else:
                answer = self.connection.send(self.read_command)
                found = await wire.within(TIMEOUT_SECONDS, answer)
                if None in found:
                    found = await self.read_carefully()
        except FAULTS as error:
            self.disconnect(error)
            self.probe = asyncio.ensure_future(self.wait_for_redis())
            raise UnreachableError(str(error)) from error
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
            found = await connection.send(self.read_command)
            if None in found:
                await self.replace(connection, all_of_them=False)
                found = await connection.send(self.read_command)
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
        self.read_command = wire.pack("EVALSHA", digest, len(self.keys), *self.keys)
        self.connection = connection
        return connection

    async def repair(self, connection: wire.Wire) -> None:
        """Replace all tokens: a write may have gone unannounced, or a reading unheard."""
        failures = self.link.failures
        await self.replace(connection, all_of_them=True)
        self.link.repair_up_to(failures)

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
            except FAULTS:
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
