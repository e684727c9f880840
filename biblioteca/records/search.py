"""The words by which records are found: how they are stored, and how a search finds them."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from biblioteca.records import text
from biblioteca.records.identifiers import isbn_in
from biblioteca.records.models import Record
from biblioteca.records.statements import select_in

# Words beyond these are checked together in one subquery: engines bound the depth of a query.
SEPARATE_WORDS = 6


def refresh_words(records: Sequence[Record]) -> None:
    """Make the stored words of ``records`` (of one model, already saved) those of their texts."""
    if not records:
        return
    table: Any = records[0].WORDS
    texts = type(records[0]).search_texts(records)
    wanted = {(key, word) for key, values in texts.items() for word in text.words_of(values)}
    stored = set(
        table._default_manager.filter(registro__in=list(texts)).values_list(
            "registro_id", "palavra"
        )
    )
    gone: dict[int, list[str]] = {}
    for record_id, word in sorted(stored - wanted):
        gone.setdefault(record_id, []).append(word)
    # The works of a renamed author lose the same words: one statement for all of them.
    alike: dict[tuple[str, ...], list[int]] = {}
    for record_id, lost in gone.items():
        alike.setdefault(tuple(lost), []).append(record_id)
    for lost_words, record_ids in alike.items():
        table._default_manager.filter(registro__in=record_ids, palavra__in=lost_words).delete()
    table._default_manager.bulk_create(
        [table(registro_id=key, palavra=word) for key, word in sorted(wanted - stored)],
        batch_size=2000,
    )


def stored_words(table: Any, ids: Iterable[int]) -> dict[int, list[str]]:
    """Return the words of the records ``ids`` as the search has them, from their ``table``."""
    found: dict[int, list[str]] = {}
    for key, word in select_in(table, ["registro_id", "palavra"], "registro_id", ids):
        found.setdefault(key, []).append(word)
    return found


def asked_words(query: str) -> list[str]:
    """Return the words that a search asks for; an ISBN, however it is written, is one word."""
    return text.query_words(isbn_in(query) or query)


def find(queryset: QuerySet, query: str) -> QuerySet:
    """Return the records of ``queryset`` that have every word of ``query`` as a word prefix.

    A query without a word finds nothing.
    """
    asked = asked_words(query)
    return having_words(queryset, asked) if asked else queryset.none()


def having_words(queryset: QuerySet, asked: Sequence[str], key: str = "pk") -> QuerySet:
    """Return the rows of ``queryset`` whose record, named by ``key``, has each of these words."""
    model: Any = queryset.model
    table = getattr(model, "WORDS", model)
    for word in asked[:SEPARATE_WORDS]:
        rows = table._default_manager.filter(begins_with(word), registro=OuterRef(key))
        queryset = queryset.filter(Exists(rows))
    if rest := asked[SEPARATE_WORDS:]:
        queryset = queryset.filter(all_words(table, rest, key))
    return queryset


def all_words(table: Any, asked: Sequence[str], key: str) -> Q:
    """Return the condition that a record has a word for each of ``asked``.

    None of them begins another, so that a stored word counts for one of them at most.
    """
    which = Case(
        *(When(begins_with(word), then=Value(number)) for number, word in enumerate(asked)),
        output_field=IntegerField(),
    )
    found = (
        table._default_manager.filter(registro=OuterRef(key))
        .order_by()
        .values("registro")
        .annotate(found=Count(which, distinct=True))
        .values("found")
    )
    return Q(Exists(found.filter(found=len(asked))))


def begins_with(word: str) -> Q:
    """Return the condition on a word table's rows that begin with ``word``."""
    low, high = text.prefix_range(word)
    return Q(palavra__gte=low, palavra__lt=high)
