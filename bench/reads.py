"""Single uncached reads, one after the other, against the twin in the same server."""

import os
import random
import statistics
import subprocess
import sys
import time

import requests

from biblioteca.tests.servers import ROOT, free_port

ROUNDS = 5
REQUESTS = 120


def measure_reads(database_url: str, works: int) -> list[tuple[str, float]]:
    """Return our time divided by the twin's, for items and list pages.

    Medians of rounds in which both take turns.
    """
    port = free_port()
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "DATABASE_URL": database_url,
    }
    command = [sys.executable, "-m", "uvicorn", "biblioteca.asgi:application", "--no-access-log"]
    server = subprocess.Popen(
        [*command, "--port", str(port), "--log-level", "error"], cwd=ROOT, env=environment
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait(address)
        return [
            ("item at random ids", ratio(address, works, "/obras/{}", "/twin/{}/", REQUESTS)),
            ("list page (its count included)", ratio(address, works, "/obras/", "/twin/", 15)),
        ]
    finally:
        server.terminate()
        server.wait()


def wait(address: str) -> None:
    """Return when the server answers."""
    for _ in range(100):
        try:
            requests.get(address, timeout=5)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")


def ratio(address: str, works: int, mine: str, twins: str, number: int) -> float:
    """Return the median over rounds of our time divided by the twin's, both warm."""
    session, dice = requests.Session(), random.Random(1)
    found = []
    for _ in range(ROUNDS):
        keys = [dice.randint(1, works) for _ in range(number)]
        seconds = {}
        for path in (mine, twins, mine, twins):  # the first two read from the disk
            started = time.perf_counter()
            for key in keys:
                session.get(address + path.format(key)).raise_for_status()
            seconds[path] = time.perf_counter() - started
        found.append(seconds[mine] / seconds[twins])
    return statistics.median(found)
