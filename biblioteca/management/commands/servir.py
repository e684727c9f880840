"""``manage.py servir``: the catalogue on one's own machine, ready to use."""

import argparse
import ipaddress
import os
import secrets
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import uvicorn
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from biblioteca.gateway.trust import Mode, current_mode
from biblioteca.operations.databases import IN_MEMORY

EDITOR = "editora"


class Command(BaseCommand):
    """Migrate, load the demonstration once, say what is open, serve."""

    help = _("Serves the catalogue on this machine, with demonstration data and an editor.")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add where to listen and whether to forget."""
        parser.add_argument("--host", default="127.0.0.1", help=_("address to listen on"))
        parser.add_argument("--porta", type=int, default=8000, help=_("port to listen on"))
        parser.add_argument(
            "--memoria",
            action="store_true",
            help=_("keep everything in memory: gone when the server stops"),
        )
        parser.add_argument(
            "--vazio", action="store_true", help=_("do not load the demonstration data")
        )
        parser.add_argument(
            "--sem-trabalhador",
            action="store_true",
            help=_("start no worker beside the server: `manage.py trabalhar` runs elsewhere"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare and serve until stopped."""
        if options["memoria"] and os.environ.get("DATABASE_URL") != IN_MEMORY:
            os.environ["DATABASE_URL"] = IN_MEMORY
            os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 (this same command)
        if current_mode() is Mode.CLOSED:
            raise CommandError(
                _("Nothing says who may call: set DJANGO_DEBUG=1 for development, or TRUST=open.")
            )
        listener = listen(options["host"], options["porta"])
        # Django's settings are complete here, and not before.
        from biblioteca.asgi import application, django_threads
        from biblioteca.management.workers import worker_beside

        django_threads.run(lambda: self.prepare(with_demonstration=not options["vazio"]))
        self.announce(*listener.getsockname()[:2])
        access_log = os.environ.get("ACCESS_LOG") == "1"
        config = uvicorn.Config(
            application, access_log=access_log, log_level="warning", server_header=False
        )
        with ExitStack() as stack:
            if not options["sem_trabalhador"]:
                stack.enter_context(worker_beside(django_threads, in_memory=is_in_memory()))
            uvicorn.Server(config).run(sockets=[listener])

    def prepare(self, *, with_demonstration: bool) -> None:
        """Bring the database up; runs in the thread that will serve from it."""
        call_command("migrate", verbosity=0)
        if with_demonstration:
            call_command("demonstracao")
        ensure_editor()

    def announce(self, host: str, port: int) -> None:
        """Say what is open and where to look."""
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        is_open = current_mode() is Mode.OPEN
        banner = _("OPEN MODE: whoever reaches this address reads and writes.")
        lines = (
            self.style.WARNING(banner) if is_open else _("Callers: %s.") % current_mode(),
            _("API:            %s/obras/  /autores/  /editoras/") % address,
            _("Documentation:  %s/docs/") % address,
            _("Admin:          %(address)s/admin/  (user %(user)s, password: cat %(file)s)")
            % {"address": address, "user": EDITOR, "file": password_file()},
            _("Stop with Ctrl+C."),
        )
        for line in lines:
            self.stdout.write(line)
        self.stdout.flush()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to ``host`` and ``port``. Raises CommandError in one clear line."""
    is_open = current_mode() is Mode.OPEN
    if is_open and not is_loopback(host) and os.environ.get("TRUST") != "open":
        message = _("%s can be reached by others, who could write: TRUST=open says that they may.")
        raise CommandError(message % host)
    try:
        family, kind, _proto, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(socket.SOMAXCONN)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = _("Cannot listen on %(host)s:%(port)s (%(reason)s). Another port: PORT=8001.")
        raise CommandError(message % {"host": host, "port": port, "reason": reason}) from error
    listener.set_inheritable(True)
    return listener


def is_in_memory() -> bool:
    """Tell whether the database is gone with this process."""
    return bool(settings.DATABASES["default"]["NAME"] == ":memory:")


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def password_file() -> Path:
    """Return where the development editor's password is kept."""
    return Path(settings.DATA_DIR) / "editor_password"


def ensure_editor() -> None:
    """Create the development editor with a random password, kept in a file only this user reads."""
    path = password_file()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(12), encoding="ascii")
    users = get_user_model()
    if not users.objects.filter(username=EDITOR).exists():
        users.objects.create_superuser(EDITOR, password=path.read_text(encoding="ascii"))
