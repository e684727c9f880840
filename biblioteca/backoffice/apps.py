from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    """The editors' admin: what its screens share."""

    name = "biblioteca.backoffice"
    label = "backoffice"
