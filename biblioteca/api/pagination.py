"""Lists: ``page`` for random access, keyset cursors for walking (both make the page links)."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from biblioteca.api import links
from biblioteca.api.parameters import Parameter, read_choice, read_whole_number
from biblioteca.cache.counts import counts
from biblioteca.cache.tokens import current_reading
from biblioteca.records.found import FoundListing
from biblioteca.records.listing import MAX_COUNTED, MAX_OFFSET, Listing

PAGE_SIZE = 20
MAX_PAGE_SIZE = 200


@cache
def signer() -> Signer:
    """Return what signs cursors; the key is known when the settings are whole."""
    return Signer(salt="biblioteca.api.cursor")


@dataclass(frozen=True)
class Ordering:
    """One order of a list: its name in ``ordering``, the columns behind it, its direction."""

    name: str
    columns: tuple[str, ...]
    descending: bool


@dataclass(frozen=True)
class Cursor:
    """A place in an order: the rows after (or before) the one with these values."""

    ordering: str
    backwards: bool
    values: tuple[Any, ...]

    def encode(self) -> str:
        """Return the cursor as clients carry it, signed against forgery."""
        return signer().sign_object([self.ordering, int(self.backwards), *self.values])

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Return the cursor in ``text``. Raises ValidationError unless it was made here."""
        try:
            name, backwards, *values = signer().unsign_object(text)
        except (BadSignature, ValueError, UnicodeError) as error:
            message = _("This cursor was not made here, or not for this list.")
            raise ValidationError(message, code="invalid_cursor") from error
        return cls(name, bool(backwards), tuple(values))


def orderings(view: Any) -> dict[str, Ordering]:
    """Return the orders of a view's list by name, ``-name`` for the descending ones."""
    return {
        sign + name: Ordering(sign + name, columns, bool(sign))
        for name, columns in view.order_columns.items()
        for sign in ("", "-")
    }


def list_parameters(view: Any) -> list[Parameter]:
    """Return the parameters that say which part of a list is wanted."""
    names = list(orderings(view))
    return [
        Parameter(
            "ordering",
            "Order of the list; a leading `-` turns it round. Titles and names are ordered blind "
            "to accents and case; the id decides between equal ones.",
            read_choice(names),
            {"type": "string", "enum": names, "default": "id"},
        ),
        Parameter(
            "page",
            f"Page number from 1, up to {MAX_OFFSET} rows from either end of the list.",
            read_whole_number(1, 2**31),
            {"type": "integer", "minimum": 1, "maximum": 2**31},
        ),
        Parameter(
            "page_size",
            "Records on a page.",
            read_whole_number(1, MAX_PAGE_SIZE),
            {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE},
        ),
        Parameter(
            "cursor",
            "A place in the list, taken from `next` or `previous`; not together with `page`.",
            Cursor.decode,
        ),
    ]


