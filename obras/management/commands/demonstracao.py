"""``manage.py demonstracao``: something to look at in a new catalogue."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from obras.demonstracao.catalogue import load_demonstration


class Command(BaseCommand):
    """Load the demonstration into an untouched catalogue."""

    help = _("Loads the demonstration works into a catalogue in which nothing was written yet.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load once and say how much."""
        if count := load_demonstration():
            self.stdout.write(_("Demonstration: %d works loaded.") % count)
