"""What is written down of a load: the run itself, and what became of each record."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from biblioteca.loading.models import Batch, BatchItem, Catalogue
from biblioteca.loading.options import LoadOptions
from biblioteca.loading.records import CleanName, CleanRecord, Fault, Outcome, Verdict
from biblioteca.records import bulk
from biblioteca.records.statements import insert_behind

# Longer texts of a file are kept cut: a record of megabytes is no help to anybody.
LONGEST_TEXT = 20_000
# What lies deeper in a record is left out: MariaDB takes 32 levels.
DEEPEST = 20
# Bits of the largest number that every JSON column takes; larger ones are kept as texts, up to
# those that Python would not write in tens.
MOST_BITS = 63
LONGEST_NUMBER = 1000


@dataclass
class BatchRecorder:
    """Writes one load down, in the transactions of what it loads."""

    batch: Batch
    catalogue: str = field(default_factory=Catalogue.code)

    @classmethod
    def start(
        cls, who: str, names: Sequence[str], options: LoadOptions, *, source: str = ""
    ) -> "BatchRecorder":
        """Open a load of files called ``names``."""
        asked = {name: True for name, value in vars(options).items() if value}
        files = [{"nome": name} for name in names]
        batch = Batch.objects.create(quem=who[:200], arquivos=files, opcoes=asked, fonte=source)
        return cls(batch)

    def seen(self, number: int, resource: str, ids: Iterable[int]) -> dict[int, tuple[int, str]]:
        """Return line and digest of the first record of a file that was each of these records."""
        rows = BatchItem.objects.filter(
            lote=self.batch, recurso=resource, registro_id__in=list(ids), arquivo=number
        )
        found = rows.exclude(veredito=Verdict.REJECTED).order_by("-pk")
        return {
            key: (line, digest)
            for key, line, digest in found.values_list("registro_id", "linha", "resumo")
            if key is not None
        }

    def rest(
        self, number: int, records: Iterator[CleanRecord | Fault]
    ) -> Iterator[CleanRecord | Fault]:
        """Return those of the records of the ``number``-th file that are still to be written."""
        return records

    def record(self, number: int, outcomes: Sequence[Outcome]) -> None:
        """Write down what became of some records of the ``number``-th file."""
        columns = [
            "lote_id", "arquivo", "linha", "recurso", "registro_id", "veredito", "motivo",
            "resumo", "bruto", "resultado",
        ]  # fmt: skip
        rows = [
            (
                self.batch.pk, number, outcome.line, outcome.resource, outcome.record_id,
                str(outcome.verdict), plain(outcome.reason), outcome.digest,
                *contents(outcome),
            )
            for outcome in outcomes
        ]  # fmt: skip
        insert_behind(BatchItem, columns, rows)

    def count(self, counts: Mapping[str, int]) -> None:
        """Write down how far the load is."""
        now = timezone.now()
        Batch.objects.filter(pk=self.batch.pk).update(contagens=dict(counts), fim=now)

    def finish(
        self,
        state: Batch.State,
        counts: Mapping[str, int],
        files: Sequence[Mapping[str, Any]],
        *,
        format_name: str = "",
        message: str = "",
    ) -> None:
        """Close the load."""
        self.batch.estado, self.batch.fim = state, timezone.now()
        self.batch.contagens, self.batch.arquivos = dict(counts), [dict(file) for file in files]
        self.batch.formato, self.batch.mensagem = format_name, message
        self.batch.save()


def contents(outcome: Outcome) -> tuple[str | None, str | None]:
    """Return, as JSON, what the file said and what was understood; nothing for what was there."""
    if outcome.verdict is Verdict.SAME and not (outcome.record and outcome.record.warnings):
        return None, None
    understood = as_understood(outcome.record) if outcome.record else None
    return as_json(outcome.raw), as_json(understood)


def as_understood(record: CleanRecord) -> dict[str, Any]:
    """Return what a record says, cleaned, and what was left out on the way."""
    found: dict[str, Any] = {"texto": record.text}
    if record.authors:
        found["autores"] = [called(name) for name in record.authors]
    if record.publisher:
        found["editora"] = called(record.publisher)
    if record.photo:
        found["foto"] = record.photo
    if record.identifiers:
        found["identificadores"] = [":".join(pair) for pair in record.identifiers]
    if record.warnings:
        found["avisos"] = list(record.warnings)
    return found


def called(name: CleanName) -> str:
    """Return a name, or the key or id that stands for it."""
    return name.name or (":".join(name.key) if name.key else f"#{name.id}")


def as_json(value: Any) -> str | None:
    """Return ``value`` as the text of a JSON column; what no database takes is spelled out."""
    try:
        text = bulk.as_json(value)
    except TypeError:
        text = None
    if value is None or (text and is_plain(text)):
        return text
    return bulk.as_json(bounded(value))


def is_plain(text: str) -> bool:
    """Tell whether a JSON text is short, shallow and without characters that no database takes."""
    levels = text.count("[") + text.count("{")
    return len(text) <= LONGEST_TEXT and levels <= DEEPEST and "\\u0000" not in text


def bounded(value: Any, depth: int = 0) -> Any:
    """Return ``value`` as JSON of readable texts and of numbers that a database takes."""
    if isinstance(value, str):
        return plain(value[:LONGEST_TEXT])
    if depth > DEEPEST and isinstance(value, Mapping | list | tuple):
        return "…"
    if isinstance(value, Mapping):
        return {plain(str(key)[:200]): bounded(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [bounded(item, depth + 1) for item in value]
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return str(value) if value.bit_length() < LONGEST_NUMBER else "…"
    return value


def plain(text: str) -> str:
    """Return ``text`` with what is no character spelled out."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\x00")
