"""Removing a person's data from everything that is kept about the past.

A person who used the catalogue gets a pseudonym; of a record about a person the former contents go.
In batches, each a transaction of its own: killed and run again it does the rest.
"""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model, Q, QuerySet

from biblioteca.loading.models import BatchItem
from biblioteca.photos import cleaning
from biblioteca.photos.storage import STORED, storage_key
from biblioteca.photos.thumbnails import delete_picture
from biblioteca.records import text
from biblioteca.records.models import (
    Alias,
    Expunging,
    HistoryEntry,
    IdempotencyKey,
    Merge,
    Record,
    Redirect,
    Trace,
    Undoing,
)
from biblioteca.records.origins import current_origin
from biblioteca.records.photos import photos_in_use
from biblioteca.records.registry import record_models
from biblioteca.records.versions import EXPUNGED

ROWS = 1000
MARK = {EXPUNGED: True}
# Stands for a name where undoing a merge needs one.
REMOVED = "(removido)"

# Columns that hold the names of people who used the catalogue, as label and column.
person_columns: list[tuple[str, str]] = [
    ("records.HistoryEntry", "quem"),
    ("records.Undoing", "quem"),
    ("records.Merge", "quem"),
    ("records.Merge", "desfeita_por"),
    ("records.Expunging", "quem"),
    ("loading.Batch", "quem"),
    ("loading.Batch", "desfeito_por"),
    ("backoffice.AccessEntry", "quem"),
    ("backoffice.AccessEntry", "alvo"),
]


@dataclass
class Removal:
    """What was removed, or would be: rows by kind, never the data."""

    target: str
    simulate: bool
    counts: Counter[str] = field(default_factory=Counter)

    def apply(self, kind: str, rows: QuerySet, change: Callable[[QuerySet], object]) -> None:
        """Change all of ``rows`` in batches, or only count them."""
        if self.simulate:
            self.add(kind, rows.count())
            return
        while True:
            with transaction.atomic():
                keys = list(rows.order_by("pk").values_list("pk", flat=True)[:ROWS])
                change(rows.model._default_manager.filter(pk__in=keys))
            self.add(kind, len(keys))
            if len(keys) < ROWS:
                return

    def add(self, kind: str, number: int) -> None:
        """Count."""
        if number:
            self.counts[kind] += number


def log(removal: Removal, kind: Expunging.Kind) -> None:
    """Write down that data was removed; a removal that found nothing is none."""
    if removal.simulate or not removal.counts:
        return
    origin = current_origin()
    Expunging.objects.create(
        quem=origin.who[:200],
        porta=origin.door,
        tipo=kind,
        alvo=removal.target,
        contagens=dict(removal.counts),
    )


# --- A person who used the catalogue ---------------------------------------------------------


def expunge_person(name: str, *, simulate: bool = False) -> Removal:
    """Put a pseudonym in the place of the user ``name`` wherever the past names it."""
    removal = Removal(f"pessoa-{secrets.token_hex(4)}", simulate)
    close_account(removal, name)  # first: what is written about that names the person too
    for label, column in person_columns:
        table = table_of(label)
        if table is not None:
            replace_name(removal, table, column, name)
    keys = IdempotencyKey.objects.filter(chamador=name)
    removal.apply("chaves", keys, lambda rows: rows.delete())
    log(removal, Expunging.Kind.PERSON)
    return removal


def table_of(label: str) -> type[Model] | None:
    """Return the table with a label, None when this catalogue has none."""
    try:
        return apps.get_model(label)
    except LookupError:
        return None


def replace_name(removal: Removal, table: type[Model], column: str, name: str) -> None:
    """Put the pseudonym in one column."""
    rows = table._default_manager.filter(**{column: name})
    kind = f"{table._meta.model_name}.{column}"
    removal.apply(kind, rows, lambda found: found.update(**{column: removal.target}))


