"""Rows by the thousand: the driver's own statements, where the ORM would take most of the time."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from django.db import connection, models

from biblioteca.records import behind

# A statement of about so many bytes: far below the packet that a MySQL server accepts (16 MB).
MOST_BYTES = 250_000
# So many values stand in one IN.
MOST_VALUES = 900
# PostgreSQL takes this many parameters in one statement.
MOST_PARAMETERS = 60_000
# No text of a record holds this control character.
BETWEEN = "\x1f"
QUOTE = "'"

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


def insertion(model: type[models.Model], columns: Sequence[str], values: str) -> str:
    """Return the INSERT of ``columns`` into the table of ``model``, with ``values`` as VALUES."""
    quote = connection.ops.quote_name
    names = ", ".join(quote(column) for column in columns)
    return f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES {values}"  # noqa: S608


def places(row: Sequence[Any]) -> str:
    """Return the places of the parameters of one row."""
    return f"({', '.join(['%s'] * len(row))})"


def insert(model: type[models.Model], columns: Sequence[str], rows: Rows) -> None:
    """Insert ``rows`` of integers, texts and None; JSON and times are texts too.

    Times are what ``adapt_datetimefield_value`` makes of them.
    """
    if not rows:
        return
    place = places(columns)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.executemany(insertion(model, columns, place), rows)
        return
    if connection.vendor == "mysql":
        # Put together before a cursor is open: see behind.StatementsBehind.
        whole: list[tuple[str, Any]] = [
            (sql, None) for sql, _number in written_inserts(model, columns, rows)
        ]
    else:
        whole = [
            (insertion(model, columns, ", ".join([place] * len(some))), list(chain(*some)))
            for some in pieces(rows, MOST_PARAMETERS // len(columns))
        ]
    with connection.cursor() as cursor:
        for sql, parameters in whole:
            cursor.execute(sql, parameters)
    behind.proceed()


def insert_behind(model: type[models.Model], columns: Sequence[str], rows: Rows) -> None:
    """Insert ``rows`` as :func:`insert` does, but perhaps later in the transaction.

    For rows that refer only to such as are there already, in tables that others ask for seldom.
    """
    if statements := behind.current.get():
        for sql, _number in written_inserts(model, columns, rows):
            statements.send(model._meta.db_table, sql)
    else:
        insert(model, columns, rows)


def written_inserts(
    model: type[models.Model], columns: Sequence[str], rows: Rows
) -> list[tuple[str, int]]:
    """Return MySQL's statements that insert ``rows``, and how many of them each inserts."""
    return [
        (insertion(model, columns, f"({'),('.join(values)})"), len(values))
        for values in written_rows(rows, MOST_BYTES)
    ]


def written_rows(rows: Rows, most: int) -> Iterator[list[str]]:
    """Yield ``rows`` as MySQL writes them, without parentheses, in lists of about ``most`` bytes.

    Column by column: of all that the driver does to put values into a statement, one by one, only
    its escaping is needed here.
    """
    columns = [written_column(column) for column in zip(*rows, strict=True)]
    written: list[str] = []
    size = 0
    for row in map(",".join, zip(*columns, strict=True)):
        written.append(row)
        size += len(row)
        if size > most:
            yield written
            written, size = [], 0
    if written:
        yield written


def written_column(values: Sequence[Any]) -> Sequence[str]:
    """Return integers, texts and None as MySQL writes them."""
    kinds = set(map(type, values))
    if kinds == {int}:
        return list(map(str, values))
    if type(None) in kinds:
        present = iter(written_column([value for value in values if value is not None]))
        return ["NULL" if value is None else next(present) for value in values]
    return written_texts(list(map(str, values)))


def written_texts(texts: Sequence[str]) -> Sequence[str]:
    """Return ``texts`` as MySQL writes them, by the driver's escaping of all of them at once."""
    if "NO_BACKSLASH_ESCAPES" in connection.sql_mode:  # type: ignore[attr-defined]
        return [f"'{text.replace(QUOTE, QUOTE * 2)}'" for text in texts]
    # Not the connection's own function, which needs it idle; it writes UTF-8 in the same way.
    from MySQLdb import string_literal

    together = string_literal(BETWEEN.join(texts).encode()).decode()
    written = together.replace(BETWEEN, f"{QUOTE}{BETWEEN}{QUOTE}").split(BETWEEN)
    if len(written) == len(texts):
        return written
    return [string_literal(text.encode()).decode() for text in texts]


def select_in(
    model: type[models.Model],
    columns: Sequence[str],
    column: str,
    values: Iterable[Any],
    **where: Any,
) -> list[tuple]:
    """Return ``columns`` of the rows of ``model`` whose ``column`` has one of ``values``.

    ``where`` names columns that have one value each. For thousands of values: Django's own IN takes
    longer to put together than the database to answer.
    """
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name in columns)
    fixed = "".join(f"{quote(name)} = %s AND " for name in where)
    head = f"SELECT {names} FROM {quote(model._meta.db_table)} WHERE {fixed}{quote(column)} IN "  # noqa: S608
    fixed_values = list(where.values())
    questions: list[tuple[str, list[Any]]] = [
        (head + written_list(some).replace("%", "%%"), fixed_values)
        if connection.vendor == "mysql"
        else (head + places(some), [*fixed_values, *some])
        for some in pieces(list(dict.fromkeys(values)), MOST_VALUES)
    ]
    found: list[tuple] = []
    if not questions:
        return found
    with connection.cursor() as cursor:
        for sql, parameters in questions:
            cursor.execute(sql, parameters)
            found += cursor.fetchall()
    behind.proceed()
    return found


def written_list(values: Sequence[Any]) -> str:
    """Return ``values`` as MySQL writes a list."""
    return f"({','.join(written_column(values))})"


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
    whole = written_inserts(model, columns, rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@auto_increment_increment")
        step = cursor.fetchone()[0]
        for sql, number in whole:
            cursor.execute(sql)
            first = cursor.lastrowid
            ids += range(first, first + step * number, step)
    behind.proceed()
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
