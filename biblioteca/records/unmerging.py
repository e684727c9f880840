"""Taking a merge back, also after later edits and later merges.

What a record looked like before the merge stands in the merge's details; what the records that
referred to it looked like stands in the history of the merge. Where such a record was edited since,
what was merged away comes back where the survivor stands for it. What cannot be brought back is
said, with the reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from biblioteca.cache import announcements
from biblioteca.records import writing
from biblioteca.records.merging import (
    locked,
    locked_batches,
    names_referring,
    referrers,
)
from biblioteca.records.models import Alias, HistoryEntry, Identificador, Merge, Record, Redirect
from biblioteca.records.origins import current_origin, writing_as
from biblioteca.records.redirects import replaced, resolve
from biblioteca.records.registry import model_of
from biblioteca.records.search import refresh_words
from biblioteca.records.version import new_version

# Ids in order, or one id: what stands under a key of a state that refers to others.
Held = Any
# What stood under a key before a merge and after it.
Change = tuple[Held, Held]
GROUP = "fusao:"


class AlreadyUndoneError(Exception):
    """The merge was undone before."""


@dataclass
class UndoReport:
    """What an undo brought back, and what not: ``{"campo", "motivo"}`` for each."""

    restored: list[int] = field(default_factory=list)
    prevented: list[dict[str, str]] = field(default_factory=list)

    def prevent(self, where: str, why: str) -> None:
        """Say that ``where`` could not be brought back."""
        self.prevented.append({"campo": where, "motivo": why})


def undo(merge_id: int) -> UndoReport:
    """Take the merge back. Raises Merge.DoesNotExist or AlreadyUndoneError."""
    return writing.in_transaction(lambda: undo_now(merge_id))


def undo_now(merge_id: int) -> UndoReport:
    """Take the merge back, inside its transaction."""
    merged = Merge.objects.select_for_update().get(pk=merge_id)
    if merged.desfeita_em is not None:
        raise AlreadyUndoneError
    model = model_of(merged.recurso)
    origin = current_origin()
    with writing_as(replace(origin, group=f"desfazer:{merged.group}")):
        announcements.touch(model.RESOURCE, *model.SHOWN_IN)
        undone = Undoing(merged, model)
        undone.run()
        merged.desfeita_em, merged.desfeita_por = timezone.now(), origin.who[:200]
        merged.save(update_fields=["desfeita_em", "desfeita_por"])
    return undone.report


class Undoing:
    """One undo under way: the merge, who stands for its survivor now, and the report."""

    def __init__(self, merged: Merge, model: type[Record]) -> None:
        self.merged, self.model = merged, model
        self.report = UndoReport()
        self.origin_ids = [origin["id"] for origin in merged.detalhes["origens"]]
        self.records = self.lock()
        self.later = later_merges(merged, model)

    def lock(self) -> dict[int, Record]:
        """Lock the survivor, who stands for it now, and whatever has an origin's id."""
        key = self.merged.destino_id
        while True:
            self.survivor_id = resolve(self.model.RESOURCE, [key])[key]
            found = locked(self.model, [key, self.survivor_id, *self.origin_ids])
            # It may have been merged on before its row was locked.
            if resolve(self.model.RESOURCE, [key])[key] == self.survivor_id:
                return found

    def run(self) -> None:
        """Bring everything back, in an order in which nothing is ever missing."""
        Redirect.objects.filter(fusao=self.merged).delete()
        Alias.objects.filter(fusao=self.merged).delete()
        for origin in self.merged.detalhes["origens"]:
            self.restore(origin)
            self.give_back_names(origin)
        self.give_back_identifiers()
        self.restore_survivor()
        for referrer in referrers(self.model):
            self.restore_references(referrer)
        touched = [self.records[key] for key in (self.survivor_id, *self.origin_ids)
                   if key in self.records]  # fmt: skip
        refresh_words(touched)
        for record in touched:
            writing.renamed.send(sender=self.model, record=record)
        for later in self.later:
            later.save(update_fields=["detalhes"])

    def name_of(self, key: int, field_name: str = "") -> str:
        """Return how the report names a record of the merge, or a field of it."""
        return place_of(self.model.RESOURCE, key, field_name)

    def restore(self, origin: Mapping[str, Any]) -> None:
        """Store the record again, under its id and with a new version token."""
        key = origin["id"]
        if key in self.records:
            why = _("There is a record with this id again; it was left as it is.")
            self.report.prevent(self.name_of(key), why)
            return
        record = self.model()
        record.pk = key
        record.assign(origin["estado"])
        record.versao = new_version()
        record.save(force_insert=True)
        self.model.insert_links([record])
        writing.add_history(record, HistoryEntry.Action.RESTORED, None, record.state())
        self.records[key] = record
        self.report.restored.append(key)

    def give_back_names(self, origin: Mapping[str, Any]) -> None:
        """Let the other names that the record had before the merge be its own again."""
        # The undo of a merge before this one may have given some to another record by now.
        rows = Alias.objects.filter(pk__in=origin["nomes"], registro_id=self.survivor_id)
        rows.update(registro_id=origin["id"])

    def give_back_identifiers(self) -> None:
        """Let the identifiers be the origins' again, unless another record has one by now."""
        wanted = {
            (scheme, value): origin["id"]
            for origin in self.merged.detalhes["origens"]
            for scheme, value in origin["identificadores"]
        }
        if not wanted:
            return
        rows = Identificador.objects.select_for_update().filter(
            recurso=self.model.RESOURCE, valor__in={value for _scheme, value in wanted}
        )
        stored = {(row.esquema, row.valor): row for row in rows}
        for (scheme, value), key in wanted.items():
            row = stored.get((scheme, value)) or Identificador(
                recurso=self.model.RESOURCE,
                registro_id=self.survivor_id,
                esquema=scheme,
                valor=value,
            )
            if row.registro_id in (self.survivor_id, key):
                row.registro_id = key
                row.save()
            else:
                why = _("Another record (%(id)d) has %(identifier)s by now.")
                words = {"id": row.registro_id, "identifier": f"{scheme}:{value}"}
                self.report.prevent(self.name_of(key, "identificadores"), why % words)
        for later in self.later:
            for origin in later.detalhes["origens"]:
                origin["identificadores"] = [
                    pair for pair in origin["identificadores"] if tuple(pair) not in wanted
                ]

    def restore_survivor(self) -> None:
        """Give the survivor back the values that another one's took the place of."""
        key = self.merged.destino_id
        before, after = (self.merged.detalhes["destino"][name] for name in ("antes", "depois"))
        if not before:
            return
        survivor = self.records.get(key)
        if survivor is None:
            why = _("The survivor has been merged into another record, or deleted, since.")
            for name in before:
                self.report.prevent(self.name_of(key, name), why)
            return
        current = survivor.state()
        unchanged = {name: value for name, value in before.items() if current[name] == after[name]}
        for name in before.keys() - unchanged.keys():
            if current[name] != before[name]:
                self.report.prevent(self.name_of(key, name), _("It has been edited since."))
        writing.update_many([(survivor, unchanged)], refresh=False)

    def restore_references(self, referrer: type[Record]) -> None:
        """Let every record of ``referrer`` refer to the origins again where it did."""
        names = names_referring(referrer, self.model)
        remembered = 0
        for changes in changes_of(self.merged, referrer, names):
            remembered += len(changes)
            self.restore_batch(referrer, self.replayed(referrer, changes))
        lost = self.merged.detalhes["alterados"].get(referrer.RESOURCE, 0) - remembered
        if lost > 0:
            why = _("The history of %d records of the merge is not kept any more.") % lost
            self.report.prevent(referrer.RESOURCE, why)

    def replayed(
        self, referrer: type[Record], changes: Mapping[int, Mapping[str, Change]]
    ) -> dict[int, dict[str, Change]]:
        """Return ``changes`` as they look after the later merges, which learn to do without them.

        A later merge may have moved the survivor on, or given it other records to stand for: what
        is wanted now is what that merge would have made of the record without this one. It
        remembers that too, so that its own undo brings back no reference taken back here.
        """
        replayed = {key: dict(own) for key, own in changes.items()}
        stand_in = self.merged.destino_id
        for later in self.later:
            links = {origin["id"]: later.destino_id for origin in later.detalhes["origens"]}
            remembered = changes_among(later, referrer, changes)
            for key, own in replayed.items():
                for name, change in own.items():
                    wanted, stood = (replaced(held, links) for held in change)
                    before, after = remembered.get(key, {}).get(name, (Gone, Gone))
                    without = Gone if before is Gone else put_back(before, change, stand_in)
                    if without is not Gone:
                        wanted, stood = replaced(without, links), after
                        corrections(later, referrer, key)[name] = [without, wanted]
                    own[name] = wanted, stood
            stand_in = links.get(stand_in, stand_in)
        return replayed

    def restore_batch(
        self, referrer: type[Record], changes: Mapping[int, Mapping[str, Change]]
    ) -> None:
        """Restore the references of some records, each as far as it can be."""
        stored: list[Any] = []
        values: list[dict[str, Held]] = []
        for records in locked_batches(referrer, sorted(changes)):
            for record in records:
                own: dict[str, Held] = {}
                state = record.state()
                for name, change in changes[record.pk].items():
                    held = put_back(state[name], change, self.survivor_id)
                    if held is Gone:
                        where = place_of(referrer.RESOURCE, record.pk, name)
                        why = _("It has been edited since, and the survivor is not in it any more.")
                        self.report.prevent(where, why)
                    else:
                        own[name] = held
                stored.append(record)
                values.append(own)
        writing.update_many(list(zip(stored, values, strict=True)), refresh=False)
        for key in sorted(changes.keys() - {record.pk for record in stored}):
            why = _("It has been deleted since.")
            self.report.prevent(place_of(referrer.RESOURCE, key), why)


