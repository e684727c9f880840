"""Cached and uncached reads against bare Uvicorn and the twin: ``python -m bench.serving``."""

import json
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis
import requests

from bench import own_servers
from bench.load import Load, load
from biblioteca.gateway.tests.issuer import AUDIENCE, ISSUER, Issuer
from biblioteca.tests.servers import serving

WORKS = int(os.environ.get("BENCH_CACHED_OBRAS", "100000"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "2"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "9"))
ITEM, LIST = "/obras/1", "/obras/"

Measure = Callable[[], Load]


def loading(address: str, never_asked: int = 0, headers: tuple[str, ...] = ()) -> Measure:
    """Return the measure of one address."""
    return lambda: load(address, SECONDS, never_asked, headers=headers)


def main() -> int:
    """Bring everything up, measure in turns, print one table of ratios."""
    own_servers.install_programs()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        directory = Path(name)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "DATABASE_URL": stack.enter_context(own_servers.mariadb(directory)),
        }
        fill()
        redis_url = stack.enter_context(own_servers.redis_server(directory))
        service = stack.enter_context(
            own_servers.uvicorn("biblioteca.asgi:application", 0, BENCH_REDIS_URL=redis_url)
        )
        answers = directory / "answers.json"
        answers.write_text(json.dumps(stored_answers(service, redis_url)))
        bare = stack.enter_context(
            own_servers.uvicorn(
                "bench.bare:application", 0, "--lifespan", "off",
                BENCH_ANSWERS=str(answers), REDIS_URL=redis_url,
            )
        )  # fmt: skip
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
              f"{WORKS} works; one process on one core, wrk with 32 connections on the others, "
              f"medians of {ROUNDS} interleaved rounds of {SECONDS} s")  # fmt: skip
        good = cached(service, bare) & uncached(service) & under_writes(service)
        good &= trusted(directory, service, redis_url)
        started_by_hand(directory, redis_url, bare)
        threads()
        two_workers(redis_url)
    return 0 if good else 1


def fill() -> None:
    """Make the catalogue."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("gerar", obras=WORKS)


def stored_answers(service: str, redis_url: str) -> dict[str, dict]:
    """Return the service's own cached answers; their bodies are put into Redis too."""
    answers, client = {}, redis.Redis.from_url(redis_url)
    for path in (ITEM, LIST):
        requests.get(service + path).raise_for_status()
        answer = requests.get(service + path)
        assert answer.headers["Cache-Status"] == "biblioteca; hit", answer.headers
        own = [pair for pair in answer.headers.items() if pair[0].lower() not in ("date", "server")]
        answers[path] = {"headers": own, "body": answer.text}
        client.set("bench:" + path, answer.content)
    return answers


def in_turns(measures: dict[str, Measure]) -> dict[str, list[Load]]:
    """Return what each measure gave in every round; all take turns, each time in another order."""
    rounds: dict[str, list[Load]] = {name: [] for name in measures}
    names = list(measures)
    for _ in range(ROUNDS):
        for name in names:
            rounds[name].append(measures[name]())
        names = [*names[1:], names[0]]
    return rounds


def show(name: str, ours: list[Load], other: list[Load], least: float) -> bool:
    """Print the median of the rounds' ratios; tell whether it is large enough.

    Of the rounds' ratios, and not of the rates: what a neighbour on the machine takes away it takes
    from both sides of a round.
    """
    ratios = sorted(one.rate / two.rate for one, two in zip(ours, other, strict=True))
    ratio = statistics.median(ratios)
    good = ratio >= least and not sum(one.bad for one in ours)
    rates = [statistics.median(one.rate for one in found) for found in (ours, other)]
    p99 = [statistics.median(one.p99 for one in found) for found in (ours, other)]
    print(f"  {ratio:6.2f}  (at least {least:.2f}; rounds {ratios[0]:.2f} to {ratios[-1]:.2f})  "
          f"{name}: {rates[0]:.0f} to {rates[1]:.0f} a second, "
          f"p99 {p99[0]:.1f} and {p99[1]:.1f} ms"
          f"{'' if good else '   <-- missed'}", flush=True)  # fmt: skip
    return good


def cached(service: str, bare: str) -> bool:
    """Compare cached reads with bare Uvicorn."""
    found = in_turns(
        {
            f"{kind}{path}": loading(address)
            for path in (ITEM, LIST)
            for kind, address in (
                ("ours", service + path), ("bare", bare + path), ("redis", f"{bare}/redis{path}"),
            )
        }
    )  # fmt: skip
    print("Cached reads")
    good = True
    for name, path in (("item", ITEM), ("list page", LIST)):
        ours = found["ours" + path]
        good &= show(f"{name}, bare Uvicorn with the same body and headers = 1", ours,
                     found["bare" + path], 0.85)  # fmt: skip
        good &= show(f"{name}, bare Uvicorn with one redis-py GET = 1", ours,
                     found["redis" + path], 2.5)  # fmt: skip
    return good


