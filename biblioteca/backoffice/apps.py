from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class BackofficeConfig(AppConfig):
    """The editors' admin: what its screens share."""

    name = "biblioteca.backoffice"
    label = "backoffice"
    default = True


class CatalogueAdminConfig(admin_apps.AdminConfig):
    """Django's admin, on the catalogue's own site."""

    default_site = "biblioteca.backoffice.site.CatalogueAdminSite"
    default = False
