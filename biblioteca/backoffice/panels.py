"""What other parts of the product show below the form of a record."""

from collections.abc import Callable

from django.http import HttpRequest

from biblioteca.records.models import Record

# A piece of HTML about a record, empty for nothing to show.
Panel = Callable[[HttpRequest, Record], str]

_panels: dict[str, list[Panel]] = {}


def register_panel(resource: str, panel: Panel) -> None:
    """Show ``panel`` below the form of every record of ``resource``."""
    _panels.setdefault(resource, []).append(panel)


def panels_of(request: HttpRequest, record: Record) -> list[str]:
    """Return the panels of ``record``, in order of registration."""
    found = (panel(request, record) for panel in _panels.get(record.RESOURCE, ()))
    return [html for html in found if html]
