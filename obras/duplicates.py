"""Works that may be the one whose title somebody is typing."""

from dataclasses import dataclass

from rapidfuzz import fuzz

from biblioteca.records.found import FoundListing
from biblioteca.records.text import HIGHEST_CHARACTER, WORD_CHUNK, sort_key, words
from obras.models import Obra

# So many works are compared by their letters.
COMPARED = 50
# A title of which less is written says nothing yet.
SHORTEST = 3
# Titles that begin so far alike are looked at, whatever follows: a slip may stand behind.
BEGINNING = 12
LIKELY = 80.0


@dataclass(frozen=True)
class SimilarWork:
    """A work whose title is like the one asked for, and how much (0 to 1)."""

    work: Obra
    score: float


def similar_works(titulo: str, limit: int = 5, exclude: int | None = None) -> list[SimilarWork]:
    """Return the works whose titles are likely to be ``titulo``, which may still be being typed.

    By the beginning of the title and by its words; a few queries, each bounded whatever the number
    of works. The works come with publisher and authors.
    """
    key = sort_key(titulo)
    if len(key) < SHORTEST:
        return []
    ids = dict.fromkeys([*beginning_with(key), *having_words_of(titulo)])
    ids.pop(exclude or 0, None)
    rows = Obra.objects.filter(pk__in=list(ids))
    works = rows.select_related("editora").prefetch_related("autorias__autor")
    scored = [SimilarWork(work, likeness(key, work.chave)) for work in works]
    likely = [found for found in scored if found.score * 100 >= LIKELY]
    return sorted(likely, key=lambda found: (-found.score, found.work.pk))[:limit]


def likeness(typed: str, key: str) -> float:
    """Return how like a title is: whole, or as far as it is typed."""
    whole = fuzz.token_sort_ratio(typed, key)
    so_far = fuzz.ratio(typed, key[: len(typed)]) * 0.95
    return round(max(whole, so_far) / 100, 3)


def beginning_with(key: str) -> list[int]:
    """Return the ids of works whose titles begin as ``key`` does."""
    found: list[int] = []
    for beginning in dict.fromkeys((key, key[:BEGINNING])):
        rows = Obra.objects.filter(chave__gte=beginning, chave__lt=beginning + HIGHEST_CHARACTER)
        found += rows.order_by("chave", "pk").values_list("pk", flat=True)[:COMPARED]
    return found


def having_words_of(titulo: str) -> list[int]:
    """Return the ids of works that have each word of a title, the last one as far as it goes."""
    asked = " ".join(word[:WORD_CHUNK] for word in words(titulo))
    listing = FoundListing(
        Obra.objects.all(), asked, lambda queryset: queryset.only("pk"), COMPARED
    )
    return [work.pk for work in listing.after(("id",), False, None, COMPARED)]
