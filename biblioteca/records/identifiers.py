"""Identifiers: how each scheme is written, checked and found."""

import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum import isbn, issn
from stdnum.exceptions import ValidationError as NumberError

from biblioteca.records.models import Identificador, Record
from biblioteca.records.text import clean_text

SCHEME = re.compile(r"[a-z][a-z0-9_.-]{0,39}")
VALUE_LENGTH = 190
# What people type between the digits: hyphens and dashes of every width, and blanks.
SEPARATORS = re.compile(r"[\s\u00ad\u2010-\u2015\u2212-]+")


def clean_identifier(scheme: str, value: str) -> tuple[str, str]:
    """Return scheme and value as they are stored.

    An ISBN becomes an ISBN-13 without hyphens, an ISSN eight characters with its hyphen, each with
    its check digit verified; the values of other schemes are texts. Raises ValidationError with
    the code ``invalid_scheme``, ``invalid_number`` or one of :func:`clean_text`.
    """
    if not SCHEME.fullmatch(scheme):
        message = _("A scheme is a word in lower case, such as isbn.")
        raise ValidationError(message, code="invalid_scheme")
    if scheme not in ("isbn", "issn"):
        return scheme, clean_text(value, VALUE_LENGTH)
    compact = SEPARATORS.sub("", value)
    try:
        if not compact.isascii():
            raise NumberError
        number = (
            isbn.to_isbn13(isbn.validate(compact))
            if scheme == "isbn"
            else issn.format(issn.validate(compact))
        )
    except NumberError as error:
        message = _("This is not an %(scheme)s: its length or its check digit is wrong.")
        params = {"scheme": scheme.upper()}
        raise ValidationError(message, code="invalid_number", params=params) from error
    return scheme, number


def isbn_in(text: str) -> str | None:
    """Return the ISBN-13 that the whole of ``text`` writes, if it writes one."""
    if len(text) > 40:
        return None
    try:
        return clean_identifier("isbn", text.strip())[1]
    except ValidationError:
        return None


def holders(record: Record, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return the ids of the other records of this resource that have one of ``pairs``."""
    wanted = set(pairs)
    rows: Any = Identificador.objects.filter(
        recurso=record.RESOURCE,
        esquema__in={scheme for scheme, _value in wanted},
        valor__in={value for _scheme, value in wanted},
    ).exclude(registro_id=record.pk)
    found = rows.values_list("esquema", "valor", "registro_id")
    return {(scheme, value): key for scheme, value, key in found if (scheme, value) in wanted}
