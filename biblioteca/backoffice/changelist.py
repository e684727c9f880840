"""Lists of records that cost what their page costs, however many records there are."""

import hashlib
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

from biblioteca.backoffice.kept import kept, last_change
from biblioteca.records.found import FoundListing, number_of
from biblioteca.records.listing import MAX_COUNTED, MAX_OFFSET, Listing, Prepare

BY_NAME, BY_ID = ("chave", "id"), ("id",)


class RecordPaginator(Paginator):
    """Pages of a list whose length is known, up to a bound, without asking the database."""

    template_name = "backoffice/pagination.html"

    def __init__(self, object_list: Any, per_page: int, known: int) -> None:
        super().__init__(object_list, per_page)
        self.known = known

    @property
    def count(self) -> int:
        """The length of the list."""
        return self.known

    @count.setter
    def count(self, value: int) -> None:
        self.known = value


class RecordChangeList(ChangeList):
    """A list of records: the API's search, kept counts, and pages read from the nearer end.

    ``total`` is how many there are, None for more than are counted; ``has_more`` tells whether
    there is a page after this one.
    """

    query: str
    page_num: int
    has_more = False
    total: int | None = None

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet:
        """Return the records found; ``unsearched`` keeps what the filters alone leave."""
        query, self.query = self.query, ""
        self.unsearched = super().get_queryset(request, exclude_parameters)
        self.query = query
        return self.model_admin.get_search_results(request, self.unsearched, query)[0]

    def get_results(self, request: HttpRequest) -> None:
        """Read the page asked for (asked for by Django)."""
        columns, descending = self.order()
        self.is_filtered = bool(self.unsearched.query.where)
        listing = self.listing(self.dressed)
        self.total = self.count(listing)
        page = self.read(listing, columns, descending)
        self.has_more = len(page) > self.list_per_page
        self.result_list = page[: self.list_per_page]
        self.result_count = len(self.result_list) if self.total is None else self.total
        self.show_full_result_count = False
        self.full_result_count = None if self.query or self.is_filtered else self.result_count
        self.show_admin_actions = True
        self.can_show_all = False
        self.multi_page = self.has_more or self.page_num > 1
        self.paginator = RecordPaginator(self.result_list, self.list_per_page, self.result_count)

    def listing(self, prepare: Prepare) -> Listing:
        """Return the records found, each fetched with what ``prepare`` adds."""
        rows = self.unsearched.select_related(None).prefetch_related(None).order_by()
        if self.query.strip():
            return FoundListing(rows, self.query, prepare, MAX_COUNTED)
        return Listing(rows, prepare)

    def order(self) -> tuple[tuple[str, ...], bool]:
        """Return the columns of the order, and whether it descends."""
        first = self.queryset.query.order_by[0]
        descending = first.startswith("-")
        return (BY_NAME if first.lstrip("-") == "chave" else BY_ID), descending

    def dressed(self, rows: QuerySet) -> QuerySet:
        """Return ``rows`` with what the columns show."""
        return self.model_admin.with_columns(self.apply_select_related(rows))

    def count(self, listing: Listing) -> int | None:
        """Return how many records there are; None for a search or filter that finds many."""

        def number() -> int | None:
            if isinstance(listing, FoundListing):
                return listing.count()
            if not self.is_filtered:
                return listing.count()
            counted = number_of(listing.queryset, MAX_COUNTED)
            return counted if counted <= MAX_COUNTED else None

        asked = self.get_query_string(remove=["p", "o", "_changelist_filters"])
        digest = hashlib.sha256(asked.encode()).hexdigest()[:32]
        name = f"count:{self.model.RESOURCE}:{digest}"
        return kept(name, last_change(), number)

    def read(self, listing: Listing, columns: tuple[str, ...], descending: bool) -> list[Any]:
        """Return the records of the page and one more, read from whichever end is nearer.

        A page too deep for both is the last one that can be reached.
        """
        size = self.list_per_page
        self.last_reachable = MAX_OFFSET // size + 1
        offset = (self.page_num - 1) * size
        if self.total is not None and self.total:
            offset = min(offset, (self.total - 1) // size * size)
        if offset > MAX_OFFSET:
            behind = (self.total or 0) - offset
            if self.total is not None and behind <= MAX_OFFSET:
                start = max(behind - size - 1, 0)
                found = listing.between(columns, not descending, start, behind)
                self.page_num = offset // size + 1
                return found[::-1]
            offset = MAX_OFFSET // size * size
        self.page_num = offset // size + 1
        if offset == 0:
            return listing.after(columns, descending, None, size + 1)
        return listing.between(columns, descending, offset, offset + size + 1)

    @property
    def last_page(self) -> int | None:
        """The number of the last page, None when it is not known."""
        return None if self.total is None else max((self.total - 1) // self.list_per_page + 1, 1)

    def address_of(self, number: int) -> str:
        """Return the link to a page of this list."""
        return self.get_query_string({"p": number})

    @property
    def address_of_previous(self) -> str:
        """The link to the page before, empty when there is none."""
        return self.address_of(self.page_num - 1) if self.page_num > 1 else ""

    @property
    def address_of_next(self) -> str:
        """The link to the page after, empty when there is none that can be reached."""
        if not self.has_more:
            return ""
        offset = self.page_num * self.list_per_page
        reachable = offset <= MAX_OFFSET or (
            self.total is not None and self.total - offset <= MAX_OFFSET
        )
        return self.address_of(self.page_num + 1) if reachable else ""

    @property
    def address_of_first(self) -> str:
        """The link to the first page, empty on it."""
        return self.address_of(1) if self.page_num > 1 else ""

    @property
    def address_of_last(self) -> str:
        """The link to the last page, empty on it or when it is not known."""
        last = self.last_page
        return self.address_of(last) if last and last > self.page_num else ""
