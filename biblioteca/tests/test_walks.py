"""Walking a list by ``next`` and ``previous`` while other clients write."""

import random
import threading

import pytest
import requests

from biblioteca.tests.servers import serving

pytestmark = pytest.mark.served

RECORDS = 400
PAGE_SIZE = 7


def read(address):
    """Return the page at ``address``, which has to be there."""
    answer = requests.get(address)
    assert answer.status_code == 200, (address, answer.text)
    return answer.json()


def last_page(start):
    """Return the last page of the list at ``start``.

    The list may lose that page, or grow another, after it was counted: then it is counted again.
    """
    while True:
        count = read(start)["count"]
        answer = requests.get(f"{start}&page={(count + PAGE_SIZE - 1) // PAGE_SIZE}")
        assert answer.status_code in (200, 404), answer.text
        if answer.status_code == 200 and answer.json()["next"] is None:
            return answer.json()


def walk(page, direction):
    """Follow ``direction`` from ``page`` to the end; return the ids in the order they were met."""
    met = []
    while page:
        keys = [row["id"] for row in page["results"]]
        met += keys if direction == "next" else keys[::-1]
        page = read(page[direction]) if page[direction] else None
    return met


def test_no_row_is_skipped_or_seen_twice(tmp_path):
    dice = random.Random(5)
    with serving(tmp_path, "--vazio") as address:
        session = requests.Session()

        def create(name):
            return session.post(f"{address}/autores/", json={"nome": name}).json()["id"]

        names = [f"Nome {dice.randrange(60):03d}" for _ in range(RECORDS)]
        keys = [create(name) for name in names]
        renamed = set(keys[::5])
        stable = set(keys) - renamed
        stop = threading.Event()
        done = {"inserted": 0, "renamed": 0, "deleted": 0}

        def disturb():
            mine, client, number = random.Random(7), requests.Session(), 0
            while not stop.is_set():
                number += 1
                name = f"Nome {mine.randrange(60):03d} {number}"
                made = client.post(f"{address}/autores/", json={"nome": name}).json()["id"]
                done["inserted"] += 1
                other = mine.choice(sorted(renamed))
                client.patch(f"{address}/autores/{other}", json={"nome": name[::-1]})
                done["renamed"] += 1
                if number % 2:
                    client.delete(f"{address}/autores/{made}")
                    done["deleted"] += 1

        writer = threading.Thread(target=disturb)
        writer.start()
        try:
            for order in ("id", "-id", "nome", "-nome"):
                start = f"{address}/autores/?ordering={order}&page_size={PAGE_SIZE}"
                for direction in ("next", "previous"):
                    first = read(start) if direction == "next" else last_page(start)
                    met = walk(first, direction)
                    throughout = set(keys) if order.endswith("id") else stable
                    seen = [key for key in met if key in throughout]
                    assert len(seen) == len(set(seen)), (order, direction)
                    assert set(seen) == throughout, (order, direction)
        finally:
            stop.set()
            writer.join()
    assert min(done.values()) > 20, done
