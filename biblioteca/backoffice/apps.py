from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class BackofficeConfig(AppConfig):
    """The editors' admin: what its screens share."""

    name = "biblioteca.backoffice"
    label = "backoffice"
    default = True

    def ready(self) -> None:
        """Put the pages that are no model's into the admin; keep the roles and the access log."""
        from django.contrib import admin
        from django.db.models.signals import post_migrate

        from biblioteca.backoffice import changelog_pages, loads, merges, trash
        from biblioteca.backoffice import help as guides
        from biblioteca.backoffice.signin import log, roles

        loads.register(admin.site)
        changelog_pages.register()
        trash.register()
        merges.register()
        guides.register(admin.site)
        log.connect()
        post_migrate.connect(roles.after_migrate, dispatch_uid="backoffice.roles")


class CatalogueAdminConfig(admin_apps.AdminConfig):
    """Django's admin, on the catalogue's own site."""

    default_site = "biblioteca.backoffice.site.CatalogueAdminSite"
    default = False

    def ready(self) -> None:
        """Find every admin, and put our own in the place of those of users and groups."""
        super().ready()
        from biblioteca.backoffice.signin import accounts

        accounts.register()
