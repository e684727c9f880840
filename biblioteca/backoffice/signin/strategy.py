"""How the sign-in library meets Django."""

from django.conf import settings
from social_django.strategy import DjangoStrategy


class Strategy(DjangoStrategy):
    """Makes addresses of our own as everything here does: below ``PUBLIC_URL``, where set."""

    def build_absolute_uri(self, path: str | None = None) -> str:
        """Return the address of ``path``, not from the Host that a client names."""
        if settings.PUBLIC_URL and (path or "").startswith("/"):
            return f"{settings.PUBLIC_URL}{path}"
        return str(super().build_absolute_uri(path))
