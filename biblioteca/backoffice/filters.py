"""Filters of the lists of records."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from biblioteca.backoffice.widgets import Related, read_key
from biblioteca.records.models import Record


class MissingFilter(SimpleListFilter):
    """Records that lack something; the model admin says in ``missing`` what can be lacking."""

    title = _("what is missing")
    parameter_name = "falta"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [(name, label) for name, (label, _condition) in model_admin.missing.items()]

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.conditions: dict[str, Q] = {
            name: condition for name, (_label, condition) in model_admin.missing.items()
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Narrow to the records that lack it."""
        wanted = self.value()
        if wanted is None:
            return queryset
        if wanted not in self.conditions:
            raise IncorrectLookupParameters
        return queryset.filter(self.conditions[wanted])


class RelatedFilter(SimpleListFilter):
    """Records that refer to one record, found by typing.

    Subclasses name ``source`` and ``field`` (the relation) and the ``column`` to compare.
    """

    template = "backoffice/filter_related.html"
    source: ClassVar[type[Record]]
    field: ClassVar[str]
    column: ClassVar[str]

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.related = Related(self.source, self.field)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return no choices: there are too many."""
        return []

    def has_output(self) -> bool:
        """Tell that it is shown although there is nothing to choose from."""
        return True

    def key(self) -> int | None:
        """Return the id asked for, None without one. Raises IncorrectLookupParameters."""
        text = self.value()
        if not text:
            return None
        key = read_key(text)
        if key is None:
            raise IncorrectLookupParameters
        return key

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Narrow to the records that refer to the one asked for."""
        key = self.key()
        return queryset if key is None else queryset.filter(**{self.column: key})

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Give the template the picker and the other parameters of the list."""
        chosen = self.related.rows([self.key()] if self.key() is not None else [])
        others = {
            name: value
            for name, values in changelist.filter_params.items()
            for value in values
            if name != self.parameter_name
        }
        if changelist.query:
            others["q"] = changelist.query
        yield self.related.context(may_create=False) | {
            "name": self.parameter_name,
            "chosen": chosen[0] if chosen else None,
            "others": others,
            "everything": changelist.get_query_string(remove=[self.parameter_name]),
        }
