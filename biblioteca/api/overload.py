"""The answer to a request for which there is no thread and no place to wait."""

from collections.abc import Callable, Iterable
from typing import Any

from corsheaders.middleware import CorsMiddleware
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from biblioteca.api.exceptions import Overloaded, problem_http_response
from biblioteca.operations.requests import RequestIdMiddleware


def refuse(environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
    """Answer 503 in the client's language, as a WSGI application that waits for nothing."""
    response: Any = answer(WSGIRequest(environ))
    reason = f"{response.status_code} {response.reason_phrase}"
    start_response(reason, list(response.headers.items()))
    return [response.content]


def overloaded(request: HttpRequest) -> HttpResponse:
    """Return the refusal as problem+json."""
    with translation.override(translation.get_language_from_request(request)):
        return problem_http_response(Overloaded(), request)


answer = CorsMiddleware(RequestIdMiddleware(overloaded))
