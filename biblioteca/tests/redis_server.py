"""A Redis of a test's own, to be killed, paused, filled and emptied."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import redis

from biblioteca.tests.servers import free_port


class RedisServer:
    """A ``redis-server`` on a free port that keeps its snapshots in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.process: subprocess.Popen | None = None
        self.start()

    @property
    def url(self) -> str:
        """The address for REDIS_URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> redis.Redis:
        """A client of the server."""
        return redis.Redis(port=self.port, socket_timeout=5)

    def start(self) -> None:
        """Start, from the snapshot if there is one, and wait for the first answer."""
        self.process = subprocess.Popen(
            [program(), "--port", str(self.port), "--dir", str(self.directory), "--save", "",
             "--bind", "127.0.0.1"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(200):
            try:
                self.client.ping()
            except redis.RedisError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError("redis-server did not start")

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        assert self.process is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        """End the process without a word."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def forget_snapshot(self) -> None:
        """Delete the snapshot: the next start is empty."""
        (self.directory / "dump.rdb").unlink(missing_ok=True)


def program() -> str:
    """Return the path of redis-server; without one the test is skipped, or fails in CI."""
    found = shutil.which("redis-server")
    if found is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("there is no redis-server here (Debian: apt-get install redis-server)")
    return str(found)
