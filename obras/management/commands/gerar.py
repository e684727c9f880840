"""``manage.py gerar``: a large catalogue to measure with."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from obras.generation import generate


class Command(BaseCommand):
    """Fill an empty catalogue with generated works, the same for the same seed."""

    help = _("Fills an empty catalogue with generated works, for benchmarks.")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the size and the seed."""
        parser.add_argument("--obras", type=int, required=True, help=_("number of works"))
        parser.add_argument("--semente", type=int, default=1, help=_("seed"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Generate under a progress bar. Raises CommandError in a catalogue that has records."""
        if options["obras"] < 1:
            raise CommandError(_("Use a whole number of works, 1 or more."))
        with tqdm(total=options["obras"], unit=" obras", disable=None) as bar:
            try:
                generate(
                    options["obras"], options["semente"], lambda done: bar.update(done - bar.n)
                )
            except ValueError as error:
                message = _("The catalogue is not empty: generate into a new database.")
                raise CommandError(message) from error
        self.stdout.write(_("%d works generated.") % options["obras"])
