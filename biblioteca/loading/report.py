"""What a run did: counts, and a file of what could not be loaded."""

import csv
from collections import Counter
from pathlib import Path
from typing import TextIO

from django.utils.translation import gettext as _

from biblioteca.loading.records import Outcome, Verdict

KEPT = (Verdict.REJECTED, Verdict.CONFLICT)


class Report:
    """Counts the verdicts and keeps the rejected lines in a CSV file with their reasons."""

    def __init__(self, rejects_path: Path) -> None:
        self.rejects_path = rejects_path
        self.counts: Counter[Verdict] = Counter()
        self.warnings = 0
        self.created = Counter[str]()
        self.file: TextIO | None = None
        self.columns: list[str] = []

    def add(self, outcome: Outcome) -> None:
        """Take one verdict in."""
        self.counts[outcome.verdict] += 1
        if outcome.verdict in KEPT:
            self.keep(outcome)

    def keep(self, outcome: Outcome) -> None:
        """Write a line that was not loaded to the file, as it came."""
        if self.file is None:
            self.file = self.rejects_path.open(
                "w", encoding="utf-8", newline="", errors="backslashreplace"
            )
            self.columns = list(outcome.raw)
            csv.writer(self.file).writerow(["linha", "veredito", "motivo", *self.columns])
        cells = [outcome.raw.get(column, "") for column in self.columns]
        csv.writer(self.file).writerow([outcome.line, outcome.verdict, outcome.reason, *cells])

    def close(self) -> None:
        """Finish the file of rejected lines."""
        if self.file is not None:
            self.file.close()

    @property
    def read(self) -> int:
        """How many records were read."""
        return sum(self.counts.values())

    def lines(self) -> list[str]:
        """Return the summary for a person."""
        summary = [
            _("%d records read") % self.read,
            _("  %d created") % self.counts[Verdict.CREATED],
            _("  %d already there") % self.counts[Verdict.SAME],
            _("  %d in conflict with what is there, left as it is") % self.counts[Verdict.CONFLICT],
            _("  %d rejected") % self.counts[Verdict.REJECTED],
            _("%(authors)d new authors, %(publishers)d new publishers, %(warnings)d warnings")
            % {
                "authors": self.created["autores"],
                "publishers": self.created["editoras"],
                "warnings": self.warnings,
            },
        ]
        if self.file is not None:
            summary.append(_("What was not loaded, and why: %s") % self.rejects_path)
        return summary
