"""One record by its id, in one query that is put together once."""

from collections.abc import Callable
from typing import Any

from django.db import connections, router
from django.db.models import QuerySet

from biblioteca.records.models import Record

# Putting the query together takes longer than the database needs to answer it. By model, the
# database's alias and what is fetched beside the columns.
_statements: dict[tuple[type[Record], str], tuple[str, list[str]]] = {}


def fetch_by_id(
    prepare: Callable[[QuerySet], QuerySet], model: type[Record], key: int
) -> Record | None:
    """Return the record of ``model`` with the id ``key``, or None.

    ``prepare`` adds annotations to the queryset; it must add the same ones for a model every time.
    """
    alias = router.db_for_read(model)
    if (model, alias) not in _statements:
        _statements[model, alias] = compiled(prepare, model, alias)
    sql, extra = _statements[model, alias]
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, [key])
        row = cursor.fetchone()
    if row is None:
        return None
    names = [field.attname for field in model._meta.concrete_fields]
    record = model.from_db(alias, names, row[: len(names)])
    for name, value in zip(extra, row[len(names) :], strict=True):
        setattr(record, name, value)
    return record


def compiled(
    prepare: Callable[[QuerySet], QuerySet], model: type[Record], alias: str
) -> tuple[str, list[str]]:
    """Return the statement with one parameter, the id, and the names of what it adds."""
    place = -987654321  # an id that no annotation has among its parameters
    queryset: Any = prepare(model._default_manager.using(alias).filter(pk=place))
    sql, params = queryset.query.get_compiler(alias).as_sql()
    if list(params).count(place) != 1:
        raise AssertionError("the statement names the id more than once")
    parts = sql.split("%s")
    constants = ["%s" if value == place else literal(value).replace("%", "%%") for value in params]
    text = "".join(part + constant for part, constant in zip(parts, [*constants, ""], strict=True))
    return text, list(queryset.query.annotation_select)


def literal(value: Any) -> str:
    """Return a parameter that the code itself chose as SQL. Raises AssertionError for others."""
    if not isinstance(value, str) or not value.isascii() or "'" in value or "\\" in value:
        raise AssertionError(f"not a plain constant: {value!r}")
    return f"'{value}'"
