"""DRF's view of the caller."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from biblioteca.gateway.callers import ANYBODY, READ, Caller
from biblioteca.gateway.trust import Mode, current_mode


def identify(request: HttpRequest) -> Caller | None:
    """Return who is calling, or None where the mode in force cannot tell."""
    return caller_in(current_mode())


def reading_rule() -> Callable[[Mapping[bytes, bytes]], bool]:
    """Return what tells from a request's headers (names in lower case) whether its caller may read.

    Asked before a stored answer is given; whoever may not is refused by the views. The mode is
    decided here, once: the rule is asked more often than anything else.
    """
    caller = caller_in(current_mode())
    may_read = caller is not None and caller.may(READ)
    return lambda _headers: may_read


def caller_in(mode: Mode) -> Caller | None:
    """Return who calls in ``mode``, or None where it cannot tell."""
    return ANYBODY if mode is Mode.OPEN else None


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
