from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ObrasConfig(AppConfig):
    """Works of the catalogue."""

    name = "obras"
    verbose_name = _("Works")

    def ready(self) -> None:
        """Follow the names that works are found by."""
        from obras import renames

        renames.connect()
