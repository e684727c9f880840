"""The routes that are not a resource's."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from biblioteca.api import links
from biblioteca.api.exceptions import problem_http_response


class RootView(APIView):
    """``/``: a person is led to the documentation, a program to the list of resources."""

    permission_classes: list[Any] = []
    resources: tuple[str, ...] = ()
    schema = None

    def get(self, request: Request) -> Any:
        """Answer a browser with a redirect and anything else with links."""
        if "text/html" in request.headers.get("Accept", ""):
            return redirect("/docs/")
        addresses = {name: links.absolute(request, f"/{name}/") for name in self.resources}
        return Response(
            addresses
            | {name: links.absolute(request, f"/{name}/") for name in ("schema", "docs", "redoc")}
        )


def not_found(request: HttpRequest) -> HttpResponse:
    """Answer a route that does not exist."""
    return problem_http_response(exceptions.NotFound(), request)
