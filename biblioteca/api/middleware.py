"""Problem details for what is refused before or outside the views."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions

from biblioteca.api import exceptions as refusals
from biblioteca.api.parsers import check_length

# These answer people with pages, their errors too.
PAGES = ("/admin", "/docs", "/redoc")


class ProblemMiddleware:
    """Refuse a bad Host or an oversized body; turn every other error page into problem+json."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        refusal = refused_at_the_door(request)
        if refusal is None:
            response = self.get_response(request)
            if response.status_code < 400 or not needs_problem(request, response):
                return response
            refusal = as_refusal(response)
        with translation.override(translation.get_language_from_request(request)):
            return refusals.problem_http_response(refusal, request)


def refused_at_the_door(request: HttpRequest) -> exceptions.APIException | None:
    """Return why the request is refused whatever its path is, or None."""
    try:
        request.get_host()
        # Where files of records are sent, the page says in its own words what is too long.
        if request.path_info != settings.UPLOAD_PATH:
            check_length(request.META.get("CONTENT_LENGTH"))
    except DisallowedHost:
        return exceptions.ParseError(_("This host is not served here."), code="bad_host")
    except refusals.PayloadTooLarge as error:
        return error
    return None


def needs_problem(request: HttpRequest, response: HttpResponse) -> bool:
    """Tell an error page of Django's own from an answer that is already right."""
    if response.headers.get("Content-Type", "") == refusals.CONTENT_TYPE:
        return False
    return not request.path_info.startswith(PAGES)


def as_refusal(response: HttpResponse) -> exceptions.APIException:
    """Return what an error page means."""
    known: dict[int, type[exceptions.APIException]] = {
        403: exceptions.PermissionDenied,
        404: exceptions.NotFound,
        413: refusals.PayloadTooLarge,
        503: refusals.Unavailable,
    }
    if response.status_code == 401:
        unknown = exceptions.NotAuthenticated(_("This service is reached through its gateway."))
        unknown.auth_header = response.headers["WWW-Authenticate"]  # type: ignore[attr-defined]
        return unknown
    if response.status_code in known:
        return known[response.status_code]()
    if response.status_code == 405:
        refusal = refusals.Problem(_("This method is not allowed here."))
        refusal.headers["Allow"] = response.headers.get("Allow", "GET, HEAD")
        refusal.status_code, refusal.default_code = 405, "method_not_allowed"
        return refusal
    return (
        refusals.InternalError()
        if response.status_code >= 500
        else exceptions.ParseError(_("The request is malformed."), code="malformed")
    )
