from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class BackofficeConfig(AppConfig):
    """The editors' admin: what its screens share."""

    name = "biblioteca.backoffice"
    label = "backoffice"
    default = True

    def ready(self) -> None:
        """Make the pages that are no list or form of a model known to the admin."""
        from biblioteca.backoffice import changelog_pages, trash

        changelog_pages.register()
        trash.register()


class CatalogueAdminConfig(admin_apps.AdminConfig):
    """Django's admin, on the catalogue's own site."""

    default_site = "biblioteca.backoffice.site.CatalogueAdminSite"
    default = False
