"""Copying a whole catalogue from one database to another, of whichever engines.

Ids, versions, history and users are kept. The source is read in one snapshot, the target written in
one transaction: killed at any moment, the target is as empty as before.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connections, models, router, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models import Q
from django.utils.translation import gettext as _

from biblioteca.operations.databases import settings_of
from biblioteca.operations.snapshots import snapshot

BATCH_ROWS = 2000
# Not moved: tokens of the read cache, which every database has its own of, and sign-ins.
LEFT_OUT = {"cache.Geracao", "sessions.Session"}
# Made in every new database, under ids and codes of its own.
REPLACED = (
    "auth.Group_permissions", "auth.Group", "auth.Permission", "contenttypes.ContentType",
    "loading.Catalogue",
)  # fmt: skip

Row = tuple[Any, ...]
Progress = Callable[[str, int], None]


class NotMovableError(Exception):
    """The databases cannot be copied; the message says why, and nothing was changed."""


class NewerError(NotMovableError):
    """One of them was made by a newer version of the service."""


@dataclass(frozen=True)
class Content:
    """What a table holds: the number of rows, and a hash of their values in order of their keys."""

    rows: int
    digest: str


@contextmanager
def database(url: str, alias: str, *, is_source: bool) -> Iterator[str]:
    """Give the alias of the database at ``url``; a source is only read, and must be there."""
    settings = settings_of(url, Path())
    settings["CONN_MAX_AGE"] = 0
    path = Path(settings["NAME"])
    if is_source and settings["ENGINE"].endswith("sqlite3") and not path.is_file():
        raise NotMovableError(_("%s: no such file") % path)
    connections.settings[alias] = connections.configure_settings({"default": {}, alias: settings})[
        alias
    ]
    try:
        yield alias
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]


def tables() -> list[type[models.Model]]:
    """Return every model with rows to move, those that others refer to first."""
    wanted = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.label not in LEFT_OUT and model._meta.managed and not model._meta.proxy
    ]
    ordered: list[type[models.Model]] = []
    while len(ordered) < len(wanted):
        for model in wanted:
            needs = {
                field.related_model
                for field in model._meta.local_fields
                if field.is_relation and field.related_model is not model
            }
            if model not in ordered and needs <= {*ordered}:
                ordered.append(model)
    return ordered


def key_fields(model: type[models.Model]) -> list[str]:
    """Return the columns of the primary key, in order."""
    key = model._meta.pk
    if isinstance(key, models.CompositePrimaryKey):
        return [model._meta.get_field(name).attname for name in key.field_names]  # type: ignore[union-attr]
    return [key.attname]


def columns(model: type[models.Model]) -> list[Any]:
    """Return the fields that have a column."""
    return [field for field in model._meta.local_concrete_fields if field.column]


def batches(model: type[models.Model], alias: str) -> Iterator[list[Row]]:
    """Yield the rows of a table in order of its key: each batch goes on after the last row.

    Not ``iterator()``: MySQL's driver would load the whole table.
    """
    fields = [field.attname for field in columns(model)]
    keys = key_fields(model)
    places = [fields.index(key) for key in keys]
    every: Any = models.QuerySet(model, using=alias).order_by(*keys).values_list(*fields)
    rows = list(every[:BATCH_ROWS])
    while rows:
        yield rows
        last = dict(zip(keys, (rows[-1][place] for place in places), strict=True))
        after = Q()
        for number, key in enumerate(keys):
            same = {before: last[before] for before in keys[:number]}
            after |= Q(**same, **{f"{key}__gt": last[key]})
        rows = list(every.filter(after)[:BATCH_ROWS])


def plain(value: Any) -> Any:
    """Return a value so that equal ones are written alike, whichever engine they came from."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value) if isinstance(value, date | Decimal) else value


class Digest:
    """Counts and hashes rows."""

    def __init__(self) -> None:
        self.rows = 0
        self.hash = hashlib.sha256()

    def add(self, rows: list[Row]) -> None:
        """Take rows into account."""
        self.rows += len(rows)
        for row in rows:
            line = json.dumps([plain(value) for value in row], sort_keys=True, default=str)
            self.hash.update(line.encode() + b"\n")

    @property
    def content(self) -> Content:
        """Return what was added so far."""
        return Content(self.rows, self.hash.hexdigest())


