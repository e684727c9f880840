"""Works that may be the same."""

from biblioteca.records.found import FoundListing
from obras.models import Obra

MOST = 100


def similar_works(titulo: str, limit: int = 5, exclude: int | None = None) -> list[Obra]:
    """Return works whose titles have the words of ``titulo``, with authors and publisher.

    ``exclude`` is the id of the work that is being edited itself.
    """

    def dressed(rows):  # type: ignore[no-untyped-def]
        return rows.select_related("editora").prefetch_related("autorias__autor")

    listing = FoundListing(Obra.objects.all(), titulo, dressed, MOST)
    found = listing.between(("chave", "id"), False, 0, limit + 1)
    return [work for work in found if work.pk != exclude][:limit]
