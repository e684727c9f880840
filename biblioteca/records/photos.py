"""Which pictures the records and their history name."""

from collections.abc import Iterator

from biblioteca.records.models import HistoryEntry
from biblioteca.records.registry import record_models

BATCH = 5000


def photos_in_use() -> Iterator[str]:
    """Yield ``foto`` of every record, and of every state that history could bring back."""
    for model in record_models().values():
        yield from model._default_manager.exclude(foto="").values_list("foto", flat=True)
    last = 0
    entries = HistoryEntry.objects.order_by("pk")
    # Engines without server-side cursors would load a whole history at once.
    while batch := list(entries.filter(pk__gt=last).values_list("pk", "antes", "depois")[:BATCH]):
        for _key, before, after in batch:
            for state in (before, after):
                if state and state.get("foto"):
                    yield state["foto"]
        last = batch[-1][0]
