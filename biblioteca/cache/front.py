"""The read cache: an ASGI layer before Django that answers what is known to be current."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest

from biblioteca.cache.answers import MAX_BODY, Answer, Header, Key, Memory, RedisAnswers
from biblioteca.cache.conditions import names
from biblioteca.cache.statistics import Statistics
from biblioteca.cache.tokens import READING, Reading, SharedReads, Source, UnreachableError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Mapping[bytes, bytes]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

logger = logging.getLogger(__name__)

# What a stored answer is not made for: its conditions are judged here.
CONDITIONS = {b"if-none-match", b"if-modified-since", b"if-range", b"range"}
# Made anew for each request, or meant for pages and read by nobody who asks for JSON.
DROPPED = {
    b"x-request-id",
    b"content-language",
    b"referrer-policy",
    b"cross-origin-opener-policy",
    b"x-frame-options",
}
# What a 304 repeats of the 200 (RFC 9110, section 15.4.5).
NOT_MODIFIED = {b"etag", b"cache-control", b"vary", b"access-control-allow-origin",
                b"access-control-expose-headers"}  # fmt: skip
# In a scope: this layer asks, for a client that may leave without the application's concern.
STAYS = "biblioteca.stays"
SAFE_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:+/=-]{1,64}")
HOSTS_KNOWN = 1000
# Of so many paths, none longer than that, it is remembered what they show.
PATHS_KNOWN = 10_000
LONGEST_PATH_KNOWN = 100
READ_METHODS = ("GET", "HEAD")
SLASH = ord("/")

HIT = (b"cache-status", b"biblioteca; hit")
STORED = (b"cache-status", b"biblioteca; fwd=uri-miss; stored")
MISS = (b"cache-status", b"biblioteca; fwd=uri-miss")
COLLAPSED = (b"cache-status", b"biblioteca; fwd=uri-miss; collapsed")
WRITING = (b"cache-status", b"biblioteca; fwd=bypass; detail=write-under-way")
AWAY = (b"cache-status", b"biblioteca; fwd=bypass; detail=tokens-unreachable")
NO_CONTENT: Message = {"type": "http.response.body", "body": b""}
BYPASS = (b"cache-status", b"biblioteca; fwd=bypass")


class ReadCache:
    """Answer GET and HEAD of ``resources`` from ``memory`` while their tokens are current.

    ``may_read`` gets the request's headers and tells whether the caller may read at all; who may
    not is left to ``application``, which refuses in words. ``seconds`` is the greatest age of an
    answer, counted from before its tokens were read.
    """

    def __init__(
        self,
        application: Application,
        *,
        source: Source,
        memory: Memory,
        second: RedisAnswers | None,
        resources: list[str],
        may_read: Callable[[Headers], bool],
        seconds: int,
        host_in_key: bool,
    ) -> None:
        self.application = application
        self.source = source
        self.reads = SharedReads(source)
        self.memory, self.second = memory, second
        self.resources = frozenset(resources)
        self.may_read = may_read
        self.seconds = seconds
        self.host_in_key = host_in_key
        self.hosts: set[bytes | None] = set()
        self.paths: dict[str, str] = {}
        self.flights: dict[tuple[Key, str], asyncio.Task[Answer]] = {}
        self.statistics = Statistics(self.reads)
        self.stores: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or let the application answer.

        A hit goes through this one function and no other of ours: each call would cost a hundredth
        of what Uvicorn needs for the whole request.
        """
        method = scope.get("method")
        if method not in READ_METHODS or (resource := self.paths.get(scope["path"])) is None:
            resource = await self.elsewhere(scope, receive, send)
            if not resource:
                return
        every = scope["headers"]
        headers = dict(every)
        host = headers.get(b"host")
        # Only plain requests: a host of ours, one of each header, no body, a caller who may read.
        if (
            (host not in self.hosts and not self.is_our_host(host))
            or len(headers) != len(every)
            or b"transfer-encoding" in headers
            or (b"content-length" in headers and headers[b"content-length"] != b"0")
            or not self.may_read(headers)
        ):
            self.statistics.bypasses += 1
            await self.application(scope, receive, adding(send, BYPASS))
            return
        query = scope["query_string"]
        if query and b"&" in query:  # asked in this order: looking into bytes is slow
            query = b"&".join(sorted(query.split(b"&")))
        path = scope["raw_path"]
        # All that the answer depends on.
        key = (
            path[:-1] if path[-1] == SLASH else path,
            query,
            scope["scheme"] if self.host_in_key else "",
            host if self.host_in_key else None,
            headers.get(b"origin"),
            b"authorization" in headers,
        )
        try:
            reading = await (self.reads.waiting or self.reads.ask())
        except UnreachableError:
            self.statistics.errors += 1
            await self.application(scope, receive, adding(send, AWAY))
            return
        token = reading.tokens.get(resource)
        if token is None:
            self.statistics.bypasses += 1
            await self.application(scope, receive, adding(send, WRITING))
            return
        answer = self.memory.get(key)
        if answer is not None and answer.token == token and reading.began < answer.expires:
            self.statistics.hits += 1
            if not answer.hits and self.second is not None:
                self.store_in_redis(key, answer)
            answer.hits += 1
            if b"if-none-match" in headers or b"x-request-id" in headers:
                await give(answer, HIT, scope["method"], headers, send)
            else:
                await send(answer.start)
                await send(answer.content if method == "GET" else NO_CONTENT)
        else:
            await self.miss(key, reading, token, headers, scope, receive, send)
            self.statistics.log_now_and_then()

    async def elsewhere(self, scope: Scope, receive: Receive, send: Send) -> str:
        """Answer what is not read from the catalogue; return the resource of what is."""
        if scope["type"] == "lifespan":
            await self.lifespan(scope, receive, send)
            return ""
        if scope["type"] == "http" and scope["method"] in READ_METHODS:
            resource = self.resource_of(scope["path"])
            if resource:
                return resource
        await self.application(scope, receive, send)
        return ""

    async def lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close what is open after the application has ended."""
        await self.application(scope, receive, send)
        self.statistics.log()
        await self.source.close()
        if self.second is not None:
            self.second.drop()

    def resource_of(self, path: str) -> str:
        """Return the resource whose token the answers of ``path`` depend on, or ""."""
        parts = path.split("/")
        if len(parts) > 5 or parts[1:2] == [""] or parts[1] not in self.resources:
            return ""
        # /autores/7/obras/ shows works: what changes an author they show touches works too.
        resource = next(part for part in reversed(parts) if part in self.resources)
        if len(self.paths) < PATHS_KNOWN and len(path) <= LONGEST_PATH_KNOWN:
            self.paths[path] = resource
        return resource

    def is_our_host(self, host: bytes | None) -> bool:
        """Ask Django whether the service answers to ``host``."""
        if host is None:
            return False
        request = HttpRequest()
        request.META = {"HTTP_HOST": host.decode("latin-1"), "SERVER_PORT": "80"}
        try:
            request.get_host()
        except DisallowedHost:
            return False
        if len(self.hosts) < HOSTS_KNOWN:
            self.hosts.add(host)
        return True

    async def miss(
        self,
        key: Key,
        reading: Reading,
        token: str,
        headers: Headers,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer by one query for all who ask the same and read the same token."""
        self.statistics.misses += 1
        flight = self.flights.get((key, token))
        is_mine = flight is None
        if flight is None:
            flight = asyncio.ensure_future(self.fetch(key, reading, token, scope))
            self.flights[key, token] = flight
            flight.add_done_callback(lambda _done: self.flights.pop((key, token), None))
        answer = await asyncio.shield(flight)
        if answer.status == 200:
            status = STORED if is_mine else COLLAPSED
            if answer.hits:
                status = HIT
            elif not answer.token:
                status = MISS
            if is_mine and answer.request_id:
                headers = {**headers, b"x-request-id": answer.request_id}
            await give(answer, status, scope["method"], headers, send)
        elif is_mine:
            await pass_on(answer, MISS, scope["method"], send)
        else:  # a refusal is worded for the one who asked
            await self.application(scope, receive, adding(send, MISS))

    async def fetch(self, key: Key, reading: Reading, token: str, scope: Scope) -> Answer:
        """Return the answer from Redis or from the application, and store it in memory."""
        if self.second is not None:
            found = await self.second.get(key, reading, token)
            if found is not None:
                found.hits = 1
                prepare(found)
                self.memory.put(key, found)
                return found
        answer = await self.ask_application(reading, scope)
        if answer.status == 200 and is_storable(answer):
            answer.token = token
            answer.expires = reading.began + self.seconds
            answer.expires_at = reading.now + self.seconds * 1000
            prepare(answer)
            self.memory.put(key, answer)
        return answer

    async def ask_application(self, reading: Reading, scope: Scope) -> Answer:
        """Return the application's answer to the plain GET behind the request."""
        plain = [pair for pair in scope["headers"] if pair[0] not in CONDITIONS]
        asked = {**scope, "method": "GET", "headers": plain, READING: reading, STAYS: True}
        start: dict[str, Any] = {}
        chunks: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                chunks.append(message.get("body", b""))

        await self.application(asked, receive_nothing, collect)
        if not start:
            return Answer(500, [(b"content-length", b"0")], b"")
        headers = list(start["headers"])
        if start["status"] == 200:
            headers = [pair for pair in headers if pair[0] not in DROPPED]
        etag = value_of(b"etag", headers).decode("latin-1")
        request_id = value_of(b"x-request-id", start["headers"])
        return Answer(start["status"], headers, b"".join(chunks), etag, request_id=request_id)

    def store_in_redis(self, key: Key, answer: Answer) -> None:
        """Write an answer that was asked for again to Redis, in nobody's way."""
        if self.second is not None and len(self.stores) < 100:
            task = asyncio.ensure_future(self.second.put(key, answer))
            self.stores.add(task)
            task.add_done_callback(self.stores.discard)