class ContractPagination(BasePagination):
    """``{"count", "next", "previous", "results"}``."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list:
        """Return the records of the page asked for.

        Raises ValidationError for a cursor of another order or a page too deep, NotFound beyond
        the end.
        """
        given = view.parameters
        self.request, self.path = request, view.collection_path()
        self.ordering = orderings(view)[given.get("ordering", "id")]
        self.size = given.get("page_size", PAGE_SIZE)
        self.edges: tuple[tuple, tuple] | None = None
        cursor = given.get("cursor")
        if cursor is not None:
            check_cursor(cursor, self.ordering, together_with_page="page" in given)
        prepare = view.with_representation
        self.listing = (
            FoundListing(queryset, given["search"], prepare, MAX_COUNTED)
            if "search" in given
            else Listing(queryset, prepare)
        )
        self.count = counts.get(
            current_reading(request), view.model.RESOURCE, self.counted(given), self.listing.count
        )
        return self.walk(cursor) if cursor else self.jump(given.get("page", 1))

    def counted(self, given: dict[str, Any]) -> tuple[str, str]:
        """Return what the count depends on: the list and its filters."""
        paging = ("ordering", "page", "page_size", "cursor", "expand")
        filters = sorted((name, value) for name, value in given.items() if name not in paging)
        return self.path, repr(filters)

    def walk(self, cursor: Cursor) -> list:
        """Return the page after or before the cursor's place."""
        columns = self.ordering.columns
        turned = self.ordering.descending != cursor.backwards
        page = self.listing.after(columns, turned, cursor.values, self.size + 1)
        more = len(page) > self.size
        page = page[: self.size]
        if cursor.backwards:
            page.reverse()
            self.has_next, self.has_previous = True, more
        else:
            self.has_next, self.has_previous = more, True
        # A page that was emptied meanwhile still leads back to where it was.
        self.edges = self.edges_of(page) or (cursor.values, cursor.values)
        return page

    def jump(self, number: int) -> list:
        """Return page ``number``, read from whichever end of the list is nearer."""
        columns, descending = self.ordering.columns, self.ordering.descending
        offset = (number - 1) * self.size
        beyond_end = NotFound(_("The list ends before this page."), code="page_not_found")
        if self.count is not None and offset >= self.count and number > 1:
            raise beyond_end
        if number == 1:
            page = self.listing.after(columns, descending, None, self.size + 1)
            more = len(page) > self.size
        elif offset <= MAX_OFFSET:
            page = self.listing.between(columns, descending, offset, offset + self.size + 1)
            if not page:
                raise beyond_end
            more = len(page) > self.size
        elif self.count is not None and self.count - offset <= MAX_OFFSET:
            behind = max(self.count - offset - self.size, 0)
            page = self.listing.between(columns, not descending, behind, self.count - offset)[::-1]
            more = behind > 0
        else:
            message = _("Pages reach %d rows from either end: walk by cursor.") % MAX_OFFSET
            raise ValidationError({"page": [message]}, code="page_too_deep")
        page = page[: self.size]
        self.has_next, self.has_previous = more, number > 1
        self.edges = self.edges_of(page)
        return page

    def edges_of(self, page: list) -> tuple[tuple, tuple] | None:
        """Return the ordering values of the first and the last record."""
        if not page:
            return None
        columns = self.ordering.columns
        first, last = (
            tuple(getattr(record, column) for column in columns) for record in (page[0], page[-1])
        )
        return first, last

    def link(self, backwards: bool) -> str | None:
        """Return the link to the page before or after this one."""
        if not self.edges or not (self.has_previous if backwards else self.has_next):
            return None
        values = self.edges[0 if backwards else 1]
        cursor = Cursor(self.ordering.name, backwards, values).encode()
        # In one order: requests that differ in no more share a stored answer.
        kept: dict[str, str] = {
            name: str(text)
            for name, text in sorted(self.request.query_params.items())
            if name not in ("page", "cursor")
        }
        return links.absolute(self.request, self.path, kept | {"cursor": cursor})

    def get_paginated_response(self, data: list) -> Response:
        """Return the page with its count and links."""
        return Response(
            {
                "count": self.count,
                "next": self.link(backwards=False),
                "previous": self.link(backwards=True),
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Document the page."""
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["count", "next", "previous", "results"],
            "additionalProperties": False,
            "properties": {
                "count": {
                    "type": "integer",
                    "minimum": 0,
                    "nullable": True,
                    "description": f"null for a search with more than {MAX_COUNTED} hits",
                },
                "next": link,
                "previous": link,
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Document the parameters of lists."""
        return [parameter.document() for parameter in list_parameters(view)]


def check_cursor(cursor: Cursor, ordering: Ordering, together_with_page: bool) -> None:
    """Raise ValidationError for a cursor beside ``page`` or taken from another order."""
    if together_with_page:
        message = _("Use either cursor or page.")
        raise ValidationError({"cursor": [message]}, code="cursor_and_page")
    if cursor.ordering != ordering.name or len(cursor.values) != len(ordering.columns):
        message = _("This cursor was not made here, or not for this list.")
        raise ValidationError({"cursor": [message]}, code="invalid_cursor")
