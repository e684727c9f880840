from django.apps import AppConfig


class ApiConfig(AppConfig):
    """What every resource shares over HTTP."""

    name = "biblioteca.api"
    label = "api"
