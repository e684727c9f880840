from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LoadingConfig(AppConfig):
    """Reading bibliographic files."""

    name = "biblioteca.loading"
    label = "loading"
    verbose_name = _("Loading")
