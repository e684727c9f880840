"""``python -m bench.backoffice``: the editors' pages at 10,000 and at 1,000,000 works on MariaDB.

Both catalogues are generated into databases of their own, which are dropped afterwards (``--keep``
keeps them). The two take turns, so that a neighbour on the machine slows both. Fails when a page
makes more than 15 queries or takes more than three times as long in the large catalogue.
"""

import argparse
import os
import statistics
import sys
import time
from typing import Any
from urllib.parse import quote, urlsplit

SMALL, LARGE = 10_000, 1_000_000
URL = os.environ.get("TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/")
PREFIX = os.environ.get("BENCH_DATABASE", "test_biblioteca_admin_bench")
QUERY_LIMIT = 15
TIME_LIMIT = 3.0
REPEATS = 15


def server() -> Any:
    """Return a connection to the server, of no database."""
    import MySQLdb

    parts = urlsplit(URL)
    return MySQLdb.connect(
        host=parts.hostname or "127.0.0.1", port=parts.port or 3306, user=parts.username or "root",
        passwd=parts.password or "",
    )  # fmt: skip


def database(works: int) -> str:
    """Return the name of the database with so many works."""
    return f"{PREFIX}_{works}"


def use(works: int) -> None:
    """Send Django to the catalogue with so many works, with nothing kept from the other."""
    from django.core.cache import cache
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = database(works)
    cache.clear()


def prepare(works: int) -> None:
    """Make the catalogue, once, and an editor."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    from obras.models import Obra

    link = server()
    link.cursor().execute(f"CREATE DATABASE IF NOT EXISTS {database(works)} CHARACTER SET utf8mb4")
    link.close()
    use(works)
    call_command("migrate", verbosity=0)
    if not Obra.objects.exists():
        print(f"Generating {works} works…", flush=True)
        call_command("gerar", obras=works)
    users = get_user_model()._default_manager
    if not users.filter(username="bench").exists():
        get_user_model().objects.create_superuser("bench", password=None)


def drop(works: int) -> None:
    """Take the catalogue away."""
    from django.db import connection

    connection.close()
    link = server()
    link.cursor().execute(f"DROP DATABASE IF EXISTS {database(works)}")
    link.close()


def pages() -> dict[str, str]:
    """Return the pages to measure in the catalogue that is in use."""
    from biblioteca.records.models import Identificador
    from obras.models import Autoria, Obra
    from obras.vocabulary import EVERY_ROW, FREQUENT, RARE

    last = Obra.objects.order_by("-pk").values_list("pk", flat=True)[0]
    number = -(-Obra.objects.count() // 50)
    work = Obra.objects.filter(pk__lte=last // 2).exclude(editora=None).order_by("-pk")[0]
    author = Autoria.objects.filter(obra=work).values_list("autor", flat=True)[0]
    isbn = Identificador.objects.order_by("-pk").values_list("valor", flat=True)[0]
    autocomplete = "/admin/autocomplete/?app_label=obras&model_name=obra&field_name="
    return {
        "list: first page": "/admin/obras/obra/",
        "list: by title, descending": "/admin/obras/obra/?o=-2",
        "list: by id, descending": "/admin/obras/obra/?o=-5",
        "list: last page": f"/admin/obras/obra/?p={number}",
        "list: without publisher": "/admin/obras/obra/?falta=editora",
        "list: of one publisher": f"/admin/obras/obra/?editora={work.editora_id}",
        "list: of one author": f"/admin/obras/obra/?autor={author}",
        "search: rare word": f"/admin/obras/obra/?q={quote(RARE)}",
        "search: frequent word": f"/admin/obras/obra/?q={quote(FREQUENT)}",
        "search: word of every work": f"/admin/obras/obra/?q={quote(EVERY_ROW)}",
        "search: a whole title": f"/admin/obras/obra/?q={quote(work.titulo)}",
        "search: rare and frequent word": f"/admin/obras/obra/?q={quote(RARE + ' ' + FREQUENT)}",
        "search: ISBN": f"/admin/obras/obra/?q={isbn}",
        "form: a work": f"/admin/obras/obra/{work.pk}/change/",
        "form: a new work": "/admin/obras/obra/add/",
        "form: an author with works": f"/admin/autores/autor/{author}/change/",
        "form: a publisher with works": f"/admin/editoras/editora/{work.editora_id}/change/",
        "autocomplete: authors, one letter": f"{autocomplete}autores&term=a",
        "autocomplete: authors, nothing typed": f"{autocomplete}autores&term=",
        "autocomplete: publishers, two letters": f"{autocomplete}editora&term=br",
        "typing a title": f"/admin/obras/obra/parecidas/?titulo={quote(work.titulo)}",
    }


class Editor:
    """Asks for pages as somebody signed in."""

    def __init__(self, works: int) -> None:
        from django.contrib.auth import get_user_model
        from django.test import Client

        use(works)
        self.works = works
        self.client = Client()
        self.client.force_login(get_user_model().objects.get(username="bench"))
        self.pages = pages()

    def ask(self, name: str) -> tuple[int, float]:
        """Return the queries and the seconds of one page."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as queries:
            started = time.perf_counter()
            response = self.client.get(self.pages[name])
            seconds = time.perf_counter() - started
        if response.status_code != 200:
            raise RuntimeError(f"{self.pages[name]}: {response.status_code}")
        return len(queries), seconds


def measure(small: Editor, large: Editor) -> bool:
    """Print each page's queries and times; tell whether all are within the limits."""
    print(f"{'page':40} queries    10,000  1,000,000   ratio   first (nothing kept)")
    good = True
    for name in small.pages:
        times: dict[int, list[float]] = {small.works: [], large.works: []}
        most, first = 0, 0.0
        for turn in range(3):
            for editor in (small, large):
                use(editor.works)
                cold = editor.ask(name)
                if editor is large and turn == 0:
                    first = cold[1]
                asked = [editor.ask(name) for _ in range(REPEATS // 3)]
                times[editor.works] += [seconds for _queries, seconds in asked]
                most = max(most, cold[0], *(queries for queries, _seconds in asked))
        here, there = (statistics.median(times[editor.works]) for editor in (small, large))
        ratio = there / here
        is_good = most <= QUERY_LIMIT and ratio <= TIME_LIMIT
        good &= is_good
        print(
            f"{name:40} {most:7} {here * 1000:7.1f} ms {there * 1000:7.1f} ms {ratio:7.2f}"
            f" {first * 1000:9.1f} ms{'' if is_good else '   <-- over the limit'}",
            flush=True,
        )
    return good


def main() -> int:
    """Prepare, measure, clean up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the generated databases")
    parser.add_argument("--large", type=int, default=LARGE, help="works in the large catalogue")
    options = parser.parse_args()
    os.environ["DATABASE_URL"] = f"{URL.rstrip('/')}/{database(SMALL)}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "biblioteca.tests.settings"
    import django

    django.setup()
    sizes = (SMALL, options.large)
    try:
        for works in sizes:
            prepare(works)
        return 0 if measure(*(Editor(works) for works in sizes)) else 1
    finally:
        if not options.keep:
            for works in sizes:
                drop(works)


if __name__ == "__main__":
    sys.exit(main())
