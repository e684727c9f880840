"""Removing the pictures that nothing names any more."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from django.core.files.storage import Storage, default_storage
from django.utils import timezone

from biblioteca.photos.storage import DIRECTORY, is_stored_name, storage_key

# Who names pictures: each gives an iterator over values that may be stored pictures.
sources: list[Callable[[], Iterable[str]]] = []


def names_in_use() -> set[str]:
    """Return the storage keys that some record or history entry names."""
    values = (value for source in sources for value in source())
    return {key for value in values if (key := storage_key(value))}


def stored_names(storage: Storage = default_storage) -> Iterator[str]:
    """Yield the storage key of every picture."""
    try:
        directories = storage.listdir(DIRECTORY)[0]
    except FileNotFoundError:
        return
    for directory in directories:
        for name in storage.listdir(f"{DIRECTORY}/{directory}")[1]:
            if is_stored_name(f"{DIRECTORY}/{directory}/{name}"):
                yield f"{DIRECTORY}/{directory}/{name}"


def unused_names(older_than: timedelta, now: datetime | None = None) -> list[str]:
    """Return the pictures that nothing names.

    Younger ones are left alone: the transaction that will name one may be about to commit.
    """
    limit = (now or timezone.now()) - older_than
    candidates = list(stored_names())
    used = names_in_use()
    return [
        name
        for name in candidates
        if name not in used and default_storage.get_modified_time(name) < limit
    ]
