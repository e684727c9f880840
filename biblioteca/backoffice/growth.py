"""How the number of records grew, from the history, as a picture and as a table."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max
from django.db.models.functions import TruncHour
from django.utils import formats, timezone

from biblioteca.records.models import HistoryEntry, Record

# Behind so many changes the history is not read: the plot begins there.
MOST_ENTRIES = 3_000_000
MONTHS = 12
DAYS = 31
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 230, 72, 36, 12, 12
LINES = 4
SIGNS: dict[str, int] = {
    HistoryEntry.Action.CREATED: 1,
    HistoryEntry.Action.RESTORED: 1,
    HistoryEntry.Action.DELETED: -1,
    HistoryEntry.Action.MERGED: -1,
}

Step = tuple[datetime.date, int]


def growth_of(model: type[Record]) -> list[Step]:
    """Return by how much the number of records grew in each day or month up to now.

    Days when the history is young, months otherwise; the dates are those of the time zone here. The
    hours are cut in UTC: a database without time-zone tables does that too.
    """
    newest = HistoryEntry.objects.aggregate(newest=Max("pk"))["newest"] or 0
    rows = HistoryEntry.objects.filter(
        pk__gt=newest - MOST_ENTRIES, recurso=model.RESOURCE, acao__in=list(SIGNS)
    )
    hours = (
        rows.annotate(hora=TruncHour("momento", tzinfo=datetime.UTC))
        .values_list("hora", "acao")
        .annotate(number=Count("pk"))
        .values_list("hora", "acao", "number")
        .order_by()
    )
    changes: dict[datetime.date, int] = {}
    for hour, action, number in hours:
        day = timezone.localtime(hour).date()
        changes[day] = changes.get(day, 0) + SIGNS[action] * number
    return steps_of(changes, timezone.localdate())


def steps_of(changes: dict[datetime.date, int], today: datetime.date) -> list[Step]:
    """Return the changes by day or by month, those without any too."""
    if not changes:
        return []
    if (today - min(changes)).days < DAYS:
        days = [today - datetime.timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
        return [(day, changes.get(day, 0)) for day in days]
    by_month: dict[datetime.date, int] = {}
    for day, number in changes.items():
        month = day.replace(day=1)
        by_month[month] = by_month.get(month, 0) + number
    months = [today.replace(day=1)]
    while len(months) < MONTHS:
        months.append((months[-1] - datetime.timedelta(days=1)).replace(day=1))
    return [(month, by_month.get(month, 0)) for month in reversed(months)]


@dataclass(frozen=True)
class Point:
    """A place of the plot and what it says."""

    label: str
    number: int
    x: float
    y: float
    mark: str
    anchor: str


@dataclass(frozen=True)
class Growth:
    """The plot: the number at the end of each day or month."""

    title: str
    points: Sequence[Point]
    lines: Sequence[tuple[str, float]]
    width: int = WIDTH
    height: int = HEIGHT

    @classmethod
    def ending_at(cls, total: int, steps: Sequence[Step], title: str) -> "Growth | None":
        """Return the plot that ends at ``total`` today; None when nothing is known of the past."""
        if not steps:
            return None
        numbers = [total]
        for _date, change in reversed(steps[1:]):
            numbers.append(max(numbers[-1] - change, 0))
        numbers.reverse()
        by_day = len(steps) == DAYS
        top = ceiling(max(numbers))
        points = [
            Point(
                label=formats.date_format(date, "j b" if by_day else "b Y"),
                number=number,
                x=round(LEFT + (WIDTH - LEFT - RIGHT) * place / max(len(steps) - 1, 1), 1),
                y=height_of(number, top),
                # Counted from the end, so that today is labelled.
                mark=mark_of(len(steps) - 1 - place, 5 if by_day else 2),
                anchor="end" if place == len(steps) - 1 else "middle",
            )
            for place, ((date, _change), number) in enumerate(zip(steps, numbers, strict=True))
        ]
        marks = [top * place // LINES for place in range(LINES + 1)]
        lines = [(formats.number_format(mark), height_of(mark, top)) for mark in marks]
        return cls(title, points, lines)

    @property
    def line(self) -> str:
        """The points of the line, as SVG wants them."""
        return " ".join(f"{point.x},{point.y}" for point in self.points)

    @property
    def area(self) -> str:
        """The points of the area below the line."""
        floor = HEIGHT - BOTTOM
        return f"{self.points[0].x},{floor} {self.line} {self.points[-1].x},{floor}"

    @property
    def first(self) -> Any:
        """The first point."""
        return self.points[0]

    @property
    def last(self) -> Any:
        """The last point."""
        return self.points[-1]


def mark_of(back: int, step: int) -> str:
    """Tell whether the place so far from the end is labelled: "" or how narrow a page may be."""
    if back % step:
        return ""
    return "always" if back % (3 * step) == 0 else "wide"


def height_of(number: int, top: int) -> float:
    """Return the place of ``number`` on the vertical axis."""
    return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * number / top, 1)


def ceiling(number: int) -> int:
    """Return a round number not below ``number`` that four lines divide well."""
    size = 4
    while True:
        for factor in (1, 2, 5):
            if size * factor >= number:
                return size * factor
        size *= 10
