"""What can happen to Redis and to a writer, each as something done to a world."""

import signal
import time
from collections.abc import Callable

import requests

from biblioteca.tests.faults.world import World

PAUSE_SECONDS = 2.0


def nothing(world: World) -> None:
    """Let the traffic run."""


def killed(world: World) -> None:
    """Kill Redis and start it again, empty."""
    assert world.redis
    world.redis.forget_snapshot()
    world.redis.kill()
    time.sleep(1)
    world.redis.start()


def paused(world: World) -> None:
    """Stop Redis in its tracks and let it go on."""
    assert world.redis
    world.redis.signal(signal.SIGSTOP)
    time.sleep(PAUSE_SECONDS)
    world.redis.signal(signal.SIGCONT)


def full(world: World) -> None:
    """Let Redis refuse everything that needs memory, and then no longer."""
    assert world.redis
    world.redis.client.config_set("maxmemory-policy", "noeviction")
    world.redis.client.config_set("maxmemory", "1")
    time.sleep(1)
    world.redis.client.config_set("maxmemory", "0")


def flushed(world: World) -> None:
    """Empty Redis while it is used."""
    assert world.redis
    for _ in range(5):
        world.redis.client.flushall()
        time.sleep(0.1)


def older_snapshot(world: World) -> None:
    """Bring back a Redis with the tokens, and the answers, of a while ago."""
    assert world.redis
    world.redis.client.save()
    time.sleep(0.5)
    world.redis.kill()
    world.redis.start()
    world.redis.forget_snapshot()


def writer_killed(world: World) -> None:
    """Kill a writer after its commit and before it could say so."""
    key = world.works[3]
    done = world.run("-m", "biblioteca.tests.faults.dying_writer", str(key), "Morto 777777")
    assert done.returncode == -signal.SIGKILL, done.stderr
    for server in world.servers:
        title = requests.get(f"{server}/obras/{key}", timeout=30).json()["titulo"]
        assert title == "Morto 777777", (server, title)


WITH_REDIS: list[Callable[[World], None]] = [
    nothing, killed, paused, full, flushed, older_snapshot, writer_killed,
]  # fmt: skip
