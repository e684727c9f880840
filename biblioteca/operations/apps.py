from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Environment, logging, system checks."""

    name = "biblioteca.operations"
    label = "operations"

    def ready(self) -> None:
        """Register the system checks."""
        from biblioteca.operations import checks  # noqa: F401 (registers by being imported)
