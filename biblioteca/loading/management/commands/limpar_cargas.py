"""``manage.py limpar_cargas``: remove the files of old loads."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from biblioteca.loading.uploads import KEPT_DAYS, clean_up


class Command(BaseCommand):
    """Remove what nobody needs any more; the worker does the same once an hour."""

    help = _("Removes uploaded files that were not loaded, and old files of rejected lines.")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add how old."""
        parser.add_argument(
            "--dias", type=int, default=KEPT_DAYS, help=_("how old they are, in days (30)")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Say of how many loads files were removed."""
        self.stdout.write(_("Files of %d loads removed.") % clean_up(options["dias"]))
