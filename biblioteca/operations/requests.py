"""One id for each request, in the answer, the log and the history of what it changed."""

import itertools
import logging
import os
import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from biblioteca.gateway.callers import current_caller
from biblioteca.records.origins import current_origin

HEADER = "X-Request-Id"
SAFE_ID = re.compile(r"[A-Za-z0-9._:+/=-]{1,64}")

# An id of its own for each request: drawn once for the process, then counted.
PROCESS_IDS = [secrets.token_hex(12)]
REQUEST_NUMBERS = itertools.count(1)
os.register_at_fork(after_in_child=lambda: PROCESS_IDS.__setitem__(0, secrets.token_hex(12)))

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="-")


class RequestIdMiddleware:
    """Keep the id that the gateway gave, or make one, and send it back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        given = request.headers.get(HEADER, "")
        if given and SAFE_ID.fullmatch(given):
            request_id = given
        else:
            request_id = f"{PROCESS_IDS[0]}-{next(REQUEST_NUMBERS):x}"
        token = current_request_id.set(request_id)
        nobody = current_caller.set("-")
        try:
            response = self.get_response(request)
        finally:
            current_caller.reset(nobody)
            current_request_id.reset(token)
        response[HEADER] = request_id
        return response


class RequestIdFormatter(logging.Formatter):
    """Give every log line the id of the request that wrote it, and who made it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; ``-`` stands for work outside a request, and for a caller unknown."""
        record.request_id = current_request_id.get()
        record.caller = current_origin().who or current_caller.get()
        return super().format(record)
