"""More clients than the service can take, slow ones, and requests that never repeat."""

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from biblioteca.tests.faults.crowd import Crowd, ask_in_crowd, slow_clients
from biblioteca.tests.redis_server import RedisServer
from biblioteca.tests.servers import serving

UNCACHED = {"CACHE_SECONDS": "0"}


def never_asked() -> str:
    """Return a path that was never asked before."""
    return f"/obras/?page_size=2&search={random.randrange(10**12):x}"


def some_page() -> str:
    """Return the path of a list."""
    return f"/obras/?page_size={random.randrange(1, 200)}"


def many_clients(directory: Path, clients: int, seconds: float, **environment: str) -> Crowd:
    """Let more clients ask than threads and queue take together."""
    with serving(directory, "--vazio", **(UNCACHED | environment)) as server:
        crowd = ask_in_crowd(server, some_page, clients, seconds)
        assert requests.get(f"{server}/obras/", timeout=30).status_code == 200
    return crowd


def beside_slow_clients(directory: Path, slow: int, seconds: float) -> tuple[Crowd, Crowd]:
    """Return what quick clients meet alone, and beside slow ones."""
    with serving(directory, "--vazio", **UNCACHED) as server:
        ask_in_crowd(server, some_page, 8, seconds / 4)
        alone = ask_in_crowd(server, some_page, 8, seconds)
        with slow_clients(server, slow):
            beside = ask_in_crowd(server, some_page, 8, seconds)
    return alone, beside


@contextmanager
def memory_of(server: str) -> Iterator[list[float]]:
    """Give a list that in the end holds by how many megabytes the server's process grew."""
    grown: list[float] = []
    process = process_listening_on(int(server.rpartition(":")[2]))
    before = resident(process)
    yield grown
    grown.append(resident(process) - before)


def process_listening_on(port: int) -> int:
    """Return the id of the ``servir`` process with this port."""
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                command = (place / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"servir" in command and str(port).encode() in command:
                return int(place.name)
    raise AssertionError(f"no process on port {port}")


def resident(process: int) -> float:
    """Return the resident memory of a process, in megabytes."""
    pages = int((Path("/proc") / str(process) / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


def distinct_requests(directory: Path, number: int) -> tuple[Crowd, float, float]:
    """Ask ``number`` different things; return the growth in the first and the second half."""
    with serving(directory, "--vazio", CACHE_MEMORY_MB="4") as server:
        with memory_of(server) as first:
            ask_in_crowd(server, never_asked, 16, number=number // 2)
        with memory_of(server) as second:
            crowd = ask_in_crowd(server, never_asked, 16, number=number // 2)
    return crowd, first[0], second[0]


def redis_stopped(directory: Path, seconds: float) -> tuple[Crowd, Crowd, float]:
    """Return reads without the cache, reads while Redis hangs, and how soon hits come again."""
    redis_server = RedisServer(directory)
    try:
        with serving(directory, "--vazio", REDIS_URL=redis_server.url) as server:
            ask_in_crowd(server, never_asked, 8, seconds / 4)
            uncached = ask_in_crowd(server, never_asked, 8, seconds)
            redis_server.signal(signal.SIGSTOP)
            hanging = ask_in_crowd(server, never_asked, 8, seconds)
            redis_server.signal(signal.SIGCONT)
            started = time.monotonic()
            while "hit" not in requests.get(f"{server}/obras/", timeout=30).headers["Cache-Status"]:
                assert time.monotonic() < started + 30
                time.sleep(0.02)
            return uncached, hanging, time.monotonic() - started
    finally:
        redis_server.signal(signal.SIGCONT)
        redis_server.kill()


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
