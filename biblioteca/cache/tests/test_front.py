"""The layer before the application: what it gives, what it lets through, what it keeps."""

import asyncio
import time

import pytest
from django.conf import settings

from biblioteca.cache.answers import Answer, Memory, decode, encode
from biblioteca.cache.front import ReadCache
from biblioteca.cache.tokens import READING, Reading, SharedReads, UnreachableError


class Tokens:
    """Tokens that a test sets; every reading is counted."""

    def __init__(self):
        self.tokens = {"obras": "a", "autores": "a", "editoras": "a"}
        self.reads = 0

    def begin(self, done):
        self.reads += 1
        began = time.monotonic()

        def answer():
            if self.tokens is None:
                done(UnreachableError("away"))
            else:
                done(Reading(dict(self.tokens), int(time.time() * 1000), began))

        asyncio.get_running_loop().call_soon(answer)


class Application:
    """Answers with how often it was asked; waits as long as it is told to."""

    def __init__(self):
        self.asked = []
        self.status = 200
        self.headers = []
        self.body = b""
        self.seconds = 0.0

    async def __call__(self, scope, receive, send):
        self.asked.append(scope)
        body = self.body or b"answer %d" % len(self.asked)
        await asyncio.sleep(self.seconds)
        headers = [(b"etag", b'"e1"'), (b"content-length", b"%d" % len(body)), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Setting:
    """A front with everything that it stands between."""

    def __init__(self, **options):
        self.tokens, self.application = Tokens(), Application()
        self.allowed = True
        self.memory = Memory(options.pop("most_bytes", 10**6))
        self.front = ReadCache(
            self.application,
            **{
                "source": self.tokens,
                "memory": self.memory,
                "second": None,
                "resources": settings.CACHED_RESOURCES,
                "may_read": lambda headers: self.allowed,
                "seconds": 30,
                "host_in_key": True,
            }
            | options,
        )

    async def ask(self, target="/obras/1", method="GET", **headers):
        path, _, query = target.partition("?")
        sent = []
        given = {"host": "testserver"} | {k.replace("_", "-"): v for k, v in headers.items()}
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(),
            "query_string": query.encode(), "scheme": "http",
            "headers": [(k.encode(), v.encode()) for k, v in given.items()],
        }  # fmt: skip

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        await self.front(scope, receive, send)
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], found, b"".join(m.get("body", b"") for m in sent[1:])

    def get(self, *arguments, **headers):
        return asyncio.run(self.ask(*arguments, **headers))


@pytest.fixture
def here():
    return Setting()


def test_the_second_reader_gets_what_the_first_one_got(here):
    first, second = here.get(), here.get()
    assert first[2] == second[2] == b"answer 1"
    assert first[1]["cache-status"] == "biblioteca; fwd=uri-miss; stored"
    assert second[1]["cache-status"] == "biblioteca; hit"
    assert "x-request-id" not in second[1]
    here.application.headers = [(b"x-request-id", b"in-the-log")]
    assert here.get("/obras/2")[1]["x-request-id"] == "in-the-log"
    assert here.get(x_request_id="from-kong")[1]["x-request-id"] == "from-kong"
    assert "x-request-id" not in here.get(x_request_id="not safe")[1]


@pytest.mark.parametrize("change", ["b", None])
def test_nothing_is_given_when_the_token_changed_or_a_write_is_under_way(here, change):
    here.get()
    if change:
        here.tokens.tokens["obras"] = change
    else:
        del here.tokens.tokens["obras"]
    assert here.get()[2] == b"answer 2"
    assert here.get()[2] == (b"answer 2" if change else b"answer 3")


def test_an_answer_belongs_to_the_tokens_read_before_its_query(here):
    async def slow():
        here.application.seconds = 0.05
        pending = asyncio.ensure_future(here.ask())
        await asyncio.sleep(0.02)
        here.tokens.tokens["obras"] = "b"  # a write that the query may not have seen
        early = await pending
        return early, await here.ask()

    early, late = asyncio.run(slow())
    assert (early[2], late[2]) == (b"answer 1", b"answer 2")


def test_a_herd_makes_one_query_and_a_later_generation_another(here):
    async def herd():
        here.application.seconds = 0.05
        first = [asyncio.ensure_future(here.ask()) for _ in range(20)]
        await asyncio.sleep(0.02)
        here.tokens.tokens["obras"] = "b"
        second = [asyncio.ensure_future(here.ask()) for _ in range(20)]
        return await asyncio.gather(*first), await asyncio.gather(*second)

    first, second = asyncio.run(herd())
    assert {answer[2] for answer in first} == {b"answer 1"}
    assert {answer[2] for answer in second} == {b"answer 2"}
    assert len(here.application.asked) == 2
    assert "collapsed" in first[-1][1]["cache-status"]


def test_a_reading_is_never_older_than_the_request(here):
    async def readings():
        shared = SharedReads(here.tokens)
        begun = shared.ask()
        await asyncio.sleep(0)
        assert here.tokens.reads == 1  # under way
        later = [shared.ask() for _ in range(5)]
        assert begun not in later
        return await begun, [await reading for reading in later]

    first, later = asyncio.run(readings())
    assert all(reading.began >= first.began for reading in later)
    assert here.tokens.reads == 2