def close_account(removal: Removal, name: str) -> None:
    """Close the person's account and take its name, address and sessions' use away."""
    accounts: Any = get_user_model()
    written = LogEntry.objects.filter(
        content_type__app_label="auth", content_type__model="user", object_repr=name
    )
    removal.apply(
        "logentry.object_repr", written, lambda rows: rows.update(object_repr=removal.target)
    )

    def close(rows: QuerySet) -> None:
        for account in rows:
            account.username = removal.target
            account.first_name = account.last_name = account.email = ""
            account.is_active = account.is_staff = account.is_superuser = False
            account.set_unusable_password()
            account.save()
            account.groups.clear()
            account.user_permissions.clear()
            links = getattr(account, "social_auth", None)
            if links is not None:
                links.all().delete()

    removal.apply("contas", accounts.objects.filter(username=name), close)


# --- A record about a person -----------------------------------------------------------------


def expunge_record(model: type[Record], key: int, *, simulate: bool = False) -> Removal:
    """Remove the former contents of a record from history, aliases, traces, loads and pictures.

    The record itself, while it is in the catalogue, stays as it is now.
    """
    removal = Removal(f"{model.RESOURCE}/{key}", simulate)
    own = {"recurso": model.RESOURCE, "registro_id": key}
    entries = HistoryEntry.objects.filter(**own)
    pictures, names = known_of(model, key, entries)
    forget_items(removal, model, key, names)
    forget_merges(removal, model, key, names | {f"{STORED}{picture}" for picture in pictures})
    forget_undoings(removal, model, key)
    forget_pictures(removal, pictures, entries)
    removal.apply("trace", Trace.objects.filter(**own), lambda rows: rows.delete())
    meta = model._meta
    written = LogEntry.objects.filter(
        content_type__app_label=meta.app_label,
        content_type__model=meta.model_name,
        object_id=str(key),
    ).exclude(object_repr="")
    removal.apply("logentry.object_repr", written, lambda rows: rows.update(object_repr=""))
    # Last: they say what to look for, should this be stopped before its end.
    removal.apply("alias", Alias.objects.filter(**own), lambda rows: rows.delete())
    forget_entries(removal, entries)
    log(removal, Expunging.Kind.RECORD)
    return removal


def known_of(
    model: type[Record], key: int, entries: QuerySet[HistoryEntry]
) -> tuple[set[str], set[str]]:
    """Return the stored pictures and the titles or names that the past knows of a record."""
    pictures: set[str] = set()
    names = set(
        Alias.objects.filter(recurso=model.RESOURCE, registro_id=key).values_list("nome", flat=True)
    )
    states = [state for row in entries.values_list("antes", "depois").iterator() for state in row]
    record = model._default_manager.filter(pk=key).first()
    if record is not None:
        names.add(record.display_text)
    for state in states:
        if not state:
            continue
        names.add(str(state.get(model.TEXT_FIELD, "")))
        stored = storage_key(str(state.get("foto", "")))
        if stored:
            pictures.add(stored)
    return pictures, names - {""}


def forget_entries(removal: Removal, entries: QuerySet[HistoryEntry]) -> None:
    """Leave of history entries that there was one, by whom and when."""
    for column in ("antes", "depois"):
        rows = entries.filter(**{f"{column}__isnull": False, f"{column}__{EXPUNGED}__isnull": True})
        removal.apply(
            f"historyentry.{column}", rows, partial(set_column, column=column, value=MARK)
        )


def set_column(rows: QuerySet, *, column: str, value: Any) -> None:
    """Set a column of ``rows``."""
    rows.update(**{column: value})


