"""Loads that are killed, and loads whose database is restarted under them: run again, they end in
the catalogue that an undisturbed load makes."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stdnum import ean

from biblioteca.tests.servers import ROOT, environment_for
from obras.vocabulary import Vocabulary

LONGEST = 1200  # seconds


def write_table(path: Path, works: int, seed: int = 1) -> None:
    """Write a CSV of ``works`` works: some without an ISBN, some twice, some that cannot load."""
    dice = random.Random(seed)
    vocabulary = Vocabulary(dice, 20_000)
    authors = [vocabulary.name() for _ in range(max(works // 4, 5))]
    publishers = [vocabulary.name() for _ in range(max(works // 300, 3))]
    isbns: list[str] = []
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["isbn", "titulo", "autores", "editora", "ano"])
        for number in range(works):
            twelve = f"978{seed:02d}{number:07d}"
            isbn = twelve + ean.calc_check_digit(twelve)
            title = f"{vocabulary.word()} {vocabulary.word()} {number}".capitalize()
            if number % 10 == 3:
                isbn = ""
            elif number % 97 == 5 and isbns:
                isbn = dice.choice(isbns)  # another title for a number that was given
            else:
                isbns.append(isbn)
            names = " ; ".join(dice.sample(authors, dice.choice((0, 1, 1, 2, 3))))
            publisher = "" if number % 13 == 1 else dice.choice(publishers)
            table.writerow([isbn, "" if number % 211 == 7 else title, names, publisher, 1990])


@dataclass
class Shop:
    """A place to load into: a directory, a database, and what a load needs to know."""

    directory: Path
    database: str

    def environment(self) -> dict[str, str]:
        """Return the environment of the commands."""
        return environment_for(self.directory, DATABASE_URL=self.database)

    def run(self, *command: str, good: tuple[int, ...] = (0,)) -> str:
        """Run a command to its end and return what it printed; ``good`` are the exit codes."""
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=self.environment(), capture_output=True,
            text=True, timeout=LONGEST,
        )  # fmt: skip
        assert done.returncode in good, done.stderr[-2000:]
        return done.stdout

    def prepare(self) -> None:
        """Make the tables."""
        self.run("manage.py", "migrate", "-v", "0")

    def start(self, table: Path) -> subprocess.Popen:
        """Start a load."""
        rejects = self.directory / "rejeitados.csv"
        command = ["manage.py", "importar", str(table), "--json", "--rejeitados", str(rejects)]
        return subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=self.environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def load(self, table: Path) -> dict[str, Any]:
        """Load to the end and return the report."""
        rejects = self.directory / "rejeitados.csv"
        command = ("manage.py", "importar", str(table), "--json", "--rejeitados", str(rejects))
        return json.loads(self.run(*command, good=(0, 1)))

    def fingerprint(self) -> dict[str, Any]:
        """Return what the catalogue holds."""
        return json.loads(self.run("-m", "biblioteca.tests.faults.fingerprint"))


def disturbed(
    shop: Shop, table: Path, times: int, longest: float, disturb: Callable[[subprocess.Popen], None]
) -> list[int]:
    """Start a load ``times`` times and disturb it at a random moment; return works after each."""
    dice = random.Random()
    seen = []
    for _ in range(times):
        process = shop.start(table)
        wait = 0.5 + dice.random() * longest
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
        disturb(process)
        process.wait(timeout=LONGEST)
        seen.append(shop.fingerprint()["obras"])
    return seen


def kill(process: subprocess.Popen) -> None:
    """End a load as the machine does when its power goes."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)


@dataclass
class Undisturbed:
    """What a load came to that nobody disturbed, and in how many seconds."""

    catalogue: dict[str, Any]
    rejects: bytes
    seconds: float


def undisturbed_load(shop: Shop, table: Path) -> Undisturbed:
    """Load a table into an empty database."""
    shop.prepare()
    began = time.monotonic()
    shop.load(table)
    seconds = time.monotonic() - began
    rejects = (shop.directory / "rejeitados.csv").read_bytes()
    return Undisturbed(shop.fingerprint(), rejects, seconds)


def undisturbed_table(directory: Path, works: int) -> tuple[Path, Undisturbed]:
    """Write a table into ``directory`` and load it into SQLite there."""
    table = directory / "obras.csv"
    write_table(table, works)
    return table, undisturbed_load(Shop(directory, f"sqlite:///{directory}/alone.sqlite3"), table)


def disturbed_load(
    shop: Shop,
    table: Path,
    alone: Undisturbed,
    times: int,
    disturb: Callable[[subprocess.Popen], None] = kill,
) -> dict[str, Any]:
    """Disturb a load ``times`` times, run it again, and compare; return what was seen."""
    shop.prepare()
    between = disturbed(shop, table, times, alone.seconds, disturb)
    last = shop.load(table)
    mine = shop.fingerprint()
    assert mine == alone.catalogue, (mine, alone.catalogue, between)
    return {"after": between, "report": last, "catalogue": mine}
