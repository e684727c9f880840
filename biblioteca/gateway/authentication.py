"""DRF's view of the caller, and the read cache's."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from biblioteca.gateway.callers import READ, Caller, current_caller
from biblioteca.gateway.evidence import AUTHORIZATION, evidence_in, raw_headers
from biblioteca.gateway.identity import caller_by
from biblioteca.gateway.trust import Mode, current_mode

CHALLENGE = 'Bearer realm="biblioteca"'


def identify(request: HttpRequest) -> Caller | None:
    """Return who is calling, or None where the mode in force cannot tell."""
    return caller_by(evidence_in(raw_headers(request)), current_mode(), remembered_only=False)


def reading_rule() -> Callable[[Mapping[bytes, bytes]], bool]:
    """Return what tells from a request's headers (names in lower case) whether its caller may read.

    Asked before a stored answer is given; whoever may not is refused by the views. The mode is
    decided here, once: the rule is asked more often than anything else.
    """
    mode = current_mode()
    if mode in (Mode.OPEN, Mode.CLOSED):
        is_open = mode is Mode.OPEN
        return lambda _headers: is_open

    def may_read(headers: Mapping[bytes, bytes]) -> bool:
        caller = caller_by(evidence_in(headers.items()), mode, remembered_only=True)
        return caller is not None and caller.may(READ)

    return may_read


class CallerAuthentication(BaseAuthentication):
    """Make the caller ``request.user``."""

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        """Return the caller, or None for nobody."""
        caller = identify(request._request)  # noqa: SLF001 (DRF has no public name for it)
        if caller is None:
            return None
        current_caller.set(caller.name)
        return caller, None

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401 (RFC 6750, section 3)."""
        if AUTHORIZATION.decode() in request.headers:
            return f'{CHALLENGE}, error="invalid_token"'
        return CHALLENGE


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
