"""``manage.py restaurar_copia``: a backup back into the database, whole or not at all."""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import redis
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _

from biblioteca.cache.announcements import replace_all_tokens
from biblioteca.management.commands.mover_banco import default_url
from biblioteca.operations import backup, environment
from biblioteca.operations.moving import NotMovableError


class Command(BaseCommand):
    """Restore, and make every stored answer old."""

    help = _("Restores a backup into the database and the storage of pictures.")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the directory, and leave to replace what is there."""
        parser.add_argument("diretorio", type=Path, help=_("directory of a backup"))
        parser.add_argument(
            "--substituir", action="store_true", help=_("delete the catalogue that is there")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore, and say what was restored."""
        url = environment.text("DATABASE_URL") or default_url()
        try:
            with tempfile.TemporaryDirectory() as scratch:
                restored = backup.restore(
                    options["diretorio"], Path(scratch), url, lambda _name, _rows: None,
                    replace=options["substituir"],
                )  # fmt: skip
        except (NotMovableError, ImproperlyConfigured, DatabaseError, OSError) as error:
            if options["substituir"]:
                raise CommandError(_("Nothing was restored: %s") % error) from error
            message = _("Nothing was restored: %s (--substituir replaces a catalogue)")
            raise CommandError(message % error) from error
        try:
            replace_all_tokens()
        except (redis.RedisError, OSError) as error:
            message = _("Restored, but Redis cannot be reached: run manage.py limpar_cache. %s")
            raise CommandError(message % error) from error
        rows = sum(content.rows for content in restored.values())
        self.stdout.write(_("%d rows were restored and read back.") % rows)
