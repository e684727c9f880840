"""Django's middleware for people in browsers, kept out of the way of programs.

The API knows no sessions, cookies or forms, and answers data without a language; what these cost
would be a quarter of an uncached read.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from biblioteca.backoffice.limits import too_long

EDITORS = "/admin"
PAGES = (EDITORS, "/docs", "/redoc")


class ForEditors:
    """Mixed into a middleware: only requests to the admin pass through it."""

    get_response: Callable[[HttpRequest], Any]

    def __call__(self, request: HttpRequest) -> Any:
        """Answer the request."""
        if request.path_info.startswith(EDITORS):
            return super().__call__(request)  # type: ignore[misc]
        return self.get_response(request)


class EditorSessionMiddleware(ForEditors, SessionMiddleware):
    """Sessions, in the database."""


class EditorCommonMiddleware(ForEditors, CommonMiddleware):
    """The slash that an editor left out; every route of the API is known in both spellings."""


class EditorCsrfMiddleware(ForEditors, CsrfViewMiddleware):
    """Forms cannot be forged."""

    def process_view(
        self, request: HttpRequest, callback: Any, callback_args: Any, callback_kwargs: Any
    ) -> HttpResponseForbidden | None:
        """Check a form; the API takes no cookies, and so nothing that could be forged."""
        is_form = request.path_info.startswith(EDITORS)
        if not is_form:
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)


class EditorAuthenticationMiddleware(ForEditors, AuthenticationMiddleware):
    """Who is signed in."""


class EditorMessageMiddleware(ForEditors, MessageMiddleware):
    """What to say on the next page."""

    def process_request(  # type: ignore[override]
        self, request: HttpRequest
    ) -> HttpResponse | None:
        """Say that files are too long, before a form without its content is found forged."""
        super().process_request(request)
        return too_long(request) if request.method == "POST" else None


class EditorFrameMiddleware(ForEditors, XFrameOptionsMiddleware):
    """Pages of the admin show in no frame."""


class LanguageMiddleware(LocaleMiddleware):
    """The language of pages and of refusals; data has none."""

    def __call__(self, request: HttpRequest) -> Any:
        """Answer the request."""
        if request.path_info.startswith(PAGES):
            return super().__call__(request)
        with_choice = "HTTP_ACCEPT_LANGUAGE" in request.META or request.META.get("HTTP_COOKIE")
        language = (
            translation.get_language_from_request(request)
            if with_choice
            else settings.LANGUAGE_CODE
        )
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response: Any = self.get_response(request)
        if response.status_code < 400:
            return response
        return self.process_response(request, response)
