"""Writers that count and readers that never may see a count older than one answered before."""

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from biblioteca.tests.faults.world import World

PATIENCE = 60.0


@dataclass
class Door:
    """One way of writing and the reads that show what it wrote."""

    name: str
    write: Callable[[int], str]  # "" or why it was refused
    paths: list[str]
    read: Callable[[Any], int]
    answered: int = 0


@dataclass
class Verdict:
    """What the readers and the writers met."""

    stale: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    reads: Counter = field(default_factory=Counter)
    writes: Counter = field(default_factory=Counter)

    @property
    def wrong(self) -> list[str]:
        """Everything that must not be; a write may hear that it has to be tried again (503)."""
        broken = [line for line in self.refused if "refused: 500" in line]
        return [*self.stale, *self.failed, *broken]

    @property
    def refused(self) -> list[str]:
        """The writes that were refused, for whatever reason."""
        return [f"{name}: {n}" for name, n in self.writes.items() if "refused" in name]

    def __str__(self) -> str:
        return (
            f"{sum(self.reads.values())} reads ({dict(self.reads)}), "
            f"writes {dict(self.writes)}, {len(self.stale)} stale, {len(self.failed)} failed"
        )


def number_in(text: str) -> int:
    """Return the counter in a title or name."""
    return int(re.findall(r"\d+", text)[-1])


def doors_of(world: World) -> list[Door]:
    """Return every door with its own records."""
    doors = []
    for place, key in enumerate(world.works[:3]):
        server = world.servers[place % len(world.servers)]
        doors.append(
            Door(
                f"api-{place}",
                patching(f"{server}/obras/{key}", "titulo"),
                [f"/obras/{key}", f"/obras/{key}/?expand=editora"],
                lambda body: number_in(body["titulo"]),
            )
        )
    listed = world.works[0]
    doors[0].paths += ["/obras/", "/obras/?ordering=titulo&page_size=50"]
    single = doors[0].read

    def in_list(body: Any) -> int:
        rows = body.get("results", [body])
        return single(next(row for row in rows if row["id"] == listed))

    doors[0].read = in_list
    last = world.works[3]
    doors.append(
        Door(
            "api-rename",
            patching(f"{world.servers[-1]}/editoras/{world.publisher}", "nome"),
            [f"/editoras/{world.publisher}", f"/obras/{last}?expand=editora"],
            lambda body: number_in(body["nome"] if "nome" in body else body["editora"]["nome"]),
        )
    )
    doors.append(
        Door(
            "admin",
            lambda number: refusal(world.change_author_in_admin(f"Contador {number}"), 302),
            [f"/autores/{world.author}", f"/obras/{last}?expand=autores"],
            lambda body: number_in(body["nome"] if "nome" in body else body["autores"][0]["nome"]),
        )
    )
    doors.append(replacing(world.servers[0]))
    doors.append(Door("api-create", creating(world.servers[-1]), ["/obras/?search=criada"], count))
    doors.append(Door("command", importing(world), ["/obras/?search=lote"], count))
    return doors


def count(body: Any) -> int:
    """Return how many a list has."""
    return body["count"]


def replacing(server: str) -> Door:
    """Return a door that replaces an author of its own by PUT."""
    session = requests.Session()
    body = {"nome": "Contador 0", "foto": "capa-0.jpg"}
    key = session.post(f"{server}/autores/", json=body, timeout=30).json()["id"]

    def write(number: int) -> str:
        put = {"nome": f"Contador {number}", "foto": f"capa-{number}.jpg"}
        answer = session.put(f"{server}/autores/{key}", json=put, timeout=30)
        return refusal(answer.status_code, 200, answer.text)

    paths = [f"/autores/{key}", f"/autores/?id={key}"]
    return Door("api-put", write, paths,
                lambda found: number_in(found.get("results", [found])[0]["foto"]))  # fmt: skip