class Gone:
    """Stands for what cannot be put back, because the survivor is gone from it."""


def put_back(current: Held, change: Change, stand_in: int) -> Held:
    """Return ``current`` with what a merge took out of it in its place again, or ``Gone``.

    What was not edited since becomes exactly what it was. In an edited list the records come back
    where ``stand_in``, the survivor, stands: in their former order, and each later one behind the
    one that it followed.
    """
    before, after = change
    if current == after:
        return before
    if not isinstance(current, list):
        return current if current == before else Gone
    missing = [key for key in before if key not in after and key not in current]
    if not missing:
        return current
    if stand_in not in current:
        return Gone
    group = [key for key in before if key in missing or key == stand_in]
    result = [group[0] if key == stand_in else key for key in current]
    place = result.index(group[0])
    for key in group[1:]:
        preceding = before[: before.index(key)]
        followed = next(result.index(other) for other in reversed(preceding) if other in result)
        place = max(place, followed) + 1
        result.insert(place, key)
    return result


def corrections(merged: Merge, referrer: type[Record], key: int) -> dict[str, Any]:
    """Return where the merge keeps how one record would have been without another merge."""
    kept = merged.detalhes.setdefault("correcoes", {}).setdefault(referrer.RESOURCE, {})
    return kept.setdefault(str(key), {})


