"""The plot of the home page."""

import datetime

from biblioteca.backoffice.growth import DAYS, MONTHS, Growth, ceiling, steps_of

TODAY = datetime.date(2026, 3, 15)


def test_a_young_catalogue_is_plotted_by_day():
    steps = steps_of({TODAY - datetime.timedelta(days=3): 5, TODAY: -1}, TODAY)
    assert len(steps) == DAYS
    assert steps[-1] == (TODAY, -1)
    assert steps[-4] == (datetime.date(2026, 3, 12), 5)
    plot = Growth.ending_at(4, steps, "Obras")
    assert [point.number for point in plot.points][-5:] == [0, 5, 5, 5, 4]


def test_an_old_catalogue_is_plotted_by_month():
    changes = {datetime.date(2020, 1, 1): 100, datetime.date(2026, 2, 7): 20, TODAY: 3}
    steps = steps_of(changes, TODAY)
    assert len(steps) == MONTHS
    assert steps[0][0] == datetime.date(2025, 4, 1)
    assert steps[-2:] == [(datetime.date(2026, 2, 1), 20), (datetime.date(2026, 3, 1), 3)]
    plot = Growth.ending_at(123, steps, "Obras")
    # What was there before the plot begins is there at its beginning.
    assert [point.number for point in plot.points][-3:] == [100, 120, 123]
    assert plot.first.number == 100


def test_nothing_known_is_no_plot():
    assert steps_of({}, TODAY) == []
    assert Growth.ending_at(7, [], "Obras") is None


def test_the_scale_is_round_and_holds_the_highest():
    for number in (0, 1, 4, 5, 39, 41, 297, 1_000_000, 1_000_001):
        assert ceiling(number) >= number
        assert ceiling(number) % 4 == 0
    assert ceiling(1_000_000) <= 2_000_000
