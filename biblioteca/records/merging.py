"""Merging records that are the same thing into one, in one transaction.

The records that referred to those merged away refer to the survivor instead; names and identifiers
go over to it, and the old ids lead to it. ``biblioteca.records.unmerging`` takes a merge back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from biblioteca.cache import announcements
from biblioteca.records import writing
from biblioteca.records.models import Alias, HistoryEntry, Identificador, Merge, Record, Redirect
from biblioteca.records.origins import current_origin, writing_as
from biblioteca.records.redirects import replaced, survivor_of
from biblioteca.records.registry import record_models
from biblioteca.records.search import refresh_words
from biblioteca.records.text import sort_key

MOST = 100


class SurvivorMissingError(Exception):
    """There is no record that the others could be merged into."""


class RefusedMergeError(Exception):
    """Some of the records cannot be merged: ``faults`` gives code and words for each place."""

    def __init__(self, faults: Mapping[int, tuple[str, str]]) -> None:
        super().__init__("; ".join(words for _code, words in faults.values()))
        self.faults = dict(faults)


class ChangedMeanwhileError(Exception):
    """Somebody changed one of the records since the caller looked at them: ``ids`` says which."""

    def __init__(self, ids: Sequence[int]) -> None:
        super().__init__(_("Somebody changed one of the records meanwhile: nothing was merged."))
        self.ids = list(ids)


def merge(
    model: type[Record],
    survivor_id: int,
    origin_ids: Sequence[int],
    values: Mapping[str, Any] | None = None,
    versions: Mapping[int, str] | None = None,
) -> Merge:
    """Merge the records ``origin_ids`` of ``model`` into ``survivor_id``; return the merge.

    ``values`` is the part of the survivor's state that is chosen anew (the name or picture of one
    of the others); ``versions`` are the tokens that the records must still have. Raises
    SurvivorMissingError, RefusedMergeError or ChangedMeanwhileError; nothing is changed then.
    """
    return writing.in_transaction(
        lambda: merge_now(model, survivor_id, origin_ids, values or {}, versions or {})
    )


def merge_now(
    model: type[Record],
    survivor_id: int,
    origin_ids: Sequence[int],
    values: Mapping[str, Any],
    versions: Mapping[int, str],
) -> Merge:
    """Do the merge, inside its transaction."""
    records = locked(model, [survivor_id, *origin_ids])
    if survivor_id not in records:
        raise SurvivorMissingError
    check_origins(model, survivor_id, origin_ids, records)
    changed = [key for key, token in versions.items() if records[key].versao != token]
    if changed:
        raise ChangedMeanwhileError(changed)
    origin = current_origin()
    merged = Merge(
        recurso=model.RESOURCE, destino_id=survivor_id, quem=origin.who[:200], porta=origin.door
    )
    merged.save(force_insert=True)
    with writing_as(replace(origin, group=merged.group)):
        announcements.touch(model.RESOURCE, *model.SHOWN_IN)
        survivor, origins = records[survivor_id], [records[key] for key in origin_ids]
        merged.detalhes = {"origens": take_over(merged, survivor, origins)}
        merged.detalhes["destino"] = choose(merged, survivor, values)
        merged.detalhes["alterados"] = {
            referrer.RESOURCE: repoint(referrer, model, origin_ids, survivor_id)
            for referrer in referrers(model)
        }
        remove(origins)
        refresh_words([survivor])
        writing.renamed.send(sender=model, record=survivor)
        merged.save(update_fields=["detalhes"])
    return merged


def locked(model: type[Record], ids: Sequence[int]) -> dict[int, Record]:
    """Return those of ``ids`` that have a row, locked in the order of their ids."""
    rows = model._default_manager.filter(pk__in=set(ids)).order_by("pk").select_for_update()
    return {record.pk: record for record in rows}


def check_origins(
    model: type[Record], survivor_id: int, origin_ids: Sequence[int], found: Mapping[int, Record]
) -> None:
    """Raise RefusedMergeError, naming each place, unless these are other records that exist."""
    faults: dict[int, tuple[str, str]] = {}
    if not origin_ids or len(origin_ids) > MOST:
        faults[0] = ("length", _("Name 1 to %d records.") % MOST)
    for place, key in enumerate(origin_ids):
        if key == survivor_id:
            faults[place] = ("itself", _("A record cannot be merged into itself."))
        elif key in origin_ids[:place]:
            faults[place] = ("repeated_id", _("The id %d stands twice.") % key)
        elif key not in found:
            faults[place] = absent(model, key)
    if faults:
        raise RefusedMergeError(faults)


def absent(model: type[Record], key: int) -> tuple[str, str]:
    """Return code and words for an id that no record has."""
    into = survivor_of(model, key)
    if into is None:
        return "does_not_exist", _("There is no record with the id %d.") % key
    words = _("The record %(id)d has been merged into %(survivor)d already.")
    return "already_merged", words % {"id": key, "survivor": into}


def referrers(model: type[Record]) -> list[type[Record]]:
    """Return the models whose records refer to those of ``model``."""
    return [other for other in record_models().values() if model in other.REFERENCES.values()]


def take_over(merged: Merge, survivor: Record, origins: Sequence[Record]) -> list[dict[str, Any]]:
    """Give the survivor what the origins were known by; return what they were, to undo it."""
    resource = survivor.RESOURCE
    ids = [record.pk for record in origins]
    identifiers: dict[int, list[list[str]]] = {key: [] for key in ids}
    held = Identificador.objects.filter(recurso=resource, registro_id__in=ids)
    for key, *pair in held.values_list("registro_id", "esquema", "valor").order_by("id"):
        identifiers[key].append(pair)
    held.update(registro_id=survivor.pk)
    aliases: dict[int, list[int]] = {key: [] for key in ids}
    others = Alias.objects.filter(recurso=resource, registro_id__in=ids)
    for key, alias_id in others.values_list("registro_id", "id").order_by("id"):
        aliases[key].append(alias_id)
    others.update(registro_id=survivor.pk)
    # One row for each spelling, all of this merge's own: another merge may be undone before it.
    names = dict.fromkeys(record.display_text for record in origins)
    Alias.objects.bulk_create(alias_of(merged, name) for name in names)
    # A row that came back under its old id by hand leads nowhere any more.
    Redirect.objects.filter(recurso=resource, de_id__in=[survivor.pk, *ids]).delete()
    Redirect.objects.bulk_create(
        Redirect(recurso=resource, de_id=key, para_id=survivor.pk, fusao=merged) for key in ids
    )
    return [
        {
            "id": record.pk,
            "estado": record.state(),
            "identificadores": identifiers[record.pk],
            "nomes": aliases[record.pk],
        }
        for record in origins
    ]


def alias_of(merged: Merge, name: str) -> Alias:
    """Return an unsaved other name of the survivor, as old as the merge."""
    return Alias(
        recurso=merged.recurso,
        registro_id=merged.destino_id,
        nome=name,
        chave=sort_key(name),
        fusao=merged,
    )


def choose(merged: Merge, survivor: Record, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write the chosen values; return those that changed as they were and as they are.

    A name that gives way to another one stays as an alias.
    """
    before = survivor.state()
    old_name = survivor.display_text
    writing.update_many([(survivor, dict(values))], refresh=False)
    after = survivor.state()
    changed = [name for name in before if before[name] != after[name]]
    if survivor.display_text != old_name:
        Alias.objects.bulk_create([alias_of(merged, old_name)])
    return {
        "antes": {name: before[name] for name in changed},
        "depois": {name: after[name] for name in changed},
    }


