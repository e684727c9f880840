"""More clients than threads, slow clients, a Redis that hangs; the full counts: ``make faults``."""

import pytest

from biblioteca.tests.faults import load

pytestmark = pytest.mark.redis


def test_beyond_the_queue_clients_hear_when_to_come_back(tmp_path):
    environment = {"SERVING_THREADS": "2", "SERVING_QUEUE": "8"}
    crowd = load.many_clients(tmp_path, 60, 2.0, **environment)
    assert crowd.codes.keys() == {"200", "overloaded"}, str(crowd)
    assert not crowd.broken + crowd.without_retry, str(crowd)


def test_slow_clients_hold_no_thread(tmp_path):
    alone, beside = load.beside_slow_clients(tmp_path, 50, 1.5)
    assert beside.statuses.keys() == {200}, str(beside)
    # Threads held by the slow ones would leave none for anybody: seconds, not times.
    assert beside.p99 < 1.0 + 2 * alone.p99, (str(alone), str(beside))


def test_a_redis_that_hangs_keeps_nobody_waiting(tmp_path):
    _uncached, hanging, back = load.redis_stopped(tmp_path, 2.0)
    assert hanging.statuses.keys() == {200}, str(hanging)
    # The first ones wait for the time-out once; waiting each time would take a quarter second.
    assert sorted(hanging.seconds)[len(hanging.seconds) // 2] < 0.2, str(hanging)
    assert back < 5
