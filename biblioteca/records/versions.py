"""Former versions of one record: what they were, and bringing one back."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from biblioteca.records import fitting, redirects, writing
from biblioteca.records.models import HistoryEntry, Record

# Stands in a history entry whose contents were removed for a person's sake.
EXPUNGED = "expurgado"


class CannotRestoreError(Exception):
    """The version cannot be brought back; the text says why."""


@dataclass
class Restored:
    """What bringing a version back did."""

    changed: bool
    losses: list[str] = field(default_factory=list)


def is_expunged(state: dict[str, Any] | None) -> bool:
    """Tell whether the contents of a state were removed for a person's sake."""
    return bool(state) and EXPUNGED in (state or {})


def state_at(entry: HistoryEntry) -> dict[str, Any]:
    """Return the record's state after ``entry``; for a deletion or a merge the one before it."""
    return (entry.depois if entry.depois is not None else entry.antes) or {}


def check(model: type[Record], state: dict[str, Any]) -> None:
    """Raise CannotRestoreError for a state from which no record can be made."""
    if is_expunged(state):
        raise CannotRestoreError(_("The contents of this version were removed for good."))
    if not state.get(model.TEXT_FIELD):
        raise CannotRestoreError(_("This version has no title or name."))


def restore_version(record: Record, entry: HistoryEntry) -> Restored:
    """Set ``record``, whose row the caller holds locked, to its state at ``entry``.

    Raises CannotRestoreError.
    """
    model = type(record)
    if (entry.recurso, entry.registro_id) != (model.RESOURCE, record.pk):
        raise CannotRestoreError(_("This version is of another record."))
    state = state_at(entry)
    check(model, state)
    known = record.state()
    wanted = {name: value for name, value in state.items() if name in known}
    values, losses = fitting.fit(model, {record.pk: wanted})
    changed = writing.update(record, values[record.pk])
    return Restored(changed, losses.get(record.pk, []))


def restore_deleted(model: type[Record], key: int, typed: dict[str, Any] | None = None) -> Restored:
    """Bring back the record ``key`` of ``model`` with its links, as it was when it was deleted.

    ``typed`` is a part of a state that takes the place of what it had. Raises CannotRestoreError
    when the record is there, was merged away, or nothing is known of it.
    """
    if model._default_manager.filter(pk=key).exists():
        raise CannotRestoreError(_("It is there already."))
    target = redirects.survivors(model.RESOURCE, [key]).get(key)
    if target is not None:
        text = _("It was merged into %(resource)s/%(id)s: undo the merge.")
        raise CannotRestoreError(text % {"resource": model.RESOURCE, "id": target})
    entry = deletion_of(model.RESOURCE, key)
    if entry is None:
        raise CannotRestoreError(_("Nothing is known of it."))
    state = (entry.antes or {}) | (typed or {})
    check(model, state)
    known = model().state()
    wanted = {name: value for name, value in state.items() if name in known}
    values, losses = fitting.fit(model, {key: known | wanted})
    writing.restore(model, key, values[key])
    return Restored(True, losses.get(key, []))


def deletion_of(resource: str, key: int) -> HistoryEntry | None:
    """Return the last deletion of a record."""
    entries = HistoryEntry.objects.filter(recurso=resource, registro_id=key)
    return entries.filter(acao=HistoryEntry.Action.DELETED).order_by("-id").first()
