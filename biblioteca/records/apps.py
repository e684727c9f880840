from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordsConfig(AppConfig):
    """What every catalogue record has: keys, version, identifiers, history."""

    name = "biblioteca.records"
    label = "records"
    verbose_name = _("Records")

    def ready(self) -> None:
        """Say which pictures are in use before any is deleted."""
        from biblioteca.photos import cleaning
        from biblioteca.records.photos import photos_in_use

        if photos_in_use not in cleaning.sources:
            cleaning.sources.append(photos_in_use)
