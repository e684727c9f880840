"""The verbs, written once: a resource's viewset is a list of choices."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import exceptions, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from biblioteca.api import links
from biblioteca.api.exceptions import InUse, MergedAway, Moved, StillRunning
from biblioteca.api.filters import COMMON, ContractFilters
from biblioteca.api.idempotency import Ticket, ticket_of
from biblioteca.api.pagination import ContractPagination, list_parameters
from biblioteca.api.parameters import Filter, Parameter, read_choices, read_parameters
from biblioteca.api.redirects import absent, follow_merges, may_name_merged, read_item_id
from biblioteca.api.serializers import ContractSerializer, for_creation
from biblioteca.api.versions import check_preconditions, entity_tag, is_unmodified
from biblioteca.operations.requests import current_request_id
from biblioteca.photos.fields import settle
from biblioteca.records import writing
from biblioteca.records.connections import check_before_writing, survives_dead_connection
from biblioteca.records.fetching import fetch_by_id
from biblioteca.records.listing import order_columns
from biblioteca.records.models import Record
from biblioteca.records.origins import Origin, writing_as

Bodies = list[dict[str, Any]]
Expansion = dict[int, dict[str, Any]]


class ContractView(viewsets.GenericViewSet):
    """Reads parameters strictly and gives every answer the headers of the contract."""

    def parameters_of(self, action: str) -> Sequence[Parameter]:
        """Return the query parameters that ``action`` knows."""
        return ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Read the parameters, after the caller was let in and before anything else."""
        super().initial(request, *args, **kwargs)
        # A method that does not exist is refused as such, whatever its parameters are.
        if self.action:
            self.parameters = read_parameters(request, self.parameters_of(self.action))

    @property
    def default_response_headers(self) -> dict[str, str]:
        """No answer may be reused unasked; one to a token is nobody else's."""
        private = "Authorization" in self.request.headers
        headers = {"Cache-Control": "private, no-cache" if private else "no-cache"}
        if self.request.method == "OPTIONS":
            headers["Allow"] = ", ".join(self.allowed_methods)
        return headers

    def handle_exception(self, exc: Exception) -> Response:
        """Answer an exception; a 405 says which methods there are."""
        response = super().handle_exception(exc)
        if response.status_code == status.HTTP_405_METHOD_NOT_ALLOWED:
            response["Allow"] = ", ".join(self.allowed_methods)
        return response

    def write(self, work: Any) -> Any:
        """Run ``work`` in a transaction, in the name of the caller."""
        check_before_writing()
        caller = getattr(self.request.user, "name", "")
        with writing_as(Origin(caller, "api", current_request_id.get())):
            return writing.in_transaction(work)

    def write_once(self, ticket: Ticket | None, work: Callable[[], Response]) -> Response:
        """Run ``work``, which answers, in a transaction: once for the request's Idempotency-Key."""

        def held() -> Response:
            if ticket and (first := ticket.hold()):
                return first
            response = work()
            if ticket:
                ticket.keep(response)
            return response

        if ticket is None:
            return self.write(held)
        ticket.announce()
        try:
            return self.write(held)
        except StillRunning:
            raise
        except Exception:
            ticket.withdraw()
            raise


