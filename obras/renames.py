"""A work is found by its authors' and its publisher's names: follow them when they change."""

from typing import Any

from autores.models import Autor
from biblioteca.records.models import Record
from biblioteca.records.search import refresh_words
from biblioteca.records.writing import renamed
from editoras.models import Editora
from obras.models import Obra

BATCH = 500


def connect() -> None:
    """Listen to renames; called once, when Django is ready."""
    renamed.connect(refresh_works, sender=Autor, dispatch_uid="obras.autor")
    renamed.connect(refresh_works, sender=Editora, dispatch_uid="obras.editora")


def refresh_works(sender: type[Record], record: Record, **_signal: Any) -> None:
    """Bring the search words of the works that show ``record`` up to date, in id order."""
    link = "editora" if sender is Editora else "autores"
    works = Obra.objects.filter(**{link: record.pk}).order_by("pk").values_list("pk", flat=True)
    last = 0
    while ids := list(works.filter(pk__gt=last)[:BATCH]):
        # Locked in the order of their ids, before their words are: whoever changes one of them
        # does it in this order too.
        held = Obra.objects.filter(pk__in=ids).order_by("pk").select_for_update()
        refresh_words(list(held.with_author_ids()))
        last = ids[-1]
