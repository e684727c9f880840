"""Records by the thousand, where the ORM would take most of the time.

What is written here is what :mod:`biblioteca.records.writing` writes one by one: the record, its
links, its search words, its history.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from django.db import connection
from django.utils import timezone

from biblioteca.cache import announcements
from biblioteca.records.models import HistoryEntry, Record
from biblioteca.records.origins import current_origin
from biblioteca.records.statements import insert, insert_behind, insert_new
from biblioteca.records.text import sort_key
from biblioteca.records.version import new_version


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
    # The words first: the database takes longest for them, and can while the rest is put together.
    found = model.words_of_states(states_by_id)
    words = [(word, key) for key in ids for word in sorted(found[key])]
    insert_behind(model.WORDS, ["palavra", "registro_id"], words)
    for link_model, link_columns, link_rows in model.link_rows(states_by_id):
        insert_behind(link_model, link_columns, link_rows)
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
    insert_behind(HistoryEntry, columns, rows)


def as_json(value: Any) -> str | None:
    """Return ``value`` as the text that a JSON column takes, None for SQL's NULL.

    Raises TypeError for what is no JSON, half of a surrogate pair too.
    """
    if value is None:
        return None
    return orjson.dumps(value).decode()
