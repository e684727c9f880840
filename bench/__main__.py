"""``python -m bench``: prepare the catalogue, measure, print the tables."""

import os
import platform
import sys

WORKS = int(os.environ.get("BENCH_OBRAS", "1000000"))
URL = os.environ.get("TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/")
DATABASE = f"test_biblioteca_bench_{WORKS}"


def prepare() -> None:
    """Make the database of this size, once."""
    import MySQLdb
    from dj_database_url import parse
    from django.core.management import call_command

    server = parse(URL)
    link = MySQLdb.connect(
        host=server["HOST"], port=server["PORT"] or 3306, user=server["USER"],
        passwd=server["PASSWORD"],
    )  # fmt: skip
    link.cursor().execute(f"CREATE DATABASE IF NOT EXISTS {DATABASE} CHARACTER SET utf8mb4")
    link.close()
    call_command("migrate", verbosity=0)
    from obras.models import Obra

    if Obra.objects.count() != WORKS:
        print(f"Generating {WORKS} works (once; minutes)…", flush=True)
        call_command("flush", interactive=False, verbosity=0)
        call_command("gerar", obras=WORKS)


def machine() -> str:
    """Return what this ran on."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT version(), @@innodb_buffer_pool_size DIV 1048576")
        version, pool = cursor.fetchone()
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{version}, buffer pool {pool} MB"
    )


def table(title: str, rows: list[tuple[str, float]], limit: float) -> bool:
    """Print a table of ratios; tell whether all are within the limit."""
    print(f"\n{title} (limit {limit})")
    for name, ratio in rows:
        print(f"  {ratio:7.2f}  {name}{'   <-- over the limit' if ratio > limit else ''}")
    return all(ratio <= limit for _name, ratio in rows)


def main() -> int:
    """Run everything."""
    os.environ["DATABASE_URL"] = f"{URL.rstrip('/')}/{DATABASE}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "biblioteca.tests.settings"
    import django

    django.setup()
    prepare()
    from django.test import Client

    from bench import lists

    print(machine())
    client = Client()
    client.get("/obras/1")
    pages = lists.measure_pages(client, WORKS)
    good = table("A page's own queries, first page = 1", pages, lists.PAGE_LIMIT)
    found = lists.measure_searches(client)
    print(f"\nSELECT COUNT(*) takes {lists.count_seconds() * 1000:.0f} ms")
    good &= table("A search, page and count, COUNT(*) = 1", found, lists.SEARCH_LIMIT)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
