"""Loads that go on where a killed one was: what they write down, and what they leave out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from biblioteca.loading import uploads
from biblioteca.loading.batches import BatchRecorder, as_understood, bounded
from biblioteca.loading.holding import Holding
from biblioteca.loading.models import Batch, BatchItem, Upload
from biblioteca.loading.records import CleanRecord, Fault, Outcome, Verdict
from biblioteca.loading.report import KEPT, Report

Cleaned = CleanRecord | Fault

# A report shows so many records of each kind, with what they said.
SHOWN = 25
WARNED = "aviso"
# So many records are read back at a time.
PAGE = 10_000


class SampledReport(Report):
    """Counts, and keeps the first records of each kind that somebody should look at."""

    def __init__(self, rejects_path: Path | None) -> None:
        super().__init__(rejects_path)
        self.samples: dict[str, list[dict[str, Any]]] = {}
        self.reasons: Counter[tuple[str, str]] = Counter()

    def add(self, outcomes: Sequence[Outcome], created: Mapping[str, int]) -> None:
        """Take the verdicts of one batch in."""
        super().add(outcomes, created)
        for outcome in outcomes:
            if outcome.verdict in KEPT:
                self.sample(str(outcome.verdict), outcome, outcome.reason)
            for warning in outcome.record.warnings if outcome.record else ():
                self.sample(WARNED, outcome, warning)

    def sample(self, kind: str, outcome: Outcome, reason: str) -> None:
        """Keep one record, unless there are enough of its kind."""
        kept = self.samples.setdefault(kind, [])
        if len(kept) < SHOWN:
            understood = as_understood(outcome.record) if outcome.record else None
            kept.append(
                bounded({
                    "linha": outcome.line, "motivo": reason, "bruto": outcome.raw,
                    "resultado": understood,
                })
            )  # fmt: skip


class HeldRecorder(BatchRecorder):
    """Writes down a load that this process holds; nothing once another one holds it."""

    def __init__(self, batch: Batch, holding: Holding, report: Report) -> None:
        super().__init__(batch)
        self.holding, self.report = holding, report
        counts = batch.contagens
        if BatchItem.objects.filter(lote=batch).exists():
            # Of the attempt before this one: the counts stand in the transactions of the records.
            report.verdicts = Counter({str(name): counts.get(name, 0) for name in Verdict})
            report.warnings = counts.get("avisos", 0)
            report.created = Counter(
                autores=counts.get("autores_criados", 0), editoras=counts.get("editoras_criadas", 0)
            )

    def rest(self, number: int, records: Iterator[Cleaned]) -> Iterator[Cleaned]:
        """Return the records of the ``number``-th file that were not dealt with before.

        A file is read alike every time, so that they are those behind as many as were written
        down. What had not been loaded is kept for the file of rejected lines once more.
        """
        kept = []
        done = 0
        for verdict, reason in self.recorded(number):
            done += 1
            if verdict in KEPT:
                kept.append((done, verdict, reason))
        return chain(self.passed_over(islice(records, done), kept), records)

    def recorded(self, number: int) -> Iterator[tuple[str, str]]:
        """Yield verdict and reason of the records of a file that are written down, in order."""
        rows = BatchItem.objects.filter(lote=self.batch, arquivo=number).order_by("pk")
        last = 0
        while page := list(rows.filter(pk__gt=last).values_list("pk", "veredito", "motivo")[:PAGE]):
            yield from (row[1:] for row in page)
            last = page[-1][0]

    def passed_over(
        self, records: Iterator[Cleaned], kept: list[tuple[int, str, str]]
    ) -> Iterator[Cleaned]:
        """Go through ``records``, keep what was rejected, and yield nothing."""
        waiting = iter(kept)
        expected = next(waiting, None)
        # Numbers of lines may stand twice in an archive; the place among its records does not.
        for place, record in enumerate(records, start=1):
            if expected and place == expected[0]:
                _place, verdict, reason = expected
                self.report.keep(Outcome(record.line, Verdict(verdict), reason, record.raw))
                expected = next(waiting, None)
        yield from ()

    def count(self, counts: Mapping[str, int]) -> None:
        """Write down how far the load is. Raises HoldLostError."""
        super().count(counts)
        # An attempt that comes further than the one before it was not in vain.
        self.holding.check(tentativas=0)

    def finish(
        self,
        state: Batch.State,
        counts: Mapping[str, int],
        files: Sequence[Mapping[str, Any]],
        *,
        format_name: str = "",
        message: str = "",
    ) -> None:
        """Close the load, and keep the file of what was not loaded."""
        self.report.close()
        path = self.report.rejects_path
        upload = Upload.objects.get(pk=self.batch.pk)
        key = uploads.keep_rejects(upload, path) if path else ""
        with transaction.atomic():
            self.holding.check(rejeitados=key, tentativas=0)
            Batch.objects.filter(pk=self.batch.pk).update(
                estado=state, fim=timezone.now(), contagens=dict(counts), formato=format_name,
                mensagem=message, **({"arquivos": [dict(file) for file in files]} if files else {}),
            )  # fmt: skip
        uploads.remove([upload.rejeitados] if upload.rejeitados != key else [])
