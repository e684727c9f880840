"""Serializer fields of the contract: strict in what they take, silent in what they convert."""

import re
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty, get_error_detail

from biblioteca.api.parameters import MAX_ID
from biblioteca.records.models import Record
from biblioteca.records.redirects import resolve, survivor_of
from biblioteca.records.text import clean_text

DIGITS = re.compile(r"[0-9]{1,40}")
REFERENCE_SCHEMA = {
    "oneOf": [
        {"type": "integer", "format": "int64", "minimum": 1},
        {"type": "string", "pattern": "^[0-9]+$"},
    ]
}


def parse_reference(data: Any) -> int:
    """Return the id that ``data`` writes. Raises TypeError for anything but digits."""
    if isinstance(data, int) and not isinstance(data, bool):
        return data
    if isinstance(data, str) and DIGITS.fullmatch(data):
        return int(data)
    raise TypeError


class OneValueField(serializers.Field):
    """A field that a form may send once only."""

    default_error_messages = {"repeated": _("This field stands more than once.")}

    def get_value(self, dictionary: Any) -> Any:
        """Return the raw value; a field that is absent from a form is absent, not empty."""
        if isinstance(dictionary, QueryDict):
            values = dictionary.getlist(str(self.field_name))
            if len(values) > 1:
                return Repeated
            return values[0] if values else empty
        return dictionary.get(self.field_name, empty)

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        """Refuse a repeated form field before anything looks at its value."""
        if data is Repeated:
            self.fail("repeated")
        return super().validate_empty_values(data)


class Repeated:
    """Stands for a form field that was sent more than once."""


@extend_schema_field({"type": "string", "minLength": 1})
class TextField(OneValueField):
    """A title or name, stored in NFC with its white space collapsed."""

    default_error_messages = {"invalid": _("Not a text.")}

    def __init__(self, *, max_length: int, **options: Any) -> None:
        super().__init__(**options)
        self.max_length = max_length

    def to_internal_value(self, data: Any) -> str:
        """Return the clean text."""
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return clean_text(data, self.max_length)
        except DjangoValidationError as error:
            raise serializers.ValidationError(get_error_detail(error)) from error

    def to_representation(self, value: str) -> str:
        """Return the text as it is stored."""
        return value


@extend_schema_field(REFERENCE_SCHEMA)
class ReferenceField(OneValueField):
    """The id of another record; an empty form field stands for null."""

    default_error_messages = {
        "invalid_id": _("An id is a whole number, or a string of digits."),
        "does_not_exist": _("There is no record with the id {id}."),
    }

    def __init__(self, *, model: type[Record], **options: Any) -> None:
        super().__init__(**options)
        self.model = model

    def get_value(self, dictionary: Any) -> Any:
        """Return the raw value, None for an empty form field."""
        value = super().get_value(dictionary)
        return None if value == "" and isinstance(dictionary, QueryDict) else value

    def to_internal_value(self, data: Any) -> int:
        """Return the id of a record that exists."""
        try:
            key = parse_reference(data)
        except TypeError:
            self.fail("invalid_id")
        return self.existing(key)

    def existing(self, key: Any) -> Any:
        """Return ``key``, or the id of the record that this one was merged into; None for None.

        Raises ValidationError when there is no such record.
        """
        if key is None:
            return None
        possible = 0 < key <= MAX_ID
        if possible and self.model._default_manager.filter(pk=key).exists():
            return key
        survivor = survivor_of(self.model, key) if possible else None
        if survivor is None:
            self.fail("does_not_exist", id=key)
        return survivor

    def to_representation(self, value: int) -> int:
        """Return the id."""
        return value


@extend_schema_field({"type": "array", "items": REFERENCE_SCHEMA, "uniqueItems": True})
class ReferenceListField(serializers.Field):
    """The ids of other records, in the client's order, none twice."""

    default_error_messages = {
        "not_a_list": _("Not a list of ids."),
        "invalid_id": _("An id is a whole number, or a string of digits."),
        "does_not_exist": _("There is no record with the id {id}."),
        "repeated_id": _("The id {id} stands twice."),
        "too_many": _("At most {maximum} ids."),
    }
    maximum = 1000

    def __init__(self, *, model: type[Record], **options: Any) -> None:
        super().__init__(**options)
        self.model = model

    def get_value(self, dictionary: Any) -> Any:
        """Return the raw ids; a form repeats the field, one empty value is the empty list."""
        if isinstance(dictionary, QueryDict):
            if self.field_name not in dictionary:
                return empty
            values = dictionary.getlist(str(self.field_name))
            return [] if values == [""] else values
        return dictionary.get(self.field_name, empty)

    def to_internal_value(self, data: Any) -> list[int]:
        """Return the ids, each of a record that exists."""
        if not isinstance(data, list):
            self.fail("not_a_list")
        if len(data) > self.maximum:
            self.fail("too_many", maximum=self.maximum)
        keys: list[int] = []
        errors: dict[Any, Any] = {}
        for place, item in enumerate(data):
            try:
                key = parse_reference(item)
            except TypeError:
                errors[place] = [self.error("invalid_id")]
                continue
            if key in keys:
                errors[place] = [self.error("repeated_id", id=key)]
            keys.append(key)
        if errors:
            raise serializers.ValidationError(errors)
        return self.existing(keys)

    def existing(self, keys: list[int]) -> list[int]:
        """Return ``keys``, with the survivor in the place of a record that was merged away.

        Raises ValidationError naming each id that no record has, or whose survivor stands twice.
        """
        stored = self.stored(keys)
        if len(stored) == len(keys):
            return keys
        absent = [key for key in keys if key not in stored and 0 < key <= MAX_ID]
        final = resolve(str(self.model.RESOURCE), absent) if absent else {}
        stored |= self.stored([final[key] for key in absent if final[key] != key])
        errors: dict[Any, Any] = {}
        found: list[int] = []
        for place, key in enumerate(keys):
            survivor = final.get(key, key)
            if survivor not in stored:
                errors[place] = [self.error("does_not_exist", id=key)]
            elif survivor in found:
                errors[place] = [self.error("repeated_id", id=survivor)]
            found.append(survivor)
        if errors:
            raise serializers.ValidationError(errors)
        return found

    def stored(self, keys: list[int]) -> set[int]:
        """Return those of ``keys`` that records have."""
        possible = [key for key in keys if 0 < key <= MAX_ID]
        if not possible:
            return set()
        return set(self.model._default_manager.filter(pk__in=possible).values_list("pk", flat=True))

    def error(self, code: str, **values: Any) -> serializers.ErrorDetail:
        """Return one of the field's messages with its code."""
        message = str(self.error_messages[code]).format(**values)
        return serializers.ErrorDetail(message, code=code)

    def to_representation(self, value: list[int]) -> list[int]:
        """Return the ids."""
        return value
