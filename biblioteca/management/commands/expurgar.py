"""``manage.py expurgar``: a person's data is removed from what is kept about the past."""

import argparse
import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from biblioteca.backoffice.expunging import Removal, expunge_person, expunge_record
from biblioteca.records.origins import Origin, writing_as
from biblioteca.records.registry import record_models


class Command(BaseCommand):
    """Remove a person's data; that it was done, by whom and how much, stands in the change log."""

    help = _("Removes a person's data from history, loads, merges and pictures (LGPD).")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add whose data, and whether only to count."""
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--pessoa", metavar="NOME", help=_("a user of the catalogue"))
        whose.add_argument(
            "--registro", metavar="RECURSO/ID", help=_("a record about a person: autores/7")
        )
        parser.add_argument("--simular", action="store_true", help=_("only count"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove, and print what kinds of rows and how many."""
        simulate = options["simular"]
        with writing_as(Origin(operator(), "comando")):
            if options["pessoa"] is not None:
                if not options["pessoa"].strip():
                    raise CommandError(_("Whose data? The name is empty."))
                removal = expunge_person(options["pessoa"], simulate=simulate)
            else:
                removal = self.record(options["registro"], simulate)
        self.say(removal)

    def record(self, given: str, simulate: bool) -> Removal:
        """Remove what the past knows of one record."""
        resource, _slash, key = given.partition("/")
        model = record_models().get(resource)
        if model is None or not (key.isascii() and key.isdecimal() and len(key) < 19):
            raise CommandError(_("Not a record: %s. Write it like autores/7.") % given)
        removal = expunge_record(model, int(key), simulate=simulate)
        if model._default_manager.filter(pk=int(key)).exists():
            self.stderr.write(
                _("%s is in the catalogue and stays as it is; delete it first if it is to go.")
                % given
            )
        return removal

    def say(self, removal: Removal) -> None:
        """Print the counts."""
        if not removal.counts:
            self.stdout.write(_("Nothing found."))
            return
        self.stdout.write(_("Would be removed:") if removal.simulate else _("Removed:"))
        for kind, count in sorted(removal.counts.items()):
            self.stdout.write(f"{kind}: {count}")


def operator() -> str:
    """Return who runs the command, as the system knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
