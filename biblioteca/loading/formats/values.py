"""JSON values into records: the API's own shape, and what comes close to it."""

import json
import re
from typing import Any

from django.utils.translation import gettext as _

from biblioteca.loading.options import ReadingOptions
from biblioteca.loading.records import WORKS, Fault, RawName, RawRecord

# What no database can hold as text: NUL, and halves of surrogate pairs.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
ESCAPED_UNSTORABLE = re.compile(r"\\u(?:0000|d[89a-f])", re.I)
ID = re.compile(r"[0-9]{1,19}")
MAX_ID = 2**63 - 1


class ShapeError(ValueError):
    """A value is not of the shape of a record; the text says where."""


def no_constant(name: str) -> Any:
    """Refuse NaN and the infinities."""
    raise ValueError(_("%s is no JSON") % name)


def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, refusing a key that stands twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(_("the key %s stands twice") % repr(twice[:40]))
    return found


DECODER = json.JSONDecoder(object_pairs_hook=no_duplicates, parse_constant=no_constant)


def object_in(text: str) -> dict[str, Any]:
    """Return the object that ``text`` is. Raises ValueError with the reason when it is none."""
    try:
        value = DECODER.decode(text)
    except RecursionError:
        raise ValueError(_("it is nested too deep")) from None
    except json.JSONDecodeError as error:
        reason = _("no valid JSON: %(message)s, column %(column)d")
        details = {"message": error.msg, "column": error.colno}
        raise ValueError(reason % details) from error
    if not isinstance(value, dict):
        raise ValueError(_("it is no object"))
    if ESCAPED_UNSTORABLE.search(text) and not is_storable(value):
        raise ValueError(_("it has characters that are not text"))
    return value


def is_storable(value: Any) -> bool:
    """Tell whether all texts in a JSON value can be stored."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str) and UNSTORABLE.search(each):
            return False
        if isinstance(each, dict):
            waiting.extend(each)
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return True


def shown(text: str) -> dict[str, str]:
    """Return the beginning of unreadable JSON as it is kept."""
    return {_("text"): UNSTORABLE.sub("\ufffd", text[:1000])}


def record_in(line: int, text: str, options: ReadingOptions) -> RawRecord | Fault:
    """Return the record in the JSON object ``text``, or why there is none."""
    try:
        value = object_in(text)
    except ValueError as error:
        return Fault(line, str(error), shown(text))
    try:
        return as_record(line, value, options)
    except ShapeError as error:
        return Fault(line, str(error), value)


def as_record(line: int, value: dict[str, Any], options: ReadingOptions) -> RawRecord:
    """Return the record in an object. Raises ShapeError."""
    resource = options.wanted
    is_work = resource == WORKS
    if is_work and value.keys().isdisjoint(("titulo", "title")) and value.get("nome"):
        raise ShapeError(
            _("there is no titulo, there is a nome: say --recurso autores or --recurso editoras")
        )
    text_field = "titulo" if is_work else "nome"
    title = value.get(text_field, value.get("title" if is_work else "name", ""))
    catalogue = text_of(value, "catalogo")
    verbatim = bool(catalogue)
    fields = ("autores", "editora", "foto", "identificadores") if is_work else ("foto",)
    publisher = value.get("editora", value.get("publisher")) if is_work else None
    record_id = value.get("id")
    key = value.get("codigo", record_id)
    return RawRecord(
        line=line,
        text=text_of({text_field: title}, text_field),
        resource=resource,
        authors=authors_of(value, verbatim=verbatim) if is_work else (),
        publisher=None if publisher in (None, "") else named(
            publisher, "editora", inverted=False
        ),
        photo=text_of(value, "foto"),
        identifiers=identifiers_of(value) if is_work else (),
        key=(options.source, str(key)) if options.source and key not in (None, "") else None,
        id=id_of(record_id, "id") if record_id not in (None, "") else None,
        catalogue=catalogue,
        blank=frozenset(field for field in fields if field in value and not value[field]),
        raw=value,
    )  # fmt: skip


def text_of(value: dict[str, Any], field: str) -> str:
    """Return the text of a field, "" for null and absence. Raises ShapeError."""
    found = value.get(field)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise ShapeError(_("%(field)s is not a text") % {"field": field})
    return found


def id_of(value: Any, field: str) -> int:
    """Return an id, an integer or a string of digits. Raises ShapeError."""
    if isinstance(value, str) and ID.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_ID:
        raise ShapeError(_("%(field)s is not an id") % {"field": field})
    return value


def named(value: Any, field: str, *, inverted: bool | None) -> RawName:
    """Return an author or publisher: an id, a name, or an object. Raises ShapeError."""
    if isinstance(value, dict):
        name, record_id = text_of(value, "nome"), value.get("id")
        if not name and record_id is None:
            raise ShapeError(_("%(field)s has neither id nor nome") % {"field": field})
        key = None if record_id is None else id_of(record_id, field)
        return RawName(name, inverted, id=key, photo=text_of(value, "foto"))
    if isinstance(value, str) and not ID.fullmatch(value):
        return RawName(value, inverted)
    return RawName("", inverted, id=id_of(value, field))


def authors_of(value: dict[str, Any], *, verbatim: bool) -> tuple[RawName, ...] | str:
    """Return the authors: a list, or the text of one cell. Raises ShapeError."""
    found: Any = next(
        (value[field] for field in ("autores", "autor", "authors", "author") if value.get(field)),
        [],
    )
    if isinstance(found, str):
        return found
    if not isinstance(found, list):
        raise ShapeError(_("%(field)s is not a list") % {"field": "autores"})
    inverted = False if verbatim else None
    return tuple(
        named(each, f"autores[{place}]", inverted=inverted) for place, each in enumerate(found)
    )


def identifiers_of(value: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the identifiers: objects of scheme and value, or a flat number. ShapeError."""
    found: list[tuple[str, str]] = []
    number: Any
    listed = value.get("identificadores") or []
    if not isinstance(listed, list):
        raise ShapeError(_("%(field)s is not a list") % {"field": "identificadores"})
    for each in listed:
        if isinstance(each, str) and ":" in each:
            scheme, _colon, number = each.partition(":")
        elif isinstance(each, dict):
            scheme, number = text_of(each, "esquema"), text_of(each, "valor")
        else:
            scheme = number = ""
        if not scheme or not number:
            raise ShapeError(_("%(field)s has no esquema or no valor") % {
                "field": "identificadores"
            })  # fmt: skip
        found.append((scheme.strip().lower(), number))
    for field in ("isbn", "isbn13", "isbn10", "isbn_13", "isbn_10", "issn"):
        numbers = value.get(field)
        for number in numbers if isinstance(numbers, list) else [numbers]:
            if number in (None, ""):
                continue
            if isinstance(number, bool) or not isinstance(number, str | int):
                raise ShapeError(_("%(field)s is not a text") % {"field": field})
            found.append((field[:4], str(number)))
    return tuple(found)