def test_a_refusal_is_never_answered_from_the_cache(here):
    here.get()
    here.allowed = False
    here.application.status = 403
    status, _headers, body = here.get()
    assert (status, body) == (403, b"answer 2")
    assert READING not in here.application.asked[-1]


@pytest.mark.parametrize("status", [404, 500, 503])
def test_only_a_200_is_stored(here, status):
    here.application.status = status
    assert here.get()[0] == status
    assert here.get()[2] == b"answer 2"


def test_an_answer_with_a_cookie_is_nobody_elses(here):
    here.application.headers = [(b"set-cookie", b"a=b")]
    here.get()
    assert here.get()[2] == b"answer 2"


def test_head_and_304_come_from_the_stored_answer(here):
    here.get(if_none_match='"other"')
    status, headers, body = here.get("/obras/1", "HEAD")
    assert (status, body, headers["content-length"]) == (200, b"", "8")
    status, headers, body = here.get(if_none_match='W/"e1"')
    assert (status, body, headers["etag"]) == (304, b"", '"e1"')
    assert "content-length" not in headers
    assert len(here.application.asked) == 1
    assert b"if-none-match" not in dict(here.application.asked[0]["headers"])


def test_parameters_in_any_order_and_a_slash_are_one_request(here):
    here.get("/obras/?page=2&page_size=5")
    assert here.get("/obras?page_size=5&page=2")[2] == b"answer 1"
    assert here.get("/obras//?page_size=5&page=2")[2] == b"answer 2"


def test_hosts_origins_and_authorised_callers_are_kept_apart(here):
    bodies = {
        here.get()[2], here.get(host="localhost")[2], here.get(origin="http://localhost:3000")[2],
        here.get(authorization="Bearer x")[2],
    }  # fmt: skip
    assert len(bodies) == 4


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"content_length": "3"}])
def test_strange_requests_go_to_the_application(here, headers):
    here.get()
    assert here.get(**headers)[1]["cache-status"] == "biblioteca; fwd=bypass"
    assert here.get(**headers)[2] == b"answer 3"


def test_with_tokens_out_of_reach_every_read_is_a_query(here):
    here.get()
    here.tokens.tokens = None
    status, headers, body = here.get()
    assert (status, body) == (200, b"answer 2")
    assert headers["cache-status"].endswith("detail=tokens-unreachable")


def test_answers_grow_old():
    here = Setting(seconds=0)
    here.get()
    assert here.get()[2] == b"answer 2"


def test_memory_is_bounded_whatever_is_asked():
    here = Setting(most_bytes=200_000)
    here.application.body = b"x" * 500

    async def many():
        for number in range(3000):
            await here.ask(f"/obras/?page={number}")

    asyncio.run(many())
    assert here.memory.bytes <= 200_000
    assert 90 <= len(here.memory.entries) <= 100


def test_long_questions_take_their_part_of_the_memory():
    here = Setting(most_bytes=200_000)

    async def many():
        for number in range(50):
            await here.ask(f"/obras/?search={number}{'x' * 20_000}")
            await here.ask(f"/obras/{number}{'7' * 20_000}")
            await here.ask(f"/obras/{number}")

    asyncio.run(many())
    asked = sum(len(path) + len(query) for path, query, *_rest in here.memory.entries)
    assert 100_000 < asked <= here.memory.bytes <= 200_000
    assert len(here.front.paths) == 51  # none of the long ones


def test_what_is_asked_for_stays_longest():
    memory = Memory(5 * 1610)
    keys = [(b"/obras/%d" % number, b"", "", None, None, False) for number in range(6)]
    for key in keys[:5]:
        memory.put(key, Answer(200, [], b"x" * 100))
    memory.get(keys[0]).hits += 1
    memory.put(keys[5], Answer(200, [], b"x" * 100))
    assert keys[0] in memory.entries
    assert keys[1] not in memory.entries


def test_an_answer_too_large_to_keep_is_given_all_the_same():
    here = Setting(most_bytes=2000)
    here.application.body = b"x" * 3000
    assert len(here.get()[2]) == 3000
    assert here.memory.bytes == 0


def test_an_answer_survives_the_way_through_redis():
    answer = Answer(200, [(b"a", b"\xe9")], b"\x00\nbody", '"e"', "run:token", 0.0, 5000)
    raw = encode(answer)
    found = decode(raw, Reading({}, 4000, 0.0), "run:token")
    assert (found.headers, found.body, found.etag) == (answer.headers, answer.body, answer.etag)
    assert found.expires - time.monotonic() < 1.01
    assert decode(raw, Reading({}, 4000, 0.0), "other:token") is None
    assert decode(raw, Reading({}, 5000, 0.0), "run:token") is None
    assert decode(b"garbage", Reading({}, 0, 0.0), "run:token") is None