def creating(server: str) -> Callable[[int], str]:
    """Return a writer that adds a work at a time."""
    session = requests.Session()

    def write(number: int) -> str:
        body: dict[str, Any] = {"titulo": f"Criada {number:06d}", "editora": None, "autores": []}
        answer = session.post(f"{server}/obras/", json=body, timeout=30)
        return refusal(answer.status_code, 201, answer.text)

    return write


def refusal(status: int, expected: int, text: str = "") -> str:
    """Return why a write was refused, "" when it was not."""
    return "" if status == expected else f"{status} {text[:300]}"


def patching(address: str, name: str) -> Callable[[int], str]:
    """Return a writer of the API."""
    session = requests.Session()

    def write(number: int) -> str:
        answer = session.patch(address, json={name: f"Contador {number}"}, timeout=30)
        return refusal(answer.status_code, 200, answer.text)

    return write


def importing(world: World) -> Callable[[int], str]:
    """Return a writer that loads a file with one more work."""

    def write(number: int) -> str:
        file = world.directory / f"lote-{number}.csv"
        file.write_text(f"titulo,autores,editora\nLote {number:06d},Contador,Casa\n")
        done = world.run(*world.module, "importar", str(file))
        return refusal(done.returncode, 0, done.stderr)

    return write


def is_enough(verdict: Verdict, used: list[Door], least_hits: int) -> bool:
    """Tell whether enough was read and written to say anything."""
    return (
        all(verdict.writes[door.name] >= 2 for door in used)
        and sum(verdict.reads.values()) > 100
        and verdict.reads["hit"] >= least_hits
    )


def run_traffic(
    world: World,
    seconds: float,
    fault: Callable[[World], None] | None = None,
    doors: set[str] | None = None,
    readers: int = 8,
    until_stale: bool = False,
    least_hits: int = 0,
) -> Verdict:
    """Write and read for ``seconds``, with ``fault`` in the middle; return what came of it.

    With ``until_stale`` the first stale answer ends it. On a slow machine it goes on, for a while,
    until every door wrote twice and ``least_hits`` reads were hits.
    """
    verdict, stop, lock = Verdict(), threading.Event(), threading.Lock()
    used = [door for door in doors_of(world) if doors is None or door.name in doors]
    for door in used:  # what earlier traffic left
        body = requests.get(world.servers[0] + door.paths[0], timeout=30).json()
        door.answered = door.read(body)

    def write(door: Door) -> None:
        number = door.answered
        while not stop.is_set():
            number += 1
            try:
                reason = door.write(number)
            except requests.RequestException as error:
                reason = repr(error)
            with lock:
                verdict.writes[f"{door.name} refused: {reason}" if reason else door.name] += 1
            if not reason:
                door.answered = number
            elif door.read is count:  # what was not added is not counted
                number -= 1
            time.sleep(0.01)

    def read(seed: int) -> None:
        dice, session = random.Random(seed), requests.Session()
        while not stop.is_set():
            door = dice.choice(used)
            address = dice.choice(world.servers) + dice.choice(door.paths)
            floor = door.answered
            try:
                answer = session.get(address, timeout=30)
                status = answer.headers.get("Cache-Status", "none")
                with lock:
                    verdict.reads[status.partition("; ")[2].partition(";")[0]] += 1
                if answer.status_code != 200:
                    verdict.failed.append(f"{address}: {answer.status_code} {answer.text}")
                elif door.read(answer.json()) < floor:
                    verdict.stale.append(f"{address}: {answer.text} < {floor} ({status})")
            except requests.RequestException as error:
                verdict.failed.append(f"{address}: {error!r}")

    threads = [threading.Thread(target=write, args=(door,)) for door in used]
    threads += [threading.Thread(target=read, args=(seed,)) for seed in range(readers)]
    for thread in threads:
        thread.start()
    try:
        if fault is not None:
            time.sleep(seconds / 3)
            fault(world)
        end = time.monotonic() + seconds * 2 / 3
        while time.monotonic() < end and not (until_stale and verdict.stale):
            time.sleep(0.05)
        while time.monotonic() < end + PATIENCE and not (
            until_stale or is_enough(verdict, used, least_hits)
        ):
            time.sleep(0.05)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    return verdict
