"""Form fields for what a record refers to."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from biblioteca.backoffice.checkdigits import explain
from biblioteca.backoffice.widgets import (
    IdentifierRows,
    OrderedRecords,
    RecordPicker,
    Related,
    read_key,
)
from biblioteca.records.identifiers import clean_identifier
from biblioteca.records.models import Record

MOST_IDENTIFIERS = 50


class RecordField(forms.ModelChoiceField):
    """One record or none."""

    widget: RecordPicker

    default_error_messages = {
        "invalid_choice": _("Choose one from the list, or create it: what is typed names none."),
    }

    def __init__(self, source: type[Record], field: str, **options: Any) -> None:
        related = Related(source, field)
        records = related.model._default_manager.all()
        super().__init__(records, widget=RecordPicker(related), **options)


class OrderedRecordsField(forms.Field):
    """Several records in order, none twice; gives their ids."""

    default_error_messages = {
        "unknown": _("There is no record %(id)s (any more): choose another one."),
        "repeated": _("“%(name)s” stands twice."),
    }

    def __init__(self, source: type[Record], field: str, **options: Any) -> None:
        self.related = Related(source, field)
        super().__init__(widget=OrderedRecords(self.related), **options)

    def clean(self, value: Sequence[Any] | None) -> list[int]:
        """Return the ids. Raises ValidationError for one that does not exist or stands twice."""
        given = [str(key) for key in super().clean(value) or []]
        names = {row["id"]: row["text"] for row in self.related.rows(given)}
        keys: list[int] = []
        for text in given:
            key = read_key(text)
            if key is None or key not in names:
                params = {"id": text[:20]}
                raise ValidationError(self.error_messages["unknown"], "unknown", params)
            if key in keys:
                params = {"name": names[key]}
                raise ValidationError(self.error_messages["repeated"], "repeated_id", params)
            keys.append(key)
        return keys

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare the orders as texts."""
        return [str(key) for key in initial or []] != [str(key) for key in data or []]


class IdentifiersField(forms.Field):
    """The identifiers of a record; gives clean pairs in order."""

    widget = IdentifierRows

    def clean(self, value: Iterable[Sequence[str]] | None) -> list[list[str]]:
        """Return the pairs as they are stored. Raises ValidationError naming each fault."""
        pairs: list[list[str]] = []
        faults: list[ValidationError] = []
        for scheme, number in value or []:
            try:
                pair = list(clean_identifier(scheme, number))
            except ValidationError as error:
                faults.append(named(f"{scheme} {number}".strip(), explain(scheme, number, error)))
                continue
            if pair in pairs:
                faults.append(named(" ".join(pair), _("This identifier stands twice.")))
            pairs.append(pair)
        if len(pairs) > MOST_IDENTIFIERS:
            message = _("At most %(most)d identifiers.")
            faults.append(ValidationError(message, "too_many", {"most": MOST_IDENTIFIERS}))
        if faults:
            raise ValidationError(faults)
        return sorted(pairs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare the pairs, whatever the order of the rows."""
        return sorted(map(list, initial or [])) != sorted(map(list, data or []))


def named(name: str, message: Any) -> ValidationError:
    """Return the fault of the identifier that was written as ``name``."""
    return ValidationError("%(name)s: %(fault)s", "invalid", {"name": name, "fault": message})
