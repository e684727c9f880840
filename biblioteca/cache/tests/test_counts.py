"""Counts that are kept as long as the answers of their generation."""

import threading
import time

import pytest

from biblioteca.cache.counts import Counts
from biblioteca.cache.tokens import Reading


def reading(token="a", began=None):
    return Reading({"obras": token} if token else {}, 0, began or time.monotonic())


def test_a_count_is_kept_for_its_generation_and_filter():
    counts, made = Counts(), []

    def count():
        made.append(1)
        return len(made)

    assert counts.get(reading(), "obras", "all", count) == 1
    assert counts.get(reading(), "obras", "all", count) == 1
    assert counts.get(reading(), "obras", "other", count) == 2
    assert counts.get(reading("b"), "obras", "all", count) == 3
    assert counts.get(None, "obras", "all", count) == 4
    assert counts.get(reading(None), "obras", "all", count) == 5
    counts.clear()
    assert counts.get(reading(), "obras", "all", count) == 6


def test_a_count_grows_old(settings):
    settings.CACHE_SECONDS = 1
    counts = Counts()
    counts.get(reading(began=time.monotonic() - 2), "obras", "all", lambda: 1)
    assert counts.get(reading(), "obras", "all", lambda: 2) == 2


def test_threads_that_need_the_same_count_wait_for_one():
    counts, made = Counts(), []

    def count():
        made.append(1)
        time.sleep(0.05)
        return 7

    found = []
    threads = [
        threading.Thread(target=lambda: found.append(counts.get(reading(), "obras", "x", count)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, len(made)) == ([7] * 8, 1)


def test_a_count_that_failed_is_made_again():
    counts = Counts()
    with pytest.raises(ZeroDivisionError):
        counts.get(reading(), "obras", "all", lambda: 1 // 0)
    assert counts.get(reading(), "obras", "all", lambda: 3) == 3
