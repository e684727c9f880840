"""Where a request came from, as far as that can be believed."""

import ipaddress
import os

from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the client's address, "" when it is not known.

    Uvicorn has read ``X-Forwarded-For`` already, if it came from ``FORWARDED_ALLOW_IPS``. With
    ``*`` there it takes the first entry, which a client writes as it likes: the last one is what
    the gateway itself saw.
    """
    found = request.META.get("REMOTE_ADDR", "")
    if os.environ.get("FORWARDED_ALLOW_IPS") == "*":
        entries = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        found = entries[-1].strip() or found
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        return ""


def address_for_locks(request: HttpRequest) -> str | None:
    """Return the client's address as django-axes keeps it: one that is not known is NULL."""
    return client_address(request) or None
