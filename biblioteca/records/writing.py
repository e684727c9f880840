"""The one way by which records are created, changed and deleted: API, admin and commands.

Each function runs in one transaction and keeps everything that hangs on a record true in it:
keys, links, search words (its own and those of the records that show it) and history.
"""

import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from django.db import IntegrityError, OperationalError, connections, router, transaction
from django.db.models import PROTECT
from django.dispatch import Signal

from biblioteca.cache import announcements
from biblioteca.cache.announcements import check_age, finish_over
from biblioteca.records import traces
from biblioteca.records.models import HistoryEntry, Identificador, Record
from biblioteca.records.origins import current_origin
from biblioteca.records.search import refresh_words
from biblioteca.records.version import new_version

# Sent inside the transaction after the names that a record is found by changed; ``record`` is it.
renamed = Signal()

# InnoDB's deadlock and lock wait time-out, of which it rolled the transaction back.
TRANSIENT_MYSQL = {1205, 1213}
TRANSIENT_POSTGRES = {"40001", "40P01"}
ATTEMPTS = 6
ATTEMPTS_IN_A_CROWD = 10
LONGEST_PAUSE = 0.25  # seconds
# So many rows at once are fetched, locked and written.
BATCH = 500

Result = TypeVar("Result")
RecordType = TypeVar("RecordType", bound=Record)


def in_transaction(work: Callable[[], Result]) -> Result:
    """Run ``work`` in a transaction of its own; run it again when another one got in its way.

    A violated foreign key or unique constraint means that another transaction deleted or took
    what ``work`` had just looked at: the second run sees it and can say so in words. Inside a
    transaction of the caller's ``work`` runs once, since that one would have to be repeated whole.
    """
    if transaction.get_connection().in_atomic_block:
        with transaction.atomic():
            return work()
    attempt = 0
    while True:
        attempt += 1
        try:
            with transaction.atomic():
                result = work()
                check_age()
                return result
        except IntegrityError:
            if attempt >= ATTEMPTS:
                raise
            # Where records are merged and unmerged all the time, the next look meets another one.
            time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311
        except OperationalError as error:
            if attempt >= ATTEMPTS_IN_A_CROWD or not is_transient(error):
                raise
            # A rename meets every work that shows it: let the other one finish first.
            time.sleep(random.uniform(0, min(0.01 * 2**attempt, LONGEST_PAUSE)))  # noqa: S311
        finally:
            finish_over()


def is_transient(error: OperationalError) -> bool:
    """Tell whether the engine gave the transaction up in favour of another one."""
    code = error.args[0] if error.args else None
    state = getattr(error.__cause__, "sqlstate", None)
    return code in TRANSIENT_MYSQL or state in TRANSIENT_POSTGRES


def create(record: RecordType, values: dict[str, Any]) -> RecordType:
    """Store ``record``, which has no row yet, with ``values`` (a clean state) and return it."""
    return create_many([record], [values])[0]


def create_many(
    records: Sequence[RecordType], values: Sequence[dict[str, Any]]
) -> Sequence[RecordType]:
    """Store ``records`` of one model, which have no rows yet, each with its values."""
    if not records:
        return records
    model = type(records[0])
    with transaction.atomic():
        announcements.touch(model.RESOURCE)
        for record, own_values in zip(records, values, strict=True):
            record.assign(own_values)
        if connections[router.db_for_write(model)].features.can_return_rows_from_bulk_insert:
            model._default_manager.bulk_create(records)
        else:  # MySQL does not say which ids it gave
            for record in records:
                record.save(force_insert=True)
        model.insert_links(records)
        refresh_words(records)
        HistoryEntry.objects.bulk_create(
            history_entry(record, HistoryEntry.Action.CREATED, None, record.state())
            for record in records
        )
    return records


def update(record: Record, values: dict[str, Any]) -> bool:
    """Change ``record`` to ``values`` (a part of a state) and tell whether anything changed.

    The caller holds the record's row locked. What is already so is left alone: no new version,
    no history.
    """
    before = record.state()
    changed = {name for name, value in values.items() if before[name] != value}
    if not changed:
        return False
    old_text = record.display_text
    with transaction.atomic():
        announcements.touch(record.RESOURCE, *record.SHOWN_IN)
        record.assign(values)
        if changed - record.UNSHOWN:
            record.versao = new_version()
        record.save(force_update=True)
        record.save_links(values)
        refresh_words([record])
        after = record.state()
        add_history(record, HistoryEntry.Action.CHANGED, before=before, after=after)
        if record.display_text != old_text:
            traces.leave_name(record, old_text)
            renamed.send(sender=type(record), record=record)
    return True


