"""Swagger UI and ReDoc, from our own origin and nothing else."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerView

# The pages start themselves by an inline script; what they ship would fetch a logo elsewhere.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; worker-src blob:; object-src 'none'; base-uri 'self'"
)


class OwnOriginMixin:
    """Keeps the browser from fetching anything from another origin."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with a content security policy."""
        response = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer without a page: DRF would look for a template of one."""
        return HttpResponse(status=204, headers={"Allow": "GET, HEAD, OPTIONS"})


class SwaggerView(OwnOriginMixin, SpectacularSwaggerView):
    """``/docs/``."""


class RedocView(OwnOriginMixin, SpectacularRedocView):
    """``/redoc/``."""
