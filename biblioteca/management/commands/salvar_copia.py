"""``manage.py salvar_copia``: a backup of the catalogue and its pictures in a directory."""

import argparse
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _

from biblioteca.management.commands.mover_banco import default_url
from biblioteca.operations import backup, environment
from biblioteca.operations.moving import NotMovableError


class Command(BaseCommand):
    """Write a backup while the service runs."""

    help = _("Saves the catalogue and its pictures in a new directory, and reads them back.")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the directory."""
        parser.add_argument("diretorio", type=Path, help=_("directory, new or empty"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Save, and say what was saved."""
        url = environment.text("DATABASE_URL") or default_url()
        try:
            manifest = backup.save(options["diretorio"], url, lambda _name, _rows: None)
            backup.read_manifest(options["diretorio"])
        except (NotMovableError, ImproperlyConfigured, DatabaseError, OSError) as error:
            raise CommandError(_("The backup failed: %s") % error) from error
        rows = sum(table["rows"] for table in manifest["tables"].values())
        self.stdout.write(
            _("%(rows)d rows and %(pictures)d pictures are in %(directory)s.")
            % {
                "rows": rows,
                "pictures": len(manifest["pictures"]),
                "directory": options["diretorio"],
            }
        )
