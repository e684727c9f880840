"""What one action did to the catalogue, and what of it was edited by others since."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from biblioteca.records import fitting, redirects
from biblioteca.records.models import HistoryEntry, Record
from biblioteca.records.registry import model_of

BATCH = 500
# So many of what stayed are named in a report; the others are counted.
NAMED = 200

Action = HistoryEntry.Action


@dataclass(frozen=True)
class Stayed:
    """A record that is not as it was before the action, and why."""

    resource: str
    key: int
    name: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return the row that is kept of it."""
        names = {"recurso": self.resource, "id": self.key, "nome": self.name}
        return names | {"motivo": self.reason}


def entries_of(group: str, below: int | None = None) -> QuerySet[HistoryEntry]:
    """Return what ``group`` did, newest first; ``below`` leaves out what is taken back already."""
    entries = HistoryEntry.objects.filter(grupo=group).order_by("-id")
    return entries if below is None else entries.filter(id__lt=below)


def runs(entries: Sequence[HistoryEntry]) -> Iterator[list[HistoryEntry]]:
    """Yield stretches of ``entries`` of one resource and kind in which no record stands twice."""
    run: list[HistoryEntry] = []
    seen: set[int] = set()
    for entry in entries:
        alike = not run or (entry.recurso, entry.acao) == (run[0].recurso, run[0].acao)
        if not alike or entry.registro_id in seen:
            yield run
            run, seen = [], set()
        run.append(entry)
        seen.add(entry.registro_id)
    if run:
        yield run


def differing(state: dict[str, Any], left: dict[str, Any]) -> list[str]:
    """Return the keys whose value is not what ``left`` says; keys that one has not do not count."""
    return [name for name, value in left.items() if name in state and state[name] != value]


def changed_names(entry: HistoryEntry) -> list[str]:
    """Return the keys that an entry of a change changed."""
    before, after = entry.antes or {}, entry.depois or {}
    return [name for name in after if name in before and before[name] != after[name]]


def made_by(group: str, resource: str, keys: Sequence[int]) -> set[int]:
    """Return those of the records ``keys`` that ``group`` itself created."""
    entries = HistoryEntry.objects.filter(
        recurso=resource, registro_id__in=keys, grupo=group, acao=Action.CREATED
    )
    return set(entries.values_list("registro_id", flat=True))


def edited_reason(model: type[Record], names: Sequence[str]) -> str:
    """Say that fields were edited since."""
    labels = ", ".join(fitting.label_of(model, name) for name in names)
    return _("edited since: %(fields)s") % {"fields": labels}


def gone_since(model: type[Record], entry: HistoryEntry) -> str:
    """Say what became of a record that has no row."""
    key = entry.registro_id
    target = redirects.survivors(model.RESOURCE, [key]).get(key)
    return _("deleted since") if target is None else gone_reason(model.RESOURCE, target)


def gone_reason(resource: str, target: int) -> str:
    """Say into what a record was merged."""
    return _("merged since into %(resource)s/%(id)s") % {"resource": resource, "id": target}


def stayed(model: type[Record], entry: HistoryEntry, reason: str) -> Stayed:
    """Return the line about the record of ``entry``."""
    name = fitting.name_in(model, entry.depois or entry.antes)
    return Stayed(model.RESOURCE, entry.registro_id, name, reason)


def edited_since(group: str, below: int | None = None, most: int = NAMED) -> list[Stayed]:
    """Return the records that ``group`` changed and somebody edited since, at most ``most``."""
    found: list[Stayed] = []
    seen: set[tuple[str, int]] = set()
    last = below
    while len(found) < most:
        entries = list(entries_of(group, last)[:BATCH])
        for run in runs(entries):
            for line in edited_among(group, below, run):
                if (line.resource, line.key) not in seen:
                    seen.add((line.resource, line.key))
                    found.append(line)
        if len(entries) < BATCH:
            break
        last = entries[-1].pk
    return found[:most]


def edited_among(group: str, below: int | None, run: Sequence[HistoryEntry]) -> list[Stayed]:
    """Return those of ``run``, entries of one resource and kind, that were edited since."""
    if run[0].acao not in (Action.CREATED, Action.CHANGED, Action.RESTORED):
        return []
    model = model_of(run[0].recurso)
    keys = [entry.registro_id for entry in run]
    records = list(model._default_manager.filter(pk__in=keys))
    model.fetch_links(records)
    states = {record.pk: record.state() for record in records}
    left = left_by(group, below, run)
    made = made_by(group, model.RESOURCE, keys)
    found = []
    for entry in run:
        last = left[entry.registro_id]
        state = states.get(entry.registro_id)
        whole = entry.acao != Action.CHANGED or entry.registro_id in made
        if state is None:
            if not whole and last is not None:
                found.append(stayed(model, entry, gone_since(model, entry)))
            continue
        if last is None:  # the action deleted it in the end, and it is there again
            continue
        names = differing(state, last)
        if not whole:
            before = entry.antes or {}
            ours = set(changed_names(entry))
            names = [name for name in names if name in ours and state[name] != before[name]]
        if names:
            found.append(stayed(model, entry, edited_reason(model, names)))
    return found


def left_by(
    group: str, below: int | None, run: Sequence[HistoryEntry]
) -> dict[int, dict[str, Any] | None]:
    """Return the state in which ``group`` left each record of ``run``, None where it deleted it.

    As far as it still stands: what is taken back already does not count.
    """
    keys = [entry.registro_id for entry in run]
    entries = entries_of(group, below).filter(recurso=run[0].recurso, registro_id__in=keys)
    newest = entries.order_by().values("registro_id").annotate(last=Max("id"))
    last = dict(newest.values_list("registro_id", "last"))
    known = {entry.pk: entry.depois for entry in run}
    others = [key for key in last.values() if key not in known]
    known |= dict(HistoryEntry.objects.filter(pk__in=others).values_list("pk", "depois"))
    return {record_id: known[key] for record_id, key in last.items()}
