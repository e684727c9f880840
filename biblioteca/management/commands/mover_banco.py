"""``manage.py mover_banco``: the whole catalogue from one database into another, empty one."""

import argparse
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _

from biblioteca.operations import environment, moving
from biblioteca.operations.databases import database_settings


class Command(BaseCommand):
    """Copy, compare, and leave the source as it is."""

    help = _("Copies the whole catalogue (ids, versions, history, users) into an empty database.")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the two addresses."""
        parser.add_argument("--de", metavar="URL", help=_("source (default: DATABASE_URL)"))
        parser.add_argument("--para", metavar="URL", required=True, help=_("empty database"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Move, and say what was moved."""
        source_url = options["de"] or environment.text("DATABASE_URL") or default_url()
        if source_url == options["para"]:
            raise CommandError(_("Source and target are the same database."))
        try:
            with (
                moving.database(source_url, "origem", is_source=True) as source,
                moving.database(options["para"], "destino", is_source=False) as target,
            ):
                moving.check_schema(source)
                moving.prepare(target)
                moved = moving.copy(source, target, self.progress, replace=False)
        except (moving.NotMovableError, ImproperlyConfigured, DatabaseError) as error:
            raise CommandError(_("Nothing was moved: %s") % error) from error
        for label, content in moved.items():
            if content.rows:
                self.stdout.write(f"{label:<28}{content.rows:>12}")
        self.stdout.write(_("Everything was read back and is the same. Point DATABASE_URL there."))

    def progress(self, label: str, rows: int) -> None:
        """Say how far it is, where somebody looks."""
        if self.stderr.isatty():
            self.stderr.write(f"\r{label} {rows}\033[K", ending="")


def default_url() -> str:
    """Return the address of the embedded database."""
    from django.conf import settings

    return f"sqlite:///{database_settings(settings.DATA_DIR)['NAME']}"
