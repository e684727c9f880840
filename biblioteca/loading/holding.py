"""Who works on a load or an export: one process at a time, which says that it is alive.

Work is held by a token that one conditional UPDATE writes. A holder that was not heard of for
``LOADS_HELD_SECONDS`` has lost it to whoever asks next; whatever it would still write is rolled
back, because each of its transactions asks whether the token is still its own.
"""

import json
import logging
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import F, Q
from django.utils import timezone

from biblioteca.loading import uploads
from biblioteca.loading.models import Held, Upload

logger = logging.getLogger(__name__)

# Progress is written this often, and a sign of life with it.
NOTE_SECONDS = 1.0


class HoldLostError(Exception):
    """Another process works on this now: this one has to leave it."""


def stale_before() -> datetime:
    """Return since when a holder must have been heard of."""
    return timezone.now() - timedelta(seconds=settings.LOADS_HELD_SECONDS)


class Holding:
    """A load or an export that this process works on."""

    def __init__(self, key: int, token: str, model: type[Held] = Upload) -> None:
        self.key, self.token, self.model = key, token, model
        self.began = time.monotonic()
        self.noted = 0.0
        self.latest: dict[str, Any] = {}
        # What was read before this process came to it.
        self.first_read = 0

    @classmethod
    def take(cls, key: int, model: type[Held] = Upload) -> "Holding | None":
        """Take the work ``key``; None when somebody holds it."""
        token = secrets.token_hex(16)
        free = Q(posse="") | Q(sinal__lt=stale_before())
        taken = model._default_manager.filter(free, pk=key).update(
            posse=token, sinal=timezone.now(), tentativas=F("tentativas") + 1, andamento={}
        )
        return cls(key, token, model) if taken else None

    @property
    def mine(self) -> Any:
        """The row, as long as this process holds it."""
        return self.model._default_manager.filter(pk=self.key, posse=self.token)

    def check(self, **values: Any) -> None:
        """Write ``values`` and a sign of life. Raises HoldLostError when it is somebody else's."""
        if not self.mine.update(sinal=timezone.now(), **values):
            raise HoldLostError

    def release(self, **values: Any) -> None:
        """Let go of it, if it is still held."""
        self.mine.update(posse="", sinal=timezone.now(), **values)

    def note(self, name: str, position: int, size: int | None, read: int) -> None:
        """Write down how far the work is, once a second at most.

        A simulation is one transaction, which nobody sees into: then the thread that gives the
        signs of life takes it along, or a file beside what was sent.
        """
        now = time.monotonic()
        if now - self.noted < NOTE_SECONDS:
            return
        self.noted = now
        self.latest = {
            "arquivo": name,
            "posicao": position,
            "tamanho": size,
            "lidos": read,
            "por_segundo": round((read - self.first_read) / max(now - self.began, 0.001)),
        }
        if not connection.in_atomic_block:
            self.check(andamento=self.latest)
        elif connection.vendor == "sqlite" and self.model is Upload:
            write_progress(self.key, self.latest)

    @contextmanager
    def beating(self, *, writes: bool = True) -> Iterator[None]:
        """Give signs of life from a thread of its own while the block runs.

        Not where SQLite is written to: it has one writer at a time, and while that is this process,
        nobody else can take the work either.
        """
        in_memory = settings.DATABASES["default"]["NAME"] == ":memory:"
        if connection.vendor == "sqlite" and (writes or in_memory):
            yield
            return
        over = threading.Event()
        thread = threading.Thread(target=self.beat, args=(over,), name="signs", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def beat(self, over: threading.Event) -> None:
        """Give signs of life until it is over; runs in a thread with a connection of its own."""
        pause = min(settings.LOADS_HELD_SECONDS / 5, 2.0)
        while not over.wait(pause):
            try:
                self.mine.update(sinal=timezone.now(), **self.progress())
            except (DatabaseError, InterfaceError) as error:
                logger.warning("A sign of life could not be given: %s", error)
                connection.close()
        connection.close()

    def progress(self) -> dict[str, Any]:
        """Return the column of the progress, if there is something to say."""
        return {"andamento": self.latest} if self.latest else {}


def write_progress(key: int, progress: dict[str, Any]) -> None:
    """Write progress to a file beside what was sent."""
    path = progress_path(key)
    if path is not None:
        fresh = path.with_suffix(".novo")
        fresh.write_text(json.dumps(progress), encoding="utf-8")
        fresh.replace(path)


def read_progress(key: int) -> dict[str, Any]:
    """Return the progress in that file; nothing where there is none."""
    path = progress_path(key)
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path else {}
    except (OSError, ValueError):
        return {}


def progress_path(key: int) -> Any:
    """Return where the file of the progress lies, None when nothing is kept on this machine."""
    upload = Upload.objects.filter(pk=key).first()
    folder = uploads.folder_of(upload) if upload else ""
    return uploads.own_path(f"{folder}/{uploads.PROGRESS}") if folder else None