class CatalogueListView(ContractView):
    """GET of a list of one resource's records."""

    model: ClassVar[type[Record]]
    schema_name: ClassVar[str] = "records"
    filters: ClassVar[Sequence[Filter]] = COMMON
    expandable: ClassVar[Mapping[str, Any]] = {}
    pagination_class = ContractPagination
    filter_backends = [ContractFilters]

    @property
    def order_columns(self) -> dict[str, tuple[str, ...]]:
        """The orders of the list and the columns behind each, ending in the id."""
        return order_columns(self.model)

    def parameters_of(self, action: str) -> Sequence[Parameter]:
        """Return the parameters of lists and items; writes have none."""
        expand = [self.expand_parameter()] if self.expandable else []
        if action == "list":
            return [*self.filters, *list_parameters(self), *expand]
        return expand if action == "retrieve" else ()

    def answer_components(self) -> dict[str, dict[str, Any]]:
        """Return the named schemas of what this view answers."""
        serializer_class: Any = self.serializer_class
        return {self.model.__name__: serializer_class.answer_schema()}

    def item_schema(self) -> dict[str, Any]:
        """Return the schema of one record."""
        return {"$ref": f"#/components/schemas/{self.model.__name__}"}

    def list_schema(self) -> dict[str, Any]:
        """Return the schema of a list."""
        items = {"type": "array", "items": self.item_schema()}
        return self.pagination_class().get_paginated_response_schema(items)

    def refusals_of(self, action: str) -> Sequence[int]:
        """Return the statuses of refusals that only this view has."""
        return ()

    def expand_parameter(self) -> Parameter:
        """Return the parameter that replaces ids by objects."""
        names = list(self.expandable)
        pattern = f"^({'|'.join(names)})(,({'|'.join(names)}))*$"
        return Parameter(
            "expand",
            "Fields whose ids are replaced by objects, separated by commas.",
            read_choices(names),
            {"type": "string", "pattern": pattern},
        )

    def get_queryset(self) -> QuerySet:
        """Return the records without what only their representation needs."""
        return self.model._default_manager.all()

    def with_representation(self, queryset: QuerySet) -> QuerySet:
        """Return ``queryset`` with everything that a representation shows."""
        return queryset

    def collection_path(self) -> str:
        """Return the path of this list as the contract spells it."""
        return links.collection_path(self.model.RESOURCE)

    @survives_dead_connection
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with one page of the list; a merged id in a filter counts as the survivor.

        That is looked at only when the list is short of something: an id that was merged away
        matches nothing by itself.
        """
        try:
            page, missing = self.page(), None
        except exceptions.NotFound as error:  # a page beyond the end
            page, missing = None, error
        given, count = self.parameters, getattr(self.paginator, "count", None)
        if may_name_merged(self.filters, given, count) and follow_merges(
            self.filters, self.model.RESOURCE, given
        ):
            page = self.page()
        elif missing is not None:
            raise missing
        bodies, _others = self.represent(page or [])
        return self.get_paginated_response(bodies)

    def page(self) -> Any:
        """Return the records of the page that the parameters name."""
        return self.paginate_queryset(self.filter_queryset(self.get_queryset()))

    @property
    def represent_one(self) -> Any:
        """The function that makes a record's representation."""
        serializer_class: Any = self.serializer_class
        return serializer_class.represent

    def represent(self, records: Sequence[Record]) -> tuple[Bodies, Sequence[Record]]:
        """Return the bodies of ``records``, and the records expanded in them."""
        represent = self.represent_one
        bodies = [represent(record) for record in records]
        others = []
        for field in self.parameters.get("expand", ()):
            expand = self.expandable[field]
            wanted = ids_in(body[field] for body in bodies)
            found = {record.pk: record for record in expand.records(wanted)}
            objects = {key: expand.represent(record) for key, record in found.items()}
            for body in bodies:
                body[field] = replace_ids(body[field], objects)
            others += [found[key] for key in wanted if key in found]
        return bodies, others


def ids_in(values: Iterable[Any]) -> list[int]:
    """Return the distinct ids in fields that hold one id, a list of ids or None."""
    found: dict[int, None] = {}
    for value in values:
        keys = value if isinstance(value, list) else [value]
        found.update((key, None) for key in keys if key is not None)
    return list(found)


def replace_ids(value: Any, objects: Expansion) -> Any:
    """Return ``value`` with its ids replaced by objects.

    A record deleted since the ids were read leaves the list, or null.
    """
    if isinstance(value, list):
        return [objects[key] for key in value if key in objects]
    return objects.get(value)


