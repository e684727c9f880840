"""Read, clean, match, write, report: in batches, each of them whole or absent."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Protocol

from biblioteca.loading.cleaning import clean
from biblioteca.loading.names import detect_style
from biblioteca.loading.records import CleanRecord, Fault, Outcome, RawRecord, Verdict
from biblioteca.loading.report import Report

BATCH = 500
SAMPLED = 500


class Writer(Protocol):
    """What a resource gives the pipeline: matching a batch against the catalogue and writing it."""

    def write(self, batch: list[CleanRecord], report: Report) -> list[Outcome]:
        """Write what is new in ``batch`` in one transaction; return a verdict for each record."""


def load(
    records: Iterable[RawRecord | Fault],
    writer: Writer,
    report: Report,
    progress: Callable[[Report], None],
) -> None:
    """Bring ``records`` into the catalogue, telling ``progress`` after each batch."""
    stream = iter(records)
    sample = list(islice(stream, SAMPLED))
    style = detect_style(
        item.authors
        for item in sample
        if isinstance(item, RawRecord) and isinstance(item.authors, str)
    )
    cleaned = (
        item if isinstance(item, Fault) else clean(item, style) for item in chain(sample, stream)
    )
    while batch := list(islice(cleaned, BATCH)):
        works = [item for item in batch if isinstance(item, CleanRecord)]
        for outcome in in_file_order(batch, writer.write(works, report)):
            report.add(outcome)
        report.warnings += sum(len(work.warnings) for work in works)
        progress(report)


def in_file_order(batch: list[CleanRecord | Fault], outcomes: list[Outcome]) -> Iterator[Outcome]:
    """Yield the verdicts on a batch in the order of its lines, faults among them."""
    verdicts = iter(outcomes)
    for item in batch:
        if isinstance(item, Fault):
            yield Outcome(item.line, Verdict.REJECTED, item.reason, item.raw)
        else:
            yield next(verdicts)
