"""Figures that are kept, by a clock that the tests set."""

from types import SimpleNamespace

import pytest
from django.core.cache import cache

from biblioteca.backoffice import kept as module
from biblioteca.backoffice.kept import UNCHANGED_SECONDS, kept


class Clock:
    """A clock that stands still but for what is said to take time."""

    now = 1_000_000.0

    def time(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    cache.clear()
    standing = Clock()
    monkeypatch.setattr(module, "time", SimpleNamespace(time=standing.time))
    return standing


class Figure:
    """Counts how often it is worked out, and takes its time."""

    def __init__(self, clock, seconds=0.0):
        self.clock, self.made, self.seconds = clock, 0, seconds

    def __call__(self):
        self.made += 1
        self.clock.now += self.seconds
        return self.made


def test_a_cheap_figure_follows_every_change_and_is_kept_without_one(clock):
    figure = Figure(clock, 0.001)
    assert [kept("a", 1, figure), kept("a", 1, figure)] == [1, 1]
    clock.now += 0.1
    assert kept("a", 2, figure) == 2
    clock.now += UNCHANGED_SECONDS + 1
    assert kept("a", 2, figure) == 3


def test_a_dear_figure_is_not_made_for_every_change(clock):
    figure = Figure(clock, seconds=1.5)
    assert [kept("b", version, figure) for version in range(5)] == [1] * 5
    clock.now += 27
    assert kept("b", 6, figure) == 1
    clock.now += 5  # twenty times what it took
    assert kept("b", 7, figure) == 2


def test_one_makes_it_while_the_others_go_on_with_the_old_one(clock):
    figure = Figure(clock)
    kept("c", 1, figure)
    clock.now += 1
    cache.add("backoffice:c:turn", 1)
    assert kept("c", 2, figure) == 1
    cache.delete("backoffice:c:turn")
    assert kept("c", 2, figure) == 2


def test_a_figure_that_fails_leaves_the_turn_to_the_next(clock):
    def fail():
        raise ValueError

    with pytest.raises(ValueError):
        kept("d", 1, fail)
    assert kept("d", 1, Figure(clock)) == 1


def test_nothing_is_as_good_a_figure_as_any(clock):
    figure = Figure(clock)
    assert kept("e", 1, lambda: figure() and None) is None
    assert kept("e", 1, lambda: figure() and None) is None
    assert figure.made == 1
