"""``manage.py`` of a service that does not announce what comes through one door.

The door is named by ``DEAF_DOOR``: ``api``, ``admin`` or ``carga``. A test of the cache that
this service passes is no test.
"""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "biblioteca.settings")

from django.core.management import execute_from_command_line

from biblioteca.cache import announcements


def main() -> None:
    """Run the command with the announcements of one door left out."""
    touch = announcements.touch

    def touch_unless_deaf(*resources: str) -> None:
        from biblioteca.records.origins import current_origin

        if current_origin().door != os.environ["DEAF_DOOR"]:
            touch(*resources)

    announcements.touch = touch_unless_deaf
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
