"""Query parameters: declared once, read strictly, documented from the same declaration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

MAX_ID = 2**63 - 1


@dataclass(frozen=True)
class Parameter:
    """One query parameter: how its text is read, and what the schema says of it."""

    name: str
    description: str
    read: Callable[[str], Any]
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})

    def document(self) -> dict[str, Any]:
        """Return the OpenAPI parameter object."""
        return {
            "name": self.name,
            "in": "query",
            "required": False,
            "description": self.description,
            "schema": self.schema,
        }


@dataclass(frozen=True)
class Filter(Parameter):
    """A parameter that narrows a list: ``narrow(queryset, value)``.

    ``resource`` says of which resource its value is the id, or the ids; "" for the list's own.
    """

    narrow: Callable[[QuerySet, Any], QuerySet] = lambda queryset, _value: queryset
    resource: str | None = None


def read_parameters(request: Request, allowed: Sequence[Parameter]) -> dict[str, Any]:
    """Return the value of each parameter that the request gives.

    Raises ValidationError naming the parameters that are unknown, repeated or badly written.
    """
    known = {parameter.name: parameter for parameter in allowed}
    values: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for name, texts in request.query_params.lists():
        try:
            values[name] = read_parameter(name, texts, known)
        except ValidationError as error:
            errors[name] = error.detail
    if errors:
        raise ValidationError(errors)
    return values


def read_parameter(name: str, texts: list[str], known: dict[str, Parameter]) -> Any:
    """Return the value of one parameter. Raises ValidationError."""
    if name not in known:
        message = _("There is no such parameter here. Known: %s.") % (", ".join(known) or "-")
        raise ValidationError(message, code="unknown_parameter")
    if len(texts) > 1:
        message = _("The parameter stands more than once.")
        raise ValidationError(message, code="repeated_parameter")
    return known[name].read(texts[0])


def read_id(text: str) -> int:
    """Return an id. Raises ValidationError unless the text is digits only."""
    if not (text.isascii() and text.isdigit()):
        raise ValidationError(_("An id is a whole number."), code="invalid_id")
    significant = text.lstrip("0")[:20] or "0"
    return int(significant)


def read_whole_number(minimum: int, maximum: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from ``minimum`` to ``maximum``."""

    def read(text: str) -> int:
        number = read_id(text) if text.isascii() and text.isdigit() else -1
        if not minimum <= number <= maximum:
            bounds = {"minimum": minimum, "maximum": maximum}
            message = _("Use a whole number from %(minimum)d to %(maximum)d.") % bounds
            raise ValidationError(message, code="out_of_range")
        return number

    return read


def read_choices(choices: Sequence[str]) -> Callable[[str], list[str]]:
    """Return a reader of a comma-separated list out of ``choices``, none twice."""

    def read(text: str) -> list[str]:
        given = text.split(",")
        if len(set(given)) < len(given) or not set(given) <= set(choices):
            message = _("Use one or more of %s, separated by commas.") % ", ".join(choices)
            raise ValidationError(message, code="invalid_choice")
        return given

    return read


def read_choice(choices: Sequence[str]) -> Callable[[str], str]:
    """Return a reader of one of ``choices``."""

    def read(text: str) -> str:
        if text not in choices:
            message = _("Use one of %s.") % ", ".join(choices)
            raise ValidationError(message, code="invalid_choice")
        return text

    return read
