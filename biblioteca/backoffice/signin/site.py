"""The part of the admin site that lets people in, and out."""

from typing import Any

from axes.utils import reset
from django.conf import settings
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse, reverse_lazy
from unfold.sites import UnfoldAdminSite
from unfold.widgets import BASE_INPUT_CLASSES

from biblioteca.backoffice.signin import pages
from biblioteca.backoffice.signin.backends import comes_by_sso
from biblioteca.backoffice.signin.views import provider_logout


class SignInSite(UnfoldAdminSite):
    """An admin site with single sign-on, and a page for those who have no role."""

    login_template = "backoffice/signin/login.html"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Tell somebody who is signed in, but may do nothing here, so: not "sign in" again."""
        inner = super().admin_view(view, cacheable)

        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            is_refused = request.user.is_authenticated and not self.has_permission(request)
            if not is_refused:
                return inner(request, *args, **kwargs)
            if request.path == reverse("admin:logout", current_app=self.name):
                return self.logout(request)
            return pages.no_role(request)

        return wrapper

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the form, and the button of single sign-on where there is one."""
        if request.method == "GET" and request.user.is_authenticated:
            if self.has_permission(request):
                return redirect("admin:index")
            return pages.no_role(request)
        more = {"sso": settings.SSO, "sso_next": pages.next_page(request)}
        return super().login(request, {**more, **(extra_context or {})})

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """End the session, and the one at the provider that it came from."""
        address = provider_logout(request) if request.method == "POST" else ""
        response = super().logout(request, extra_context)
        return redirect(address) if address else response

    def reset_urls(self) -> list[URLPattern]:
        """Return the routes for those who forgot their password; nobody is signed in there."""
        context = {"site": self}
        return [
            path("password_reset/", Forgotten.as_view(**context), name="admin_password_reset"),
            path("password_reset/done/", Sent.as_view(**context), name="admin_password_reset_done"),
            path(
                "reset/<uidb64>/<token>/",
                Chosen.as_view(**context),
                name="admin_password_reset_confirm",
            ),
            path("reset/done/", Complete.as_view(**context), name="admin_password_reset_complete"),
        ]

    def get_urls(self) -> list[URLPattern]:
        """Return all routes of the admin."""
        return [*self.reset_urls(), *super().get_urls()]


class ResetForm(PasswordResetForm):
    """Sends a link to local accounts of the back office."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["class"] = " ".join(BASE_INPUT_CLASSES)

    def get_users(self, email: str) -> Any:
        """Return those whom a password lets in: not who comes by single sign-on."""
        return (
            user for user in super().get_users(email) if user.is_staff and not comes_by_sso(user)
        )

    def save(self, *args: Any, **options: Any) -> None:
        """Send the links; they lead to PUBLIC_URL, where that is set."""
        scheme, separator, host = settings.PUBLIC_URL.partition("://")
        if separator:
            options |= {"domain_override": host, "use_https": scheme == "https"}
        super().save(*args, **options)


class InTheme:
    """Mixed into one of Django's pages for a forgotten password: it wears the theme."""

    site: Any = None

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        """Add what every page of the admin shows."""
        can_send = "dummy" not in settings.EMAIL_BACKEND
        more = self.site.each_context(self.request) | {"can_send": can_send}  # type: ignore[attr-defined]
        return {**more, **super().get_context_data(**context)}  # type: ignore[misc]


class Forgotten(InTheme, auth_views.PasswordResetView):
    """Asks for the e-mail address of an account."""

    form_class = ResetForm
    template_name = "backoffice/signin/forgotten.html"
    email_template_name = "backoffice/signin/forgotten_mail.txt"
    subject_template_name = "backoffice/signin/forgotten_subject.txt"
    success_url = reverse_lazy("admin:admin_password_reset_done")


class Sent(InTheme, auth_views.PasswordResetDoneView):
    """Says that a link is on its way, if there is such an account."""

    template_name = "backoffice/signin/sent.html"


class Chosen(InTheme, auth_views.PasswordResetConfirmView):
    """Takes the new password of whoever followed the link."""

    template_name = "backoffice/signin/chosen.html"
    success_url = reverse_lazy("admin:admin_password_reset_complete")

    def get_form(self, form_class: Any = None) -> Any:
        """Return the form, its fields dressed."""
        form = super().get_form(form_class)
        for name in form.fields:
            form.fields[name].widget.attrs["class"] = " ".join(BASE_INPUT_CLASSES)
        return form

    def form_valid(self, form: Any) -> Any:
        """Store the password; whoever has shown who it is waits no longer."""
        user: AbstractUser = form.user
        reset(username=user.get_username())
        return super().form_valid(form)


class Complete(InTheme, auth_views.PasswordResetCompleteView):
    """Says that the new password is in force."""

    template_name = "backoffice/signin/complete.html"
