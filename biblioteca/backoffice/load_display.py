"""What the pages of loads show: how far one is, what came of its records."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from biblioteca.backoffice.naming import capitalized
from biblioteca.loading import background
from biblioteca.loading.held_runs import SHOWN, WARNED
from biblioteca.loading.holding import read_progress
from biblioteca.loading.models import Batch, BatchItem, Upload
from biblioteca.loading.records import Verdict
from biblioteca.loading.report import KEPT
from biblioteca.records.registry import model_of

State = Batch.State

KINDS = {
    str(Verdict.REJECTED): gettext_lazy("Rejected"),
    str(Verdict.CONFLICT): gettext_lazy("In conflict with what is there"),
    WARNED: gettext_lazy("Loaded, with a warning"),
}


@dataclass(frozen=True)
class Line:
    """A record that somebody should look at."""

    number: int
    reason: str
    raw: list[tuple[str, str]]
    understood: list[tuple[str, str]]


@dataclass(frozen=True)
class Kind:
    """The first records of one kind, and how many there are."""

    title: Any
    lines: list[Line]
    count: int

    @property
    def more(self) -> int:
        """How many are not shown."""
        return max(self.count - len(self.lines), 0)


def upload_of(batch: Batch) -> Upload | None:
    """Return what was sent from the browser, None for a load by command."""
    return getattr(batch, "envio", None)


def progress_of(batch: Batch, upload: Upload | None) -> dict[str, Any]:
    """Return how far a load is, in numbers and in words."""
    noted = upload.andamento if upload else {}
    if batch.estado == State.SIMULATING and not noted:
        noted = read_progress(batch.pk)
    size, position = noted.get("tamanho"), noted.get("posicao", 0)
    percent = min(100 * position // size, 100) if size else None
    read = noted.get("lidos") or (batch.contagens or {}).get("lidos", 0)
    return {
        "estado": batch.estado,
        "titulo": capitalized(State(batch.estado).label),
        "em_andamento": batch.estado in background.DUE,
        "porcento": percent,
        "texto": progress_text(batch, upload, noted, read),
    }


def progress_text(batch: Batch, upload: Upload | None, noted: dict[str, Any], read: int) -> str:
    """Return how far a load is, in words."""
    if batch.estado in (State.RECEIVED, State.QUEUED):
        if upload and not upload.posse and timezone.now() - upload.sinal > background.LONG_IN_QUEUE:
            return _("Still waiting: either others come first, or no worker is running.")
        return _("Waiting for its turn.")
    if batch.estado == State.UNDOING:
        return _("%d changes undone.") % noted.get("lidos", 0) if noted else _("Beginning.")
    if not noted:
        return _("Beginning.")
    details = {
        "file": noted.get("arquivo", ""), "read": read, "rate": noted.get("por_segundo", 0),
    }  # fmt: skip
    return _("%(file)s: %(read)d records, %(rate)d a second") % details


def kinds_of(batch: Batch, upload: Upload | None) -> list[Kind]:
    """Return the records that somebody should look at, by kind."""
    samples = dict(upload.relatorio.get("amostras", {})) if upload else {}
    counts = dict(batch.contagens)
    if batch.estado not in (State.SIMULATED, State.FAILED, *background.CHECKING):
        for verdict in KEPT:
            rows = BatchItem.objects.filter(lote=batch, veredito=verdict).order_by("pk")
            samples[str(verdict)] = [
                {"linha": row.linha, "motivo": row.motivo, "bruto": row.bruto,
                 "resultado": row.resultado}
                for row in rows[:SHOWN]
            ]  # fmt: skip
    counts[WARNED] = counts.get("avisos", 0)
    return [
        Kind(title, [as_line(sample) for sample in samples[name]], counts.get(name, 0))
        for name, title in KINDS.items()
        if samples.get(name)
    ]


def as_line(sample: dict[str, Any]) -> Line:
    """Return a record for the page."""
    understood = dict(sample.get("resultado") or {})
    understood.pop("avisos", None)
    return Line(
        sample["linha"], sample["motivo"], pairs(sample.get("bruto") or {}), pairs(understood)
    )


def pairs(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a record says, field by field, those that say nothing left out."""
    return [
        (name, "; ".join(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in values.items()
        if value not in (None, "", [])
    ][:30]


def record_rows(items: list[BatchItem]) -> Iterator[dict[str, Any]]:
    """Yield the records of a load, each with the way to its form where it still exists."""
    by_resource: dict[str, list[int]] = {}
    for item in items:
        if item.registro_id is not None:
            by_resource.setdefault(item.recurso, []).append(item.registro_id)
    texts = {
        (resource, record.pk): record.display_text
        for resource, keys in by_resource.items()
        for record in model_of(resource)._default_manager.filter(pk__in=keys)
    }
    for item in items:
        text = texts.get((item.recurso, item.registro_id or 0))
        understood = (item.resultado or {}).get("texto", "")
        yield {
            "line": item.linha,
            "text": text or understood or f"#{item.registro_id}",
            "address": form_address(item.recurso, item.registro_id) if text else "",
        }


def form_address(resource: str, key: int | None) -> str:
    """Return the address of a record's form."""
    meta = model_of(resource)._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[key])


def stayed_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return what an undoing left, with the way to it."""
    try:
        address = form_address(row["recurso"], row["id"])
    except (KeyError, NoReverseMatch):
        address = ""
    return row | {"address": address}
