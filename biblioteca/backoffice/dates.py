"""Dates that a person picks, as moments: in the catalogue's time zone, computed here.

The database is never asked about dates: a MariaDB may lack the tables of time zones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone


@dataclass(frozen=True)
class Period:
    """The days from ``first`` to ``last``, both included; None is without a bound."""

    first: date | None = None
    last: date | None = None

    @property
    def begin(self) -> datetime | None:
        """The first moment of the period."""
        return midnight(self.first) if self.first else None

    @property
    def end(self) -> datetime | None:
        """The first moment after the period."""
        if self.last is None or self.last == date.max:
            return None
        return midnight(self.last + timedelta(days=1))

    def limit(self, rows: QuerySet, column: str = "momento") -> QuerySet:
        """Return those of ``rows`` that are within the period."""
        if self.begin is not None:
            rows = rows.filter(**{f"{column}__gte": self.begin})
        if self.end is not None:
            rows = rows.filter(**{f"{column}__lt": self.end})
        return rows


def midnight(day: date) -> datetime:
    """Return the moment at which ``day`` begins here; where clocks skip it, the next there is."""
    return timezone.make_aware(datetime.combine(day, time.min))


def read_period(query: Mapping[str, Any]) -> Period:
    """Return the period that ``de`` and ``ate`` of a form name; what is no date does not count."""
    return Period(read_date(query.get("de")), read_date(query.get("ate")))


def read_date(text: str | None) -> date | None:
    """Return the day that a field names, if it names one from 1900 to 9000."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if 1900 <= day.year <= 9000 else None
