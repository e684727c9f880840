"""The door before everything that is not the API: pages, files and documents."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from biblioteca.gateway.evidence import evidence_in, has_secret, raw_headers


class GatewayDoorMiddleware:
    """Let pass only what came through the gateway, where there is one.

    The API asks for the caller besides; pages and files have no caller, and the admin has its own
    sessions.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        if settings.GATEWAY_SECRETS:
            evidence = evidence_in(raw_headers(request))
            if evidence is None or not has_secret(evidence, settings.GATEWAY_SECRETS):
                response = HttpResponse(
                    _("This service is reached through its gateway."), status=401
                )
                response["WWW-Authenticate"] = 'Bearer realm="biblioteca"'
                return response
        return self.get_response(request)
