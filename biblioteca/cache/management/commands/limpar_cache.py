"""``manage.py limpar_cache``: every stored answer becomes old, in every process."""

from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from biblioteca.cache.announcements import replace_all_tokens


class Command(BaseCommand):
    """Replace every token."""

    help = _("Makes every stored answer old: after a restore of the database or SQL by hand.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replace the tokens, or say why that was not possible."""
        try:
            replace_all_tokens()
        except (redis.RedisError, OSError) as error:
            message = _("Redis cannot be reached, nothing was replaced: %s")
            raise CommandError(message % error) from error
        self.stdout.write(_("Every stored answer is old now: the next reads ask the database."))
