"""``manage.py limpar_fotos``: free the space of pictures that nothing names."""

import argparse
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from biblioteca.photos import cleaning
from biblioteca.photos.thumbnails import delete_picture


class Command(BaseCommand):
    """Delete the stored pictures that no record and no history entry names."""

    help = _("Deletes the stored pictures that no record and no history entry names.")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the dry run and the age that is left alone."""
        parser.add_argument("--simular", action="store_true", help=_("only count"))
        parser.add_argument(
            "--idade", type=int, default=24, metavar="HORAS", help=_("keep younger files (hours)")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete, or count, and say how many."""
        if not cleaning.sources:
            raise CommandError(_("Nobody says which pictures are in use: nothing was deleted."))
        if options["idade"] < 0:
            raise CommandError(_("The age is a number of hours, 0 or more."))
        names = cleaning.unused_names(timedelta(hours=options["idade"]))
        if not options["simular"]:
            for name in names:
                delete_picture(name)
        message = _("%d unused pictures.") if options["simular"] else _("%d pictures deleted.")
        self.stdout.write(message % len(names))
