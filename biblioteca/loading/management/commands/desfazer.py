"""``manage.py desfazer``: take a load back."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from biblioteca.cache.announcements import TransactionTooLongError, UnannouncedWriteError
from biblioteca.loading.models import Batch
from biblioteca.loading.taking_back import take_back
from biblioteca.operations.operator import operator
from biblioteca.records.origins import Origin, writing_as
from biblioteca.records.undoing import OnEdited, UndoReport


class Command(BaseCommand):
    """Undo a load as one, and say what stayed."""

    help = _("Takes a load back: what it made is deleted, what it changed is as before.")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add which load, and what happens to what was edited since."""
        parser.add_argument("lote", type=int, help=_("number of the load (manage.py lotes)"))
        parser.add_argument(
            "--se-editado",
            choices=[str(choice) for choice in OnEdited],
            default=str(OnEdited.REFUSE),
            help=_("what was edited since: refuse to undo anything (recusar), or skip it (pular)"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit with 1, and nothing changed, when something was edited since and that matters."""
        batch = Batch.objects.filter(pk=options["lote"]).first()
        if batch is None:
            raise CommandError(_("There is no load %d.") % options["lote"], returncode=2)
        if batch.estado == Batch.State.UNDONE:
            self.stdout.write(_("Load %d was taken back already.") % batch.pk)
            return
        who, on_edited = operator(), OnEdited(options["se_editado"])
        try:
            with (
                writing_as(Origin(who, "comando", f"desfazer {batch.pk}")),
                tqdm(desc=_("taken back"), disable=None) as bar,
            ):
                report = take_back(batch, on_edited, who, lambda done: bar.update(done - bar.n))
        except (UnannouncedWriteError, TransactionTooLongError) as error:
            message = _("Stopped in between (%s); run it again, and it goes on.")
            raise CommandError(message % error) from error
        for line in lines(report):
            self.stdout.write(line)
        if report.refused:
            raise CommandError(
                _("Edited since: nothing was undone. --se-editado pular undoes the rest.")
            )


def lines(report: UndoReport) -> list[str]:
    """Return what was done, and what stayed as it is, for a person."""
    done = [
        (_("%(resource)s: %(count)s deleted"), report.deleted),
        (_("%(resource)s: %(count)s as before"), report.changed),
        (_("%(resource)s: %(count)s brought back"), report.restored),
    ]
    told = [
        text % {"count": count, "resource": resource}
        for text, counts in done
        for resource, count in counts.items()
    ]
    told += [f"  {row.resource}/{row.key} {row.name}: {row.reason}" for row in report.stayed[:20]]
    if report.stayed_count > 20:
        told.append(_("  … and %d more") % (report.stayed_count - 20))
    return told or [_("There was nothing to take back.")]
