"""``manage.py lotes``: which files were loaded, by whom, and what came of them."""

import argparse
import json
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from biblioteca.loading.models import Batch

# A load writes down how far it is with every batch of records.
SILENCE = timedelta(minutes=5)


class Command(BaseCommand):
    """List the loads, newest first."""

    help = _("Lists the loads: who loaded which file, and what came in.")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add how many, and for whom."""
        parser.add_argument("--ultimos", type=int, default=20, help=_("how many (20)"))
        parser.add_argument("--json", action="store_true", help=_("one JSON object a line"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the list."""
        for batch in Batch.objects.order_by("-pk")[: options["ultimos"]]:
            if options["json"]:
                self.stdout.write(json.dumps(as_dict(batch), ensure_ascii=False))
            else:
                self.stdout.write(as_line(batch))


def state_of(batch: Batch) -> str:
    """Return the state of a load; one that has been silent for long was killed."""
    sign = batch.fim or batch.inicio
    if batch.estado == Batch.State.RUNNING and timezone.now() - sign > SILENCE:
        return str(Batch.State.STOPPED.label)
    return str(Batch.State(batch.estado).label)


def as_line(batch: Batch) -> str:
    """Return a load as one line for a person."""
    began = date_format(timezone.localtime(batch.inicio), "SHORT_DATETIME_FORMAT")
    counts = ", ".join(f"{name} {number}" for name, number in batch.contagens.items() if number)
    return f"{batch.pk:>6}  {began}  {batch.quem:<12} {state_of(batch):<14} {batch.names}  {counts}"


def as_dict(batch: Batch) -> dict[str, Any]:
    """Return a load for a program."""
    return {
        "lote": batch.pk,
        "inicio": batch.inicio.isoformat(),
        "fim": batch.fim.isoformat() if batch.fim else None,
        "quem": batch.quem,
        "arquivos": batch.arquivos,
        "formato": batch.formato,
        "fonte": batch.fonte,
        "estado": batch.estado,
        "desfeito_em": batch.desfeito_em.isoformat() if batch.desfeito_em else None,
        **batch.contagens,
    }
