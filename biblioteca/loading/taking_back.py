"""Taking a load back: everything that it made or changed."""

from collections.abc import Callable

from django.utils import timezone

from biblioteca.loading.models import Batch
from biblioteca.records.undoing import OnEdited, UndoReport, undo_group


def take_back(
    batch: Batch,
    on_edited: OnEdited,
    who: str,
    progress: Callable[[int], object] | None = None,
) -> UndoReport:
    """Undo what ``batch`` did and write down that it was undone.

    With REFUSE nothing is changed, and the report says so, when anything was edited since.
    """
    report = undo_group(batch.group, on_edited, progress)
    if report.finished and not report.refused:
        batch.estado = Batch.State.UNDONE
        batch.desfeito_em, batch.desfeito_por = timezone.now(), who[:200]
        batch.save(update_fields=["estado", "desfeito_em", "desfeito_por"])
    return report
