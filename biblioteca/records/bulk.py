"""Rows by the thousand: the driver's own statements, where the ORM would take most of the time.

What is written here is what :mod:`biblioteca.records.writing` writes one by one: the record, its
links, its search words, its history.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import orjson
from django.db import connection, models
from django.utils import timezone

from biblioteca.cache import announcements
from biblioteca.records.models import HistoryEntry, Record
from biblioteca.records.origins import current_origin
from biblioteca.records.text import sort_key
from biblioteca.records.version import new_version

# A statement of about so many bytes: far below the packet that a MySQL server accepts (16 MB).
MOST_BYTES = 1_000_000
# So many values stand in one IN.
MOST_VALUES = 900
# PostgreSQL takes this many parameters in one statement.
MOST_PARAMETERS = 60_000

Rows = Sequence[Sequence[Any]]


def pieces(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Yield ``rows`` in slices of at most ``size``."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield ``items`` in lists of at most ``size``."""
    stream = iter(items)
    while batch := list(islice(stream, size)):
        yield batch


def statement(model: type[models.Model], columns: Sequence[str], places: str) -> str:
    """Return the INSERT of ``columns`` into the table of ``model``, with ``places`` as VALUES."""
    quote = connection.ops.quote_name
    names = ", ".join(quote(column) for column in columns)
    return f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES {places}"  # noqa: S608


def insert(model: type[models.Model], columns: Sequence[str], rows: Rows) -> None:
    """Insert ``rows`` of integers, texts and None; JSON and times are texts too.

    Times are what ``adapt_datetimefield_value`` makes of them.
    """
    if not rows:
        return
    place = f"({', '.join(['%s'] * len(columns))})"
    with connection.cursor() as cursor:
        if connection.vendor == "mysql":
            head = statement(model, columns, "")
            for values in written_rows(rows, MOST_BYTES):
                cursor.execute(head + b",".join(values).decode())
        elif connection.vendor == "postgresql":
            for piece in pieces(rows, MOST_PARAMETERS // len(columns)):
                flat = [value for row in piece for value in row]
                cursor.execute(statement(model, columns, ", ".join([place] * len(piece))), flat)
        else:
            cursor.executemany(statement(model, columns, place), rows)


def written_rows(rows: Rows, most: int) -> Iterator[list[bytes]]:
    """Yield ``rows`` as MySQL writes them, in lists of about ``most`` bytes.

    The driver's own way to put values into a statement takes five times as long as its escaping,
    which is all that is needed here.
    """
    quoted = quoting()
    written: list[bytes] = []
    size = 0
    for row in rows:
        values = [
            b"NULL" if value is None
            else b"%d" % value if type(value) is int
            else quoted(str(value).encode())
            for value in row
        ]  # fmt: skip
        written.append(b"(" + b",".join(values) + b")")
        size += len(written[-1])
        if size > most:
            yield written
            written, size = [], 0
    if written:
        yield written


def quoting() -> Callable[[bytes], bytes]:
    """Return the MySQL driver's own way to write a text into a statement."""
    connection.ensure_connection()
    return connection.connection.string_literal


def select_in(
    model: type[models.Model],
    columns: Sequence[str],
    column: str,
    values: Iterable[Any],
    **where: Any,
) -> Iterator[tuple]:
    """Yield ``columns`` of the rows of ``model`` whose ``column`` has one of ``values``.

    ``where`` names columns that have one value each. For thousands of values: Django's own IN takes
    longer to put together than the database to answer.
    """
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name in columns)
    fixed = "".join(f"{quote(name)} = %s AND " for name in where)
    head = f"SELECT {names} FROM {quote(model._meta.db_table)} WHERE {fixed}{quote(column)} IN "  # noqa: S608
    wanted = list(dict.fromkeys(values))
    with connection.cursor() as cursor:
        for some in pieces(wanted, MOST_VALUES):
            if connection.vendor == "mysql":
                cursor.execute(head + written_list(some).replace("%", "%%"), list(where.values()))
            else:
                places = ", ".join(["%s"] * len(some))
                cursor.execute(f"{head}({places})", [*where.values(), *some])
            yield from cursor.fetchall()


