"""What a run did: counts, and a file of what could not be loaded."""

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from django.utils.translation import gettext as _

from biblioteca.loading.records import Outcome, Verdict

KEPT = (Verdict.REJECTED, Verdict.CONFLICT)
WHOLE_RECORD = "registro"


class Report:
    """Counts the verdicts and keeps what was not loaded in a CSV file, with the reasons."""

    def __init__(self, rejects_path: Path | None) -> None:
        self.rejects_path = rejects_path
        self.verdicts: Counter[str] = Counter()
        self.warnings = 0
        self.created: Counter[str] = Counter()
        self.file: TextIO | None = None
        self.columns: list[str] = []

    def add(self, outcomes: Sequence[Outcome], created: Mapping[str, int]) -> None:
        """Take the verdicts of one batch in, and how many records of each resource are new."""
        for outcome in outcomes:
            self.verdicts[outcome.verdict] += 1
            self.warnings += len(outcome.record.warnings) if outcome.record else 0
            if outcome.verdict in KEPT and self.rejects_path:
                self.keep(outcome)
        self.created.update(created)

    @property
    def read(self) -> int:
        """How many records were read."""
        return sum(self.verdicts.values())

    @property
    def rejected(self) -> int:
        """How many records could not be loaded."""
        return self.verdicts[Verdict.REJECTED]

    @property
    def counts(self) -> dict[str, int]:
        """The counts for a program."""
        return self.counts_with((), {})

    def counts_with(
        self, outcomes: Sequence[Outcome], created: Mapping[str, int]
    ) -> dict[str, int]:
        """Return the counts as they will be when one more batch was taken in."""
        verdicts = self.verdicts + Counter(str(outcome.verdict) for outcome in outcomes)
        more = sum(len(outcome.record.warnings) for outcome in outcomes if outcome.record)
        return {
            "lidos": sum(verdicts.values()),
            **{str(verdict): verdicts[verdict] for verdict in Verdict},
            "autores_criados": self.created["autores"] + created.get("autores", 0),
            "editoras_criadas": self.created["editoras"] + created.get("editoras", 0),
            "avisos": self.warnings + more,
        }

    def keep(self, outcome: Outcome) -> None:
        """Write what was not loaded to the file: the cells of a line as they came.

        A record that is no line of cells stands in one cell, as JSON.
        """
        file = self.file or self.open(outcome)
        cells = [as_cell(outcome.raw.get(column, "")) for column in self.columns]
        if self.columns == [WHOLE_RECORD]:
            cells = [json.dumps(outcome.raw, ensure_ascii=False)] if outcome.raw else [""]
        csv.writer(file).writerow([outcome.line, outcome.verdict, outcome.reason, *cells])

    def open(self, first: Outcome) -> TextIO:
        """Begin the file with the columns of what is kept first."""
        if self.rejects_path is None:
            raise ValueError("nothing is kept without a path")
        is_line = all(isinstance(value, str) for value in first.raw.values())
        self.columns = list(first.raw) if is_line and first.raw else [WHOLE_RECORD]
        self.file = self.rejects_path.open(
            "w", encoding="utf-8", newline="", errors="backslashreplace"
        )
        csv.writer(self.file).writerow(["linha", "veredito", "motivo", *self.columns])
        return self.file

    def close(self) -> None:
        """Finish the file of what was not loaded."""
        if self.file is not None:
            self.file.close()

    def lines(self) -> list[str]:
        """Return the summary for a person."""
        summary = [
            _("%d records read") % self.read,
            _("  %d created") % self.verdicts[Verdict.CREATED],
            _("  %d updated") % self.verdicts[Verdict.UPDATED],
            _("  %d already there") % self.verdicts[Verdict.SAME],
            _("  %d in conflict with what is there, left as it is")
            % self.verdicts[Verdict.CONFLICT],
            _("  %d rejected") % self.rejected,
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


def as_cell(value: Any) -> str:
    """Return ``value`` as the text of a cell."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
