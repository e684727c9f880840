from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EditorasConfig(AppConfig):
    """Publishers of the catalogue."""

    name = "editoras"
    verbose_name = _("Publishers")
