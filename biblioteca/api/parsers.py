"""Strict readers of request bodies: what is ambiguous is refused, with the place of the fault."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, MultiPartParser

from biblioteca.api.exceptions import PayloadTooLarge, UnsupportedMediaType

MAX_DEPTH = 100
MAX_DIGITS = 1000


class StrictJSONParser(BaseParser):
    """One JSON object in UTF-8: no duplicate keys, no NaN, no bottomless nesting."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, context: Mapping | None = None
    ) -> Any:
        """Return the parsed body. Raises ParseError, UnsupportedMediaType or PayloadTooLarge."""
        check_charset(media_type)
        return parse_json(read_body(stream))


class StrictMultiPartParser(MultiPartParser):
    """multipart/form-data, with the limits of every other body."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, context: Mapping | None = None
    ) -> Any:
        """Return the fields and files. Raises ParseError or PayloadTooLarge."""
        request = (context or {}).get("request")
        if request is not None:
            check_length(request.META.get("CONTENT_LENGTH"))
        try:
            parsed = super().parse(stream, media_type, context)
        except RequestDataTooBig as error:
            raise PayloadTooLarge from error
        except (TooManyFieldsSent, TooManyFilesSent) as error:
            raise ParseError(_("The form has too many fields.")) from error
        except UnicodeDecodeError as error:
            raise ParseError(_("The form is not UTF-8.")) from error
        if not parsed.data and not parsed.files:
            raise ParseError(_("The form has no fields."), code="empty_form")
        return parsed


def check_charset(media_type: str | None) -> None:
    """Refuse a declared charset other than UTF-8 (RFC 8259 knows no other)."""
    for parameter in (media_type or "").split(";")[1:]:
        name, _sign, value = parameter.partition("=")
        charset = value.strip().strip('"').lower()
        if name.strip().lower() == "charset" and charset not in ("utf-8", "utf8"):
            raise UnsupportedMediaType


def check_length(content_length: str | None) -> None:
    """Raise PayloadTooLarge when the declared length is over the limit."""
    digits = content_length if content_length and content_length.isdigit() else "0"
    if len(digits) > 18 or int(digits) > settings.REQUEST_MAX_BYTES:
        raise PayloadTooLarge


def read_body(stream: IO[bytes]) -> bytes:
    """Return the whole body. Raises PayloadTooLarge beyond the limit."""
    body = stream.read(settings.REQUEST_MAX_BYTES + 1)
    if len(body) > settings.REQUEST_MAX_BYTES:
        raise PayloadTooLarge
    return body


def parse_json(body: bytes) -> Any:
    """Return the value that ``body`` holds. Raises ParseError saying where the fault is."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        message = _("The body is not UTF-8 (byte %d).") % error.start
        raise ParseError(message, code="invalid_encoding") from error
    if text.startswith("\ufeff"):
        raise ParseError(_("The body begins with a byte order mark."), code="invalid_json")
    check_depth(text)
    try:
        return json.loads(
            text,
            object_pairs_hook=unique_keys,
            parse_constant=refuse_constant,
            parse_int=bounded_integer,
        )
    except json.JSONDecodeError as error:
        message = _("Malformed JSON at line %(line)d, column %(column)d.") % {
            "line": error.lineno,
            "column": error.colno,
        }
        raise ParseError(message, code="invalid_json") from error


def check_depth(text: str) -> None:
    """Raise ParseError (``too_deep``) before the parser would run out of stack."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    inside_string = escaped = False
    for character in text:
        if inside_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                inside_string = False
        elif character == '"':
            inside_string = True
        elif character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                message = _("The JSON is nested deeper than %d levels.") % MAX_DEPTH
                raise ParseError(message, code="too_deep")
        elif character in "]}":
            depth -= 1


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object. Raises ParseError (``duplicate_key``) when a key stands twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _value in pairs:
            if key in seen:
                message = _("The key %s stands twice in one object.") % json.dumps(key[:100])
                raise ParseError(message, code="duplicate_key")
            seen.add(key)
    return found


def refuse_constant(name: str) -> None:
    """Refuse NaN and the infinities, which JSON does not have."""
    raise ParseError(_("%s is not a JSON number.") % name, code="invalid_json")


def bounded_integer(digits: str) -> int | float:
    """Return an integer; beyond a thousand digits infinity, which no field accepts."""
    return int(digits) if len(digits) <= MAX_DIGITS else float("inf")
