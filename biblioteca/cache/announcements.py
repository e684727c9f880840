"""A write says what it changes: before its commit, and again when it is over.

With Redis a mark of the write's own stands between the two, so that nobody serves or stores an
answer that the write may have made old. Without Redis the tokens are rows of the database and
change in the write's own transaction.
"""

import logging
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from biblioteca.cache import scripts
from biblioteca.cache.link import TIMEOUT_SECONDS, link
from biblioteca.cache.redis_source import mark_keys, token_keys
from biblioteca.cache.tokens import MARK_SECONDS, TRANSACTION_SECONDS, new_token

logger = logging.getLogger(__name__)

# Old rows of a resource are removed when it has more than so many.
ROWS_KEPT = 16


class UnannouncedWriteError(Exception):
    """The write cannot be announced, and ``CACHE_STRICT`` allows none that is not."""


class TransactionTooLongError(Exception):
    """The transaction took longer than its mark is sure to stand; it has to be rolled back."""


@dataclass
class Announcement:
    """The write under way on this thread's connection."""

    mark: str = field(default_factory=lambda: secrets.token_hex(12))
    resources: set[str] = field(default_factory=set)
    heard: bool = True
    began: float = field(default_factory=time.monotonic)


class Current(threading.local):
    """The announcement of each thread, which has a connection of its own."""

    announcement: Announcement | None = None
    # Nothing of what is written now will be committed.
    is_rehearsal: bool = False


current = Current()


@cache
def client() -> redis.Redis:
    """Return the client of this process's threads."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=None,
        max_connections=512,
    )


def touch(*resources: str) -> None:
    """Say that the transaction under way changes what the answers of ``resources`` show.

    Raises UnannouncedWriteError when Redis does not hear it and ``CACHE_STRICT`` is set.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a write needs a transaction")
    if current.is_rehearsal:
        return
    if settings.REDIS_URL:
        announce(set(resources))
    else:
        append_rows(resources)


@contextmanager
def rehearsal() -> Iterator[None]:
    """Run the block in a transaction that is rolled back at its end, and announce nothing of it."""
    with transaction.atomic():
        current.is_rehearsal = True
        try:
            yield
        finally:
            current.is_rehearsal = False
            transaction.set_rollback(True)


def announce(resources: set[str]) -> None:
    """Replace the tokens of ``resources`` in Redis and leave a mark, once per transaction."""
    if current.announcement is not None and not is_registered():
        finish()  # its transaction was rolled back
    announcement = current.announcement
    if announcement is None:
        announcement = current.announcement = Announcement()
        transaction.on_commit(finish)
    fresh = resources - announcement.resources
    if not fresh:
        return
    announcement.resources |= fresh
    heard = run_script(fresh, announcement.mark, MARK_SECONDS * 1000)
    announcement.heard &= heard
    if not heard and settings.CACHE_STRICT:
        raise UnannouncedWriteError(
            _("The cache cannot be told of this change now; nothing was changed.")
        )


def is_registered() -> bool:
    """Tell whether the transaction of the current announcement is still under way."""
    return any(callback[1] is finish for callback in connection.run_on_commit)


def finish() -> None:
    """Replace the tokens once more and take the mark away; never raises."""
    announcement, current.announcement = current.announcement, None
    if announcement is None or not announcement.resources:
        return
    heard = run_script(announcement.resources, announcement.mark, 0)
    if not (heard and announcement.heard):
        # Redis may yet come to hear of the beginning, and then the mark would stand long.
        link.leave_behind(announcement.mark)


def finish_over(**_signal: Any) -> None:
    """Finish the announcement of a transaction that was rolled back, or ended nobody knows how."""
    if current.announcement is not None and not connection.in_atomic_block:
        finish()


def check_age() -> None:
    """Raise TransactionTooLongError when the mark might not outlive the commit."""
    announcement = current.announcement
    if announcement and time.monotonic() - announcement.began > TRANSACTION_SECONDS:
        raise TransactionTooLongError(
            _("The transaction took more than %d seconds and was rolled back.")
            % TRANSACTION_SECONDS
        )


def run_script(resources: set[str], mark: str, stands: int) -> bool:
    """Run the announcing script; tell whether Redis heard it whole."""
    names = sorted(resources)
    prefix = settings.REDIS_PREFIX
    keys = [*token_keys(prefix, names), *mark_keys(prefix, names)]
    try:
        # Tried however often it failed: a write that ends after Redis came back must be heard.
        heard = client().eval(scripts.ANNOUNCE, len(keys), *keys, new_token(), mark, stands)
    except (redis.RedisError, OSError) as error:
        logger.warning("Redis was not told of a change of %s: %r", ", ".join(names), error)
        link.failed()
        return False
    if not heard:
        logger.warning("Redis had no memory for a change of %s", ", ".join(names))
        link.failed()
    return bool(heard)


def append_rows(resources: tuple[str, ...]) -> None:
    """Change the tokens in the database, in the transaction of the write."""
    from biblioteca.cache.models import Geracao

    rows = Geracao.objects.bulk_create(
        Geracao(recurso=resource, sorteio=new_token()) for resource in sorted(set(resources))
    )
    # Rows may go only where a new random one comes: a token must not repeat.
    skip = connection.features.has_select_for_update_skip_locked
    for row in rows:
        others = Geracao.objects.filter(recurso=row.recurso).exclude(sorteio=row.sorteio)
        if others.count() > ROWS_KEPT:
            old = list(others.select_for_update(skip_locked=skip).values_list("pk", flat=True))
            Geracao.objects.filter(pk__in=old).delete()


def replace_all_tokens() -> None:
    """Make every stored answer old. Raises redis.RedisError or OSError."""
    if not settings.REDIS_URL:
        with transaction.atomic():
            append_rows(tuple(settings.CACHED_RESOURCES))
        return
    keys = token_keys(settings.REDIS_PREFIX, settings.CACHED_RESOURCES)
    client().eval(scripts.REPLACE, len(keys), *keys, new_token(), "1")
