"""Continuing a list behind a row: keyset pagination.

The condition "after the row with these values" costs the same at any depth, since each engine
turns it into the start of an index range.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connections
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value

# The engines that turn a comparison of rows into an index range; MySQL and MariaDB read the whole
# index for it, and make a range of the same condition spelled with OR.
ROW_VALUES = {"postgresql", "sqlite"}


class RowCompare(Func):
    """``(a, b) > (x, y)``."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, *operands: Any, operator: str = ">", **extra: Any) -> None:
        super().__init__(*operands, **extra)
        self.operator = operator

    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **_extra: Any
    ) -> tuple[str, list[Any]]:
        """Compile the first half of the operands against the second."""
        compiled = [compiler.compile(operand) for operand in self.source_expressions]
        half = len(compiled) // 2
        left = ", ".join(sql for sql, _params in compiled[:half])
        right = ", ".join(sql for sql, _params in compiled[half:])
        params = [value for _sql, values in compiled for value in values]
        return f"({left}) {self.operator} ({right})", params


def beyond(
    queryset: QuerySet, columns: Sequence[str], values: Sequence[Any], descending: bool
) -> QuerySet:
    """Return the rows of ``queryset`` that come after ``values`` in the order of ``columns``."""
    operator = "lt" if descending else "gt"
    if len(columns) == 1:
        return queryset.filter(**{f"{columns[0]}__{operator}": values[0]})
    vendor = connections[queryset.db].vendor
    if vendor in ROW_VALUES:
        fields = [queryset.model._meta.get_field(column) for column in columns]
        bound = [
            Value(value, output_field=field) for value, field in zip(values, fields, strict=True)
        ]
        symbol = "<" if descending else ">"
        return queryset.filter(RowCompare(*map(F, columns), *bound, operator=symbol))
    condition = Q()
    for place, column in enumerate(columns):
        equal = dict(zip(columns[:place], values[:place], strict=True))
        condition |= Q(**equal, **{f"{column}__{operator}": values[place]})
    return queryset.filter(condition)


def ordered(queryset: QuerySet, columns: Sequence[str], descending: bool) -> QuerySet:
    """Return ``queryset`` in the order of ``columns``."""
    sign = "-" if descending else ""
    return queryset.order_by(*(sign + column for column in columns))
