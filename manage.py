#!/usr/bin/env python
"""Django's command line for Biblioteca."""

import gc
import os
import sys
from typing import Any

try:
    from django.core.management import ManagementUtility
except ModuleNotFoundError as error:
    if error.name != "django":
        raise
    sys.exit("Django is not here. Use the environment that `make run` makes: . .venv/bin/activate")


class CommandLine(ManagementUtility):
    """Django's own, whose programs begin sooner."""

    def fetch_command(self, subcommand: str) -> Any:
        """Return a command, for which the applications are loaded: they are never garbage."""
        gc.freeze()
        gc.enable()
        return super().fetch_command(subcommand)


def main() -> None:
    """Run a command; a database without tables is said in words."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "biblioteca.settings")
    from django.db import DatabaseError

    gc.disable()
    try:
        CommandLine(sys.argv).execute()
    except BrokenPipeError:  # who reads has seen enough, `head` for instance
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except DatabaseError as error:
        from biblioteca.operations.databases import advice

        if not advice(error):
            raise
        sys.exit(f"{sys.argv[1]}: {advice(error)}")


if __name__ == "__main__":
    main()
