"""``python -m biblioteca.tests.faults.dying_writer id titulo``: commit a new title and die."""

import os
import signal
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "biblioteca.settings")

import django


def die() -> None:
    """End as a process does that the machine's memory was not enough for."""
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Write, commit, die."""
    django.setup()
    from django.db import transaction

    from biblioteca.records import writing
    from obras.models import Obra

    with transaction.atomic():
        transaction.on_commit(die)  # before the announcement is finished
        work = Obra.objects.select_for_update().get(pk=int(sys.argv[1]))
        writing.update(work, {"titulo": sys.argv[2]})


main()
