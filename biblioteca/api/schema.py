"""The OpenAPI document: what drf-spectacular cannot see in the code."""

import re
from collections.abc import Sequence
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from biblioteca.api.exceptions import CONTENT_TYPE
from biblioteca.gateway.trust import Mode, current_mode

REFUSALS = {
    308: "The record was merged into another one; `Location` says where that one is.",
    400: "The request is not valid; `errors` names each field.",
    401: "Nobody, or nobody known, is calling.",
    403: "The caller may not do this.",
    404: "There is no such record or page.",
    409: "What is stored does not allow it; `code` and `detail` say what, `link` where.",
    412: "The record has another version by now; `current` is the record.",
    413: "The body is over 16 MB.",
    422: "The Idempotency-Key was sent with another body.",
    415: "The body is of a media type that is not read here.",
    428: "This installation asks for If-Match on every write.",
    429: "Too many requests of this client at the gateway: see Retry-After.",
    502: "No node of the service answered the gateway.",
    504: "A node of the service did not answer the gateway in time.",
    503: "The database does not answer, or too many requests wait: see Retry-After.",
}

# Answered by the gateway, in the shape of the service's own errors.
FROM_GATEWAY = (429, 502, 504)
ALWAYS = (400, 401, 403, 503, *FROM_GATEWAY)
WITH_BODY = (413, 415)
CONDITIONAL = (412, 428)

# What each action answers beside its success.
ACTION_REFUSALS: dict[str, Sequence[int]] = {
    "list": (*ALWAYS, 404),
    "retrieve": (*ALWAYS, 404),
    "create": (*ALWAYS, *WITH_BODY, 409, 422),
    "update": (*ALWAYS, *WITH_BODY, *CONDITIONAL, 404),
    "partial_update": (*ALWAYS, *WITH_BODY, *CONDITIONAL, 404),
    "destroy": (*ALWAYS, *CONDITIONAL, 404),
    "merge": (*ALWAYS, *WITH_BODY, 308, 404, 409, 422),
    "undo": (*ALWAYS, *WITH_BODY, 404, 409, 422),
}
# POSTs that are done once for one Idempotency-Key.
ONCE = ("create", "merge", "undo")
# Their bodies have no id to be ignored.
WITHOUT_ID = ("IdentifierRequest", "FundirRequest")

PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string", "description": "Stable; for programs."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": {"type": "string", "example": "autores[1]"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "count": {"type": "integer", "description": "With 409: how many records refer here."},
        "link": {"type": "string", "description": "With 409: where to see them."},
        "current": {"type": "object", "description": "With 412: the record as it is now."},
    },
}

ID = {"type": "integer", "format": "int64", "minimum": 1}
ETAG = {"description": "Version of the record, for If-Match.", "schema": {"type": "string"}}
MOVED = 308
MOVED_HEADERS = {
    "Location": {"description": "Address of the survivor.", "schema": {"type": "string"}}
}
NO_CONTENT_HEADERS = {"ETag": ETAG}