def forget_items(removal: Removal, model: type[Record], key: int, names: Iterable[str]) -> None:
    """Empty the lines of loads that are about the record, or in which its names stand."""
    wanted = [set(text.words(name)) for name in names]
    wanted = [words for words in wanted if words]
    last = 0
    while rows := list(
        BatchItem.objects.filter(pk__gt=last).order_by("pk").only(
            "pk", "recurso", "registro_id", "motivo", "bruto", "resultado"
        )[:ROWS]
    ):  # fmt: skip
        last = rows[-1].pk
        found = [
            row.pk
            for row in rows
            if (row.bruto is not None or row.resultado is not None or row.motivo)
            and ((row.recurso, row.registro_id) == (model.RESOURCE, key) or names_in(row, wanted))
        ]
        if not removal.simulate:
            BatchItem.objects.filter(pk__in=found).update(bruto=None, resultado=None, motivo="")
        removal.add("batchitem", len(found))


def names_in(row: BatchItem, wanted: list[set[str]]) -> bool:
    """Tell whether one of the names stands in a text of the line, its words in any order.

    A name of one word (Maria) has to be the whole text: others have it among theirs.
    """
    return any(
        words == found or (len(words) > 1 and words <= found)
        for value in (row.bruto, row.resultado, row.motivo)
        for found in words_in(value)
        for words in wanted
    )


def words_in(value: Any) -> Iterator[set[str]]:
    """Yield the words of each text in a JSON value; a text that is JSON itself counts too."""
    if isinstance(value, str):
        if value[:1] in "[{":
            try:
                yield from words_in(json.loads(value))
            except ValueError:
                yield set(text.words(value))
        else:
            yield set(text.words(value))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from words_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words_in(inner)


def forget_undoings(removal: Removal, model: type[Record], key: int) -> None:
    """Take the record's name out of what undoings say that stayed."""
    for undoing in Undoing.objects.iterator():
        found = [
            row
            for row in undoing.ficaram
            if (row["recurso"], row["id"]) == (model.RESOURCE, key) and row["nome"]
        ]
        if not found:
            continue
        for row in found:
            row["nome"] = ""
        if not removal.simulate:
            undoing.save(update_fields=["ficaram"])
        removal.add("undoing", 1)


def forget_merges(removal: Removal, model: type[Record], key: int, texts: set[str]) -> None:
    """Take the record's names and pictures out of what undoing its merges would bring back."""
    known = texts | {text.sort_key(value) for value in texts}
    redirects = Redirect.objects.filter(recurso=model.RESOURCE).filter(
        Q(de_id=key) | Q(para_id=key)
    )
    about = Q(recurso=model.RESOURCE, destino_id=key)
    about |= Q(pk__in=set(redirects.values_list("fusao_id", flat=True)))
    for merge in Merge.objects.filter(about):
        cleaned = without(merge.detalhes, known)
        if cleaned == merge.detalhes:
            continue
        if not removal.simulate:
            Merge.objects.filter(pk=merge.pk).update(detalhes=cleaned)
        removal.add("merge.detalhes", 1)


def without(value: Any, texts: set[str]) -> Any:
    """Return a JSON value with a mark in the place of each of ``texts``."""
    if isinstance(value, str):
        if value not in texts or value == REMOVED:
            return value
        return "" if value.startswith(STORED) else REMOVED
    if isinstance(value, dict):
        return {name: without(inner, texts) for name, inner in value.items()}
    if isinstance(value, list):
        return [without(inner, texts) for inner in value]
    return value


def forget_pictures(removal: Removal, pictures: set[str], entries: QuerySet[HistoryEntry]) -> None:
    """Delete the stored pictures that nothing but the record's own history names."""
    others = HistoryEntry.objects.exclude(pk__in=entries.values("pk"))
    for name in sorted(pictures):
        value = f"{STORED}{name}"
        used = (
            any(
                model._default_manager.filter(foto=value).exists()
                for model in record_models().values()
            )
            or others.filter(Q(antes__foto=value) | Q(depois__foto=value)).exists()
            or any(value == found for source in other_sources() for found in source())
        )
        if used or not default_storage.exists(name):
            continue
        if not removal.simulate:
            delete_picture(name)
        removal.add("fotos", 1)


def other_sources() -> list[Callable[[], Iterable[str]]]:
    """Return who else names pictures: not the records and their history."""
    return [source for source in cleaning.sources if source is not photos_in_use]