def repoint(
    referrer: type[Record], model: type[Record], origin_ids: Sequence[int], survivor_id: int
) -> int:
    """Make the records of ``referrer`` refer to the survivor; return how many were changed."""
    final = dict.fromkeys(origin_ids, survivor_id)
    names = names_referring(referrer, model)
    number = 0
    for records in locked_batches(referrer, referring_ids(referrer, names, origin_ids)):
        changes = []
        for record in records:
            state = record.state()
            changes.append((record, {name: replaced(state[name], final) for name in names}))
        number += len(writing.update_many(changes, refresh=False))
    return number


def names_referring(referrer: type[Record], model: type[Record]) -> list[str]:
    """Return the keys of the states of ``referrer`` that hold ids of ``model``."""
    return [name for name, other in referrer.REFERENCES.items() if other is model]


def referring_ids(referrer: type[Record], names: Sequence[str], ids: Sequence[int]) -> list[int]:
    """Return the ids of the records that refer to one of ``ids``, ascending."""
    found: set[int] = set()
    for name in names:
        rows = referrer._default_manager.filter(**{f"{name}__in": list(ids)}).order_by()
        found.update(rows.values_list("pk", flat=True))
    return sorted(found)


def locked_batches(referrer: type[Record], ids: Sequence[int]) -> Iterator[list[Any]]:
    """Yield the records with ``ids`` in batches, locked and with their links.

    The links are read after the lock is had: before, another writer could still change them.
    """
    for start in range(0, len(ids), writing.BATCH):
        records = list(locked(referrer, ids[start : start + writing.BATCH]).values())
        referrer.fetch_links(records)
        yield records


def remove(origins: Sequence[Record]) -> None:
    """Delete the rows of the records merged away, with one line of history each."""
    model = type(origins[0])
    HistoryEntry.objects.bulk_create(
        writing.history_entry(record, HistoryEntry.Action.MERGED, record.state(), None)
        for record in origins
    )
    model._default_manager.filter(pk__in=[record.pk for record in origins]).delete()
