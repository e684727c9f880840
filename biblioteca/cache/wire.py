"""One connection to Redis for the token read, which every request waits for.

redis-py's own asyncio connection takes three times as long for a read (streams, tasks and a timer
for each); here an answer goes from the socket to the waiting future. Parsing is hiredis's.
"""

import asyncio
from collections import deque
from typing import Any

import hiredis
from redis.asyncio.connection import parse_url
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

PORT = 6379


class Wire(asyncio.Protocol):
    """Commands go out and answers come back in the same order."""

    def __init__(self) -> None:
        self.reader = hiredis.Reader(replyError=ResponseError)
        self.waiting: deque[asyncio.Future[Any]] = deque()
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Take the transport."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Give each complete answer to whoever waits for it."""
        self.reader.feed(data)
        while (answer := self.reader.gets()) is not False:
            future = self.waiting.popleft()
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever still waits."""
        self.transport = None
        while self.waiting:
            future = self.waiting.popleft()
            if not future.done():
                future.set_exception(RedisConnectionError(f"the connection was lost: {error}"))

    def send(self, command: bytes) -> "asyncio.Future[Any]":
        """Send a packed command and return the future of its answer."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.transport is None:
            future.set_exception(RedisConnectionError("the connection was lost"))
            return future
        self.waiting.append(future)
        self.transport.write(command)
        return future

    def ask(self, *command: str | bytes | int) -> "asyncio.Future[Any]":
        """Send a command and return the future of its answer."""
        return self.send(pack(*command))

    def close(self) -> None:
        """Close the connection at once."""
        if self.transport is not None:
            self.transport.abort()


def pack(*command: str | bytes | int) -> bytes:
    """Return a command as Redis reads it."""
    return hiredis.pack_command(command)  # type: ignore[arg-type]


async def connect(url: str) -> Wire:
    """Return a connection to the Redis at ``url`` (redis, rediss or unix), signed in.

    Raises OSError or RedisError.
    """
    options: Any = parse_url(url)
    loop = asyncio.get_running_loop()
    if "path" in options:
        _transport, wire = await loop.create_unix_connection(Wire, options["path"])
    else:
        secure = None
        if "connection_class" in options:  # rediss://
            connection = options.pop("connection_class")(**options)
            secure = connection.ssl_context.get()
        host, port = options.get("host", "localhost"), options.get("port", PORT)
        _transport, wire = await loop.create_connection(Wire, host, port, ssl=secure)
    try:
        if options.get("password"):
            user = [options["username"]] if options.get("username") else []
            await wire.ask("AUTH", *user, options["password"])
        if options.get("db"):
            await wire.ask("SELECT", options["db"])
    except BaseException:
        wire.close()
        raise
    return wire


async def within(seconds: float, answer: "asyncio.Future[Any]") -> Any:
    """Return what ``answer`` brings. Raises TimeoutError when that takes longer than ``seconds``.

    A bare timer: asyncio.timeout would cost as much as the rest of a read.
    """
    timer = asyncio.get_running_loop().call_later(seconds, give_up, answer)
    try:
        return await answer
    finally:
        timer.cancel()


def give_up(answer: "asyncio.Future[Any]") -> None:
    """End the wait for an answer that does not come."""
    if not answer.done():
        answer.set_exception(TimeoutError("Redis does not answer"))