def update_many(
    changes: Sequence[tuple[RecordType, dict[str, Any]]],
    *,
    refresh: bool = True,
    leave_traces: bool = True,
) -> list[RecordType]:
    """Change records of one model, each to its part of a state; return those that did change.

    As :func:`update`, in so many statements whatever their number. The caller holds the rows
    locked, in the order of their ids, and has called ``fetch_links``. Without ``refresh`` the
    search words, and those of the records that show these, are left to the caller; without
    ``leave_traces`` nobody knows a renamed record by its former name.
    """
    made: list[tuple[RecordType, str, HistoryEntry]] = []
    names: set[str] = set()
    for record, own_values in changes:
        before, old_text = record.state(), record.display_text
        differing = {name for name, value in own_values.items() if before[name] != value}
        if not differing:
            continue
        record.assign(own_values)
        if differing - record.UNSHOWN:
            record.versao = new_version()
        names |= differing
        action = HistoryEntry.Action.CHANGED
        made.append((record, old_text, history_entry(record, action, before, record.state())))
    changed = [record for record, _old_text, _entry in made]
    if not changed:
        return []
    model = type(changed[0])
    with transaction.atomic():
        announcements.touch(model.RESOURCE, *model.SHOWN_IN)
        # The columns of the states that differ, and those that follow them.
        own = names | {"versao"} | ({"chave"} if model.TEXT_FIELD in names else set())
        columns = [field.name for field in model._meta.concrete_fields if field.attname in own]
        model._default_manager.bulk_update(changed, columns, batch_size=BATCH)
        model.replace_links(changed, names)
        HistoryEntry.objects.bulk_create(
            [entry for _record, _old_text, entry in made], batch_size=BATCH
        )
        if refresh:
            refresh_words(changed)
        for record, old_text, _entry in made:
            if record.display_text != old_text:
                if leave_traces:
                    traces.leave_name(record, old_text)
                if refresh:
                    renamed.send(sender=model, record=record)
    return changed


def delete(record: Record, *, leave_traces: bool = True) -> None:
    """Delete ``record``. Raises ProtectedError, with nothing changed, when others refer to it.

    By its traces a later load knows that somebody wanted the record gone; taking a load back leaves
    none.
    """
    before = record.state()
    with transaction.atomic():
        announcements.touch(record.RESOURCE, *record.SHOWN_IN)
        add_history(record, HistoryEntry.Action.DELETED, before=before, after=None)
        if leave_traces:
            traces.leave(record)
        else:
            traces.forget([record])
        identifiers_of(record).delete()
        record.delete()


def delete_many(records: Sequence[RecordType], *, leave_traces: bool = True) -> None:
    """Delete ``records`` of one model as :func:`delete` does, in a few statements.

    The caller holds the rows locked and has fetched their links. Raises ProtectedError, with
    nothing changed, when others refer to one of them.
    """
    if not records:
        return
    model = type(records[0])
    keys = [record.pk for record in records]
    with transaction.atomic():
        announcements.touch(model.RESOURCE, *model.SHOWN_IN)
        HistoryEntry.objects.bulk_create(
            history_entry(record, HistoryEntry.Action.DELETED, record.state(), None)
            for record in records
        )
        if leave_traces:
            for record in records:
                traces.leave(record)
        else:
            traces.forget(records)
        Identificador.objects.filter(recurso=model.RESOURCE, registro_id__in=keys).delete()
        model._default_manager.filter(pk__in=keys).delete()


def restore(model: type[RecordType], key: int, values: dict[str, Any]) -> RecordType:
    """Bring back the record ``key`` of ``model``, which has no row, with ``values`` (a state).

    It gets a new version token. The caller has seen that what ``values`` names exists and that no
    other record has its identifiers.
    """
    return restore_many(model, {key: values})[0]


def restore_many(model: type[RecordType], states: Mapping[int, dict[str, Any]]) -> list[RecordType]:
    """Bring back records of ``model`` as :func:`restore` does, each with its state."""
    records = [model(pk=key) for key in states]
    if not records:
        return records
    with transaction.atomic():
        announcements.touch(model.RESOURCE, *model.SHOWN_IN)
        for record in records:
            record.assign(states[record.pk])
        model._default_manager.bulk_create(records)
        model.insert_links(records)
        refresh_words(records)
        traces.forget_deletion(*records)
        HistoryEntry.objects.bulk_create(
            history_entry(record, HistoryEntry.Action.RESTORED, None, record.state())
            for record in records
        )
    return records


def count_uses(record: Record) -> int:
    """Return how many rows refer to ``record`` and so keep it from being deleted."""
    return sum(
        relation.related_model._default_manager.filter(**{relation.field.name: record}).count()
        for relation in record._meta.related_objects
        if getattr(relation, "on_delete", None) is PROTECT
    )


def used_among(model: type[Record], keys: Collection[int]) -> set[int]:
    """Return those of ``keys`` whose records others refer to and so keep from being deleted."""
    used: set[int] = set()
    for relation in model._meta.related_objects:
        if getattr(relation, "on_delete", None) is PROTECT:
            name = relation.field.name
            rows = relation.related_model._default_manager.filter(**{f"{name}__in": keys})
            used.update(rows.values_list(relation.field.attname, flat=True).distinct())
    return used


def identifiers_of(record: Record) -> Any:
    """Return the queryset of the identifiers of ``record``."""
    return Identificador.objects.filter(recurso=record.RESOURCE, registro_id=record.pk)


def add_history(
    record: Record,
    action: HistoryEntry.Action,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    """Write one history entry in the name of the current origin."""
    history_entry(record, action, before, after).save(force_insert=True)


def history_entry(
    record: Record,
    action: HistoryEntry.Action,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> HistoryEntry:
    """Return the unsaved history entry of a change by the current origin."""
    origin = current_origin()
    return HistoryEntry(
        recurso=record.RESOURCE,
        registro_id=record.pk,
        acao=action,
        quem=origin.who[:200],
        porta=origin.door,
        origem=origin.source[:300],
        grupo=origin.group,
        antes=before,
        depois=after,
        versao=record.versao,
    )
