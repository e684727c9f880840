from django.apps import AppConfig


class BibliotecaConfig(AppConfig):
    """The project itself: its commands and translations."""

    name = "biblioteca"
