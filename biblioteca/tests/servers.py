"""Real server processes for tests: on free ports, with data of their own, gone afterwards."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
DATABASE = "biblioteca.sqlite3"
# Where the tests of a run keep what a first server made: conftest.py sets it.
prepared: Path | None = None


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_for(data_dir: Path, **more: str) -> dict[str, str]:
    """Return the environment of a development server that keeps its data in ``data_dir``."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"DATA_DIR": str(data_dir), "DJANGO_DEBUG": "1"} | more


@contextmanager
def serving(
    data_dir: Path,
    *arguments: str,
    module: tuple[str, ...] = ("manage.py",),
    port: int = 0,
    worker: bool = False,
    fresh: bool = False,
    **environment: str,
) -> Iterator[str]:
    """Run ``manage.py servir`` and give its address once it answers.

    With a ``worker`` it loads files. Unless it is to be ``fresh`` it finds tables and demonstration
    on its SQLite as the first server of a test run left them.
    """
    port = port or free_port()
    if not (fresh or "--memoria" in arguments or "DATABASE_URL" in environment):
        prepare(data_dir, "vazio" if "--vazio" in arguments else "demonstracao")
    if not worker:
        arguments = (*arguments, "--sem-trabalhador")
    command = [sys.executable, *module, "servir", "--porta", str(port), *arguments]
    log = data_dir / "server.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment_for(data_dir, **environment),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(process, address, log)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def prepare(data_dir: Path, kind: str) -> None:
    """Copy a new catalogue into ``data_dir``, empty or with the demonstration (``kind``)."""
    if prepared is None or (data_dir / DATABASE).exists():
        return
    made = prepared / kind
    with (prepared / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            making = prepared / f"{kind}-unfinished"
            making.mkdir()
            with serving(making, *(["--vazio"] if kind == "vazio" else []), fresh=True):
                pass
            making.rename(made)
    shutil.copytree(made, data_dir, dirs_exist_ok=True)


def wait_until_ready(process: subprocess.Popen, address: str, log: Path) -> None:
    """Return when the server answers. Raises AssertionError with its log when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            requests.get(f"{address}/editoras/", timeout=5)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the server did not start:\n{log.read_text(errors='replace')}")
