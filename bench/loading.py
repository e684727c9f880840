"""Loading on MariaDB: ``python -m bench.loading [--works 100000] [--large 1000000]``.

In one run, on a MariaDB of its own: a CSV of works with one to three authors each loaded by
``importar``, against ``LOAD DATA LOCAL INFILE`` of the same rows into the same tables with the same
indexes, and against one ``save()`` per row; the same file again; reads while it runs; and how cost
and memory grow up to ``--large`` records (0: left out).
"""

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import requests

from bench import own_servers
from biblioteca.tests.faults.crowd import ask_in_crowd
from biblioteca.tests.servers import ROOT

# Of the tables that a load fills, those that hold the catalogue; history and what is written down
# of the load itself are this product's own.
TABLES = (
    "autores_autor", "editoras_editora", "obras_obra", "obras_autoria", "records_identificador",
    "autores_autorpalavra", "editoras_editorapalavra", "obras_obrapalavra",
)  # fmt: skip
OWN_TABLES = ("records_historyentry", "loading_batchitem")
SAVED = 2000
PATIENCE = 3600


def write_works(path: Path, works: int, format_name: str = "csv") -> None:
    """Write a file of ``works`` works, each with an ISBN and one to three authors."""
    from stdnum import ean

    from obras.vocabulary import Vocabulary

    dice = random.Random(5)
    vocabulary = Vocabulary(dice, 60_000)
    authors = [vocabulary.name() for _ in range(max(works // 4, 10))]
    publishers = [vocabulary.name() for _ in range(max(works // 500, 3))]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        if format_name == "csv":
            table.writerow(["isbn", "titulo", "autores", "editora"])
        for number in range(works):
            twelve = f"978{number:09d}"
            isbn = twelve + ean.calc_check_digit(twelve)
            title = f"{' '.join(vocabulary.word() for _ in range(3))}, {number % 9}".capitalize()
            names = dice.sample(authors, dice.choice((1, 2, 3)))
            publisher = dice.choice(publishers)
            if format_name == "csv":
                table.writerow([isbn, title, " ; ".join(names), publisher])
            elif format_name == "marc":
                file.write(marc(isbn, title, names, publisher))
            else:
                identifiers = [{"esquema": "isbn", "valor": isbn}]
                work = {"titulo": title, "editora": publisher, "foto": "", "autores": names}
                file.write(json.dumps(work | {"identificadores": identifiers}) + "\n")


def marc(isbn: str, title: str, names: Sequence[str], publisher: str) -> str:
    """Return a work as a MARC 21 record in UTF-8."""
    from pymarc import Field, Indicators, Record, Subfield

    record = Record(leader="     nam a22     i 4500")
    nothing = Indicators(" ", " ")
    record.add_field(Field("020", nothing, [Subfield("a", isbn)]))
    record.add_field(Field("100", Indicators("0", " "), [Subfield("a", names[0])]))
    record.add_field(Field("245", Indicators("1", "0"), [Subfield("a", title)]))
    record.add_field(Field("260", nothing, [Subfield("b", publisher)]))
    for name in names[1:]:
        record.add_field(Field("700", Indicators("0", " "), [Subfield("a", name)]))
    return record.as_marc().decode("utf-8")


class Shop:
    """A database on the benchmark's server, and commands run on it."""

    def __init__(self, server: own_servers.MariaDB, name: str, directory: Path) -> None:
        import MySQLdb

        self.name = name
        self.directory = directory
        link = MySQLdb.connect(host="127.0.0.1", port=server.port, user="root")
        link.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        link.close()
        self.port = server.port
        self.environment = os.environ | {
            "DATABASE_URL": f"mysql://root@127.0.0.1:{server.port}/{name}",
            "DATA_DIR": str(directory),
            "DJANGO_SECRET_KEY": "only-for-measuring",
            "DJANGO_SETTINGS_MODULE": "biblioteca.settings",
        }
        self.run("migrate", "-v", "0")

    def link(self) -> Any:
        """Return a connection to the database."""
        import MySQLdb

        return MySQLdb.connect(
            host="127.0.0.1", port=self.port, user="root", db=self.name, charset="utf8mb4",
            local_infile=True,
        )  # fmt: skip

    def run(self, *command: str) -> tuple[str, float]:
        """Run a command of the service; return what it printed and the seconds it took."""
        began = time.perf_counter()
        done = subprocess.run(
            own_servers.on_core(0, [sys.executable, "manage.py", *command]),
            cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=PATIENCE,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        return done.stdout, time.perf_counter() - began

    def load(self, table: Path) -> tuple[dict[str, Any], float]:
        """Load a file; return the report and the seconds, the start of the command included."""
        said, seconds = self.run("importar", str(table), "--json")
        return json.loads(said), seconds


def load_data(source: Shop, target: Shop, tables: Sequence[str]) -> float:
    """Copy ``tables`` by LOAD DATA LOCAL INFILE; return the seconds that these took."""
    seconds = 0.0
    for name in tables:
        path = source.directory / f"{name}.tsv"
        cursor = source.link().cursor()
        cursor.execute(f"SELECT * FROM {name}")
        with path.open("w", encoding="utf-8") as file:
            file.writelines("\t".join(map(field, row)) + "\n" for row in cursor.fetchall())
        link = target.link()
        began = time.perf_counter()
        link.cursor().execute("SET foreign_key_checks = 0")
        link.cursor().execute(
            f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE {name} CHARACTER SET utf8mb4"
        )
        link.commit()
        seconds += time.perf_counter() - began
        path.unlink()
    return seconds


def field(value: Any) -> str:
    """Return a value as LOAD DATA reads it."""
    if value is None:
        return "\\N"
    text = str(value).replace("\\", "\\\\")
    return text.replace("\t", "\\t").replace("\n", "\\n")


SAVE_PER_ROW = """
import csv, sys, time
import django
django.setup()
from django.db import transaction
from autores.models import Autor
from biblioteca.records.models import Identificador
from biblioteca.records.text import sort_key
from editoras.models import Editora
from obras.models import Autoria, Obra
began = time.perf_counter()
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8")))[: int(sys.argv[2])]
for row in rows:
    with transaction.atomic():
        publisher = Editora.objects.get_or_create(
            chave=sort_key(row["editora"]), defaults={"nome": row["editora"]})[0]
        work = Obra(titulo=row["titulo"], chave=sort_key(row["titulo"]), editora=publisher)
        work.save()
        for place, name in enumerate(row["autores"].split(" ; ")):
            author = Autor.objects.get_or_create(chave=sort_key(name), defaults={"nome": name})[0]
            Autoria(obra=work, autor=author, posicao=place).save()
        Identificador(
            recurso="obras", registro_id=work.pk, esquema="isbn", valor=row["isbn"]).save()
print(time.perf_counter() - began)
"""


def save_per_row(shop: Shop, table: Path, rows: int) -> float:
    """Return the works a second of the plain way: no history, no search words."""
    done = subprocess.run(
        own_servers.on_core(0, [sys.executable, "-c", SAVE_PER_ROW, str(table), str(rows)]),
        cwd=ROOT, env=shop.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return rows / float(done.stdout)


@contextmanager
def patching(server: str, statuses: list[int]) -> Iterator[None]:
    """Let somebody change works all the time; ``statuses`` are the answers."""
    stop = Event()

    def change() -> None:
        with requests.Session() as session:
            number = 0
            while not stop.is_set():
                number += 1
                body = {"foto": f"capa-{number}.jpg"}
                answer = session.patch(f"{server}/obras/{1 + number % 20}", json=body, timeout=60)
                statuses.append(answer.status_code)
                time.sleep(0.05)

    thread = Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def beside_reads(shop: Shop, table: Path) -> tuple[float, list[int], int]:
    """Return how many times longer the p99 of item reads is while a load runs, the statuses of
    concurrent writes, and how many reads failed."""
    dice = random.Random(3)

    def some_work() -> str:
        return f"/obras/{dice.randrange(1, 2000)}"

    environment = {name: shop.environment[name] for name in ("DATABASE_URL", "DATA_DIR")}
    environment |= {"DJANGO_DEBUG": "1", "CACHE_SECONDS": "0"}
    with own_servers.uvicorn("biblioteca.asgi:application", None, **environment) as server:
        ask_in_crowd(server, some_work, 4, 2.0)
        statuses: list[int] = []
        with patching(server, statuses):
            idle = ask_in_crowd(server, some_work, 4, 5.0)
            loading = Thread(target=shop.load, args=(table,))
            loading.start()
            busy = ask_in_crowd(server, some_work, 4, 8.0)
            loading.join()
    failed = sum(count for status, count in busy.statuses.items() if status >= 500)
    return busy.p99 / idle.p99, statuses, failed


# A process begins with the peak of the one that starts it: a small one has to.
PEAK_OF = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_pid, status, used = os.wait4(process.pid, 0)
print(used.ru_maxrss)
sys.exit(status != 0)
"""


def growth(directory: Path, format_name: str, small: int, large: int) -> float:
    """Return by how many megabytes the peak memory of a load of ``large`` records is greater."""
    peaks = []
    for number in (small, large):
        path = directory / f"{format_name}-{number}"
        write_works(path, number, format_name)
        database = directory / f"{format_name}-{number}.sqlite3"
        environment = os.environ | {
            "DATABASE_URL": f"sqlite:///{database}", "DATA_DIR": str(directory),
            "DJANGO_DEBUG": "1", "DJANGO_SETTINGS_MODULE": "biblioteca.settings",
        }  # fmt: skip
        peak = 0.0
        for command in (("migrate", "-v", "0"), ("importar", str(path), "--json")):
            done = subprocess.run(
                [sys.executable, "-c", PEAK_OF, sys.executable, "manage.py", *command],
                cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
            )  # fmt: skip
            peak = int(done.stdout) / 1024
        peaks.append(peak)
        path.unlink()
        database.unlink()
    sys.stdout.write(f"  {format_name}: {peaks[0]:.0f} and {peaks[1]:.0f} MB at the peak\n")
    return peaks[1] - peaks[0]


def say(ratio: float, limit: float, text: str, *, most: bool = False) -> bool:
    """Print one figure; tell whether it is within its limit."""
    good = ratio <= limit if most else ratio >= limit
    sign = "at most" if most else "at least"
    mark = "" if good else "   <-- missed"
    sys.stdout.write(f"  {ratio:8.2f}  ({sign} {limit:.2f})  {text}{mark}\n")
    sys.stdout.flush()
    return good


def measure(server: own_servers.MariaDB, directory: Path, works: int) -> bool:
    """Print the ratios of one run."""
    table = directory / "works.csv"
    write_works(table, works)
    mine, bare, plain = (Shop(server, name, directory) for name in ("mine", "bare", "plain"))
    report, seconds = mine.load(table)
    assert report["criado"] == works, report
    catalogue = load_data(mine, bare, TABLES)
    everything = catalogue + load_data(mine, bare, OWN_TABLES)
    saved = save_per_row(plain, table, min(SAVED, works))
    again, seconds_again = mine.load(table)
    assert again["igual"] == works, again
    rate = works / seconds
    good = say(
        rate / saved, 15, f"one save() per row = 1: {rate:.0f} to {saved:.0f} works a second"
    )
    good &= say(
        rate * everything / works, 0.2,
        f"LOAD DATA of everything that a load writes = 1 ({works / everything:.0f} works a second)",
    )  # fmt: skip
    good &= say(
        rate * catalogue / works, 0.2,
        f"LOAD DATA of the catalogue's tables = 1 ({works / catalogue:.0f} works a second)",
    )  # fmt: skip
    good &= say(seconds / seconds_again, 1, "the same file again, the first time = 1")
    more = directory / "more.csv"
    write_works(more, works)
    more.write_text(more.read_text(encoding="utf-8").replace("\n978", "\n979"), encoding="utf-8")
    times, statuses, failed = beside_reads(mine, more)
    good &= say(times, 5, "p99 of item reads while a load runs, idle = 1", most=True)
    refused = sum(status != 200 for status in statuses)
    good &= say(refused + failed, 0, f"refused of {len(statuses)} writes beside it", most=True)
    return good


def measure_large(server: own_servers.MariaDB, directory: Path, works: int) -> bool:
    """Print how cost and memory grow."""
    halves: list[float] = []
    shop = Shop(server, "large", directory)
    whole = directory / "large.csv"
    write_works(whole, works)
    lines = whole.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, part in enumerate((lines[1 : works // 2 + 1], lines[works // 2 + 1 :])):
        path = directory / f"half{number}.csv"
        path.write_text(lines[0] + "".join(part), encoding="utf-8")
        halves.append(shop.load(path)[1])
    del lines
    good = say(halves[1] / halves[0], 1.3, f"the second half of {works} works, the first = 1",
               most=True)  # fmt: skip
    for format_name in ("csv", "jsonl", "marc"):
        grown = growth(directory, format_name, 10_000, works)
        good &= say(grown, 60, f"MB more at the peak for {works} than for 10,000, {format_name}",
                    most=True)  # fmt: skip
    return good


def main(arguments: list[str]) -> int:
    """Run everything."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--works", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    options = parser.parse_args(arguments)
    os.environ["DJANGO_SETTINGS_MODULE"] = "biblioteca.tests.settings"
    import django

    django.setup()
    own_servers.install_programs()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        server = own_servers.MariaDB(directory, ["--local-infile=1"])
        server.install()
        server.start()
        try:
            good = within(directory, lambda: measure(server, directory, options.works))
            if options.large:
                good &= within(directory, lambda: measure_large(server, directory, options.large))
        finally:
            server.stop()
    return 0 if good else 1


def within(directory: Path, work: Callable[[], bool]) -> bool:
    """Run ``work`` where the files of rejected records may lie."""
    here = Path.cwd()
    os.chdir(directory)
    try:
        return work()
    finally:
        os.chdir(here)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
