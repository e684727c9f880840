"""One connection to Redis for the token read, which every request waits for.

redis-py's own asyncio connection does far more for a read (streams, tasks and a timer for each);
here an answer goes from the socket to the waiting future. Parsing is hiredis's.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import hiredis
from redis.asyncio.connection import parse_url
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from biblioteca.cache.link import TIMEOUT_SECONDS

PORT = 6379

Take = Callable[[Any], object]


class Wire(asyncio.Protocol):
    """Commands go out and answers come back in the same order.

    An answer that does not come within TIMEOUT_SECONDS ends the connection. One timer looks after
    all of them: a timer for each would cost as much as the rest of a read.
    """

    def __init__(self) -> None:
        self.timer: asyncio.TimerHandle | None = None
        self.oldest: Take | None = None
        self.reader = hiredis.Reader(replyError=ResponseError)
        self.waiting: deque[Take] = deque()
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Take the transport."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Give each complete answer to whoever waits for it."""
        self.reader.feed(data)
        while (answer := self.reader.gets()) is not False:
            self.waiting.popleft()(answer)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever still waits."""
        self.give_up(RedisConnectionError(f"the connection was lost: {error}"))

    def give_up(self, reason: Exception) -> None:
        """End the connection and tell whoever still waits why."""
        transport, self.transport = self.transport, None
        if transport is not None:
            transport.abort()
        if self.timer is not None:
            self.timer.cancel()
        while self.waiting:
            self.waiting.popleft()(reason)

    def look_after(self) -> None:
        """Give up when the answer that was the oldest one last time has not come yet."""
        self.timer = None
        if not self.waiting:
            return
        if self.waiting[0] is self.oldest:
            self.give_up(RedisTimeoutError("Redis does not answer"))
            return
        self.oldest = self.waiting[0]
        self.timer = asyncio.get_running_loop().call_later(TIMEOUT_SECONDS / 2, self.look_after)

    def send(self, command: bytes, take: "Take") -> None:
        """Send a packed command; ``take`` is called with its answer, or with what prevented it."""
        if self.transport is None:
            take(RedisConnectionError("the connection was lost"))
            return
        self.waiting.append(take)
        if self.timer is None:
            loop = asyncio.get_running_loop()
            self.timer = loop.call_later(TIMEOUT_SECONDS / 2, self.look_after)
        self.transport.write(command)

    def ask(self, *command: str | bytes | int) -> "asyncio.Future[Any]":
        """Send a command and return the future of its answer."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def take(answer: Any) -> None:
            if future.done():
                return
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

        self.send(pack(*command), take)
        return future

    def close(self) -> None:
        """Close the connection at once."""
        self.give_up(RedisConnectionError("the connection was closed"))


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
