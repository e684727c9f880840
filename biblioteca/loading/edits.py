"""Which fields of a record a person set: a file does not change these."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from biblioteca.records.models import HistoryEntry, Record

# Doors by which programs write on behalf of nobody in particular.
PROGRAMS = ("carga", "comando")
UNDOING, MERGING = "desfazer:", "fusao:"

# Door, group, state before, state after.
Entry = tuple[str, str, dict[str, Any] | None, dict[str, Any] | None]


def edited_fields(
    model: type[Record], fields: Mapping[int, Iterable[str]]
) -> dict[int, frozenset[str]]:
    """Return, for each record, those of its ``fields`` whose present value a person gave them."""
    rows = (
        HistoryEntry.objects.filter(recurso=model.RESOURCE, registro_id__in=fields)
        .order_by("-id")
        .values_list("registro_id", "porta", "grupo", "antes", "depois")
    )
    timelines: dict[int, list[Entry]] = defaultdict(list)
    for key, door, group, before, after in rows:
        timelines[key].append((door, group, before, after))
    return {
        key: frozenset(name for name in names if is_edited(timelines[key], name))
        for key, names in fields.items()
    }


def is_edited(timeline: Iterable[Entry], field: str) -> bool:
    """Tell whether a person set the present value of ``field``; ``timeline`` is newest first.

    What was taken back does not count: the value is whoever's it was before. Nor does a merge, by
    which the same authors are called by another id.
    """
    current: Any = None
    known = False
    for door, group, before, after in timeline:
        if after is None or field not in after:
            continue
        if not known:
            current, known = after[field], True
        if after[field] != current or (before is not None and before.get(field) == current):
            continue
        if group.startswith(MERGING):
            current = before[field] if before else current
        elif not group.startswith(UNDOING):
            return door not in PROGRAMS
    return False
