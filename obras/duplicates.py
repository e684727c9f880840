"""Works that may be the one whose title somebody is typing."""

from itertools import islice

from rapidfuzz import fuzz

from biblioteca.records.found import FoundListing
from biblioteca.records.text import HIGHEST_CHARACTER, is_not_text, query_words, sort_key
from obras.models import Obra

# So many works found by one way are compared by their letters.
COMPARED = 50
# A title of which less is written says nothing yet.
SHORTEST = 3
# Titles that begin so far alike are looked at, whatever follows: a slip may stand behind.
BEGINNING = 12
# The longest words of a title are enough to find what is like it.
WORDS = 4
LIKELY = 75.0


def similar_works(titulo: str, limit: int = 5, exclude: int | None = None) -> list[Obra]:
    """Return the works that are likely to be ``titulo``, which may still be being typed.

    By the beginning of the title and by its words, in a few queries, each bounded whatever the
    number of works; best first, with authors and publisher. ``exclude`` is the id of the work that
    is being edited itself.
    """
    typed = "".join(character for character in titulo if not is_not_text(character))
    key = sort_key(typed)
    if len(key) < SHORTEST:
        return []
    ids = list(dict.fromkeys([*beginning_with(key[:BEGINNING]), *having_words_of(typed)]))
    rows = Obra.objects.filter(pk__in=ids).exclude(pk=exclude or 0).values_list("pk", "chave")
    scored = [(likeness(key, stored), -work_id) for work_id, stored in rows]
    best = [-work_id for score, work_id in sorted(scored, reverse=True) if score >= LIKELY][:limit]
    works = Obra.objects.select_related("editora").prefetch_related("autorias__autor")
    found = works.in_bulk(best)
    return [found[work_id] for work_id in best if work_id in found]


def likeness(typed: str, key: str) -> float:
    """Return how like a title is, of a hundred: whole, as far as it is typed, or by its words."""
    return max(
        fuzz.token_sort_ratio(typed, key),
        fuzz.ratio(typed, key[: len(typed)]) * 0.95,
        fuzz.token_set_ratio(typed, key) * 0.9,
    )


def beginning_with(beginning: str) -> list[int]:
    """Return the ids of works whose titles begin so."""
    rows = Obra.objects.filter(chave__gte=beginning, chave__lt=beginning + HIGHEST_CHARACTER)
    return list(rows.order_by("chave", "pk").values_list("pk", flat=True)[:COMPARED])


def having_words_of(titulo: str) -> list[int]:
    """Return the ids of works that have the longest words of a title, whole or begun."""
    asked = " ".join(query_words(titulo)[:WORDS])
    listing = FoundListing(Obra.objects.all(), asked, lambda rows: rows, COMPARED)
    return list(islice(listing.in_order(("id",), False, None), COMPARED))
