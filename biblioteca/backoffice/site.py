"""The admin site, and the pages of it that are no list or form of a model."""

from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from biblioteca.backoffice.signin.site import SignInSite

View = Callable[..., HttpResponseBase]


class CatalogueAdminSite(SignInSite):
    """The back office."""

    site_header = "Biblioteca"
    site_title = "Biblioteca"
    index_title = _("Catalogue")

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.pages: list[tuple[str, View, str]] = []

    def register_page(self, route: str, view: View, name: str) -> None:
        """Serve ``view`` at ``route`` below the admin to those who are signed in.

        It is called ``admin:NAME`` in links; what else a person needs the view itself asks.
        """
        self.pages.append((route, view, name))

    def extra_urls(self) -> list[URLPattern]:
        """Return the routes of the registered pages (asked for by the theme)."""
        return [path(route, self.admin_view(view), name=name) for route, view, name in self.pages]