def contents(alias: str) -> dict[str, Content]:
    """Return what every table holds."""
    found = {}
    for model in tables():
        digest = Digest()
        for rows in batches(model, alias):
            digest.add(rows)
        found[model._meta.label] = digest.content
    return found


def check_schema(alias: str) -> None:
    """Raise NotMovableError unless the database has exactly this version's migrations, NewerError
    when it has more."""
    loader = MigrationLoader(connections[alias])
    applied, known = set(loader.applied_migrations), set(loader.disk_migrations)
    ours = {app.label for app in apps.get_app_configs()}
    newer = sorted(f"{app}.{name}" for app, name in applied - known if app in ours)
    if newer:
        raise NewerError(_("made by a newer version of the service: %s") % ", ".join(newer))
    if known - applied:
        missing = ", ".join(sorted(f"{app}.{name}" for app, name in known - applied)[:3])
        reason = _("migrations are missing (%s, …): run manage.py migrate there")
        raise NotMovableError(reason % missing)


def is_empty(alias: str) -> bool:
    """Tell whether nothing was put into a database but what Django puts into every one."""
    return not any(
        models.QuerySet(model, using=alias).exists()
        for model in tables()
        if model._meta.label not in REPLACED
    )


class OnlyTo:
    """Sends every query that names no database to one of them."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def db_for_read(self, model: type[models.Model], **_hints: Any) -> str:
        """Return the database to read from."""
        return self.alias

    db_for_write = db_for_read


def migrate(alias: str) -> None:
    """Bring the tables of a database up to date.

    Some libraries' migrations name no database where they change rows: these would be rows of the
    default one.
    """
    before = router.routers
    router.routers = [OnlyTo(alias)]
    try:
        call_command("migrate", database=alias, verbosity=0, interactive=False)
    finally:
        router.routers = before


def prepare(alias: str) -> None:
    """Give a database its tables. Raises NotMovableError when there is something in them."""
    loader = MigrationLoader(connections[alias])
    if set(loader.applied_migrations) - set(loader.disk_migrations):
        check_schema(alias)
    migrate(alias)
    if not is_empty(alias):
        raise NotMovableError(_("there is a catalogue already: only an empty database is filled"))


def empty(alias: str) -> None:
    """Delete every row of every table, those of LEFT_OUT as well."""
    for label in LEFT_OUT:
        models.QuerySet(apps.get_model(label), using=alias)._raw_delete(alias)  # noqa: SLF001
    for model in reversed(tables()):
        models.QuerySet(model, using=alias)._raw_delete(alias)  # noqa: SLF001


def copy(source: str, target: str, progress: Progress, *, replace: bool) -> dict[str, Content]:
    """Copy every table; return what each holds now, which was read back and compared.

    With ``replace`` what the target holds goes first, in the same transaction. Raises
    NotMovableError, and changes nothing, when a table does not come out as it went in.
    """
    moved: dict[str, Content] = {}
    with snapshot(source), transaction.atomic(using=target):
        if replace:
            empty(target)
        for label in REPLACED:
            models.QuerySet(apps.get_model(label), using=target)._raw_delete(target)  # noqa: SLF001
        for model in tables():
            digest = Digest()
            for rows in batches(model, source):
                insert(model, target, rows)
                digest.add(rows)
                progress(model._meta.label, digest.rows)
            moved[model._meta.label] = digest.content
        reset_sequences(target)
        found = contents(target)
        wrong = [label for label, content in moved.items() if found[label] != content]
        if wrong:
            raise NotMovableError(_("not the same in both databases: %s") % ", ".join(wrong))
    return moved


def insert(model: type[models.Model], alias: str, rows: list[Row]) -> None:
    """Insert rows as they are: no defaults, no signals, no new ids."""
    connection = connections[alias]
    fields = columns(model)
    quote = connection.ops.quote_name
    statement = (
        f"INSERT INTO {quote(model._meta.db_table)}"  # noqa: S608 (names of our own tables)
        f" ({', '.join(quote(field.column) for field in fields)})"
        f" VALUES ({', '.join(['%s'] * len(fields))})"
    )
    values = [
        [
            field.get_db_prep_save(value, connection=connection)
            for field, value in zip(fields, row, strict=True)
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


def reset_sequences(alias: str) -> None:
    """Let new ids begin after those that were copied (PostgreSQL; the others see to it)."""
    connection = connections[alias]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables()):
            cursor.execute(statement)
