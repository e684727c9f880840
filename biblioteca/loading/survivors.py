"""Which records still exist, and who stands for those that were merged away."""

from collections.abc import Iterable

from biblioteca.records.models import Record, Redirect

# Engines bound the number of values in one query.
SOME = 1000


def living(model: type[Record], ids: Iterable[int]) -> dict[int, int]:
    """Return, for each of ``ids``, the id of the record that it means today, if there is one.

    Itself, or the survivor of the merges that it went through.
    """
    found: dict[int, int] = {}
    asked = {key: key for key in ids}
    # A chain of merges is as long as somebody made it; a circle would be a fault of the data.
    for _step in range(50):
        if not asked:
            break
        wanted = list(set(asked.values()))
        alive: set[int] = set()
        onwards: dict[int, int] = {}
        for start in range(0, len(wanted), SOME):
            some = wanted[start : start + SOME]
            alive.update(model._default_manager.filter(pk__in=some).values_list("pk", flat=True))
            gone = [key for key in some if key not in alive]
            if gone:
                rows = Redirect.objects.filter(recurso=model.RESOURCE, de_id__in=gone)
                onwards.update(rows.values_list("de_id", "para_id"))
        found.update({key: now for key, now in asked.items() if now in alive})
        asked = {
            key: onwards[now] for key, now in asked.items() if now not in alive and now in onwards
        }
    return found