def written_list(values: Sequence[Any]) -> str:
    """Return ``values`` as MySQL writes a list."""
    quoted = quoting()
    return (
        b"("
        + b", ".join(b"%d" % v if type(v) is int else quoted(str(v).encode()) for v in values)
        + b")"
    ).decode()


def insert_new(model: type[models.Model], columns: Sequence[str], rows: Rows) -> list[int]:
    """Insert ``rows`` and return the ids that the database gave them, in their order."""
    if connection.vendor == "mysql":
        return insert_on_mysql(model, columns, rows)
    ids = reserve_ids(model, len(rows))
    key = model._meta.pk.attname
    keyed = [(new_id, *row) for new_id, row in zip(ids, rows, strict=True)]
    insert(model, [key, *columns], keyed)
    return ids


def insert_on_mysql(model: type[models.Model], columns: Sequence[str], rows: Rows) -> list[int]:
    """Insert ``rows`` and return their ids.

    Ids of one INSERT whose number of rows is known beforehand follow each other, in every
    ``innodb_autoinc_lock_mode`` ("simple inserts" in MySQL's and MariaDB's manuals).
    """
    ids: list[int] = []
    head = statement(model, columns, "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@auto_increment_increment")
        step = cursor.fetchone()[0]
        for values in written_rows(rows, MOST_BYTES):
            cursor.execute(head + b",".join(values).decode())
            first = cursor.lastrowid
            ids += range(first, first + step * len(values), step)
    return ids


def reserve_ids(model: type[models.Model], number: int) -> list[int]:
    """Return ids of ``model`` that nobody else gets, on SQLite and PostgreSQL."""
    table, key = model._meta.db_table, model._meta.pk.attname
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [f'"{table}"', key, number],
            )
            return [row[0] for row in cursor.fetchall()]
        # SQLite has one writer at a time, and this transaction is it.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
    first = (row[0] if row else 0) + 1
    return list(range(first, first + number))


def create(
    model: type[Record],
    states: Sequence[dict[str, Any]],
    keys: Sequence[int] | None = None,
) -> list[int]:
    """Create a record of ``model`` for each of ``states`` (whole and clean); return their ids.

    With ``keys`` they get these ids, which nobody has. Runs in the caller's transaction.
    """
    if not states:
        return []
    announcements.touch(model.RESOURCE)
    columns = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    versions = [new_version() for _state in states]
    rows = [
        [own[column] for column in columns]
        for state, version in zip(states, versions, strict=True)
        for own in [{**state, "versao": version, "chave": sort_key(state[model.TEXT_FIELD])}]
    ]
    if keys is None:
        ids = insert_new(model, columns, rows)
    else:
        ids = list(keys)
        keyed = [(key, *row) for key, row in zip(ids, rows, strict=True)]
        insert(model, [model._meta.pk.attname, *columns], keyed)
    states_by_id = dict(zip(ids, states, strict=True))
    for link_model, link_columns, link_rows in model.link_rows(states_by_id):
        insert(link_model, link_columns, link_rows)
    found = model.words_of_states(states_by_id)
    words = [(word, key) for key in ids for word in sorted(found[key])]
    insert(model.WORDS, ["palavra", "registro_id"], words)
    created = HistoryEntry.Action.CREATED
    add_history(
        model,
        [(key, created, None, state, version)
         for key, state, version in zip(ids, states, versions, strict=True)],
    )  # fmt: skip
    return ids


def add_history(
    model: type[Record],
    changes: Sequence[tuple[int, str, dict[str, Any] | None, dict[str, Any] | None, str]],
) -> None:
    """Write a history entry for each change: id, action, before, after, version."""
    origin = current_origin()
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    columns = [
        "recurso", "registro_id", "momento", "acao", "quem", "porta", "origem", "grupo",
        "antes", "depois", "versao",
    ]  # fmt: skip
    who, source = origin.who[:200], origin.source[:300]
    rows = [
        (
            model.RESOURCE, key, now, str(action), who, origin.door, source, origin.group,
            as_json(before), as_json(after), version,
        )
        for key, action, before, after, version in changes
    ]  # fmt: skip
    insert(HistoryEntry, columns, rows)


def as_json(value: Any) -> str | None:
    """Return ``value`` as the text that a JSON column takes, None for SQL's NULL.

    Raises TypeError for what is no JSON, half of a surrogate pair too.
    """
    if value is None:
        return None
    return orjson.dumps(value).decode()
