"""What an editor changes in the admin stands in the history under the editor's name."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from biblioteca.operations.requests import current_request_id
from biblioteca.records.origins import Origin, writing_as


class EditorOriginMiddleware:
    """Name the signed-in editor as the origin of what a request to the admin writes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        if not request.path_info.startswith("/admin/") or not request.user.is_authenticated:
            return self.get_response(request)
        origin = Origin(request.user.get_username(), "admin", current_request_id.get())
        with writing_as(origin):
            return self.get_response(request)
