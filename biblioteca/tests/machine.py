"""The volumes of the stack, as directories of this machine; its programs, as processes."""

import os
import subprocess
import sys

from biblioteca.tests.servers import ROOT

DEPLOY = ROOT / "deploy"


class Machine:
    """A stack without containers in a directory."""

    def __init__(self, directory):
        self.settings, self.services = directory / "settings", directory / "services"
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.environment = kept | {
            "SETTINGS_DIR": str(self.settings), "SERVICES_DIR": str(self.services),
            "DATA_DIR": str(directory / "data"), "STATIC_ROOT": str(directory / "static"),
            "DATABASE_URL": f"sqlite:///{directory}/data/biblioteca.sqlite3",
            "PYTHON": sys.executable, "LANGUAGE_CODE": "en",
        }  # fmt: skip
        (directory / "data").mkdir()
        self.service = {
            f"{name}_FILE": str(self.settings / name.lower())
            for name in ("DJANGO_SECRET_KEY", "GATEWAY_SECRET", "DATABASE_URL", "OAUTH_ISSUER",
                         "OAUTH_AUDIENCE", "OAUTH_JWKS", "DEMO")
        }  # fmt: skip
        self.service |= {"DJANGO_ALLOWED_HOSTS": "localhost", "PUBLIC_URL": "https://localhost"}

    def program(self, name, *arguments, status=0, **environment):
        done = subprocess.run(
            [sys.executable, DEPLOY / name, *arguments], capture_output=True, text=True,
            env=self.environment | environment,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def as_service(self, *command, status=0):
        environment = {k: v for k, v in self.environment.items() if k != "DATABASE_URL"}
        done = subprocess.run(
            [DEPLOY / "start", *command], capture_output=True, text=True,
            env=environment | self.service,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr
