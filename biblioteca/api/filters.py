"""The filters of lists: those that every resource has, and the backend that applies them."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.fields import get_error_detail
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from biblioteca.api.parameters import MAX_ID, Filter, read_id
from biblioteca.records.identifiers import clean_identifier
from biblioteca.records.models import Identificador

MAX_IDS = 200


def read_ids(text: str) -> list[int]:
    """Return the ids of a comma-separated list of at most 200."""
    given = text.split(",")
    if len(given) > MAX_IDS:
        raise ValidationError(_("At most %d ids at once.") % MAX_IDS, code="too_many")
    return [read_id(item) for item in given]


def read_id_or_null(text: str) -> int | None:
    """Return an id, or None for ``null``."""
    return None if text == "null" else read_id(text)


def by_column(column: str) -> Callable[[QuerySet, Any], QuerySet]:
    """Return the narrowing to rows whose ``column`` holds an id, or none for None."""

    def narrow(queryset: QuerySet, value: int | None) -> QuerySet:
        if value is None:
            return queryset.filter(**{f"{column}__isnull": True})
        return queryset.filter(**{column: value}) if value <= MAX_ID else queryset.none()

    return narrow


def read_identifier(text: str) -> tuple[str, str]:
    """Return scheme and value of ``isbn:978…``. Raises ValidationError."""
    scheme, _colon, value = text.partition(":")
    try:
        return clean_identifier(scheme, value)
    except DjangoValidationError as error:
        raise ValidationError(get_error_detail(error)) from error


def by_identifier(queryset: QuerySet, pair: tuple[str, str]) -> QuerySet:
    """Narrow to the record with this identifier."""
    scheme, value = pair
    rows = Identificador.objects.filter(
        recurso=queryset.model.RESOURCE, esquema=scheme, valor=value
    )
    return queryset.filter(pk__in=list(rows.values_list("registro_id", flat=True)))


def by_ids(queryset: QuerySet, ids: list[int]) -> QuerySet:
    """Narrow to the rows with these ids; those that do not exist match nothing."""
    return queryset.filter(pk__in=[key for key in ids if key <= MAX_ID])


# Without a format: an id beyond 64 bits is no error, it matches nothing.
ID_SCHEMA = {"type": "integer", "minimum": 0}

SEARCH = Filter(
    "search",
    "Records that have every word given, each as the beginning of a word, blind to accents "
    "and case. A text without a letter or digit finds nothing.",
    str,
)
IDS = Filter(
    "id",
    f"Records with these ids, separated by commas; at most {MAX_IDS}.",
    read_ids,
    {"type": "string", "pattern": "^[0-9]+(,[0-9]+)*$"},
    by_ids,
    resource="",
)

COMMON = (SEARCH, IDS)


class ContractFilters(BaseFilterBackend):
    """Apply the filters that the view declares in ``filters``."""

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        """Return ``queryset`` narrowed by every filter that the request gives."""
        for declared in view.filters:
            # The search is the pagination's: how it is done depends on the page.
            if declared.name in view.parameters and declared is not SEARCH:
                queryset = declared.narrow(queryset, view.parameters[declared.name])
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Document the filters."""
        return [declared.document() for declared in view.filters]
