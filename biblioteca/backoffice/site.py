"""The admin site, and the pages of it that are no list or form of a model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.i18n import set_language

from biblioteca.backoffice import endpoints, home, images
from biblioteca.backoffice.naming import Text, capitalized, list_address
from biblioteca.backoffice.signin.site import SignInSite

View = Callable[..., HttpResponseBase]
# The codename of a permission ("records.view_merge"), or a question about the request.
Permission = str | Callable[[HttpRequest], bool]

HOME_ICON = "home"
MODEL_ICON = "table_rows"


@dataclass(frozen=True)
class Page:
    """A page of the admin that is no list or form of a model."""

    route: str
    view: View
    name: str
    title: Text = ""
    icon: str = ""
    permission: Permission | None = None
    help_page: str = ""

    def is_open_to(self, request: HttpRequest) -> bool:
        """Tell whether the navigation shows it to whoever asks."""
        if callable(self.permission):
            return self.permission(request)
        return self.permission is None or request.user.has_perm(self.permission)


class CatalogueAdminSite(SignInSite):
    """The back office."""

    site_header = "Biblioteca"
    site_title = "Biblioteca"
    index_title = gettext_lazy("Home")
    index_template = "backoffice/home.html"
    help_of_home = "primeiros-passos"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.pages: list[Page] = []

    def register_page(
        self,
        route: str,
        view: View,
        name: str,
        *,
        title: Text = "",
        icon: str = "",
        permission: Permission | None = None,
        help_page: str = "",
    ) -> None:
        """Serve ``view`` at ``route`` below the admin to those who are signed in.

        It is called ``admin:NAME`` in links. With a title it stands in the navigation (in the order
        of registration, with the Material symbol ``icon``) for those who have ``permission``; what
        a person needs to use it the view itself asks. ``help_page`` is the page of the help that
        explains it: a model admin names its own in the attribute of that name.
        """
        self.pages.append(Page(route, view, name, title, icon, permission, help_page))

    def extra_urls(self) -> list[URLPattern]:
        """Return the routes of the registered pages (asked for by the theme)."""
        own = (
            Page("idioma/", set_language, "set_language"),
            Page("miniaturas/<path:name>", images.thumbnail, "thumbnail"),
            Page("verificar/foto/", endpoints.check_picture, "check_picture"),
            Page("verificar/identificador/", endpoints.check_identifier, "check_identifier"),
        )
        return [
            path(page.route, self.admin_view(page.view), name=page.name)
            for page in (*own, *self.pages)
        ]

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        """Answer what a form looks up while somebody types."""
        return endpoints.RecordAutocomplete.as_view(admin_site=self)(request)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the home page."""
        shown = home.context_of(request, list(self._registry.values()))
        return super().index(request, shown | (extra_context or {}))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the help that explains this page, and where the language is chosen."""
        context = super().each_context(request)
        page = self.help_of(request)
        return context | {
            "help_url": f"{reverse('admin:index')}ajuda/{page}/" if page else "",
            "redirect_to": request.get_full_path(),
        }

    def help_of(self, request: HttpRequest) -> str:
        """Return the name of the page of the help that explains what ``request`` shows."""
        match = request.resolver_match
        name = match.url_name if match is not None else ""
        if not name or name == "index":
            return self.help_of_home if name else ""
        for page in self.pages:
            if page.name == name:
                return page.help_page
        for model, admin in self._registry.items():
            if name.startswith(f"{model._meta.app_label}_{model._meta.model_name}_"):
                return getattr(admin, "help_page", "")
        return ""

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return the navigation (asked for by the theme): records, pages, then everything else."""
        home = self.link(request, _("Home"), HOME_ICON, reverse("admin:index"), exactly=True)
        records, others = self.model_links(request)
        pages = [
            self.link(request, page.title, page.icon, reverse(f"admin:{page.name}"))
            for page in self.pages
            if page.title and page.is_open_to(request)
        ]
        groups = [("", [home, *records]), (_("Tools"), pages), (_("Administration"), others)]
        return [
            {"title": title, "items": items, "separator": bool(title)}
            for title, items in groups
            if items
        ]

    def model_links(self, request: HttpRequest) -> tuple[list[dict], list[dict]]:
        """Return the links to the lists that ``request`` may see: of records, and of the rest.

        A model admin says by ``navigation_place`` where among the records it stands.
        """
        records: list[tuple[int, dict]] = []
        others: list[dict] = []
        for model, admin in self._registry.items():
            if not admin.has_view_or_change_permission(request):
                continue
            link = self.link(
                request,
                capitalized(model._meta.verbose_name_plural),
                getattr(admin, "navigation_icon", MODEL_ICON),
                list_address(admin),
            )
            place = getattr(admin, "navigation_place", None)
            if place is None:
                others.append(link)
            else:
                records.append((place, link))
        return [link for _place, link in sorted(records, key=lambda row: row[0])], others

    def link(
        self, request: HttpRequest, title: Text, icon: str, address: str, *, exactly: bool = False
    ) -> dict[str, Any]:
        """Return one entry of the navigation."""
        here = request.path
        active = here == address if exactly else here.startswith(address)
        return {
            "title": title, "icon": icon, "link": address, "active": active, "has_permission": True,
        }  # fmt: skip
