"""Figures that are dear to work out and cheap to keep, through Django's cache."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import cache

from biblioteca.records.models import HistoryEntry

Value = TypeVar("Value")

# A figure is worked out again after so many times the time that it took: 5 % of one thread at most.
PATIENCE = 20
# And after so many seconds when nothing changed: what depends on the date does.
UNCHANGED_SECONDS = 60
# So long a figure is kept at all.
LONGEST = 24 * 3600
# Whoever works a figure out is trusted to be done after so many seconds.
TURN_SECONDS = 30


def last_change() -> int:
    """Return what changes with every change of the catalogue: the id of the last history entry."""
    entries = HistoryEntry.objects.order_by("-pk").values_list("pk", flat=True)
    return entries.first() or 0


def kept(name: str, version: Any, make: Callable[[], Value]) -> Value:
    """Return ``make()``, or what it gave before.

    It is believed for a minute while ``version`` is the same, and whatever the version while it is
    younger than twenty times what it took to make: in a small catalogue what was just saved counts
    at once, in a large one nobody waits for it. One request at a time makes it again; the others go
    on with the old one meanwhile.
    """
    key = f"backoffice:{name}"
    found = cache.get(key)
    now = time.time()
    if found is not None:
        value, of_version, made, cost = found
        longest = PATIENCE * cost
        if now - made < (max(longest, UNCHANGED_SECONDS) if of_version == version else longest):
            return value
        if not cache.add(f"{key}:turn", 1, TURN_SECONDS):
            return value
    try:
        value = make()
        cache.set(key, (value, version, now, time.time() - now), LONGEST)
    finally:
        cache.delete(f"{key}:turn")
    return value
