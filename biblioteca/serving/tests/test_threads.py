"""The ASGI side, without a server: bodies, headers, threads."""

import asyncio
import threading

import pytest

from biblioteca.serving.threads import FixedThreads


def ask(application, *, method="GET", path="/", headers=(), body=(b"",), query=b""):
    """Send one request and return the status, the headers and the body of the answer."""
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query,
        "http_version": "1.1", "headers": list(headers), "scheme": "http",
        "client": ("10.0.0.1", 5), "server": ("localhost", 80),
    }  # fmt: skip
    incoming = [
        {"type": "http.request", "body": chunk, "more_body": number < len(body) - 1}
        for number, chunk in enumerate(body)
    ]
    sent = []

    async def receive():
        return incoming.pop(0) if incoming else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    asyncio.run(application(scope, receive, send))
    if not sent:
        return None
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), content


def echo(environ, start_response):
    """Answer with what the request was."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    shown = {name: value for name, value in environ.items() if isinstance(value, str)}
    return [repr((shown, len(body))).encode()]


def refuse(environ, start_response):
    """Answer that there is no place."""
    start_response("503 Service Unavailable", [("Retry-After", "1")])
    return [b"busy"]


DEFAULTS = {"threads": 2, "queue": 100, "refuse": refuse, "max_body": 100}


@pytest.fixture
def threads():
    made = []

    def make(application=echo, **options):
        made.append(FixedThreads(application, **(DEFAULTS | options)))
        return made[-1]

    yield make
    for one in made:
        one.pool.shutdown()


def test_environment(threads):
    headers = [(b"x-a", b"1"), (b"x-a", b"2"), (b"cookie", b"a=1"), (b"cookie", b"b=2"),
               (b"content-type", b"text/x"), (b"x_a", b"forged")]  # fmt: skip
    _status, _headers, content = ask(
        threads(), method="POST", path="/obrás", headers=headers, body=(b"ab", b"c"), query=b"q=1"
    )
    environ, length = eval(content.decode())
    assert length == 3
    assert environ["HTTP_X_A"] == "1,2"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["CONTENT_TYPE"] == "text/x"
    assert environ["CONTENT_LENGTH"] == "3"
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/obrás"
    assert environ["QUERY_STRING"] == "q=1"
    assert environ["REMOTE_ADDR"] == "10.0.0.1"


def test_of_an_oversized_body_only_the_length_arrives(threads):
    _status, _headers, content = ask(threads(), method="POST", body=(b"x" * 80, b"x" * 80))
    environ, length = eval(content.decode())
    assert (environ["CONTENT_LENGTH"], length) == ("160", 0)


def test_one_path_takes_longer_bodies(threads):
    application = threads(longer={"/files/": 200})
    body = (b"x" * 80, b"x" * 80)
    lengths = {}
    for path in ("/files/", "/files/x", "/"):
        content = ask(application, method="POST", path=path, body=body)[2]
        lengths[path] = eval(content.decode())[1]
    assert lengths == {"/files/": 160, "/files/x": 0, "/": 0}
    content = ask(application, method="POST", path="/files/", body=(*body, b"x" * 80))[2]
    assert eval(content.decode())[1] == 0


def test_a_client_that_leaves_before_its_body_is_complete_reaches_no_thread(threads):
    called = []
    application = threads(lambda environ, start: called.append(1))

    async def leave():
        async def receive():
            return {"type": "http.disconnect"}

        async def send(message):
            called.append(message)

        scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
        await application(scope, receive, send)

    asyncio.run(leave())
    assert called == []


def test_head_has_no_body(threads):
    status, _headers, content = ask(threads(), method="HEAD")
    assert (status, content) == (200, b"")


def test_the_threads_are_few_and_long_lived(threads):
    seen = set()

    def note(environ, start_response):
        seen.add(threading.get_ident())
        start_response("204 No Content", [])
        return []

    application = threads(note)
    for _ in range(20):
        assert ask(application)[0] == 204
    assert len(seen) <= 2


def test_large_answers_arrive_whole_and_are_closed(threads):
    closed = []

    class Chunks(list):
        def close(self):
            closed.append(True)

    def large(environ, start_response):
        start_response("200 OK", [])
        return Chunks([b"x" * 1_000_000] * 3)

    assert len(ask(threads(large))[2]) == 3_000_000
    assert closed == [True]


def test_beyond_the_queue_requests_are_refused_at_once(threads):
    release = threading.Event()

    def wait(environ, start_response):
        release.wait(10)
        return echo(environ, start_response)

    served = threads(wait, threads=2, queue=3)

    async def crowd():
        asked = [asyncio.ensure_future(arrive(served)) for _ in range(9)]
        await asyncio.sleep(0.1)
        refused = [one.result() for one in asked if one.done()]
        release.set()
        return refused, await asyncio.gather(*asked)

    refused, everybody = asyncio.run(crowd())
    assert refused == [503] * 4
    assert sorted(everybody) == [200] * 5 + [503] * 4
    assert served.accepted == 0


def test_a_busy_process_is_alive(threads):
    served = threads(threads=1, queue=0)
    served.accepted = 1
    status, _headers, body = ask(served, path="/health/live")
    assert (status, body) == (200, b'{"status": "ok"}')
    assert ask(served)[0] == 503
    served.accepted = 0


def test_a_client_that_leaves_the_queue_makes_no_work(threads):
    release, calls = threading.Event(), []

    def wait(environ, start_response):
        calls.append(environ["PATH_INFO"])
        release.wait(10)
        return echo(environ, start_response)

    served = threads(wait, threads=1, queue=10)

    async def crowd():
        first = asyncio.ensure_future(arrive(served, "/first"))
        await asyncio.sleep(0.05)
        gone = asyncio.ensure_future(arrive(served, "/gone", leaves=True))
        await asyncio.sleep(0.05)
        release.set()
        return await first, await gone

    assert asyncio.run(crowd()) == (200, None)
    assert calls == ["/first"]


async def arrive(application, path="/", leaves=False):
    """Send a request without a body and return the status; ``leaves`` hangs up at once."""
    scope = {
        "type": "http", "method": "GET", "path": path, "query_string": b"", "http_version": "1.1",
        "headers": [], "scheme": "http", "client": ("10.0.0.1", 5), "server": ("localhost", 80),
    }  # fmt: skip
    sent, received = [], []

    async def receive():
        if not received:
            received.append(1)
            return {"type": "http.request", "body": b"", "more_body": False}
        if not leaves:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    await application(scope, receive, send)
    return sent[0]["status"] if sent else None
