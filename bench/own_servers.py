"""A MariaDB, a Redis and web servers of the benchmark's own, on free ports."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from biblioteca.tests import engines
from biblioteca.tests.servers import ROOT, free_port

NEEDED = {"mariadbd": "mariadb-server", "redis-server": "redis-server", "wrk": "wrk"}


def install_programs() -> None:
    """Install what is missing, or say what to type and exit."""
    missing = [package for program, package in NEEDED.items() if not shutil.which(program)]
    if missing and not (engines.may_install() and engines.install_packages(*missing)):
        sys.exit(f"make bench needs: sudo apt-get install {' '.join(missing)}")
    engines.install_mysqlclient()


def on_core(core: int | None, command: Sequence[str]) -> list[str]:
    """Return ``command`` held to one core, where there is more than one."""
    cores = os.cpu_count() or 1
    if core is None or cores < 2 or not shutil.which("taskset"):
        return list(command)
    places = "0" if core == 0 else f"1-{cores - 1}"
    return ["taskset", "-c", places, *command]


@dataclass
class MariaDB:
    """A MariaDB of one's own, which can be restarted."""

    directory: Path
    options: Sequence[str] = ()
    port: int = field(default_factory=free_port)
    server: subprocess.Popen | None = None

    @property
    def address(self) -> str:
        """The address of its only database."""
        return f"mysql://root@127.0.0.1:{self.port}/bench"

    @property
    def plain(self) -> list[str]:
        """The options that installing and running have in common."""
        user = ["--user=root"] if os.geteuid() == 0 else []
        return ["--no-defaults", f"--datadir={self.directory / 'mariadb'}", *user]

    def install(self) -> None:
        """Make the data directory."""
        subprocess.run(
            ["mariadb-install-db", *self.plain, "--auth-root-authentication-method=normal"],
            check=True, capture_output=True,
        )  # fmt: skip

    def start(self) -> None:
        """Start the server and return when it has the database."""
        command = [
            shutil.which("mariadbd") or "mariadbd", *self.plain, f"--port={self.port}",
            "--bind-address=127.0.0.1", f"--socket={self.directory}/mariadb.sock",
            "--innodb-buffer-pool-size=512M", "--innodb-flush-log-at-trx-commit=1", *self.options,
        ]  # fmt: skip
        with (self.directory / "mariadb.log").open("ab") as log:
            self.server = subprocess.Popen(on_core(1, command), stdout=log, stderr=log)
        create_database(self.port)

    def kill(self) -> None:
        """End the server as the machine does when its power goes."""
        if self.server is not None:
            self.server.kill()
            self.server.wait()

    def stop(self) -> None:
        """Shut the server down."""
        if self.server is not None:
            self.server.terminate()
            self.server.wait()


@contextmanager
def mariadb(directory: Path, *options: str) -> Iterator[str]:
    """Run a fresh MariaDB and give the address of an empty database."""
    own = MariaDB(directory, options)
    own.install()
    own.start()
    try:
        yield own.address
    finally:
        own.stop()


def create_database(port: int) -> None:
    """Wait for the server and create the database, unless it is there."""
    import MySQLdb

    for _ in range(300):
        try:
            link = MySQLdb.connect(host="127.0.0.1", port=port, user="root")
        except MySQLdb.Error:
            time.sleep(0.1)
            continue
        link.cursor().execute("CREATE DATABASE IF NOT EXISTS bench CHARACTER SET utf8mb4")
        link.close()
        return
    raise RuntimeError("MariaDB did not start")


@contextmanager
def redis_server(directory: Path) -> Iterator[str]:
    """Run a fresh Redis and give its address."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
    server = subprocess.Popen(
        on_core(1, command), cwd=directory, stdout=subprocess.DEVNULL
    )  # fmt: skip
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def uvicorn(application: str, core: int | None, *options: str, **environment: str) -> Iterator[str]:
    """Run one Uvicorn and give its address."""
    port = free_port()
    command = [
        sys.executable, "-m", "uvicorn", application, "--port", str(port), "--no-access-log",
        "--no-server-header", "--log-level", "error", *options,
    ]  # fmt: skip
    server = subprocess.Popen(on_core(core, command), cwd=ROOT, env=os.environ | environment)
    address = f"http://127.0.0.1:{port}"
    try:
        wait(address)
        yield address
    finally:
        server.terminate()
        server.wait()


def wait(address: str) -> None:
    """Return when the server answers."""
    for _ in range(300):
        try:
            requests.get(address, timeout=5)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")
