"""DRF's view of the caller."""

from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from biblioteca.gateway.callers import ANYBODY, Caller
from biblioteca.gateway.trust import Mode, current_mode


def identify(request: HttpRequest) -> Caller | None:
    """Return who is calling, or None where the mode in force cannot tell."""
    return ANYBODY if current_mode() is Mode.OPEN else None


class CallerAuthentication(BaseAuthentication):
    """Make the caller ``request.user``."""

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        """Return the caller, or None for nobody."""
        caller = identify(request._request)  # noqa: SLF001 (DRF has no public name for it)
        return (caller, None) if caller else None

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return 'Bearer realm="biblioteca"'


class CallerScheme(OpenApiAuthenticationExtension):
    """How the schema describes it: the gateway takes a bearer token."""

    target_class = "biblioteca.gateway.authentication.CallerAuthentication"
    name = "OAuth2"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the security scheme object."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Token with the scope catalogo:ler or catalogo:escrever, checked by "
            "the gateway. In open mode none is needed.",
        }
