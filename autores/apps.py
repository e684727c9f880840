from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AutoresConfig(AppConfig):
    """Authors of the catalogue."""

    name = "autores"
    verbose_name = _("Authors")
