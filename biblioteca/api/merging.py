"""``POST /autores/{id}/fundir``, and ``/fusoes/``: merging over REST, and taking it back."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from biblioteca.api import links
from biblioteca.api.exceptions import AlreadyUndone
from biblioteca.api.fields import ReferenceListField
from biblioteca.api.idempotency import ticket_of
from biblioteca.api.parameters import MAX_ID, Filter, Parameter, read_choice
from biblioteca.api.parsers import StrictJSONParser
from biblioteca.api.redirects import absent, read_item_id
from biblioteca.api.versions import is_unmodified
from biblioteca.api.viewsets import CatalogueListView, ContractView
from biblioteca.records.connections import survives_dead_connection
from biblioteca.records.merging import (
    MOST,
    RefusedMergeError,
    SurvivorMissingError,
    merge,
    referrers,
)
from biblioteca.records.models import Merge, Record
from biblioteca.records.registry import record_models
from biblioteca.records.unmerging import AlreadyUndoneError, undo

ID = {"type": "integer", "format": "int64"}
TIME = {"type": "string", "format": "date-time"}


class MergedIdsField(ReferenceListField):
    """The ids of the records to merge; whether they can be is the merge's to say."""

    maximum = MOST

    def existing(self, keys: list[int]) -> list[int]:
        """Return ``keys``. Raises ValidationError for those that no record could have."""
        errors: Any = {
            place: [self.error("does_not_exist", id=key)]
            for place, key in enumerate(keys)
            if not 0 < key <= MAX_ID
        }
        if errors:
            raise serializers.ValidationError(errors)
        return keys


@cache
def serializer_for(model: type[Record]) -> type[serializers.Serializer]:
    """Return the serializer of ``{"autores": [8, 9]}``: what is merged into the path's record."""
    fields = {model.RESOURCE: MergedIdsField(model=model)}
    documentation = {"__doc__": "What is merged into the record of the path."}
    name = f"{model.__name__}FundirSerializer"
    return type(name, (serializers.Serializer,), fields | documentation)


def read_body(data: Any, known: Sequence[str]) -> Mapping[str, Any]:
    """Return the body, an object of ``known`` keys only. Raises ValidationError."""
    if not isinstance(data, Mapping):
        detail = serializers.ErrorDetail(_("A JSON object is needed."), code="not_an_object")
        raise exceptions.ValidationError({"non_field_errors": [detail]})
    words = _("There is no such key here. Known: %s.") % (", ".join(known) or "-")
    errors = {
        key: [serializers.ErrorDetail(words, code="unknown_key")]
        for key in data
        if key not in known
    }
    if errors:
        raise exceptions.ValidationError(errors)
    return data


def represent(merged: Merge) -> dict[str, Any]:
    """Return a merge: what went where, and how many records refer to the survivor by it."""
    details = merged.detalhes
    return {
        "id": merged.pk,
        "recurso": merged.recurso,
        "destino": merged.destino_id,
        "origens": [origin["id"] for origin in details["origens"]],
        **details["alterados"],
    }


def represent_whole(merged: Merge) -> dict[str, Any]:
    """Return a merge with when it was done, and when undone."""
    undone = merged.desfeita_em
    return represent(merged) | {
        "momento": merged.momento.isoformat(),
        "desfeita": undone.isoformat() if undone else None,
    }


def merge_schema(whole: bool) -> dict[str, Any]:
    """Return the schema of a merge."""
    mergeable = [model for model in record_models().values() if referrers(model)]
    counted = sorted({other.RESOURCE for model in mergeable for other in referrers(model)})
    properties: dict[str, Any] = {
        "id": ID,
        "recurso": {"type": "string", "enum": [model.RESOURCE for model in mergeable]},
        "destino": ID | {"description": "The record that is left."},
        "origens": {"type": "array", "items": ID, "description": "Merged into it, in order."},
    }
    for name in counted:
        says = "How many refer to the survivor instead."
        properties[name] = {"type": "integer", "minimum": 0, "description": says}
    if whole:
        properties |= {"momento": TIME, "desfeita": TIME | {"nullable": True}}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


