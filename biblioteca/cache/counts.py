"""Counts of lists, kept as long as the answers of their generation are."""

import hashlib
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future

from cachetools import LRUCache
from django.conf import settings

from biblioteca.cache.tokens import Reading

MOST = 2000

# Token, resource, and a digest of the filter: what was searched for may be long.
Key = tuple[str, str, bytes]


class Counts:
    """Counts by token and filter; requests that need the same one wait for one query."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.kept: LRUCache[Key, tuple[float, Future[int | None]]] = LRUCache(MOST)

    def get(
        self,
        reading: Reading | None,
        resource: str,
        key: Hashable,
        count: Callable[[], int | None],
    ) -> int | None:
        """Return ``count()`` as of ``reading``, kept or new. Raises what ``count`` raises.

        Without a reading, or while the resource is being written, nothing is kept.
        """
        token = reading.tokens.get(resource) if reading is not None else None
        if reading is None or token is None:
            return count()
        place = (token, resource, hashlib.sha256(repr(key).encode()).digest())
        with self.lock:
            found = self.kept.get(place)
            if found is not None and found[0] > time.monotonic():
                future, is_mine = found[1], False
            else:
                future, is_mine = Future(), True
                self.kept[place] = (reading.began + settings.CACHE_SECONDS, future)
        if not is_mine:
            return future.result()
        try:
            number = count()
        except BaseException as error:
            future.set_exception(error)
            with self.lock:
                self.kept.pop(place, None)
            raise
        future.set_result(number)
        return number

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self.kept.clear()


counts = Counts()
