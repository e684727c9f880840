"""DATABASE_URL to Django's DATABASES, with what each engine needs to be correct under load."""

import os
from pathlib import Path
from typing import Any

import dj_database_url
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import translation
from django.utils.translation import gettext as _

from biblioteca.operations import environment

EXAMPLE = "mysql://biblioteca:password@db:3306/biblioteca"
ENGINES = {
    "sqlite": "django.db.backends.sqlite3",
    "mysql": "django.db.backends.mysql",
    "mariadb": "django.db.backends.mysql",
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
}

# MySQL's and PostgreSQL's codes for a table that is not there.
NO_TABLE_MYSQL, NO_TABLE_POSTGRES = 1146, "42P01"

# One database for the whole process exists as long as one connection to it is open.
IN_MEMORY = "sqlite://:memory:"


def database_settings(default_directory: Path) -> dict[str, Any]:
    """Return Django's settings of the default database from ``DATABASE_URL``.

    Raises ImproperlyConfigured for an address that is not of a supported engine.
    """
    default = f"sqlite:///{default_directory / 'biblioteca.sqlite3'}"
    return settings_of(environment.text("DATABASE_URL", default), default_directory)


def settings_of(url: str, default_directory: Path) -> dict[str, Any]:
    """Return Django's settings of the database at ``url``. Raises as database_settings does."""
    scheme = url.partition("://")[0]
    if scheme not in ENGINES:
        raise environment.refuse(
            "DATABASE_URL", scheme + "://…", f"use one of {', '.join(ENGINES)}", EXAMPLE
        )
    try:
        # dj-database-url spells MariaDB as MySQL.
        parsed: dict[str, Any] = dict(
            dj_database_url.parse(url.replace("mariadb://", "mysql://", 1))
        )
    except (ValueError, dj_database_url.ParseError) as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL: {error}. Example: DATABASE_URL={EXAMPLE}"
        ) from error
    parsed["ENGINE"] = ENGINES[scheme]
    parsed["CONN_MAX_AGE"] = None  # the serving threads are fixed: each keeps its connection
    parsed["CONN_HEALTH_CHECKS"] = True
    parsed["TEST"] = {}
    options = parsed.setdefault("OPTIONS", {})
    if scheme == "sqlite":
        parsed["CONN_HEALTH_CHECKS"] = False
        options |= sqlite_options()
        if parsed["NAME"] != ":memory:":
            default_directory.mkdir(parents=True, exist_ok=True)
        return parsed
    parsed["TEST"]["NAME"] = os.environ.get("TEST_DATABASE_NAME") or "test_biblioteca_local"
    if parsed["ENGINE"].endswith("mysql"):
        options |= {
            "charset": "utf8mb4",
            "isolation_level": "read committed",
            # MySQL cuts GROUP_CONCAT at 1,024 bytes: a work may have more authors than that.
            "init_command": "SET SESSION sql_mode='STRICT_TRANS_TABLES',"
            " SESSION group_concat_max_len=16777216",
        }
        parsed["TEST"] |= {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_unicode_520_ci"}
    return parsed


def sqlite_options() -> dict[str, Any]:
    """Return the options under which SQLite bears writers and readers at once.

    A transaction that begins as a reader cannot become a writer while another writes (it fails
    at once, without waiting), so every transaction begins as a writer and waits its turn.
    """
    return {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
    }


def advice(error: Exception) -> str:
    """Return what to do about what the database said, "" where that is not known."""
    code = error.args[0] if error.args else None
    lacks_table = (
        str(error).startswith("no such table")
        or code == NO_TABLE_MYSQL
        or getattr(error.__cause__, "sqlstate", None) == NO_TABLE_POSTGRES
    )
    if not lacks_table:
        return ""
    with translation.override(translation.get_language() or settings.LANGUAGE_CODE):
        return _("the database has no tables of this version yet; manage.py migrate makes them")
