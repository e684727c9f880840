"""``/obras/{id}/identificadores/``: the identifiers of one record, read and replaced as a list."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.fields import get_error_detail
from rest_framework.request import Request
from rest_framework.response import Response

from biblioteca.api import links
from biblioteca.api.exceptions import IdentifierTaken
from biblioteca.api.parameters import Parameter
from biblioteca.api.parsers import StrictJSONParser
from biblioteca.api.versions import check_preconditions, is_unmodified
from biblioteca.api.viewsets import CatalogueViewSet
from biblioteca.records import writing
from biblioteca.records.connections import survives_dead_connection
from biblioteca.records.identifiers import clean_identifier, holders
from biblioteca.records.models import Record

MAXIMUM = 50


@extend_schema_serializer(many=True)
class IdentifierSerializer(serializers.Serializer):
    """``{"esquema": "isbn", "valor": "9788535910636"}``."""

    esquema = serializers.CharField(max_length=40, help_text="isbn, issn, or another scheme.")
    valor = serializers.CharField(max_length=400, help_text="Hyphens and ISBN-10 are accepted.")


def read_identifiers(data: Any) -> list[list[str]]:
    """Return the clean pairs of a body, in order of scheme and value.

    Raises ValidationError naming each item that is at fault.
    """
    if not isinstance(data, list):
        raise serializers.ValidationError({"non_field_errors": [error("not_a_list")]})
    if len(data) > MAXIMUM:
        raise serializers.ValidationError({"non_field_errors": [error("too_many")]})
    errors: dict[Any, Any] = {}
    pairs: list[list[str]] = []
    for place, item in enumerate(data):
        try:
            pair = read_identifier(item)
        except serializers.ValidationError as fault:
            errors[place] = fault.detail
            continue
        if pair in pairs:
            errors[place] = [error("repeated")]
        pairs.append(pair)
    if errors:
        raise serializers.ValidationError(errors)
    return sorted(pairs)


def error(code: str) -> serializers.ErrorDetail:
    """Return the message of a fault of the list."""
    messages = {
        "not_a_list": _("A list of identifiers is needed."),
        "too_many": _("At most %d identifiers.") % MAXIMUM,
        "repeated": _("This identifier stands twice."),
        "not_an_object": _("A JSON object is needed."),
        "invalid": _("Not a text."),
        "required": _("This key is required."),
        "unknown_key": _("There is no such key here. Known: %s.") % "esquema, valor",
    }
    return serializers.ErrorDetail(messages[code], code=code)


def read_identifier(item: Any) -> list[str]:
    """Return one clean pair. Raises ValidationError."""
    if not isinstance(item, dict):
        raise serializers.ValidationError([error("not_an_object")])
    keys = ("esquema", "valor")
    faults: dict[str, Any] = {key: [error("unknown_key")] for key in item if key not in keys}
    for key in keys:
        if key not in item:
            faults[key] = [error("required")]
        elif not isinstance(item[key], str):
            faults[key] = [error("invalid")]
    if faults:
        raise serializers.ValidationError(faults)
    try:
        return list(clean_identifier(item["esquema"], item["valor"]))
    except DjangoValidationError as fault:
        field = "esquema" if fault.code == "invalid_scheme" else "valor"
        raise serializers.ValidationError({field: get_error_detail(fault)}) from fault


class IdentifiersView(CatalogueViewSet):
    """The identifiers of one record."""

    serializer_class = IdentifierSerializer
    pagination_class = None  # type: ignore[assignment]
    filter_backends = []
    parser_classes = [StrictJSONParser]

    def answer_components(self) -> dict[str, dict[str, Any]]:
        """Return the schema of an identifier."""
        text = {"type": "string"}
        return {
            "Identificador": {
                "type": "object",
                "properties": {"esquema": text, "valor": text},
                "required": ["esquema", "valor"],
                "additionalProperties": False,
            }
        }

    def item_schema(self) -> dict[str, Any]:
        """Return the schema of what a write answers: the whole list."""
        return self.list_schema()

    def list_schema(self) -> dict[str, Any]:
        """Return the schema of the list, which has no pages."""
        return {"type": "array", "items": {"$ref": "#/components/schemas/Identificador"}}

    def refusals_of(self, action: str) -> Sequence[int]:
        """Return 409 for an identifier that another record has."""
        return (409,) if action == "update" else ()

    def parameters_of(self, action: str) -> Sequence[Parameter]:
        """Return no parameters: there are none."""
        return ()

    def tag_of(self, record: Any) -> str:
        """Return the ETag: the list is its own version."""
        content = json.dumps(record.identifiers).encode()
        digest = hashlib.sha256(content).hexdigest()[:32]
        return f'"{record.RESOURCE}-{record.pk}-identificadores-{digest}"'

    def body_of(self, record: Any) -> list[dict[str, str]]:
        """Return the representation."""
        return [{"esquema": scheme, "valor": value} for scheme, value in record.identifiers]

    @survives_dead_connection
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with all identifiers of the record."""
        record = self.get_object()
        tag = self.tag_of(record)
        if is_unmodified(request, tag):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": tag})
        return Response(self.body_of(record), headers={"ETag": tag})

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Replace all identifiers of the record."""
        self.get_object()
        pairs = read_identifiers(request.data)

        def work() -> Record:
            record = self.locked_object()
            current = {"identificadores": self.body_of(record)}
            check_preconditions(request, self.tag_of(record), current)
            self.check_free(request, record, pairs)
            writing.update(record, {"identificadores": pairs})
            return record

        record = self.write(work)
        return Response(self.body_of(record), headers={"ETag": self.tag_of(record)})

    def check_free(self, request: Request, record: Record, pairs: Sequence[Sequence[str]]) -> None:
        """Raise IdentifierTaken, with where, when another record has one of ``pairs``."""
        taken = holders(record, [(scheme, value) for scheme, value in pairs])
        for (scheme, value), key in sorted(taken.items()):
            link = links.absolute(request, links.item_path(record.RESOURCE, key))
            members = {"identificador": f"{scheme}:{value}", "link": link}
            raise IdentifierTaken(members=members)