class MergeView(ContractView):
    """Merge records of one resource into the one that the path names."""

    model: ClassVar[type[Record]]
    schema_name: ClassVar[str] = "records"
    parser_classes = [StrictJSONParser]
    filter_backends = []
    pagination_class = None

    def get_serializer_class(self) -> type[serializers.Serializer]:
        """Return the serializer of the body, whose key is the resource."""
        return serializer_for(self.model)

    def answer_components(self) -> dict[str, dict[str, Any]]:
        """Return the schema of what was merged."""
        return {"FusaoFeita": merge_schema(whole=False)}

    def item_schema(self) -> dict[str, Any]:
        """Return the schema of the answer."""
        return {"$ref": "#/components/schemas/FusaoFeita"}

    def refusals_of(self, action: str) -> Sequence[int]:
        """Return nothing beside what every merge answers."""
        return ()

    def merge(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Merge, once for one Idempotency-Key."""
        key = read_item_id(self.kwargs["pk"])
        ticket = ticket_of(request)
        if ticket and (first := ticket.answer()):
            return first
        if not self.model._default_manager.filter(pk=key).exists():
            raise absent(request, self.model, key)
        name = self.model.RESOURCE
        serializer = self.get_serializer(data=read_body(request.data, [name]))
        serializer.is_valid(raise_exception=True)

        def work() -> Response:
            try:
                merged = merge(self.model, key, serializer.validated_data[name])
            except SurvivorMissingError as error:
                raise absent(request, self.model, key) from error
            except RefusedMergeError as refused:
                raise self.refusal(refused) from refused
            path = links.item_path(Merge.RESOURCE, merged.pk)
            headers = {"Location": links.absolute(request, path)}
            return Response(represent(merged), status.HTTP_201_CREATED, headers=headers)

        return self.write_once(ticket, work)

    def refusal(self, refused: RefusedMergeError) -> exceptions.ValidationError:
        """Return the answer that names each id at fault."""
        faults: Any = {
            place: [serializers.ErrorDetail(words, code=code)]
            for place, (code, words) in refused.faults.items()
        }
        whole = [
            fault for details in faults.values() for fault in details if fault.code == "length"
        ]
        return exceptions.ValidationError({self.model.RESOURCE: whole or faults})


RESOURCE = Filter(
    "recurso",
    "Merges of records of this resource.",
    lambda text: read_choice([model.RESOURCE for model in record_models().values()])(text),
    {"type": "string"},
    lambda queryset, value: queryset.filter(recurso=value),
)


class MergesView(CatalogueListView):
    """The merges of all resources: the list, one of them, and the undo."""

    model: ClassVar[Any] = Merge
    schema_name = "merges"
    serializer_class = serializers.Serializer
    filters = (RESOURCE,)
    order_columns = {"id": ("id",)}
    parser_classes = [StrictJSONParser]
    represent_one = staticmethod(represent_whole)

    def answer_components(self) -> dict[str, dict[str, Any]]:
        """Return the schemas of a merge and of what an undo answers."""
        text = {"type": "string"}
        prevented = {
            "type": "object",
            "properties": {"campo": text | {"example": "obras/31.autores"}, "motivo": text},
            "required": ["campo", "motivo"],
            "additionalProperties": False,
        }
        report = {
            "type": "object",
            "properties": {
                "restaurado": {
                    "type": "array",
                    "items": ID,
                    "description": "The records that are there again.",
                },
                "impedido": {"type": "array", "items": prevented},
            },
            "required": ["restaurado", "impedido"],
            "additionalProperties": False,
        }
        return {"Fusao": merge_schema(whole=True), "FusaoDesfeita": report}

    def item_schema(self) -> dict[str, Any]:
        """Return the schema of a merge, or of what the undo answers."""
        name = "FusaoDesfeita" if self.action == "undo" else "Fusao"
        return {"$ref": f"#/components/schemas/{name}"}

    def get_merge(self) -> Merge:
        """Return the merge that the path names. Raises NotFound."""
        merged = Merge.objects.filter(pk=read_item_id(self.kwargs["pk"])).first()
        if merged is None:
            raise exceptions.NotFound
        return merged

    def get_queryset(self) -> QuerySet:
        """Return all merges."""
        return Merge.objects.all()

    @survives_dead_connection
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with one merge, or 304 when the client has it already."""
        body = represent_whole(self.get_merge())
        # It changes once, when it is undone.
        digest = hashlib.sha256(repr(body).encode()).hexdigest()[:32]
        tag = f'"{Merge.RESOURCE}-{body["id"]}-{digest}"'
        if is_unmodified(request, tag):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": tag})
        return Response(body, headers={"ETag": tag})

    def parameters_of(self, action: str) -> Sequence[Parameter]:
        """Return the parameters of the list; nothing else has any."""
        return super().parameters_of(action) if action == "list" else ()

    def undo(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Undo one merge, once for one Idempotency-Key."""
        ticket = ticket_of(request)
        if ticket and (first := ticket.answer()):
            return first
        if request.data or not isinstance(request.data, Mapping):
            read_body(request.data, [])
        merged = self.get_merge()

        def work() -> Response:
            try:
                report = undo(merged.pk)
            except AlreadyUndoneError as error:
                raise AlreadyUndone from error
            return Response({"restaurado": report.restored, "impedido": report.prevented})

        return self.write_once(ticket, work)
