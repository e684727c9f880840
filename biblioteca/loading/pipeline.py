"""Read, clean, match, write, report: in batches, each of them whole or absent."""

import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import Full, Queue
from threading import Event, Thread

from django.conf import settings
from django.db import reset_queries
from django.utils import translation
from django.utils.translation import gettext as _

from biblioteca.loading.batches import BatchRecorder
from biblioteca.loading.cleaning import clean
from biblioteca.loading.options import LoadOptions
from biblioteca.loading.reading import Reading
from biblioteca.loading.records import CleanRecord, Fault, Outcome, RawRecord, Verdict
from biblioteca.loading.report import Report
from biblioteca.loading.writer import Evidence, RecordWriter, Run
from biblioteca.records import behind, writing
from biblioteca.records.statements import batches, pieces

# So many records are written in one transaction.
CHUNK = 4000
# While the database writes so many of them, the next ones are looked up and put together.
PIECE = 1000
# So many batches are read before they are asked for.
CHUNKS_AHEAD = 1
# Seconds that a reader has to end, which may be waiting for more of a pipe.
PATIENCE = 5
# A few times as many as a batch has.
OBJECTS_BETWEEN_COLLECTIONS = 200_000
LONGEST_TURN = 0.0005  # seconds that a thread may go on while another one could

Chunk = list[Evidence | Fault]

Writers = Mapping[str, type[RecordWriter]]


class Loader:
    """Brings the records of files into the catalogue, in the name of one load."""

    def __init__(
        self, writers: Writers, options: LoadOptions, recorder: BatchRecorder, report: Report
    ) -> None:
        self.writers = writers
        self.options = options
        self.recorder = recorder
        self.report = report

    def load(self, reading: Reading, number: int, progress: Callable[[], object]) -> None:
        """Load one file, the ``number``-th of this run, telling ``progress`` after each batch."""

        def place(line: int) -> str:
            return (_("line %d") if reading.unit == "line" else _("record %d")) % line

        run = Run(
            options=self.options,
            catalogue=self.recorder.catalogue,
            seen=lambda resource, ids: self.recorder.seen(number, resource, ids),
            place=place,
        )
        writers = {resource: writer(run) for resource, writer in self.writers.items()}
        records = (
            writers[item.resource].evidence(item) if isinstance(item, CleanRecord) else item
            for item in self.recorder.rest(number, cleaned(reading))
        )
        with tuned_interpreter():
            for chunk in ahead(batches(records, CHUNK)):
                self.write(chunk, writers, number)
                progress()
                if settings.DEBUG:  # Django keeps every statement then
                    reset_queries()

    def write(self, chunk: Chunk, writers: Mapping[str, RecordWriter], number: int) -> None:
        """Write one batch with what is recorded of it; then report it."""

        def work() -> tuple[list[Outcome], Counter[str]]:
            outcomes: list[Outcome] = []
            created: Counter[str] = Counter()
            with behind.sending():
                for piece in pieces(chunk, PIECE):
                    verdicts = self.write_piece(piece, writers, created)
                    self.recorder.record(number, verdicts)
                    outcomes += verdicts
                self.recorder.count(self.report.counts_with(outcomes, created))
            return outcomes, created

        outcomes, created = writing.in_transaction(work)
        self.report.add(outcomes, created)

    def write_piece(
        self,
        piece: Sequence[Evidence | Fault],
        writers: Mapping[str, RecordWriter],
        created: Counter[str],
    ) -> list[Outcome]:
        """Write some records and return the verdicts; count in ``created`` what is new."""
        verdicts: dict[int, Outcome] = {}
        # In the order of the writers: authors are there before the works that name them.
        for resource, writer in writers.items():
            own = {
                place: item
                for place, item in enumerate(piece)
                if isinstance(item, Evidence) and item.record.resource == resource
            }
            if own:
                verdicts.update(zip(own, writer.write(list(own.values())), strict=True))
                created.update(writer.created)
        return [
            rejected(item) if isinstance(item, Fault) else verdicts[place]
            for place, item in enumerate(piece)
        ]


@contextmanager
def tuned_interpreter() -> Iterator[None]:
    """Set Python up for a load: it is a stream of plain records, and threads that wait in turn."""
    collected, switched = gc.get_threshold(), sys.getswitchinterval()
    # Nothing of a batch refers back to itself: to look for that again and again is in vain.
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *collected[1:])
    # The database waits for its next statement while the reader holds the interpreter.
    sys.setswitchinterval(LONGEST_TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(switched)
        gc.set_threshold(*collected)
        gc.unfreeze()


def cleaned(reading: Reading) -> Iterator[CleanRecord | Fault]:
    """Yield what can be written of each record of a file, or why it cannot."""
    for item in reading.records():
        yield clean(item, reading.style) if isinstance(item, RawRecord) else item


def rejected(fault: Fault) -> Outcome:
    """Return the verdict on a place that holds no record."""
    return Outcome(fault.line, Verdict.REJECTED, fault.reason, fault.raw)


def ahead(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Yield ``chunks``, which another thread reads while the database is busy with the one before.

    What is raised there is raised here, behind the chunks that were whole.
    """
    ready: Queue[Chunk | BaseException | None] = Queue(maxsize=CHUNKS_AHEAD)
    stopped = Event()
    language = translation.get_language()

    def put(item: Chunk | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.2)
            except Full:
                continue
            return

    def read() -> None:
        with translation.override(language):
            try:
                for chunk in chunks:
                    put(chunk)
                    if stopped.is_set():
                        return
            except BaseException as error:  # noqa: BLE001 (raised again by who waits for it)
                put(error)
            else:
                put(None)

    reader = Thread(target=read, name="reader", daemon=True)
    reader.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        reader.join(PATIENCE)
