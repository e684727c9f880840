"""Every refusal as problem+json (RFC 9457): made here, in words, with a stable code."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.encoding import force_str
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, status
from rest_framework.response import Response

from biblioteca.api.renderers import ProblemRenderer
from biblioteca.cache.announcements import TransactionTooLongError, UnannouncedWriteError

logger = logging.getLogger(__name__)

CONTENT_TYPE = ProblemRenderer.media_type
RETRY_SECONDS = 5

TITLES = {
    308: gettext_lazy("Merged into another record"),
    400: gettext_lazy("The request is not valid"),
    401: gettext_lazy("Who is calling is not known"),
    403: gettext_lazy("This is not allowed"),
    404: gettext_lazy("Not found"),
    405: gettext_lazy("Method not allowed"),
    409: gettext_lazy("The request conflicts with what is stored"),
    412: gettext_lazy("The record has changed"),
    413: gettext_lazy("The body is too large"),
    415: gettext_lazy("This media type is not read here"),
    422: gettext_lazy("The request cannot be processed"),
    428: gettext_lazy("A version is required"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Internal error"),
    503: gettext_lazy("Temporarily unavailable"),
}


class Problem(exceptions.APIException):
    """A refusal with members beside the usual ones, and headers of its own."""

    def __init__(
        self,
        detail: Any = None,
        *,
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.members = dict(members or {})
        self.headers = dict(headers or {})


class InUse(Problem):
    """A record that others refer to cannot be deleted; ``count`` and ``link`` say which do."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "in_use"
    default_detail = gettext_lazy("Other records refer to this one: nothing was deleted.")


class Moved(Problem):
    """The record was merged into another one: ``Location`` says where to send the request."""

    status_code = status.HTTP_308_PERMANENT_REDIRECT
    default_code = "merged"
    default_detail = gettext_lazy("This record has been merged into another one.")

    def __init__(self, location: str) -> None:
        super().__init__(members={"link": location}, headers={"Location": location})


class MergedAway(Problem):
    """A record that was merged into another one cannot be deleted; ``link`` is that one."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "merged"
    default_detail = gettext_lazy(
        "This record has been merged into another one: nothing was deleted."
    )


class AlreadyUndone(Problem):
    """A merge is undone once."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "already_undone"
    default_detail = gettext_lazy("This merge has been undone already.")


class IdentifierTaken(Problem):
    """Another record has this identifier; ``link`` says which."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "identifier_taken"
    default_detail = gettext_lazy("Another record has this identifier: nothing was written.")


class KeyReused(Problem):
    """The same Idempotency-Key came with another body."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = gettext_lazy("This Idempotency-Key was sent with another body.")


class StillRunning(Problem):
    """The first request with this Idempotency-Key is not answered yet."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "idempotency_key_running"
    default_detail = gettext_lazy("The first request with this Idempotency-Key is still running.")

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class PreconditionFailed(Problem):
    """If-Match named another version; ``current`` is the record as it is now."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "precondition_failed"
    default_detail = gettext_lazy("Somebody changed the record meanwhile: nothing was written.")


class PreconditionRequired(Problem):
    """This installation accepts no write without If-Match."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_code = "precondition_required"
    default_detail = gettext_lazy("Send the record's ETag in If-Match.")


class PayloadTooLarge(Problem):
    """The body is over the limit that holds everywhere."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = gettext_lazy("A body may have 16 MB at most.")


class UnsupportedMediaType(Problem):
    """The body is not of a media type, or not in the encoding, that is read here."""

    status_code = status.HTTP_415_UNSUPPORTED_MEDIA_TYPE
    default_code = "unsupported_media_type"
    default_detail = gettext_lazy("Send application/json in UTF-8, or multipart/form-data.")


class Unavailable(Problem):
    """The database did not answer; ``Retry-After`` says when to try again."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"
    default_detail = gettext_lazy("The database does not answer: try again in a moment.")

    def __init__(self, detail: Any = None) -> None:
        super().__init__(detail, headers={"Retry-After": str(RETRY_SECONDS)})


class Overloaded(Problem):
    """More requests wait than the service lets wait; ``Retry-After`` says when to try again."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "overloaded"
    default_detail = gettext_lazy("Too many requests are waiting: try again in a moment.")

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": str(RETRY_SECONDS)})