def value_of(wanted: bytes, headers: list[Header]) -> bytes:
    """Return the value of a header, b"" without one."""
    return next((value for name, value in headers if name == wanted), b"")


def prepare(answer: Answer) -> None:
    """Make the messages that a hit sends, once for all of them."""
    headers = [*answer.headers, HIT]
    answer.start = {"type": "http.response.start", "status": 200, "headers": headers}
    answer.content = {"type": "http.response.body", "body": answer.body}


def is_storable(answer: Answer) -> bool:
    """Tell whether an answer is meant for everybody and small enough."""
    return len(answer.body) <= MAX_BODY and not any(
        name == b"set-cookie" for name, _value in answer.headers
    )


async def give(answer: Answer, status: Header, method: str, headers: Headers, send: Send) -> None:
    """Send an answer that is a 200, or 304 to a client that has it.

    The id that a gateway gave goes back; none is made: no log line would have it.
    """
    given = headers.get(b"x-request-id")
    known = given is not None and SAFE_REQUEST_ID.fullmatch(given)
    own = [status, (b"x-request-id", given)] if known else [status]
    condition = headers.get(b"if-none-match")
    if (
        condition is not None
        and answer.etag
        and names(condition.decode("latin-1"), answer.etag, weak=True)
    ):
        kept = [pair for pair in answer.headers if pair[0] in NOT_MODIFIED]
        await send({"type": "http.response.start", "status": 304, "headers": [*kept, *own]})
        await send({"type": "http.response.body", "body": b""})
        return
    start = {"type": "http.response.start", "status": 200, "headers": [*answer.headers, *own]}
    await send(start)
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})


async def pass_on(answer: Answer, status: Header, method: str, send: Send) -> None:
    """Send an answer that is not a 200 as the application made it."""
    headers = [*answer.headers, status]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})


def adding(send: Send, header: Header) -> Send:
    """Return ``send`` that adds ``header`` to the answer."""

    async def send_more(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), header]
        await send(message)

    return send_more


async def receive_nothing() -> Message:
    """Return the body of a request that has none."""
    return {"type": "http.request", "body": b"", "more_body": False}
