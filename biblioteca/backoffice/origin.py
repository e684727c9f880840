"""What an editor changes in the admin stands in the history under the editor's name."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from biblioteca.cache.announcements import TransactionTooLongError, UnannouncedWriteError
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

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Say in words that a write was refused because nobody could be told of it."""
        if not isinstance(error, UnannouncedWriteError | TransactionTooLongError):
            return None
        headers = {"Retry-After": "5"}
        return HttpResponse(str(error), status=503, content_type="text/plain", headers=headers)
