"""The list of the records that a search finds, by the shorter of two ways.

A rare word leads to the few records that have it: their ids are read from the index of words and
looked through. A frequent word is met soon by reading the records in the order of the list. How
frequent the words are is counted first, up to a bound; the counts choose the way, never the answer.

Whether a record has a word is asked for many records at once, by the words that begin so and the
ids: one stretch of the index of words, where a look at each record would be a page of the disk.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, reduce
from itertools import islice
from operator import or_
from typing import Any

from django.db import connections
from django.db.models import QuerySet

from biblioteca.records.listing import Listing, Prepare, behind
from biblioteca.records.search import asked_words, begins_with
from biblioteca.records.text import prefix_range

# Up to so many ids are sorted by the database; above it the list is read in its order.
FEW = 900
# Up to so many records with a word are candidates whose ids are held in memory.
MANY = 50_000
# So many of the words asked for are counted; the longest are likely to be the rarest.
COUNTED_WORDS = 6
# So many different words may begin as asked to be named one by one.
NAMED_WORDS = 20
# MariaDB turns longer lists of ids into a table that it reads the whole index for.
CHUNK = 500
# So many words are asked for in one query: engines bound the depth of a condition.
WORDS_AT_ONCE = 20
WINDOWS = (250, 2500, 10_000)
# After so many records read in order, candidates are sorted instead.
PATIENCE = 60_000


class FoundListing(Listing):
    """The records of a queryset that have every word asked for; counted up to ``most``."""

    def __init__(self, queryset: QuerySet, query: str, prepare: Prepare, most: int) -> None:
        super().__init__(queryset, prepare)
        self.words = asked_words(query)
        self.records: Any = queryset.model._default_manager
        self.rows: Any = queryset.model.WORDS._default_manager
        self.is_narrowed = bool(queryset.query.where)
        self.most = most

    @cached_property
    def numbers(self) -> dict[str, int]:
        """How many rows each word asked for has, exact up to the bound that matters."""
        asked = self.words[:COUNTED_WORDS]
        rows = [self.rows.filter(begins_with(word)).values("registro") for word in asked]
        found = numbers_of(rows, FEW)
        if min(found) > FEW:
            found = numbers_of(rows, MANY)
        return dict(zip(asked, found, strict=True))

    @cached_property
    def candidates(self) -> list[int] | None:
        """The ids among which all found ones are, ascending; None when they are too many."""
        if self.is_narrowed and number_of(self.queryset.order_by(), FEW) <= FEW:
            return sorted(self.queryset.order_by().values_list("pk", flat=True))
        if self.numbers[self.rarest] > MANY:
            return None
        rows = self.rows.filter(begins_with(self.rarest))
        return sorted(set(rows.values_list("registro", flat=True)))

    @property
    def rarest(self) -> str:
        """The word that the fewest rows have, of those counted."""
        return min(self.numbers, key=lambda word: self.numbers[word])

    @cached_property
    def unsure_words(self) -> list[str]:
        """The words that candidates may lack: those who became candidates by a word have it."""
        by_word = self.candidates is not None and "numbers" in self.__dict__
        return [word for word in self.words if not (by_word and word == self.rarest)]

    @cached_property
    def unsure(self) -> dict[str, list[str] | None]:
        """The words that candidates may lack, each with those that begin so, if they are few."""
        return {word: self.spellings(word) for word in self.unsure_words}

    def spellings(self, word: str) -> list[str] | None:
        """Return the words that begin with ``word``; None when they are many.

        One step of the index for each: whether MariaDB does that for a DISTINCT by itself, or reads
        every row that has one of them, depends on what its statistics drew.
        """
        found: list[str] = []
        rows = self.rows.filter(begins_with(word)).order_by("palavra")
        while len(found) <= NAMED_WORDS:
            beyond = rows.filter(palavra__gt=found[-1]) if found else rows
            spelling = beyond.values_list("palavra", flat=True).first()
            if spelling is None:
                return found
            found.append(spelling)
        return None

    def having_every(self, words: Sequence[str], ids: Sequence[int]) -> list[int]:
        """Return those of ``ids`` (a few) whose records have every one of ``words``.

        All words are asked for at once: many questions about few records would cost more than the
        pages of the disk that they save.
        """
        kept = list(ids)
        for start in range(0, len(words), WORDS_AT_ONCE):
            ranges = [prefix_range(word) for word in words[start : start + WORDS_AT_ONCE]]
            condition = reduce(or_, map(begins_with, words[start : start + WORDS_AT_ONCE]))
            had: dict[int, set[int]] = {}
            for chunk in chunks(kept):
                rows = self.rows.filter(condition, registro__in=chunk)
                for key, row in rows.values_list("registro", "palavra"):
                    had.setdefault(key, set()).update(
                        place for place, (low, high) in enumerate(ranges) if low <= row < high
                    )
            kept = [key for key in kept if len(had.get(key, ())) == len(ranges)]
        return kept

    def having(self, word: str, spellings: list[str] | None, ids: list[int]) -> set[int]:
        """Return those of ``ids`` whose records have a word that begins with ``word``."""
        if spellings is None:
            rows = self.rows.filter(begins_with(word), registro__in=ids)
            return set(rows.values_list("registro", flat=True))
        if not spellings:
            return set()
        vendor = connections[self.queryset.db].vendor
        if vendor != "mysql":
            rows = self.rows.filter(palavra__in=spellings, registro__in=ids)
            return set(rows.values_list("registro", flat=True))
        return self.having_on_mysql(spellings, ids)

    def having_on_mysql(self, spellings: list[str], ids: list[int]) -> set[int]:
        """Return those of ``ids`` that have one of ``spellings``, read from the index of words.

        MariaDB would look each record up by its id, a page of the disk for each: the index in
        which the word comes first has them side by side.
        """
        options = self.rows.model._meta
        with connections[self.queryset.db].cursor() as cursor:
            cursor.execute(
                f"SELECT registro_id FROM {options.db_table}"  # noqa: S608 (names, not values)
                f" FORCE INDEX ({options.indexes[0].name})"
                " WHERE palavra IN %s AND registro_id IN %s",
                [tuple(spellings), tuple(ids)],
            )
            return {row[0] for row in cursor.fetchall()}

    def checked(self, ids: Iterable[int]) -> list[int]:
        """Return those of ``ids``, in their order, that are found."""
        kept = list(ids)
        if self.candidates is not None and len(self.candidates) <= FEW:
            kept = self.having_every(self.unsure_words, kept)
        else:
            for word, spellings in self.unsure.items():
                if not kept:
                    return []
                having = self.having(word, spellings, kept)
                kept = [key for key in kept if key in having]
        if self.is_narrowed and kept:
            inside = set(self.queryset.filter(pk__in=kept).order_by().values_list("pk", flat=True))
            kept = [key for key in kept if key in inside]
        return kept

    def count(self) -> int | None:
        """Return how many records are found, None when they are more than ``most``."""
        if not self.words:
            return 0
        if len(self.words) == 1 and not self.is_narrowed:
            rows = self.rows.filter(begins_with(self.words[0])).values("registro").distinct()
            number = number_of(rows, self.most)
        else:
            ids = list(islice(self.in_order(("id",), False, None), self.most + 1))
            number = len(ids)
            if number <= self.most:
                # All are known now: for the page there is nothing left to check.
                self.candidates, self.unsure, self.is_narrowed = ids, {}, False
                self.unsure_words = []
        return number if number <= self.most else None

    def after(
        self, columns: Sequence[str], descending: bool, place: Sequence[Any] | None, number: int
    ) -> list[Any]:
        """Return the first ``number`` records found behind ``place``."""
        return self.fetched(islice(self.in_order(columns, descending, place), number))

    def between(self, columns: Sequence[str], descending: bool, start: int, stop: int) -> list[Any]:
        """Return the records found from the ``start``-th to before the ``stop``-th."""
        return self.fetched(islice(self.in_order(columns, descending, None), start, stop))

    def batches(self, columns: Sequence[str], descending: bool, size: int) -> Iterator[list[Any]]:
        """Yield all records found, ``size`` at a time; they are looked for once."""
        ids = self.in_order(columns, descending, None)
        while chunk := list(islice(ids, size)):
            yield self.fetched(chunk)

    def fetched(self, ids: Iterable[int]) -> list[Any]:
        """Return the records with ``ids``, in this order."""
        wanted = list(ids)
        rows = self.prepare(self.records.filter(pk__in=wanted)) if wanted else ()
        found = {record.pk: record for record in rows}
        return [found[key] for key in wanted if key in found]

    def in_order(
        self, columns: Sequence[str], descending: bool, place: Sequence[Any] | None
    ) -> Iterator[int]:
        """Yield the ids found behind ``place``, in order, as far as they are asked for."""
        if not self.words:
            return
        if self.candidates is None:
            yield from self.read_in_order(columns, descending, place, None)
        elif len(columns) == 1:
            yield from self.by_id(descending, place)
        elif len(self.candidates) <= FEW:
            yield from self.sorted_candidates(columns, descending, place)
        else:
            yield from self.read_in_order(columns, descending, place, set(self.candidates))

    def by_id(self, descending: bool, place: Sequence[Any] | None) -> Iterator[int]:
        """Yield the candidates that are found, by id."""
        ids = self.candidates or []
        if place is not None:
            ids = [key for key in ids if (key < place[0] if descending else key > place[0])]
        rest = iter(reversed(ids) if descending else ids)
        size = WINDOWS[0]
        while chunk := list(islice(rest, size)):
            yield from self.checked(chunk)
            size = CHUNK

    def sorted_candidates(
        self, columns: Sequence[str], descending: bool, place: Sequence[Any] | None
    ) -> Iterator[int]:
        """Yield the candidates that are found, sorted by their columns."""
        keys = [
            row
            for chunk in chunks(self.candidates or [])
            for row in self.records.filter(pk__in=self.checked(chunk)).values_list(*columns)
        ]
        # The columns are compared by code point on every engine, and so does Python.
        for row in sorted(keys, reverse=descending):
            if place is None or (row < tuple(place) if descending else row > tuple(place)):
                yield row[-1]

    def read_in_order(
        self,
        columns: Sequence[str],
        descending: bool,
        place: Sequence[Any] | None,
        candidates: set[int] | None,
    ) -> Iterator[int]:
        """Yield the records found while reading all of them in the order of the list."""
        read = 0
        sizes = iter(WINDOWS)
        size = WINDOWS[-1]
        while True:
            size = next(sizes, size)
            if candidates is not None and read > PATIENCE:
                yield from self.sorted_candidates(columns, descending, place)
                return
            rows = behind(self.queryset, columns, descending, place).values_list(*columns)
            window = list(rows[:size])
            ids = [row[-1] for row in window if candidates is None or row[-1] in candidates]
            for chunk in chunks(ids):
                yield from self.checked(chunk)
            if len(window) < size:
                return
            place, read = window[-1], read + size


def number_of(rows: QuerySet, most: int) -> int:
    """Return the number of ``rows``, at most one more than ``most``."""
    return rows.order_by()[: most + 1].count()


def numbers_of(querysets: Sequence[QuerySet], most: int) -> list[int]:
    """Return the number of rows of each of ``querysets``, as :func:`number_of`, in one query."""
    connection = connections[querysets[0].db]
    counts, params = [], []
    for place, rows in enumerate(querysets):
        limited = rows.order_by()[: most + 1].query
        sql, own_params = limited.get_compiler(connection=connection).as_sql()
        counts.append(f"(SELECT COUNT(*) FROM ({sql}) rows_{place})")  # noqa: S608 (Django wrote it)
        params += own_params
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(counts)}", params)
        return list(cursor.fetchone())


def chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield ``ids`` in pieces that every engine takes in one query."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
