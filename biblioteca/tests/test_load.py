"""More clients than threads, slow clients, a Redis that hangs; the full counts: ``make faults``."""

import os
import signal
import socket
import statistics
import time

import pytest

from biblioteca.tests.faults import load
from biblioteca.tests.servers import serving

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
    uncached, hanging, back = load.redis_stopped(tmp_path, 2.0)
    assert hanging.statuses.keys() == {200}, str(hanging)
    # The first ones wait for the time-out once; waiting each time would take a quarter second.
    median = statistics.median(hanging.seconds)
    assert median < 0.1 + 2 * statistics.median(uncached.seconds), (str(uncached), str(hanging))
    assert back < 5


def test_a_server_that_is_told_to_stop_answers_what_it_accepted(tmp_path):
    with serving(tmp_path, SERVING_THREADS="1", CACHE_SECONDS="0") as server:
        port = int(server.rpartition(":")[2])
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
        for client in clients:
            client.sendall(b"GET /obras/?page_size=200 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(0.5)
        os.kill(load.process_listening_on(port), signal.SIGTERM)
        for client in clients:
            client.settimeout(30)
            with client, client.makefile("rb") as answer:
                assert answer.readline().split()[1] == b"200"
                lines = iter(answer.readline, b"\r\n")
                headers = dict(line.strip().lower().split(b": ", 1) for line in lines)
                assert len(answer.read(int(headers[b"content-length"]))) > 1000
