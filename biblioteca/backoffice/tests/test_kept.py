"""Figures that are kept."""

import time

import pytest
from django.core.cache import cache

from biblioteca.backoffice.kept import kept


class Figure:
    """Counts how often it is worked out."""

    def __init__(self, seconds=0.0):
        self.made, self.seconds = 0, seconds

    def __call__(self):
        self.made += 1
        time.sleep(self.seconds)
        return self.made


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


def test_a_cheap_figure_follows_every_change_and_is_kept_without_one():
    figure = Figure()
    assert [kept("a", 1, figure), kept("a", 1, figure)] == [1, 1]
    time.sleep(0.01)
    assert kept("a", 2, figure) == 2


def test_a_dear_figure_is_not_made_for_every_change():
    figure = Figure(seconds=0.05)
    assert [kept("b", version, figure) for version in range(5)] == [1] * 5
    time.sleep(1.1)  # twenty times what it took
    assert kept("b", 6, figure) == 2


def test_one_makes_it_while_the_others_go_on_with_the_old_one():
    figure = Figure()
    kept("c", 1, figure)
    time.sleep(0.01)
    cache.add("backoffice:c:turn", 1)
    assert kept("c", 2, figure) == 1
    cache.delete("backoffice:c:turn")
    assert kept("c", 2, figure) == 2


def test_a_figure_that_fails_leaves_the_turn_to_the_next():
    def fail():
        raise ValueError

    with pytest.raises(ValueError):
        kept("d", 1, fail)
    assert kept("d", 1, Figure()) == 1


def test_nothing_is_as_good_a_figure_as_any():
    figure = Figure()
    assert kept("e", 1, lambda: figure() and None) is None
    assert kept("e", 1, lambda: figure() and None) is None
    assert figure.made == 1
