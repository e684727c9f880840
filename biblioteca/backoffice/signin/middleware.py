"""What sign-in adds to the middleware, for the admin alone."""

from axes.middleware import AxesMiddleware
from django.http import HttpRequest, HttpResponse
from social_core.exceptions import AuthCanceled, SocialAuthBaseException
from social_django.middleware import SocialAuthExceptionMiddleware

from biblioteca.backoffice.middleware import ForEditors
from biblioteca.backoffice.signin.views import failure


class LockOutMiddleware(ForEditors, AxesMiddleware):
    """Whoever guesses passwords waits."""


class SingleSignOnMiddleware(ForEditors, SocialAuthExceptionMiddleware):
    """What goes wrong at single sign-on is a page in words."""

    def raise_exception(self, request: HttpRequest, exception: Exception) -> bool:
        """Show the page while debugging too: most of this is the world outside."""
        return False

    def get_redirect_uri(self, request: HttpRequest, exception: Exception) -> str | None:
        """Answer in place: the way to the login page would be a loop for some."""
        return None

    def get_error_status(self, request: HttpRequest, exception: SocialAuthBaseException) -> int:
        """Return the status of the page."""
        if isinstance(exception, AuthCanceled):
            return 403
        return int(super().get_error_status(request, exception))

    def render_error(
        self, request: HttpRequest, exception: SocialAuthBaseException
    ) -> HttpResponse:
        """Return the page, and leave the rest in the log."""
        status = self.get_error_status(request, exception)
        self._log_error(exception, status)
        return failure(request, exception, status)
