"""Ids in order, fetched in the query of the row that they belong to."""

from typing import Any

from django.db.models import Aggregate, F, TextField, Value
from django.db.models.functions import Cast, Concat


class OrderedIds(Aggregate):
    """The ids of a group, each behind its position, as one string for :meth:`parse`.

    One query gives a work and its authors as they were at one moment, and costs a third of two.
    The order is restored in Python: not every engine can order inside an aggregate.
    """

    name = "OrderedIds"
    output_field = TextField()
    template = "%(function)s(%(expressions)s)"
    function = "GROUP_CONCAT"

    def __init__(self, ids: str, position: str = "", **extra: Any) -> None:
        if not position:  # a copy that Django makes of an expression already built
            super().__init__(ids, **extra)
            return
        text = TextField()
        pair = Concat(Cast(F(position), text), Value(":"), Cast(F(ids), text), output_field=text)
        super().__init__(pair, **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Spell the aggregate PostgreSQL's way."""
        return super().as_sql(
            compiler, connection, template="STRING_AGG(%(expressions)s, ',')", **extra
        )

    @staticmethod
    def parse(joined: str | None) -> list[int]:
        """Return the ids in the order of their positions."""
        if not joined:
            return []
        if "," not in joined:
            return [int(joined.partition(":")[2])]
        pairs = sorted(
            (int(place), int(key)) for place, key in (pair.split(":") for pair in joined.split(","))
        )
        return [key for _place, key in pairs]
