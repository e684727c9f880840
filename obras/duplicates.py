"""Works that may be the same."""

from typing import Any

from biblioteca.records.found import FoundListing
from biblioteca.records.text import query_words
from obras.models import Obra

MOST = 100
# The longest words of a title are enough to find what is like it.
WORDS = 4


def similar_works(titulo: str, limit: int = 5, exclude: int | None = None) -> list[Obra]:
    """Return works whose titles have the words of ``titulo``, with authors and publisher.

    ``exclude`` is the id of the work that is being edited itself.
    """

    def dressed(rows: Any) -> Any:
        return rows.select_related("editora").prefetch_related("autorias__autor")

    words = " ".join(query_words(titulo)[:WORDS])
    listing = FoundListing(Obra.objects.all(), words, dressed, MOST)
    found = listing.between(("chave", "id"), False, 0, limit + 1)
    return [work for work in found if work.pk != exclude][:limit]
