"""Single sign-on: out to the provider, and back."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from social_core.exceptions import AuthResponseError, SocialAuthBaseException
from social_django import views as social

from biblioteca.backoffice.models import AccessEntry
from biblioteca.backoffice.signin import pages
from biblioteca.backoffice.signin.backends import backend_for
from biblioteca.backoffice.signin.log import note
from biblioteca.backoffice.signin.pipeline import ID_TOKEN


def demand(backend: str) -> None:
    """Raise Http404 unless ``backend`` is the provider that is configured."""
    if not settings.SSO or backend != settings.SSO.backend:
        raise Http404


@never_cache
@require_POST
def begin(request: HttpRequest, backend: str) -> HttpResponse:
    """Send a person to the provider.

    Nobody is signed in when that begins: the provider's account would become a second door to the
    one that is.
    """
    demand(backend)
    if admin.site.has_permission(request):
        return redirect("admin:index")
    if request.user.is_authenticated:
        logout(request)
    return social.auth(request, backend)


@never_cache
@csrf_exempt  # the state of the sign-in is checked instead
@require_safe
def complete(request: HttpRequest, backend: str) -> HttpResponse:
    """Take in whom the provider sends back."""
    demand(backend)
    if request.user.is_authenticated:  # the same answer again, or a foreign one
        return redirect("admin:index")
    try:
        return social.complete(request, backend)
    except SocialAuthBaseException:
        raise
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        # A provider may answer anything; what the library does not foresee is its answer too.
        raise AuthResponseError(request.backend, stage="user_info") from error  # type: ignore[attr-defined]


def provider_logout(request: HttpRequest) -> str:
    """Return where this session ends at the provider too, "" when it is local or does not end."""
    token = request.session.get(ID_TOKEN)
    if not token or not settings.SSO:
        return ""
    backend = backend_for(request)
    try:
        address = backend.oidc_config().get("end_session_endpoint")
    except SocialAuthBaseException:
        return ""
    if not isinstance(address, str) or not address.startswith(("https://", "http://")):
        return ""
    home = backend.strategy.build_absolute_uri(reverse("admin:login"))
    query = {
        "id_token_hint": token,
        "client_id": settings.SSO.client_id,
        "post_logout_redirect_uri": home,
    }
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def failure(request: HttpRequest, error: SocialAuthBaseException, status: int) -> HttpResponse:
    """Say in words why single sign-on did not let somebody in, and note it."""
    note(
        AccessEntry.Action.FAILED,
        who=getattr(error, "who", ""),
        request=request,
        detail=str(error.code),
    )
    return pages.refusal(request, status, _("You were not signed in"), *reasons(error, status))


def reasons(error: SocialAuthBaseException, status: int) -> list[str]:
    """Return what a person should know about a failure."""
    name = settings.SSO.name
    known = {
        "no_role": [
            _("%s knows you, but gives you no role in this catalogue.") % name,
            _("Ask whoever looks after the accounts there for a role."),
        ],
        "email_unverified": [
            _("Your e-mail address is not confirmed at %s.") % name,
            _("Confirm it there, and sign in again."),
        ],
        "account_disabled": [_("Your account in this catalogue is switched off.")],
        "authorization_declined": [_("The sign-in at %s was cancelled.") % name],
    }
    if error.code in known:
        return known[error.code]
    if status >= 500:
        return [
            _("%s does not answer as it should.") % name,
            _("Try again in a moment; a local account works meanwhile."),
        ]
    return [_("This sign-in is not valid, or too old. Begin again.")]
