"""``manage.py kong``: the gateway's configuration, rendered or checked."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from biblioteca.gateway.callers import READ, WRITE
from biblioteca.gateway.kong import kubernetes
from biblioteca.gateway.kong.checking import check
from biblioteca.gateway.kong.rendering import Options, as_yaml, render
from biblioteca.gateway.kong.serving import known_requests
from biblioteca.gateway.tokens import UNREADABLE, Keys, jwks_address, usable_keys


class Command(BaseCommand):
    """Render kong.yml from the settings and the issuer's keys, or check one."""

    help = _("Renders the configuration of the Kong gateway, or checks one.")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what the configuration depends on beside the settings."""
        parser.add_argument(
            "--modo", choices=("token", "oauth2"), default="token",
            help=_("token: an issuer signs them; oauth2: Kong itself does (needs PostgreSQL)"),
        )  # fmt: skip
        parser.add_argument("--issuer", help=_("issuer whose keys are fetched"))
        parser.add_argument("--jwks", help=_("file or address of the issuer's keys"))
        parser.add_argument(
            "--no", action="append", dest="nodes", metavar="HOST:PORT",
            help=_("a node of the service; may be repeated (default: app:8000)"),
        )  # fmt: skip
        parser.add_argument(
            "--fora", action="append", dest="resting", metavar="HOST:PORT",
            help=_("a node that gets no requests for now; may be repeated"),
        )  # fmt: skip
        parser.add_argument(
            "--redis", help=_("Redis of the rate limits (default: REDIS_URL, database 1)")
        )
        parser.add_argument(
            "--origem", action="append", dest="origins", metavar="URL",
            help=_("origin whose browser pages may call; may be repeated"),
        )  # fmt: skip
        parser.add_argument("--leituras", type=int, default=6000, help=_("reads a minute"))
        parser.add_argument("--escritas", type=int, default=600, help=_("writes a minute"))
        parser.add_argument("--acme-email", default="", help=_("certificates by ACME: account"))
        parser.add_argument("--acme-dominio", action="append", dest="domains", help=_("its domain"))
        parser.add_argument(
            "--kubernetes", metavar="HOST",
            help=_("write resources of the Kong Ingress Controller, for this host"),
        )  # fmt: skip
        parser.add_argument(
            "--saida", type=Path, help=_("file to write, only readable by its owner")
        )
        parser.add_argument("--check", type=Path, metavar="FILE", help=_("file to check instead"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Render to the output or a file, or check a file."""
        if options["check"]:
            self.check_file(options["check"])
            return
        document = render(self.options_from(options))
        text = as_yaml(document)
        faults = check(text, known_requests(), public_reading=settings.PUBLIC_READING)
        if faults:
            raise CommandError("\n".join(map(str, faults)))
        if options["kubernetes"]:
            text = kubernetes.as_yaml(kubernetes.resources(document, options["kubernetes"]))
        if options["saida"]:
            write_privately(options["saida"], text)
        else:
            self.stdout.write(text, ending="")

    def check_file(self, path: Path) -> None:
        """Print what is wrong with a file; exit with 1 when something is."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(_("%(file)s cannot be read: %(error)s") % {
                "file": path, "error": error}) from error  # fmt: skip
        faults = check(text, known_requests(), public_reading=settings.PUBLIC_READING)
        for fault in faults:
            self.stderr.write(str(fault))
        if faults:
            sys.exit(1)
        self.stdout.write(_("%(file)s is in order.") % {"file": path})

    def options_from(self, options: dict[str, Any]) -> Options:
        """Return what the document is rendered from."""
        if not settings.GATEWAY_SECRETS:
            raise CommandError(_("GATEWAY_SECRET is not set: the service would trust nobody."))
        if options["origins"] and settings.CORS_ALLOWED_ORIGINS:
            raise CommandError(_("Origins are answered here or by CORS_ORIGINS, not by both."))
        if bool(options["acme_email"]) != bool(options["domains"]):
            raise CommandError(_("--acme-email and --acme-dominio go together."))
        redis_url = options["redis"] or gateway_redis(settings.REDIS_URL)
        resting = tuple(options["resting"] or ())
        nodes = [node for node in options["nodes"] or ["app:8000"] if node not in resting]
        if not nodes:
            raise CommandError(_("--fora leaves no node to send requests to."))
        return Options(
            way=options["modo"],
            # The first one is the new one while two are accepted.
            secret=settings.GATEWAY_SECRETS[0],
            keys=self.keys(options) if options["modo"] == "token" else {},
            nodes=tuple(nodes),
            resting=resting,
            redis_url=redis_url,
            scopes=(READ, WRITE),
            public_reading=settings.PUBLIC_READING,
            cors_origins=tuple(options["origins"] or ()),
            cors_headers=tuple(settings.CORS_ALLOW_HEADERS),
            cors_exposed=tuple(settings.CORS_EXPOSE_HEADERS),
            max_megabytes=settings.REQUEST_MAX_BYTES // (1024 * 1024),
            upload_megabytes=settings.UPLOAD_MAX_MB,
            reads_a_minute=options["leituras"],
            writes_a_minute=options["escritas"],
            acme_email=options["acme_email"],
            acme_domains=tuple(options["domains"] or ()),
            acme_redis_url=settings.CERTIFICATES_REDIS_URL,
        )

    def keys(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the issuer's public keys. Raises CommandError when there are none."""
        given = options["jwks"] or options["issuer"]
        issuer = options["issuer"] or settings.OAUTH_ISSUER
        source = options["jwks"] or ("" if given else settings.OAUTH_JWKS)
        if not source and not issuer:
            raise CommandError(_("Whose tokens? Give --issuer or --jwks, or set OAUTH_ISSUER."))
        source = source or jwks_address(issuer)
        try:
            found = usable_keys(json.loads(Keys(source).read()))
        except UNREADABLE as error:
            raise CommandError(_("The keys of %(source)s cannot be read: %(error)s") % {
                "source": source, "error": error}) from error  # fmt: skip
        if not found:
            raise CommandError(_("%(source)s has no key for RS256 or ES256.") % {"source": source})
        return found


def gateway_redis(url: str) -> str:
    """Return the Redis of the rate limits: beside the read cache's, in a database of its own."""
    if not url.startswith(("redis://", "rediss://")):
        return "redis://redis:6379/1"
    scheme, _sep, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/1"


def write_privately(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(0o600)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
