"""Pages and searches over a million works on MariaDB, against ``SELECT COUNT(*)`` of the table."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from urllib.parse import quote

from django.db import connection
from django.test import Client

from biblioteca.records.listing import Listing
from obras.vocabulary import EVERY_ROW, FREQUENT, LATE, RARE, SMALL_PUBLISHER

REPEATS = 50
ORDERS = ("id", "-id", "titulo", "-titulo")
PAGE_LIMIT = 1.5
SEARCH_LIMIT = 2.0


class Queries:
    """Adds up the time of the queries of a request, those that count apart."""

    def __init__(self) -> None:
        self.page = self.count = 0.0

    def __call__(self, execute: Callable, sql: str, *arguments: Any) -> Any:
        """Time one query; Django's execute wrapper."""
        started = time.perf_counter()
        result = execute(sql, *arguments)
        seconds = time.perf_counter() - started
        if "COUNT(" in sql:
            self.count += seconds
        else:
            self.page += seconds
        return result


@contextmanager
def timed() -> Iterator[Queries]:
    """Time the queries of the block."""
    queries = Queries()
    with connection.execute_wrapper(queries):
        yield queries


def get(client: Client, path: str) -> tuple[dict[str, Any], Queries, float]:
    """Return the body of a list, the time of its queries and of the whole request, in seconds."""
    started = time.perf_counter()
    with timed() as queries:
        response = client.get(path)
    seconds = time.perf_counter() - started
    if response.status_code != 200:
        raise RuntimeError(f"{path}: {response.status_code} {response.content!r}")
    return response.json(), queries, seconds


def ratio_of_pages(client: Client, paths: Iterator[str], first: str) -> float:
    """Return the median time of the own queries of ``paths``, that of the page ``first`` = 1.

    The two take turns: what a neighbour on the machine takes away it takes from both.
    """
    firsts, others = [], []
    for path in paths:
        firsts.append(get(client, first)[1].page)
        others.append(get(client, path)[1].page)
    return statistics.median(others) / statistics.median(firsts)


def local(url: str) -> str:
    """Return the path and query of a link."""
    return "/" + url.split("/", 3)[3]


def count_seconds() -> float:
    """Return how long counting the table takes."""
    with connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute("SELECT COUNT(*) FROM obras_obra")
        cursor.fetchall()
    return time.perf_counter() - started


def measure_pages(client: Client, works: int) -> list[tuple[str, float]]:
    """Return, for every order, how much dearer pages near the end are than the first one.

    The count, which is not part of the question, is taken as known.
    """
    with mock.patch.object(Listing, "count", return_value=works):
        return [row for order in ORDERS for row in measure_order(client, order, works)]


def measure_order(client: Client, order: str, works: int) -> list[tuple[str, float]]:
    """Return the ratios of one order."""
    base = f"/obras/?ordering={order}"
    deep, _queries, _seconds = get(client, f"{base}&page={works // 20 - 1}")
    # The last walk reads from memory, as the first page does: the work is compared, not the disk.
    for _ in range(2):
        walked = list(walk(client, base))
    return [
        (f"{order}: {name}", ratio_of_pages(client, iter(paths), base))
        for name, paths in (
            ("previous, near the end", [local(deep["previous"])] * REPEATS),
            ("next, near the end", [local(deep["next"])] * REPEATS),
            ("walking by next", walked),
        )
    ]


def walk(client: Client, path: str) -> Iterator[str]:
    """Follow ``next`` over fifty pages; yield their addresses."""
    for _ in range(REPEATS):
        yield path
        path = local(get(client, path)[0]["next"])


def searches() -> list[tuple[str, str]]:
    """Return what is searched for."""
    return [
        ("rare", RARE),
        ("25,000 hits, spread", FREQUENT),
        ("25,000 hits, all at the end", LATE),
        ("every row", EVERY_ROW),
        ("rare + every row", f"{RARE} {EVERY_ROW}"),
        ("25,000 spread + every row", f"{FREQUENT} {EVERY_ROW}"),
        ("25,000 at the end + every row", f"{LATE} {EVERY_ROW}"),
        ("25,000 + 25,000", f"{FREQUENT} {LATE}"),
        ("one letter", "a"),
        ("two letters", "br"),
        ("nothing", "xyzxyz"),
    ]


def measure_searches(client: Client) -> list[tuple[str, float]]:
    """Return what each search costs, page and count together, in counts of the table."""
    publisher = get(client, f"/editoras/?search={quote(SMALL_PUBLISHER)}")[0]["results"][-1]["id"]
    rows = []
    for name, words in searches():
        for suffix, label in (("", ""), (f"&editora={publisher}", " in a small publisher")):
            for order in ("id", "-titulo"):
                path = f"/obras/?search={quote(words)}{suffix}&ordering={order}"
                get(client, path)
                times, counts = [], []
                for _ in range(5):
                    counts.append(count_seconds())
                    times.append(get(client, path)[2])
                ratio = statistics.median(times) / statistics.median(counts)
                rows.append((f"{name}{label}, by {order}", ratio))
    return rows
