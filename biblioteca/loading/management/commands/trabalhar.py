"""``manage.py trabalhar``: what takes longer than a request."""

import argparse
import os
import signal
import sys
import threading
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from biblioteca.loading.worker import QueueWorker


class Command(BaseCommand):
    """Work through the queue until told to stop."""

    help = _(
        "Carries out what waits in the queue, loads from the browser above all, and goes on with "
        "what another worker left. Start as many as there is work for."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add how a parent process says that it is gone."""
        parser.add_argument(
            "--com-entrada",
            action="store_true",
            help=_("end when the standard input is closed, as when the parent process ends"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until told to stop: a load in hand is left to the next worker, at once."""
        worker = QueueWorker()
        worker.configure_signals()
        if options["com_entrada"]:
            threading.Thread(target=end_with_input, name="parent", daemon=True).start()
        worker.run()


def end_with_input() -> None:
    """Tell this process to end when nobody holds the other end of its standard input any more."""
    while sys.stdin.buffer.read(65536):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