class Unannounced(Problem):
    """The cache cannot be told of the change, and ``CACHE_STRICT`` allows none that is not told."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "cache_unreachable"
    default_detail = gettext_lazy(
        "The cache cannot be told of this change now; nothing was changed."
    )

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": str(RETRY_SECONDS)})


class InternalError(Problem):
    """Something that nobody foresaw; the log has it under the request's id."""

    status_code = status.HTTP_500_INTERNAL_SERVER_ERROR
    default_code = "internal_error"
    default_detail = gettext_lazy("Something went wrong here. The log has it.")


def problem_response(error: Exception, context: dict[str, Any]) -> Response:
    """Return the answer to an exception raised by a view: DRF's ``EXCEPTION_HANDLER``."""
    request = context["request"]
    refusal = as_refusal(error)
    if isinstance(refusal, InternalError):
        logger.exception("unhandled error", exc_info=error)
        got_request_exception.send(sender=type(context["view"]), request=request)
    response = Response(
        problem(refusal, request.path), status=refusal.status_code, headers=headers_of(refusal)
    )
    response.content_type = CONTENT_TYPE
    return response


def as_refusal(error: Exception) -> exceptions.APIException:
    """Return what an exception means to the client."""
    if isinstance(error, exceptions.UnsupportedMediaType):
        return UnsupportedMediaType()
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return PayloadTooLarge()
    if isinstance(error, UnannouncedWriteError):
        return Unannounced()
    if isinstance(error, OperationalError | InterfaceError | TransactionTooLongError):
        logger.error("the database does not answer: %s", error)
        return Unavailable()
    return InternalError()


def headers_of(refusal: exceptions.APIException) -> dict[str, str]:
    """Return the headers that belong to a refusal."""
    headers = dict(getattr(refusal, "headers", {}))
    if getattr(refusal, "auth_header", None):
        headers["WWW-Authenticate"] = refusal.auth_header  # type: ignore[attr-defined]
    wait = getattr(refusal, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(int(wait))
    return headers


def problem(refusal: exceptions.APIException, instance: str) -> dict[str, Any]:
    """Return the body that says what was refused and why."""
    errors = list(flatten(refusal.detail)) if is_validation(refusal) else []
    code = "invalid" if errors else code_of(refusal)
    detail = errors[0]["detail"] if len(errors) == 1 else None
    if errors and detail is None:
        detail = _("%d values are not valid.") % len(errors)
    body = {
        "type": f"urn:biblioteca:problem:{code}",
        "title": force_str(TITLES.get(refusal.status_code, TITLES[400])),
        "status": refusal.status_code,
        "detail": detail or force_str(refusal.detail),
        "instance": instance,
        "code": code,
    }
    if errors:
        body["errors"] = errors
    return body | getattr(refusal, "members", {})


def is_validation(refusal: exceptions.APIException) -> bool:
    """Tell errors of fields from all others."""
    return isinstance(refusal, exceptions.ValidationError)


def code_of(refusal: exceptions.APIException) -> str:
    """Return the stable code of a refusal."""
    codes = refusal.get_codes()
    return codes if isinstance(codes, str) else str(refusal.default_code)


def flatten(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """Yield one ``{field, code, detail}`` for each message of a nested ValidationError."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            if isinstance(name, int):
                path = f"{field}[{name}]"
            else:
                own = "" if name == "non_field_errors" else str(name)
                path = f"{field}.{own}" if field and own else field or own
            yield from flatten(inner, path)
    elif isinstance(detail, list):
        for inner in detail:
            yield from flatten(inner, field)
    else:
        yield {"field": field, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}


def problem_http_response(refusal: exceptions.APIException, request: HttpRequest) -> HttpResponse:
    """Return the same answer outside DRF: for middleware."""
    body = ProblemRenderer().render(problem(refusal, request.path))
    return HttpResponse(
        body,
        status=refusal.status_code,
        content_type=CONTENT_TYPE,
        headers=headers_of(refusal) | {"Cache-Control": "no-cache"},
    )
