"""Django in a fixed set of long-lived threads, as an ASGI application.

Django's own ASGI handler starts a thread for each request: no database connection is ever used
twice, and nothing bounds how many are open. Here each thread keeps its connection, and a client
that sends or reads slowly holds none: the body is there before a thread is taken, and the answer
has left it before the first byte is sent.
"""

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from io import SEEK_END, BytesIO
from tempfile import SpooledTemporaryFile
from types import MappingProxyType
from typing import IO, Any, TypeVar

from biblioteca.serving.pool import FixedPool

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Result = TypeVar("Result")

# In a scope: another layer asks, for a client that may leave without this one's concern.
STAYS = "biblioteca.stays"
# Answered without a thread: that all are busy is no reason to end the process.
LIVE = "/health/live"
LIVE_BODY = b'{"status": "ok"}'
LIVE_HEADERS = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"content-length", b"%d" % len(LIVE_BODY)),
]
WITHOUT_LENGTH = (204, 304)  # RFC 9110, section 8.6
IN_MEMORY_BYTES = 1024 * 1024
SEND_BYTES = 256 * 1024
NONE_LONGER: Mapping[str, int] = MappingProxyType({})


class ClientDisconnectedError(Exception):
    """The client left before its request was complete."""


@dataclass
class Answer:
    """What the WSGI application answered, complete."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: IO[bytes]


class FixedThreads:
    """Serve the WSGI ``application`` in ``threads`` threads, with ``queue`` requests waiting.

    A request that finds the queue full is answered by ``refuse``, a WSGI application that is quick
    and asks nobody. A request body is read up to ``max_body`` bytes, or what ``longer`` has for its
    path. Of a longer one the application sees the length, and nothing of the content: it is the one
    to refuse it in words.
    """

    def __init__(
        self,
        application: Callable,
        *,
        threads: int,
        queue: int,
        refuse: Callable,
        max_body: int,
        longer: Mapping[str, int] = NONE_LONGER,
    ) -> None:
        self.application, self.refuse = application, refuse
        self.threads, self.queue = threads, queue
        self.max_body, self.longer = max_body, longer
        # Requests that have a thread or wait for one.
        self.accepted = 0
        self.pool = FixedPool(threads, "django")

    def run(self, work: Callable[[], Result]) -> Result:
        """Run ``work`` in one of the threads and return what it returns."""
        return self.pool.run(work)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what Uvicorn brings."""
        if scope["type"] == "lifespan":
            await self.lifespan(receive, send)
        elif scope["type"] == "http":
            await self.http(scope, receive, send)
        else:
            await send({"type": "websocket.close"})

    async def lifespan(self, receive: Receive, send: Send) -> None:
        """Finish what was accepted before the process ends."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                # What is loaded now stays: the collector need not look at it again and again.
                gc.collect()
                gc.freeze()
                await send({"type": "lifespan.startup.complete"})
            else:
                await asyncio.get_running_loop().run_in_executor(None, self.pool.shutdown)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def http(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"] == LIVE:
            await send({"type": "http.response.start", "status": 200, "headers": LIVE_HEADERS})
            await send({"type": "http.response.body", "body": LIVE_BODY})
            return
        with new_body() as body:
            try:
                limit = self.longer.get(scope["path"], self.max_body)
                length = await receive_body(receive, body, limit)
            except ClientDisconnectedError:
                return
            environ = build_environ(scope, body, length)
            if self.accepted >= self.threads + self.queue:
                answer: Answer | None = call(self.refuse, environ)
            else:
                answer = await self.in_a_thread(environ, receive)
        if answer is not None:
            with answer.body:
                await send_answer(answer, send, with_body=scope["method"] != "HEAD")

    async def in_a_thread(self, environ: dict[str, Any], receive: Receive) -> Answer | None:
        """Return the application's answer, None for a client that left before it had a thread."""
        self.accepted += 1
        has_begun = False

        def begin() -> Answer:
            nonlocal has_begun
            has_begun = True
            return call(self.application, environ)

        try:
            answer = self.pool.submit(begin)
            if self.accepted > self.threads and not environ.get(STAYS):
                leaving = asyncio.ensure_future(wait_until_gone(receive))
                both: set[asyncio.Future[Any]] = {answer, leaving}
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                if leaving.done() and not has_begun:
                    answer.cancel()
                    return None
                leaving.cancel()
            return await answer
        finally:
            self.accepted -= 1