class TextFieldExtension(OpenApiSerializerFieldExtension):
    """Document the length of a text."""

    target_class = "biblioteca.api.fields.TextField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        """Return the schema of a title or name.

        Lengths are counted after normalisation, so that no ``maxLength`` can be given here.
        """
        longest = self.target.max_length
        description = f"1 to {longest} characters, counted in NFC with white space collapsed."
        return {"type": "string", "minLength": 1, "description": description}


class ContractSchema(AutoSchema):
    """Describe the answers, conditional headers and media types that all resources share."""

    def get_tags(self) -> list[str]:
        """Group by the resource that is answered."""
        model = getattr(self.view, "model", None)
        return [model.RESOURCE] if model else super().get_tags()

    def get_description(self) -> str:
        """Leave the view's docstring, which speaks to programmers, out of the document."""
        return ""

    def get_request_serializer(self) -> Any:
        """Return the serializer of the body; an undo has none."""
        return None if self.action == "undo" else super().get_request_serializer()

    def get_summary(self) -> str:
        """Say what the operation does."""
        name = str(getattr(self.view, "schema_name", "records"))
        summaries = {
            "list": f"List {name}",
            "retrieve": f"Get one of the {name}",
            "create": f"Add to the {name}",
            "update": f"Replace one of the {name}",
            "partial_update": f"Change fields of one of the {name}",
            "destroy": f"Delete one of the {name}",
            "merge": f"Merge some of the {name} into one",
            "undo": f"Undo one of the {name}",
        }
        return summaries.get(self.action, "")

    @property
    def action(self) -> str:
        """The viewset's action."""
        return str(getattr(self.view, "action", "") or "")

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Return the operation with its headers, forms and expandable fields."""
        operation = super().get_operation(*args, **kwargs)
        if operation is None or self.action not in ACTION_REFUSALS:
            return operation
        parameters = operation.setdefault("parameters", [])
        for parameter in parameters:
            if parameter["in"] == "path":
                parameter["schema"] = ID
                parameter["description"] = "Id of the record."
        if self.action in ("list", "retrieve") and self.view.expandable:
            parameters.append(self.view.expand_parameter().document())
        parameters += request_headers(self.action, self.view)
        content = operation.get("requestBody", {}).get("content", {})
        if "multipart/form-data" in content:
            content["multipart/form-data"] = {"schema": self.form_schema()}
        return operation

    def form_schema(self) -> dict[str, Any]:
        """Return the schema of the multipart form: everything is text but the picture."""
        serializer = self.get_request_serializer()
        properties: dict[str, Any] = {}
        for name, field in serializer.fields.items():
            if field.read_only:
                continue
            if hasattr(field, "maximum"):
                properties[name] = {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Repeated, in order; one empty value is the empty list.",
                }
            elif name == "foto":
                properties[name] = {"type": "string", "format": "binary"}
            else:
                properties[name] = {"type": "string"}
        required = [name for name in properties if serializer.fields[name].required]
        schema: dict[str, Any] = {"type": "object", "properties": properties}
        if required and self.action != "partial_update":
            schema["required"] = required
        return schema

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        if self.action not in ACTION_REFUSALS:
            return super()._get_response_bodies(direction)
        responses = success_of(self.action, self.view)
        own = self.view.refusals_of(self.action)
        for code in sorted([*ACTION_REFUSALS[self.action], *own]):
            schema = {"$ref": "#/components/schemas/Problem"}
            responses[str(code)] = {
                "description": REFUSALS[code],
                "content": {CONTENT_TYPE: {"schema": schema}},
            }
            if code == MOVED:
                responses[str(code)]["headers"] = MOVED_HEADERS
        self.register_answer()
        return responses

    def register_answer(self) -> None:
        """Put what the view answers into the document under its names."""
        for name, schema in self.view.answer_components().items():
            component = ResolvedComponent(
                name=name, type=ResolvedComponent.SCHEMA, schema=schema, object=name
            )
            self.registry.register_on_missing(component)


def success_of(action: str, view: Any) -> dict[str, Any]:
    """Return the answers of an action that worked."""
    if action == "list":
        content: dict[str, Any] = {"application/json": {"schema": view.list_schema()}}
        answer: dict[str, Any] = {"200": {"description": "", "content": content}}
        if is_versioned_list(view):
            answer["200"]["headers"] = {"ETag": ETAG}
            answer["304"] = {"description": "The client has it.", "headers": NO_CONTENT_HEADERS}
        return answer
    if action == "destroy":
        return {"204": {"description": "Deleted."}}
    content = {"application/json": {"schema": view.item_schema()}}
    body: dict[str, Any] = {"content": content, "headers": {"ETag": ETAG}}
    if action == "undo":
        return {"200": {"description": "Undone.", "content": content}}
    if action == "merge":
        location = {"description": "Address of the merge.", "schema": {"type": "string"}}
        headers = {"Location": location}
        return {"201": {"description": "Merged.", "content": content, "headers": headers}}
    if action == "create":
        location = {"description": "Address of the new record.", "schema": {"type": "string"}}
        headers = {"ETag": ETAG, "Location": location}
        return {"201": {"description": "Created.", **body, "headers": headers}}
    answers = {"200": {"description": "", **body}}
    if action == "retrieve":
        answers["304"] = {"description": "The client has it.", "headers": NO_CONTENT_HEADERS}
    return answers


def is_versioned_list(view: Any) -> bool:
    """Tell a short list that is answered whole, with an ETag, from a list of pages."""
    return view.pagination_class is None


def request_headers(action: str, view: Any) -> list[dict[str, Any]]:
    """Return the request headers that an action honours."""
    text: dict[str, Any] = {"type": "string"}
    if action in ONCE:
        names = {"Idempotency-Key": "The same key again, within 24 hours: the first answer again."}
        text = text | {"minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}
    elif action == "retrieve" or (action == "list" and is_versioned_list(view)):
        names = {"If-None-Match": "ETag that the client has: 304 when it is current."}
    elif action in ("update", "partial_update", "destroy"):
        names = {"If-Match": "ETag that the record must still have: 412 when it has not."}
    else:
        names = {}
    return [
        {"name": name, "in": "header", "required": False, "description": says, "schema": text}
        for name, says in names.items()
    ]


def contract_paths(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Spell the paths as in the contract: collections with a slash at the end, others without."""
    spelled = []
    for path, pattern, method, callback in endpoints:
        is_contract = hasattr(getattr(callback, "cls", None), "model")
        bare = re.sub(r"/\??$", "", path)
        if is_contract:
            actions = set(getattr(callback, "actions", {}).values())
            is_collection = not bare.endswith("}") and not actions & {"merge", "undo"}
            path = bare + "/" if is_collection else bare
        spelled.append((path, pattern, method, callback))
    return spelled


def finish_document(result: dict[str, Any], generator: Any, request: Any, public: bool) -> Any:
    """Add the shared components and close the request bodies to unknown keys."""
    if current_mode() is Mode.OPEN:  # no token is needed, and the document must not ask for one
        result["components"].pop("securitySchemes", None)
        for operations in result["paths"].values():
            for operation in operations.values():
                operation.pop("security", None)
    schemas = result["components"]["schemas"]
    schemas["Problem"] = PROBLEM
    for name, schema in schemas.items():
        if name.endswith("Request"):
            schema["additionalProperties"] = False
            if not name.endswith(WITHOUT_ID):
                schema["properties"]["id"] = {"description": "Ignored."}
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result
