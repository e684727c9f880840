"""``manage.py token``: a token of one's own, to try the API as behind its gateway."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from biblioteca.gateway import development
from biblioteca.gateway.callers import READ, WRITE


class Command(BaseCommand):
    """Sign a token with the development key; outside development nobody would believe it."""

    help = _("Signs a token for trying the API on this machine.")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what the token says."""
        parser.add_argument(
            "--escopo", choices=(READ, WRITE), default=READ, help=_("what the token allows")
        )
        parser.add_argument("--cliente", default="desenvolvimento", help=_("whose token it is"))
        parser.add_argument("--segundos", type=int, default=3600, help=_("how long it is good"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the token, and on the error output how a service comes to trust it."""
        if not (settings.DEBUG or settings.DEMO):
            raise CommandError(
                _(
                    "Only in development (DJANGO_DEBUG=1) or a demonstration: "
                    "elsewhere ask the issuer."
                )
            )
        token = development.sign([options["escopo"]], options["cliente"], options["segundos"])
        self.stdout.write(token)
        if settings.OAUTH_ISSUER == development.ISSUER:
            return  # trusted already
        self.stderr.write(
            _("The service trusts it when started with:")
            + f"\nOAUTH_ISSUER={development.ISSUER} OAUTH_AUDIENCE={development.AUDIENCE}"
            + f" OAUTH_JWKS={development.key_set()}"
        )