def new_body() -> "IO[bytes]":
    """Return an empty file for a body: in memory, later on disk."""
    return SpooledTemporaryFile(IN_MEMORY_BYTES)


async def wait_until_gone(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def receive_body(receive: Receive, body: IO[bytes], limit: int) -> int:
    """Write the request's body to ``body`` and return its length.

    Beyond ``limit`` the rest is read and dropped, so that the client hears the refusal.
    Raises ClientDisconnectedError.
    """
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnectedError
        chunk = message.get("body", b"")
        length += len(chunk)
        if length <= limit:
            body.write(chunk)
        elif length - len(chunk) <= limit:
            body.seek(0)
            body.truncate()
        if not message.get("more_body", False):
            body.seek(0)
            return length


def build_environ(scope: Scope, body: IO[bytes], length: int) -> dict[str, Any]:
    """Return the WSGI environment (PEP 3333) of an ASGI request.

    Header names with an underscore are left out: WSGI cannot tell them from those with a hyphen,
    and a gateway that cleans ``X-Consumer-Id`` may let ``X_Consumer_Id`` pass.
    """
    host, port = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" in name:
            continue
        key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        text = value.decode("latin-1")
        if key in environ:
            text = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + text
        environ[key] = text
    environ.pop("HTTP_CONTENT_LENGTH", None)
    # As they came: who has to know whether one was doubled, or spelled with an underscore.
    environ["biblioteca.headers"] = scope["headers"]
    # What layers before this one have to say to the application.
    environ |= {name: value for name, value in scope.items() if name.startswith("biblioteca.")}
    if "HTTP_CONTENT_TYPE" in environ:
        environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE")
    if length or scope["method"] in ("POST", "PUT", "PATCH"):
        environ["CONTENT_LENGTH"] = str(length)
    return environ


def call(application: Callable, environ: dict[str, Any]) -> Answer:
    """Call a WSGI application to its end; runs in one of the threads."""
    started: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], _info: Any = None) -> None:
        started["status"], started["headers"] = status, headers

    chunks: Iterable[bytes] = application(environ, start_response)
    body: IO[bytes] | None = None
    try:
        for chunk in chunks:
            if body is None:  # nearly every answer is one piece
                body = BytesIO(chunk) if len(chunk) <= IN_MEMORY_BYTES else None
                if body is not None:
                    body.seek(0, SEEK_END)
                    continue
                body = new_body()
            elif isinstance(body, BytesIO):
                first, body = body, new_body()
                body.write(first.getvalue())
            body.write(chunk)
    except BaseException:
        if body is not None:
            body.close()
        raise
    finally:
        # Django ends the request here, which gives its database connection a look over.
        if hasattr(chunks, "close"):
            chunks.close()
    body = body or BytesIO()
    length = body.tell()
    body.seek(0)
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in started["headers"]
    ]
    status = int(started["status"].split()[0])
    if status not in WITHOUT_LENGTH and all(name != b"content-length" for name, _value in headers):
        headers.append((b"content-length", b"%d" % length))
    return Answer(HTTPStatus(status), headers, body)


async def send_answer(answer: Answer, send: Send, *, with_body: bool) -> None:
    """Send a complete answer, piece by piece as fast as the client takes it."""
    start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
    await send(start)
    chunk = answer.body.read(SEND_BYTES) if with_body else b""
    while True:
        following = answer.body.read(SEND_BYTES) if chunk else b""
        more = bool(following)
        await send({"type": "http.response.body", "body": chunk, "more_body": more})
        if not more:
            return
        chunk = following
