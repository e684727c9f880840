"""What the serializers of all resources share."""

from collections.abc import Mapping, MutableMapping
from typing import Any, cast

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from biblioteca.api.fields import TextField
from biblioteca.photos.fields import PhotoField
from biblioteca.photos.storage import public_url
from biblioteca.records.models import NamedRecord


class ContractSerializer(serializers.Serializer):
    """Reads a body strictly and writes exactly the contract's keys, in its order.

    The class is what PUT takes (every key required) and, with ``partial``, what PATCH takes;
    POST takes :meth:`for_creation`, where ``foto`` may be left out.
    """

    default_error_messages = {
        "not_an_object": _("A JSON object is needed."),
        "unknown_key": _("There is no such key here. Known: {known}."),
    }

    def run_validation(self, data: Any = empty) -> Any:
        """Return the clean values. Raises ValidationError for a body that is no object."""
        if not isinstance(data, Mapping):
            message = str(self.error_messages["not_an_object"])
            detail = serializers.ErrorDetail(message, code="not_an_object")
            raise serializers.ValidationError({"non_field_errors": [detail]})
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the clean values. Raises ValidationError naming every field that is at fault."""
        errors: dict[str, Any] = {}
        # A client may send back the id that it was given; it is ignored.
        for key in data.keys() - self.fields.keys() - {"id"}:
            message = str(self.error_messages["unknown_key"]).format(known=", ".join(self.writable))
            errors[key] = [serializers.ErrorDetail(message, code="unknown_key")]
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            errors = {**cast("dict[str, Any]", error.detail), **errors}
        if errors:
            raise serializers.ValidationError(errors)
        return values

    @classmethod
    def answer_schema(cls) -> dict[str, Any]:
        """Return the OpenAPI schema of the representation."""
        properties = {"id": {"type": "integer", "format": "int64"}} | cls.answer_properties()
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    @classmethod
    def answer_properties(cls) -> dict[str, Any]:
        """Return the schema of each key behind the id, in order."""
        raise NotImplementedError

    @staticmethod
    def represent(record: Any) -> dict[str, Any]:
        """Return the contract's representation of a record.

        A function of the record alone: making a serializer costs more than what it would do here.
        """
        raise NotImplementedError

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return the contract's representation."""
        return self.represent(instance)

    @property
    def writable(self) -> list[str]:
        """The keys that a body may have."""
        return [name for name, field in self.fields.items() if not field.read_only]

    def check_references(self, values: MutableMapping[str, Any]) -> None:
        """Look once more whether the records that ``values`` names exist.

        Called inside the transaction of the write: they may have been deleted since the body was
        read, or merged into others, which take their places. Raises ValidationError.
        """
        for name, field in self.fields.items():
            source = str(field.source)
            if source in values and hasattr(field, "existing"):
                try:
                    values[source] = field.existing(values[source])
                except serializers.ValidationError as error:
                    raise serializers.ValidationError({name: error.detail}) from error


def for_creation(serializer_class: type[ContractSerializer]) -> type[ContractSerializer]:
    """Return the serializer that POST takes: ``foto`` may be left out and is then empty."""
    name = serializer_class.__name__.replace("Serializer", "CreateSerializer")
    fields = {"foto": PhotoField(required=False, default="")}
    documentation = {"__doc__": f"{serializer_class.__doc__} As POST takes it."}
    return type(name, (serializer_class,), fields | documentation)


class NamedSerializer(ContractSerializer):
    """``{"id", "nome", "foto"}``."""

    id = serializers.IntegerField(read_only=True)
    nome = TextField(max_length=NamedRecord.NAME_LENGTH)
    foto = PhotoField()

    @classmethod
    def answer_properties(cls) -> dict[str, Any]:
        """Return the schema of name and picture."""
        return {"nome": {"type": "string"}, "foto": {"type": "string"}}

    @staticmethod
    def represent(record: Any) -> dict[str, Any]:
        """Return the contract's representation."""
        return represent_named(record)


def represent_named(record: NamedRecord) -> dict[str, Any]:
    """Return an author or publisher as the contract shows it."""
    return {"id": record.pk, "nome": record.nome, "foto": public_url(record.foto)}
