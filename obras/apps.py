from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ObrasConfig(AppConfig):
    """Works of the catalogue."""

    name = "obras"
    verbose_name = _("Works")

    def ready(self) -> None:
        """Follow the names that works are found by; say how everything is loaded and exported."""
        from autores.exporting import EXPORT as AUTHORS
        from biblioteca.loading import registry
        from editoras.exporting import EXPORT as PUBLISHERS
        from obras import renames
        from obras.exporting import EXPORT as WORKS
        from obras.loading import WRITERS

        renames.connect()
        exports = (WORKS, AUTHORS, PUBLISHERS)
        registry.register(WRITERS, {export.model.RESOURCE: export for export in exports})
