from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class BackofficeConfig(AppConfig):
    """The editors' admin: what its screens share."""

    name = "biblioteca.backoffice"
    label = "backoffice"
    default = True

    def ready(self) -> None:
        """Put the pages that are no model's into the admin."""
        from django.contrib import admin

        from biblioteca.backoffice import help as guides

        guides.register(admin.site)


class CatalogueAdminConfig(admin_apps.AdminConfig):
    """Django's admin, on the catalogue's own site."""

    default_site = "biblioteca.backoffice.site.CatalogueAdminSite"
    default = False
