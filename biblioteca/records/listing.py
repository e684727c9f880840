"""Lists that cost what their page costs."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from biblioteca.records.keyset import beyond, ordered
from biblioteca.records.models import Record

# How many rows from either end a page is read by its number; behind that, by cursor.
MAX_OFFSET = 100_000
# A search with more hits than this does not count them.
MAX_COUNTED = 10_000

Prepare = Callable[[QuerySet], QuerySet]


def order_columns(model: type[Record]) -> dict[str, tuple[str, ...]]:
    """Return the orders of a resource's lists and the columns behind each, ending in the id."""
    return {"id": ("id",), model.TEXT_FIELD: ("chave", "id")}


class Listing:
    """The records of a queryset, read in any order from any place.

    ``prepare`` adds what a representation needs to the query of a page.
    """

    def __init__(self, queryset: QuerySet, prepare: Prepare) -> None:
        self.queryset = queryset
        self.prepare = prepare

    def count(self) -> int | None:
        """Return how many records there are."""
        return self.queryset.count()

    def after(
        self, columns: Sequence[str], descending: bool, place: Sequence[Any] | None, number: int
    ) -> list[Any]:
        """Return the first ``number`` records behind ``place``, or from the start for None."""
        return list(self.prepare(behind(self.queryset, columns, descending, place))[:number])

    def between(self, columns: Sequence[str], descending: bool, start: int, stop: int) -> list[Any]:
        """Return the records from the ``start``-th to before the ``stop``-th."""
        return list(self.prepare(ordered(self.queryset, columns, descending))[start:stop])

    def batches(self, columns: Sequence[str], descending: bool, size: int) -> Iterator[list[Any]]:
        """Yield all records, ``size`` at a time; each batch goes on behind the last record."""
        place = None
        while batch := self.after(columns, descending, place, size):
            yield batch
            if len(batch) < size:
                return
            place = [getattr(batch[-1], column) for column in columns]


def behind(
    queryset: QuerySet, columns: Sequence[str], descending: bool, place: Sequence[Any] | None
) -> QuerySet:
    """Return the records of ``queryset`` behind ``place`` in the order of ``columns``."""
    if place is not None:
        queryset = beyond(queryset, columns, place, descending)
    return ordered(queryset, columns, descending)
