"""One load from beginning to end: its files, its transaction or transactions, its record."""

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from django.utils.translation import gettext as _

from biblioteca.cache.announcements import (
    TransactionTooLongError,
    UnannouncedWriteError,
    rehearsal,
)
from biblioteca.loading.batches import BatchRecorder
from biblioteca.loading.models import Batch
from biblioteca.loading.options import LoadOptions
from biblioteca.loading.pipeline import Loader, Writers
from biblioteca.loading.reading import Reading, ReadingOptions, in_loading_order, open_reading
from biblioteca.loading.report import Report
from biblioteca.operations.databases import advice
from biblioteca.records.origins import Origin, writing_as

logger = logging.getLogger(__name__)

STOPPING = (UnannouncedWriteError, TransactionTooLongError, DatabaseError, InterfaceError)

# Name of the file, bytes read, bytes in all (None: not known), records read in this run.
ShowProgress = Callable[[str, int, int | None, int], object]


class LoadStoppedError(Exception):
    """The load ended before its end; what was loaded stays. The text says how far it came."""


@dataclass
class LoadRun:
    """One load: what it was asked, and what it did so far.

    ``batch`` is a load that was written down before, to be carried out now; ``recorder`` is who
    writes it down, where that is not the usual one.
    """

    writers: Writers
    reading: ReadingOptions
    options: LoadOptions
    report: Report
    who: str
    progress: ShowProgress = lambda *_where: None
    batch: Batch | None = None
    files: list[dict[str, Any]] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    recorder: BatchRecorder | None = None

    def load(self, paths: Sequence[str]) -> None:
        """Load ``paths`` (``-`` is the standard input), one after the other.

        Raises UnreadableFileError when one of them cannot be read at all, with nothing written, and
        LoadStoppedError when the load cannot go on.
        """
        with ExitStack() as stack:
            readings = [stack.enter_context(open_reading(path, self.reading)) for path in paths]
            if self.options.simulate:
                stack.enter_context(rehearsal())
            if self.batch and self.recorder is None:
                self.recorder = BatchRecorder(self.batch)
            try:
                for reading in in_loading_order(readings):
                    self.load_one(reading)
            except STOPPING as error:
                raise self.stopped(advice(error) or str(error)) from error
            self.finish(Batch.State.DONE)

    def load_one(self, reading: Reading) -> None:
        """Load one file."""
        options = self.options
        if self.recorder is None:
            source = self.reading.source or ""
            self.recorder = BatchRecorder.start(self.who, [reading.name], options, source=source)
        file = {"nome": reading.name, "bytes": reading.size, "sha256": None}
        self.files.append(file)
        self.formats.append(reading.format)
        loader = Loader(self.writers, options, self.recorder, self.report)
        origin = Origin(self.who, "carga", reading.name, self.recorder.batch.group)
        with writing_as(origin):
            loader.load(reading, len(self.files) - 1, lambda: self.show(reading))
        file["sha256"] = reading.sha256
        file["bytes"] = reading.size or reading.position()

    def show(self, reading: Reading) -> None:
        """Say how far it is."""
        self.progress(reading.name, reading.position(), reading.size, self.report.read)

    def stopped(self, reason: str) -> LoadStoppedError:
        """Write down that the load ended before its end, and return what to raise."""
        message = _("Stopped after %(number)d records, which are loaded: %(reason)s") % {
            "number": self.report.read,
            "reason": reason,
        }
        try:
            connection.close_if_unusable_or_obsolete()
            self.finish(Batch.State.STOPPED, message)
        except (DatabaseError, InterfaceError):  # away: the load stays written down as under way
            logger.warning("The end of a load could not be written down", exc_info=True)
        return LoadStoppedError(message)

    def finish(self, state: Batch.State, message: str = "") -> None:
        """Close the load."""
        if self.recorder is not None:
            formats = ", ".join(dict.fromkeys(self.formats))
            self.recorder.finish(
                state, self.report.counts, self.files, format_name=formats, message=message
            )

    def as_dict(self) -> dict[str, Any]:
        """Return what was done, for a program."""
        written = self.recorder is not None and not self.options.simulate
        return {
            "lote": self.recorder.batch.pk if self.recorder and written else None,
            "arquivo": ", ".join(file["nome"] for file in self.files),
            "formato": ", ".join(dict.fromkeys(self.formats)),
            **self.report.counts,
        }
