"""Pages in the theme for people who are not (or not yet) let in."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from biblioteca.operations.sso import ROLES


def page(request: HttpRequest, name: str, status: int = 200, **context: Any) -> HttpResponse:
    """Return the page ``name`` of this package, which no cache keeps."""
    shared = admin.site.each_context(request)
    template = f"backoffice/signin/{name}.html"
    response = render(request, template, {**shared, **context}, status=status)
    add_never_cache_headers(response)
    return response


def refusal(request: HttpRequest, status: int, title: str, *reasons: str) -> HttpResponse:
    """Return the page that says why somebody does not get in, and what can be done."""
    options = {"title": title, "reasons": reasons, "sso": settings.SSO}
    return page(request, "refused", status, **options)


def no_role(request: HttpRequest) -> HttpResponse:
    """Tell somebody who is signed in, and may do nothing here, that this is so."""
    return refusal(
        request,
        403,
        _("You have no role here"),
        _("You are signed in as %s, and this account has no role in the catalogue.")
        % request.user.get_username(),
        _("Ask an administrator of the catalogue for one of these: %s.") % ", ".join(ROLES),
    )


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """Tell somebody who tried too many passwords when to try again (asked for by django-axes)."""
    wait = settings.AXES_COOLOFF_TIME
    minutes = max(1, round(wait.total_seconds() / 60))
    answer = refusal(
        request,
        429,
        _("Too many attempts"),
        _("This name was tried too often from here with a wrong password."),
        ngettext("Try again in %(minutes)d minute.", "Try again in %(minutes)d minutes.", minutes)
        % {"minutes": minutes},
        _("If you forgot the password, an administrator can give you a new one."),
    )
    answer["Retry-After"] = str(int(wait.total_seconds()))
    return answer


def next_page(request: HttpRequest) -> str:
    """Return where a person wanted to go before signing in; the sign-in checks it."""
    return request.GET.get(REDIRECT_FIELD_NAME, "")
