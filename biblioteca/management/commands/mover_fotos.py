"""``manage.py mover_fotos``: every picture from one storage into another."""

import argparse
import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import Storage, storages
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from biblioteca.operations.backup import put_picture
from biblioteca.operations.storages import storage_settings
from biblioteca.photos.cleaning import stored_names


class Command(BaseCommand):
    """Copy pictures; records name them by keys, which stay as they are."""

    help = _("Copies every picture from one storage into another; may be run again.")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the two places."""
        parser.add_argument(
            "--de", help=_("directory or s3://bucket/prefix (default: the one in use)")
        )
        parser.add_argument("--para", required=True, help=_("directory or s3://bucket/prefix"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Copy what is not there yet, and say how many."""
        in_use = settings.MEDIA_STORAGE or settings.MEDIA_ROOT
        try:
            source, target = opened(options["de"] or in_use), opened(options["para"])
            copied, there, damaged = copy_pictures(source, target)
        except ImproperlyConfigured:
            raise
        except Exception as error:  # whatever a bucket's library raises
            raise CommandError(_("A storage cannot be used: %s") % error) from error
        self.stdout.write(
            _("%(copied)d pictures copied, %(there)d were there.")
            % {"copied": copied, "there": there}
        )
        if damaged:
            raise CommandError(_("Damaged, and not copied: %s") % ", ".join(damaged))


def opened(place: str) -> Storage:
    """Return the storage at ``place``."""
    return storages.create_storage(storage_settings(place))


def copy_pictures(source: Storage, target: Storage) -> tuple[int, int, list[str]]:
    """Return how many were copied, how many were there, and the names of those that are damaged.

    A picture's name is the hash of its bytes: what does not match is not carried on.
    """
    copied, there, damaged = 0, 0, []
    for name in stored_names(source):
        if target.exists(name):
            there += 1
            continue
        with source.open(name) as file:
            content = file.read()
        if hashlib.sha256(content).hexdigest() != Path(name).stem:
            damaged.append(name)
            continue
        put_picture(target, name, content)
        copied += 1
    return copied, there, damaged
