"""The admin site, and the pages of it that are no list or form of a model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from biblioteca.backoffice.signin.site import SignInSite

View = Callable[..., HttpResponseBase]
Text = str | Promise
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
    ) -> None:
        """Serve ``view`` at ``route`` below the admin to those who are signed in.

        It is called ``admin:NAME`` in links. With a title it stands in the navigation (in the order
        of registration, with the Material symbol ``icon``) for those who have ``permission``; what
        a person needs to use it the view itself asks.
        """
        self.pages.append(Page(route, view, name, title, icon, permission))

    def extra_urls(self) -> list[URLPattern]:
        """Return the routes of the registered pages (asked for by the theme)."""
        return [path(page.route, self.admin_view(page.view), name=page.name) for page in self.pages]

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


def list_address(admin: ModelAdmin) -> str:
    """Return the address of the list of a model."""
    options = admin.model._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_changelist")


def capitalized(text: Text | None) -> str:
    """Return ``text`` with a capital first letter."""
    plain = str(text or "")
    return plain[:1].upper() + plain[1:]
