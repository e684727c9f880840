"""Stored answers: in memory first, in Redis second."""

import asyncio
import hashlib
import json
import logging
import time
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import RedisError

from biblioteca.cache import wire
from biblioteca.cache.link import TIMEOUT_SECONDS, Link
from biblioteca.cache.tokens import Reading

logger = logging.getLogger(__name__)

# What an entry takes beside its body and what was asked.
ENTRY_BYTES = 1500
# Larger answers are not stored.
MAX_BODY = 1024 * 1024
# After so many questions that Redis had no answer to, only one miss in so many asks it.
FRUITLESS = 64
ONE_IN = 8

Header = tuple[bytes, bytes]
# (path, query, scheme, host, origin, whether the caller was authorised)
Key = tuple[bytes, bytes, str, bytes | None, bytes | None, bool]


@dataclass(slots=True)
class Answer:
    """A complete answer of the application."""

    status: int
    headers: list[Header]
    body: bytes
    etag: str = ""
    token: str = ""
    expires: float = 0.0  # time.monotonic()
    expires_at: int = 0  # the clock of Redis, in milliseconds
    # The id of the request that the application answered.
    request_id: bytes = b""
    hits: int = 0
    hits_seen: int = 0
    # The messages of a hit.
    start: dict[str, Any] = field(default_factory=dict)
    content: dict[str, Any] = field(default_factory=dict)


class Memory:
    """The answers of this process, bounded in bytes and so in number.

    What nobody asked for since it was last looked at goes first (a second chance for the others).
    A dictionary and not cachetools, whose lookups in Python cost a cached read a tenth of its time.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self.entries: dict[Key, Answer] = {}
        # The answer under a key, or None: the dictionary's own method, called by every request.
        self.get = self.entries.get

    def put(self, key: Key, answer: Answer) -> None:
        """Keep ``answer``, and let others go where it needs their place."""
        self.remove(key)
        self.entries[key] = answer
        self.bytes += size_of(key, answer)
        while self.bytes > self.most_bytes:
            oldest = next(iter(self.entries))
            spared = self.entries[oldest]
            if spared.hits > spared.hits_seen:
                spared.hits_seen = spared.hits
                self.entries[oldest] = self.entries.pop(oldest)
            else:
                self.remove(oldest)

    def remove(self, key: Key) -> None:
        """Forget the answer under ``key``, if there is one."""
        answer = self.entries.pop(key, None)
        if answer is not None:
            self.bytes -= size_of(key, answer)

    def clear(self) -> None:
        """Forget everything."""
        self.entries.clear()
        self.bytes = 0


def size_of(key: Key, answer: Answer) -> int:
    """Return about how many bytes of memory an answer takes: a question may be longer than it."""
    path, query, _scheme, host, origin, _authorised = key
    asked = len(path) + len(query) + len(host or b"") + len(origin or b"")
    return len(answer.body) + asked + ENTRY_BYTES


class RedisAnswers:
    """Answers that outlive a process: read when memory has none, written when asked for twice."""

    def __init__(self, url: str, prefix: str, link: Link) -> None:
        self.url, self.prefix, self.link = url, prefix, link
        self.connection: wire.Wire | None = None
        self.is_connecting = False
        self.fruitless = 0

    def place(self, key: Key) -> str:
        """Return the Redis key of ``key``."""
        return f"{self.prefix}:answer:{hashlib.sha256(repr(key).encode()).hexdigest()}"

    async def get(self, key: Key, reading: Reading, token: str) -> Answer | None:
        """Return the answer stored for ``token``, or None.

        Where Redis has long had nothing (reads that nobody repeats) most misses do not ask it: the
        question costs an uncached read a twelfth of its time. One answer found, and all ask again.
        """
        if self.fruitless >= FRUITLESS and self.fruitless % ONE_IN:
            self.fruitless += 1
            return None
        raw = await self.command("GET", self.place(key))
        found = decode(raw, reading, token) if raw else None
        self.fruitless = 0 if found is not None else self.fruitless + 1
        return found

    async def put(self, key: Key, answer: Answer) -> None:
        """Store ``answer`` until it is too old by the clock of Redis."""
        await self.command("SET", self.place(key), encode(answer), "PXAT", answer.expires_at)

    async def command(self, *command: str | bytes | int) -> Any:
        """Run one command; None when that is not possible now."""
        if self.link.rests or self.is_connecting:
            return None
        try:
            connection = self.connection or await self.connect()
            return await connection.ask(*command)
        except (RedisError, OSError, TimeoutError) as error:
            logger.debug("an answer in Redis was not reached: %r", error)
            self.drop()
            return None

    async def connect(self) -> wire.Wire:
        """Open the connection; those who ask meanwhile do without."""
        self.is_connecting = True
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                connection = self.connection = await wire.connect(self.url)
                return connection
        finally:
            self.is_connecting = False

    def drop(self) -> None:
        """Close the connection, if there is one."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()


def encode(answer: Answer) -> bytes:
    """Return an answer as one line of JSON and the body's bytes."""
    head = {
        "token": answer.token,
        "expires_at": answer.expires_at,
        "etag": answer.etag,
        "headers": [[name.decode("latin-1"), value.decode("latin-1")]
                    for name, value in answer.headers],
    }  # fmt: skip
    return json.dumps(head).encode() + b"\n" + answer.body


def decode(raw: bytes, reading: Reading, token: str) -> Answer | None:
    """Return the answer in ``raw`` if it was built from ``token`` and is not too old."""
    head, _newline, body = raw.partition(b"\n")
    try:
        found = json.loads(head)
        remaining = (found["expires_at"] - reading.now) / 1000
        if found["token"] != token or remaining <= 0:
            return None
        headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in found["headers"]
        ]
        etag, expires_at = found["etag"], found["expires_at"]
    except (ValueError, KeyError, TypeError):
        return None
    expires = time.monotonic() + remaining
    return Answer(200, headers, body, etag, token, expires, expires_at)
