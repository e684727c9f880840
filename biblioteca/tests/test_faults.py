"""No stale answer after a write was answered, whatever happens to Redis; the full run is
``make faults``."""

import time

import pytest
import requests

from biblioteca.tests.faults import scenarios
from biblioteca.tests.faults.traffic import run_traffic
from biblioteca.tests.faults.world import world

pytestmark = pytest.mark.redis

SECONDS, READERS = 2.5, 4


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world")) as made:
        yield made


def hits_again(running):
    """Return after how many seconds reads are answered from the cache again."""
    started = time.monotonic()
    for server in running.servers:
        while "hit" not in requests.get(f"{server}/obras/", timeout=30).headers["Cache-Status"]:
            assert time.monotonic() < started + 30
            time.sleep(0.05)
    return time.monotonic() - started


@pytest.mark.parametrize("fault", scenarios.WITH_REDIS, ids=lambda fault: fault.__name__)
def test_nothing_stale(running, fault):
    least_hits = 20 if fault is scenarios.nothing else 0
    verdict = run_traffic(running, SECONDS, fault, readers=READERS, least_hits=least_hits)
    assert not verdict.wrong, (str(verdict), verdict.wrong[:3])
    assert sum(verdict.reads.values()) > 100, str(verdict)
    if fault is not scenarios.writer_killed:
        assert hits_again(running) < 5
    assert verdict.reads["hit"] >= least_hits, str(verdict)
    assert all(verdict.writes[name] >= 2 for name in ("admin", "command", "api-0")), str(verdict)


@pytest.mark.parametrize(
    ("deaf", "door"), [("api", "api-0"), ("admin", "admin"), ("carga", "command")]
)
def test_a_door_that_announces_nothing_is_found(tmp_path, deaf, door):
    module = ("-m", "biblioteca.tests.faults.deaf_door")
    with world(tmp_path, processes=1, module=module, DEAF_DOOR=deaf) as made:
        verdict = run_traffic(made, 60.0, doors={door}, until_stale=True)
        assert verdict.stale, str(verdict)
