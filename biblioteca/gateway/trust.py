"""The trust modes: decided once from the settings, never by a request."""

from enum import StrEnum

from django.conf import settings


class Mode(StrEnum):
    """How a caller is known."""

    OPEN = "open"  # everybody may do everything: development, or TRUST=open in so many words
    CLOSED = "closed"  # nothing was configured: nobody may do anything


def current_mode() -> Mode:
    """Return the mode that the settings call for; without any, the closed one."""
    return Mode(settings.TRUST)
