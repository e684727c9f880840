"""Where mail is sent from, as one address in the environment."""

from typing import Any
from urllib.parse import unquote, urlsplit

from biblioteca.operations import environment

EXAMPLE = "smtp+tls://user:password@mail.example.org:587"
PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


def mail_settings() -> dict[str, Any]:
    """Return Django's ``EMAIL_*`` settings for ``EMAIL_URL``; without one no mail is sent.

    Raises ImproperlyConfigured for an address that is none.
    """
    value = environment.text("EMAIL_URL")
    if not value:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in PORTS or not parts.hostname:
        fault = f"not an address of {', '.join(PORTS)}"
        raise environment.refuse("EMAIL_URL", "…", fault, EXAMPLE)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 10,
    }
