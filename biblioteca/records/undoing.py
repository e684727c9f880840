"""Taking back everything that one action did: a load, a bulk edit, another undoing.

The newest entry first, in batches of one transaction each. What was edited since is either left as
it is or a reason to change nothing at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from biblioteca.records import fitting, redirects, writing
from biblioteca.records.edits import (
    NAMED,
    Stayed,
    changed_names,
    differing,
    edited_reason,
    edited_since,
    entries_of,
    gone_reason,
    gone_since,
    made_by,
    runs,
    stayed,
)
from biblioteca.records.models import HistoryEntry, Record, Redirect, Undoing
from biblioteca.records.origins import current_origin, writing_as
from biblioteca.records.registry import model_of
from biblioteca.records.versions import is_expunged

BATCH = 500
# Merges know more than history does, and are undone by their own module.
MERGE = "fusao:"
UNDOING = "desfazer:"
LOAD = "lote:"

DELETED, CHANGED, RESTORED = "excluidos", "alterados", "restaurados"
ENTRIES, STAYED = "entradas", "ficaram"

Action = HistoryEntry.Action


class OnEdited(StrEnum):
    """What happens when a record was edited since by somebody else."""

    REFUSE = "recusar"
    SKIP = "pular"


@dataclass
class UndoReport:
    """What an undoing did: counts by resource, and what stayed as it is."""

    group: str
    undone_as: str = ""  # the undoing's own group, by which it can be undone
    deleted: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    restored: dict[str, int] = field(default_factory=dict)
    entries: int = 0
    stayed: list[Stayed] = field(default_factory=list)  # the first of them
    stayed_count: int = 0
    refused: bool = False
    finished: bool = False


class EditedSinceError(Exception):
    """Something was edited since, and then nothing is to be changed."""

    def __init__(self, stayed: Stayed) -> None:
        super().__init__(stayed.reason)
        self.stayed = stayed


def undo_group(
    group: str,
    on_edited: OnEdited = OnEdited.REFUSE,
    progress: Callable[[int], object] | None = None,
) -> UndoReport:
    """Take back what ``group`` did, calling ``progress`` with how many entries are through.

    With REFUSE nothing is changed when anything was edited since; an edit made while a long
    undoing runs stops it where it is. One that was stopped or killed goes on where it was. Raises
    ValueError for a merge: that has an undo of its own.
    """
    undoing, report = begin(group, on_edited)
    if undoing is None:
        return report
    try:
        while step(undoing.pk):
            if progress is not None:
                progress(Undoing.objects.get(pk=undoing.pk).contagens.get(ENTRIES, 0))
    except EditedSinceError as error:
        report = report_of(Undoing.objects.get(pk=undoing.pk))
        return replace(report, refused=True, stayed=[error.stayed], stayed_count=1)
    return report_of(Undoing.objects.get(pk=undoing.pk))


def begin(group: str, on_edited: OnEdited) -> tuple[Undoing | None, UndoReport]:
    """Return the undoing to go through with :func:`step`, a new one or one that was stopped.

    None, with the report that says why, when there is nothing to do or it is refused.
    """
    if group.startswith(MERGE) or not group:
        raise ValueError(group)
    stopped = Undoing.objects.filter(grupo=group, fim=None).order_by("-id").first()
    below = stopped.ate_id if stopped else None
    if on_edited is OnEdited.REFUSE:
        edited = edited_since(group, below)
        if edited:
            report = report_of(stopped) if stopped else UndoReport(group)
            return None, replace(
                report, refused=True, stayed=edited[:NAMED], stayed_count=len(edited)
            )
    if stopped:
        Undoing.objects.filter(pk=stopped.pk).update(modo=on_edited)
        return stopped, report_of(stopped)
    if not entries_of(group).exists():
        return None, UndoReport(group, finished=True)
    origin = current_origin()
    undoing = Undoing.objects.create(
        grupo=group, quem=origin.who[:200], porta=origin.door, modo=on_edited
    )
    return undoing, report_of(undoing)


def report_of(undoing: Undoing) -> UndoReport:
    """Return what ``undoing`` did so far."""
    counts = undoing.contagens
    return UndoReport(
        group=undoing.grupo,
        undone_as=undoing.group,
        deleted=counts.get(DELETED, {}),
        changed=counts.get(CHANGED, {}),
        restored=counts.get(RESTORED, {}),
        entries=counts.get(ENTRIES, 0),
        stayed=[
            Stayed(row["recurso"], row["id"], row["nome"], row["motivo"]) for row in undoing.ficaram
        ],
        stayed_count=counts.get(STAYED, 0),
        finished=undoing.fim is not None,
    )


def step(key: int) -> bool:
    """Take back one batch of the undoing ``key``; tell whether there may be another one.

    Raises EditedSinceError, the batch rolled back, when that is to be a reason to stop.
    """

    def work() -> bool:
        undoing = Undoing.objects.select_for_update().get(pk=key)
        entries = list(entries_of(undoing.grupo, undoing.ate_id)[:BATCH])
        batch = Batch(undoing)
        for run in runs(entries):
            batch.take_back(run)
        if entries:
            undoing.ate_id = entries[-1].pk
            undoing.contagens[ENTRIES] = undoing.contagens.get(ENTRIES, 0) + len(entries)
        if len(entries) < BATCH:
            undoing.fim = timezone.now()
        undoing.save()
        return undoing.fim is None

    origin = replace(current_origin(), group=f"{UNDOING}{key}")
    with writing_as(origin):
        return writing.in_transaction(work)


def root_of(group: str) -> str:
    """Return the action that was undone, or undone and done again, by ``group``."""
    while group.startswith(UNDOING):
        rows = Undoing.objects.filter(pk=int(group.removeprefix(UNDOING)))
        group = rows.values_list("grupo", flat=True).get()
    return group


class Batch:
    """One batch of an undoing, inside its transaction; counts into the undoing's row."""

    def __init__(self, undoing: Undoing) -> None:
        self.undoing = undoing
        self.refuses = undoing.modo == OnEdited.REFUSE

    def take_back(self, run: Sequence[HistoryEntry]) -> None:
        """Take back entries of one resource and kind, each of another record."""
        model = model_of(run[0].recurso)
        for entry in run:
            if is_expunged(entry.antes) or is_expunged(entry.depois):
                self.stays(model, entry, _("its contents were removed for good"))
        run = [
            entry for entry in run if not (is_expunged(entry.antes) or is_expunged(entry.depois))
        ]
        if not run:
            return
        ways = {
            Action.CREATED: self.delete,
            Action.RESTORED: self.delete,
            Action.CHANGED: self.change_back,
            Action.DELETED: self.restore,
        }
        way = ways.get(Action(run[0].acao))
        if way is not None:
            way(model, run)
            return
        for entry in run:
            self.stays(model, entry, _("merged: undo the merge"))

    def locked(self, model: type[Record], run: Sequence[HistoryEntry]) -> dict[int, Record]:
        """Return the records of ``run`` that have a row, locked in the order of their ids."""
        keys = sorted(entry.registro_id for entry in run)
        rows = model._default_manager.filter(pk__in=keys).order_by("pk").select_for_update()
        records = list(rows)
        model.fetch_links(records)
        return {record.pk: record for record in records}

    def delete(self, model: type[Record], run: Sequence[HistoryEntry]) -> None:
        """Delete the records that were made or brought back, unless edited or in use."""
        records = self.locked(model, run)
        merged = Redirect.objects.filter(recurso=model.RESOURCE, para_id__in=records)
        targets = set(merged.values_list("para_id", flat=True))
        used = writing.used_among(model, list(records))
        gone = [entry.registro_id for entry in run if entry.registro_id not in records]
        merged_away = redirects.survivors(model.RESOURCE, gone)
        going: list[Record] = []
        for entry in run:
            record = records.get(entry.registro_id)
            if record is None:
                if entry.registro_id in merged_away:
                    reason = gone_reason(model.RESOURCE, merged_away[entry.registro_id])
                    self.stays(model, entry, reason)
            elif names := differing(record.state(), entry.depois or {}):
                self.edited(model, entry, edited_reason(model, names))
            elif record.pk in used:
                self.stays(model, entry, _("others refer to it"))
            elif record.pk in targets:
                self.stays(model, entry, _("others were merged into it"))
            else:
                going.append(record)
        made = run[0].acao == Action.CREATED
        taken_back = made or root_of(self.undoing.grupo).startswith(LOAD)
        writing.delete_many(going, leave_traces=not taken_back)
        self.count(DELETED, model, len(going))

    def change_back(self, model: type[Record], run: Sequence[HistoryEntry]) -> None:
        """Give back the former value of each field that still has the one that it was given."""
        records = self.locked(model, run)
        made = made_by(self.undoing.grupo, model.RESOURCE, [entry.registro_id for entry in run])
        wanted: dict[int, dict[str, Any]] = {}
        for entry in run:
            record = records.get(entry.registro_id)
            if record is None:
                if entry.registro_id not in made:
                    self.edited(model, entry, gone_since(model, entry))
                continue
            state, before, after = record.state(), entry.antes or {}, entry.depois or {}
            names = [name for name in changed_names(entry) if name in state]
            # A record that the action made goes whole or stays whole.
            edited = (
                differing(state, after)
                if record.pk in made
                else [name for name in names if state[name] not in (before[name], after[name])]
            )
            if edited:
                self.edited(model, entry, edited_reason(model, edited))
            if not edited or record.pk not in made:
                wanted[record.pk] = {
                    name: before[name] for name in names if state[name] == after[name]
                }
        values, losses = fitting.fit(model, wanted)
        changes = [(records[key], values[key]) for key in sorted(values)]
        self.count(CHANGED, model, len(writing.update_many(changes, leave_traces=False)))
        self.lost(model, run, losses)

    def restore(self, model: type[Record], run: Sequence[HistoryEntry]) -> None:
        """Bring back what was deleted, with its links and the identifiers that are free."""
        there = self.locked(model, run)
        states = {
            entry.registro_id: entry.antes or {} for entry in run if entry.registro_id not in there
        }
        values, losses = fitting.fit(model, states)
        writing.restore_many(model, dict(sorted(values.items())))
        self.count(RESTORED, model, len(values))
        self.lost(model, run, losses)

    def edited(self, model: type[Record], entry: HistoryEntry, reason: str) -> None:
        """Leave a record that was edited since, or stop."""
        if self.refuses:
            raise EditedSinceError(stayed(model, entry, reason))
        self.stays(model, entry, reason)

    def lost(
        self, model: type[Record], run: Sequence[HistoryEntry], losses: fitting.Losses
    ) -> None:
        """Write down what of the former states could not be given back."""
        for entry in run:
            for reason in losses.get(entry.registro_id, ()):
                self.stays(model, entry, reason)

    def stays(self, model: type[Record], entry: HistoryEntry, reason: str) -> None:
        """Write down that a record is not as it was, and why."""
        counts = self.undoing.contagens
        counts[STAYED] = counts.get(STAYED, 0) + 1
        if len(self.undoing.ficaram) < NAMED:
            self.undoing.ficaram.append(stayed(model, entry, reason).as_json())

    def count(self, what: str, model: type[Record], number: int) -> None:
        """Add to the counts of the undoing."""
        if number:
            counts = self.undoing.contagens.setdefault(what, {})
            counts[model.RESOURCE] = counts.get(model.RESOURCE, 0) + number