def uncached(service: str) -> bool:
    """Compare reads that were never asked before with the twin."""
    found = in_turns(
        {
            path: loading(service + path, WORKS)
            for path in ("/obras/ID", "/twin/ID/", "/obras/", "/twin/")
        }
    )
    print("Reads never asked before, the ModelViewSet twin in the same threads = 1")
    good = show("item at random ids", found["/obras/ID"], found["/twin/ID/"], 3)
    return show("list page, its count kept", found["/obras/"], found["/twin/"], 8) and good


@contextmanager
def writing(service: str) -> Iterator[None]:
    """Write to a work every 100 ms."""
    stop = threading.Event()

    def write() -> None:
        session, number = requests.Session(), 0
        while not stop.wait(0.1):
            number += 1
            body = {"titulo": f"Título {number}"}
            session.patch(f"{service}/obras/{WORKS}", json=body).raise_for_status()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def under_writes(service: str) -> bool:
    """Compare list reads with the twin's while the same resource is written."""
    with writing(service):
        found = in_turns({path: loading(service + path) for path in (LIST, "/twin/")})
    print("With a write to the same resource every 100 ms, the twin = 1")
    return show("list page", found[LIST], found["/twin/"], 5)


def trusted(directory: Path, service: str, redis_url: str) -> bool:
    """Compare cached reads of callers with a token, and of a gateway's, with the open mode."""
    issuer, secret = Issuer(directory), "s" * 40
    token = {"OAUTH_ISSUER": ISSUER, "OAUTH_AUDIENCE": AUDIENCE, "OAUTH_JWKS": str(issuer.file)}
    bearer = f"Authorization: Bearer {issuer.token(exp=int(time.time()) + 86400)}"
    with own_servers.uvicorn(
        "biblioteca.asgi:application", 0, BENCH_REDIS_URL=redis_url,
        **{f"BENCH_{name}": value for name, value in token.items()}, BENCH_GATEWAY_SECRET=secret,
    ) as both:  # fmt: skip
        headers = (bearer, f"X-Gateway-Secret: {secret}")
        found = in_turns(
            {
                "open": loading(service + ITEM),
                "trusted": loading(both + ITEM, headers=headers),
            }
        )
    print("Cached reads with the gateway's secret and a token, the open mode = 1")
    return show("item", found["trusted"], found["open"], 0.5)


def started_by_hand(directory: Path, redis_url: str, bare: str) -> None:
    """Compare what ``make run`` starts, with REDIS_URL, with bare Uvicorn on the same core."""
    data = directory / "run"
    data.mkdir()
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {0})  # what is started now inherits it
    with serving(data, REDIS_URL=redis_url, REDIS_PREFIX="run") as address:
        os.sched_setaffinity(0, cores)
        found = in_turns({"run": loading(address + ITEM), "bare": loading(bare + ITEM)})
    print("make run with REDIS_URL, bare Uvicorn = 1 (another body: that of its own catalogue)")
    show("cached item", found["run"], found["bare"], 0.85)


def threads() -> None:
    """Compare our threads, without the cache before them, with a2wsgi's."""
    options = ("--lifespan", "off")
    with (
        own_servers.uvicorn("biblioteca.asgi:application", 0, BENCH_CACHE_SECONDS="0") as own,
        own_servers.uvicorn("bench.adapter:application", 0, *options) as adapter,
    ):
        found = in_turns(
            {name: loading(f"{address}/obras/ID", WORKS)
             for name, address in (("own", own), ("adapter", adapter))}
        )  # fmt: skip
    print("Django in our fixed threads, without the cache, a2wsgi = 1")
    show("item at random ids", found["own"], found["adapter"], 1 / 1.15)


def two_workers(redis_url: str) -> None:
    """Compare two workers with one; wrk, Redis and they share all cores."""
    command = ("biblioteca.asgi:application", None)
    with (
        own_servers.uvicorn(*command, BENCH_REDIS_URL=redis_url) as one,
        own_servers.uvicorn(*command, "--workers", "2", BENCH_REDIS_URL=redis_url) as two,
    ):
        found = in_turns(
            {name: loading(address + ITEM)
             for name, address in (("one", one), ("two", two))}
        )  # fmt: skip
    print(f"Two workers, one = 1 (wrk and Redis share the {os.cpu_count()} cores)")
    show("cached item", found["two"], found["one"], 1)


if __name__ == "__main__":
    sys.exit(main())