class CatalogueViewSet(CatalogueListView):
    """The list and the five verbs of an item."""

    dependents: ClassVar[str] = ""
    lookup_value_regex = "[^/]+"

    def refusals_of(self, action: str) -> Sequence[int]:
        """Return 409 for the deletion of what others may refer to, 308 for what may be merged."""
        if not self.dependents:
            return ()
        return {"destroy": (409,), "create": (), "list": ()}.get(action, (308,))

    def get_serializer_class(self) -> type[ContractSerializer]:
        """Return the serializer of the verb."""
        serializer_class: Any = self.serializer_class
        return for_creation(serializer_class) if self.action == "create" else serializer_class

    def item_id(self) -> int:
        """Return the id in the path. Raises NotFound for what cannot be one."""
        return read_item_id(self.kwargs["pk"])

    def get_object(self) -> Any:
        """Return the record that the path names, with all that its representation shows."""
        record = fetch_by_id(self.with_representation, self.model, self.item_id())
        if record is None:
            raise absent(self.request, self.model, self.item_id())
        return record

    def locked_object(self) -> Any:
        """Return the record that the path names, locked until the transaction ends."""
        record = self.get_queryset().select_for_update().filter(pk=self.item_id()).first()
        if record is None:
            raise absent(self.request, self.model, self.item_id())
        return record

    @survives_dead_connection
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with one record, or 304 when the client has it already."""
        record = self.get_object()
        (body,), others = self.represent([record])
        tag = entity_tag(record, others)
        if is_unmodified(request, tag):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": tag})
        return Response(body, headers={"ETag": tag})

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Store a new record, once for one Idempotency-Key."""
        ticket = ticket_of(request)
        if ticket and (first := ticket.answer()):
            return first
        serializer: Any = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)

        def work() -> Response:
            serializer.check_references(serializer.validated_data)
            record = writing.create(self.model(), self.settled(serializer))
            path = links.item_path(self.model.RESOURCE, record.pk)
            headers = {"Location": links.absolute(request, path)}
            return self.written(record, status.HTTP_201_CREATED, headers)

        return self.write_once(ticket, work)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Replace a record."""
        return self.change(request, partial=False)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change some fields of a record."""
        return self.change(request, partial=True)

    def change(self, request: Request, *, partial: bool) -> Response:
        """Write what the body says over the record, unless a precondition fails."""
        self.get_object()  # a record that is not there is 404 before its body is judged
        serializer: Any = self.get_serializer(data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)

        def work() -> Record:
            record = self.locked_object()
            self.check_preconditions(request, record)
            serializer.check_references(serializer.validated_data)
            writing.update(record, self.settled(serializer))
            return record

        return self.written(self.write(work), status.HTTP_200_OK)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete a record that nothing refers to."""

        def work() -> None:
            record = self.locked_object()
            self.check_preconditions(request, record)
            self.check_unused(request, record)
            writing.delete(record)

        try:
            self.write(work)
        except Moved as moved:
            raise MergedAway(members=moved.members) from moved
        return Response(status=status.HTTP_204_NO_CONTENT)

    def settled(self, serializer: Any) -> dict[str, Any]:
        """Return the clean values, with an uploaded picture stored."""
        values = dict(serializer.validated_data)
        if "foto" in values:
            values["foto"] = settle(values["foto"])
        return values

    def written(
        self, record: Record, status_code: int, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Answer with the record as it now is."""
        body = self.represent_one(record)
        return Response(body, status_code, headers={"ETag": entity_tag(record), **(headers or {})})

    def check_preconditions(self, request: Request, record: Record) -> None:
        """Raise unless the client's If-Match and If-None-Match allow the write."""
        current = self.represent_one(record)
        check_preconditions(request, entity_tag(record), current)

    def check_unused(self, request: Request, record: Record) -> None:
        """Raise InUse, with how many and where, when other records refer to this one."""
        if count := writing.count_uses(record):
            path = links.collection_path(record.RESOURCE, record.pk, self.dependents)
            raise InUse(members={"count": count, "link": links.absolute(request, path)})
