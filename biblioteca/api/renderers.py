"""Answers are JSON, whatever a client says it accepts: there is no other representation."""

import json
from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class JSONRenderer(BaseRenderer):
    """Compact UTF-8 JSON."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, *_context: Any, **_more: Any) -> bytes:
        """Return ``data`` as JSON; nothing for no data."""
        if data is None:
            return b""
        # A lone surrogate in an error message that quotes the input must not break the answer.
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)
        return text.encode("utf-8", "replace")


class ProblemRenderer(JSONRenderer):
    """The same for errors (RFC 9457)."""

    media_type = "application/problem+json"


class AlwaysJSON(BaseContentNegotiation):
    """Parse by Content-Type; render what there is without looking at Accept."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        """Return the parser of the body's media type, or None."""
        sent = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == sent), None)

    def select_renderer(self, request: Request, renderers: Iterable[Any], *_: Any) -> Any:
        """Return the only renderer."""
        only = next(iter(renderers))
        return only, only.media_type
