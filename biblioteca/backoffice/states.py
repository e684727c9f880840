"""States of records as people read them: names instead of ids, and what differs between two."""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from biblioteca.photos.storage import public_url
from biblioteca.records import fitting
from biblioteca.records.models import HistoryEntry, Record

State = Mapping[str, Any]
PICTURE = "foto"
NOTHING = "–"
# Longer texts are shown whole, but not compared word by word.
COMPARED_WORDS = 600


@dataclass(frozen=True)
class Piece:
    """A stretch of text that both have, or only the former or the later one."""

    kind: str  # "same", "removed", "added"
    text: str


@dataclass(frozen=True)
class Difference:
    """One field of two states."""

    name: str
    label: str
    old: str
    new: str
    pieces: list[Piece]
    old_image: str = ""
    new_image: str = ""


class Reader:
    """Reads states of one model; the names of all that they refer to are fetched at once."""

    def __init__(self, model: type[Record], states: Iterable[State | None]) -> None:
        self.model = model
        self.names: dict[str, dict[int, str]] = {}
        wanted: dict[str, set[int]] = defaultdict(set)
        for state in states:
            for name, value in (state or {}).items():
                wanted[name].update(fitting.ids_in(value) if model.REFERENCES.get(name) else ())
        for name, keys in wanted.items():
            related = model.REFERENCES.get(name)
            if related is not None and keys:
                self.names[name] = names_of(related, keys)

    def text(self, name: str, value: Any) -> str:
        """Return a value in words."""
        if value in (None, "", []):
            return NOTHING
        if self.model.REFERENCES.get(name) is not None:
            names = [self.name(name, key) for key in fitting.ids_in(value)]
            if not isinstance(value, list):
                return names[0]
            return "\n".join(f"{place}. {text}" for place, text in enumerate(names, start=1))
        if name == fitting.IDENTIFIERS:
            return "\n".join(f"{scheme} {number}" for scheme, number in value)
        return public_url(value) if name == PICTURE else str(value)

    def name(self, field: str, key: int) -> str:
        """Return the name of a record that a field refers to."""
        return self.names.get(field, {}).get(key, f"#{key}")

    def image(self, name: str, value: Any) -> str:
        """Return the address of the picture that a value is, if it is one."""
        return public_url(value) if name == PICTURE and value else ""

    def difference(self, name: str, old: Any, new: Any) -> Difference:
        """Return one field of two states."""
        old_text, new_text = self.text(name, old), self.text(name, new)
        return Difference(
            name,
            fitting.label_of(self.model, name),
            old_text,
            new_text,
            [] if name == PICTURE else pieces(old_text, new_text),
            self.image(name, old),
            self.image(name, new),
        )

    def differences(self, old: State | None, new: State | None) -> list[Difference]:
        """Return the fields in which two states differ, in the order of the state's keys."""
        old, new = old or {}, new or {}
        names = [*new, *(name for name in old if name not in new)]
        fields = set(self.model().state())
        found = [
            self.difference(name, old.get(name), new.get(name))
            for name in names
            if old.get(name) != new.get(name) and name in fields
        ]
        return [field for field in found if field.old != field.new]


def names_of(model: type[Record], keys: Iterable[int]) -> dict[int, str]:
    """Return titles or names; of those that are gone, the last one that history knows."""
    wanted = set(keys)
    rows = model._default_manager.filter(pk__in=wanted)
    names = dict(rows.values_list("pk", model.TEXT_FIELD))
    if missing := wanted - names.keys():
        entries = HistoryEntry.objects.filter(recurso=model.RESOURCE, registro_id__in=missing)
        for key, before in entries.order_by("id").values_list("registro_id", "antes"):
            if text := fitting.name_in(model, before):
                names[key] = _("%(name)s (not there any more)") % {"name": text}
    return names


def pieces(old: str, new: str) -> list[Piece]:
    """Return ``new`` as what it keeps of ``old``, what was taken away and what was added."""
    before, after = words(old), words(new)
    if NOTHING in (old, new) or max(len(before), len(after)) > COMPARED_WORDS:
        return []
    found: list[Piece] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, low, high, new_low, new_high in matcher.get_opcodes():
        if kind == "equal":
            found.append(Piece("same", "".join(before[low:high])))
            continue
        if high > low:
            found.append(Piece("removed", "".join(before[low:high])))
        if new_high > new_low:
            found.append(Piece("added", "".join(after[new_low:new_high])))
    # Nothing in common: side by side says it better.
    return found if any(piece.kind == "same" and piece.text.strip() for piece in found) else []


def words(text: str) -> list[str]:
    """Return ``text`` in words and what stands between them."""
    return re.findall(r"\w+|\s+|[^\w\s]", text)
