"""Databases of a test's own on the servers that the suite may use."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from biblioteca.tests import engines

# Tests run side by side.
NAME = f"{engines.DATABASE}_own_{os.environ.get('PYTEST_XDIST_WORKER', 'one')}"


@contextmanager
def empty_database(engine: str) -> Iterator[str]:
    """Give the address of an empty database on MariaDB or PostgreSQL; it is gone afterwards.

    Where there is no server the test is skipped, and fails in CI.
    """
    server = engines.MYSQL_URL if engine == "MariaDB" else engines.POSTGRES_URL
    try:
        if engine == "MariaDB":
            engines.install_mysqlclient()
        engines.clean_server(engine, server)
    except engines.UnreachableError as error:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(error))
    run(engine, server, f"DROP DATABASE IF EXISTS {NAME}")
    charset = " CHARACTER SET utf8mb4" if engine == "MariaDB" else ""
    run(engine, server, f"CREATE DATABASE {NAME}{charset}")
    try:
        scheme, _sep, rest = server.partition("://")
        yield f"{scheme}://{rest.partition('/')[0]}/{NAME}"
    finally:
        run(engine, server, f"DROP DATABASE {NAME}")


def run(engine: str, server: str, statement: str) -> None:
    """Run one statement on a server."""
    import dj_database_url

    parts = dj_database_url.parse(server)
    if engine == "MariaDB":
        import MySQLdb

        link = MySQLdb.connect(
            host=parts["HOST"], port=parts["PORT"] or 3306, user=parts["USER"] or "root",
            password=parts["PASSWORD"],
        )  # fmt: skip
        link.cursor().execute(statement)
    else:
        import psycopg

        link = psycopg.connect(
            host=parts["HOST"], port=parts["PORT"] or 5432, user=parts["USER"] or "postgres",
            password=parts["PASSWORD"], dbname=parts["NAME"] or "postgres", autocommit=True,
        )  # fmt: skip
        link.execute(statement)
    link.close()
