"""The trust modes: decided once from the settings, never by a request."""

from enum import StrEnum

from django.conf import settings

from biblioteca.gateway import development


class Mode(StrEnum):
    """How a caller is known."""

    OPEN = "open"  # everybody may do everything: development, or TRUST=open in so many words
    GATEWAY = "gateway"  # who carries the gateway's secret is who the gateway's headers name
    TOKEN = "token"  # noqa: S105 (a name) the bearer token says so, verified here again
    BOTH = "gateway and token"  # the secret and the token are both demanded
    CLOSED = "closed"  # nothing was configured: nobody may do anything


def current_mode() -> Mode:
    """Return the mode that the settings call for; without any, the closed one.

    An issuer whose key lies on a developer's machine is trusted by nobody but a demonstration.
    """
    is_development = settings.DEBUG or settings.DEMO
    if settings.OAUTH_ISSUER == development.ISSUER and not is_development:
        return Mode.CLOSED
    if settings.GATEWAY_SECRETS:
        return Mode.BOTH if settings.OAUTH_ISSUER else Mode.GATEWAY
    if settings.OAUTH_ISSUER:
        return Mode.TOKEN
    return Mode(settings.TRUST)