def place_of(resource: str, key: int, field_name: str = "") -> str:
    """Return ``obras/31``, or ``obras/31.autores``: how reports name things."""
    return f"{resource}/{key}" + (f".{field_name}" if field_name else "")


def later_merges(merged: Merge, model: type[Record]) -> list[Merge]:
    """Return, locked and oldest first, the merges not undone that build on what ``merged`` did.

    They merged its survivor on, or changed a record that it had changed.
    """
    groups: set[str] = set()
    for referrer in referrers(model):
        for changes in changes_of(merged, referrer, names_referring(referrer, model)):
            entries = HistoryEntry.objects.filter(
                recurso=referrer.RESOURCE,
                registro_id__in=list(changes),
                grupo__startswith=GROUP,
            )
            groups.update(entries.order_by().values_list("grupo", flat=True).distinct())
    ids = {int(group.removeprefix(GROUP)) for group in groups} | set(merges_onward(merged))
    rows = Merge.objects.filter(
        pk__in=ids, pk__gt=merged.pk, recurso=merged.recurso, desfeita_em__isnull=True
    )
    return list(rows.order_by("pk").select_for_update())


def merges_onward(merged: Merge) -> Iterator[int]:
    """Yield the ids of the merges through which the survivor of ``merged`` was merged on."""
    key = merged.destino_id
    seen = {key}
    steps = Redirect.objects.filter(recurso=merged.recurso)
    while (step := steps.filter(de_id=key).first()) is not None and step.para_id not in seen:
        yield step.fusao_id
        key = step.para_id
        seen.add(key)


def changes_of(
    merged: Merge, referrer: type[Record], names: Sequence[str]
) -> Iterator[dict[int, dict[str, Change]]]:
    """Yield, in batches, what the merge changed under ``names`` in records of ``referrer``."""
    entries = entries_of(merged, referrer)
    last = 0
    while batch := list(entries.filter(pk__gt=last).order_by("pk")[: writing.BATCH]):
        yield {entry.registro_id: change_in(merged, entry, names) for entry in batch}
        last = batch[-1].pk


def changes_among(
    merged: Merge, referrer: type[Record], among: Mapping[int, Mapping[str, Change]]
) -> dict[int, dict[str, Change]]:
    """Return what the merge changed in those of the records ``among``."""
    entries = entries_of(merged, referrer).filter(registro_id__in=list(among))
    return {
        entry.registro_id: change_in(merged, entry, list(among[entry.registro_id]))
        for entry in entries
    }


def entries_of(merged: Merge, referrer: type[Record]) -> "QuerySet[HistoryEntry]":
    """Return the lines that the merge wrote into the history of records of ``referrer``."""
    return HistoryEntry.objects.filter(
        grupo=merged.group, recurso=referrer.RESOURCE, acao=HistoryEntry.Action.CHANGED
    )


def change_in(merged: Merge, entry: HistoryEntry, names: Sequence[str]) -> dict[str, Change]:
    """Return what ``entry`` changed under ``names``, as corrected by the undo of other merges."""
    corrections = merged.detalhes.get("correcoes", {}).get(entry.recurso, {})
    corrected = corrections.get(str(entry.registro_id), {})
    before, after = entry.antes or {}, entry.depois or {}
    changes = {
        name: tuple(corrected.get(name) or (before.get(name), after.get(name))) for name in names
    }
    return {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
