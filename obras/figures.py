"""What the back office shows of works: on its home page, and below authors and publishers."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from biblioteca.backoffice import home
from biblioteca.backoffice.panels import register_panel
from biblioteca.records.found import number_of
from biblioteca.records.listing import MAX_COUNTED
from biblioteca.records.models import Record
from obras.models import Autoria, Obra

SHOWN = 20
LIST = "admin:obras_obra_changelist"


def authors_of(work: Obra) -> str:
    """Return the authors' names in order, from rows that are fetched already if they were."""
    rows = sorted(work.autorias.all(), key=lambda row: row.posicao)
    return ", ".join(row.autor.nome for row in rows)


def works_of_publisher(request: HttpRequest, record: Record) -> str:
    """Return the panel with the works of a publisher, the newest first."""
    ids = Obra.objects.filter(editora=record.pk).order_by("-pk").values_list("pk", flat=True)
    return works_panel(request, record, ids, "editora")


def works_of_author(request: HttpRequest, record: Record) -> str:
    """Return the panel with the works of an author, the newest first."""
    rows = Autoria.objects.filter(autor=record.pk)
    return works_panel(
        request, record, rows.order_by("-obra_id").values_list("obra_id", flat=True), "autor"
    )


def works_panel(request: HttpRequest, record: Record, ids: Any, parameter: str) -> str:
    """Return the panel with the first of the works ``ids`` and the way to all of them."""
    if not request.user.has_perm("obras.view_obra"):
        return ""
    shown = list(ids[:SHOWN])
    works = works_with_names().in_bulk(shown)
    counted = number_of(ids, MAX_COUNTED)
    context = {
        "works": [home.card(works[key], authors_of(works[key])) for key in shown if key in works],
        "count": min(counted, MAX_COUNTED),
        "is_more": counted > MAX_COUNTED,
        "all": f"{reverse(LIST)}?{urlencode({parameter: record.pk})}",
        "add": f"{reverse('admin:obras_obra_add')}?{urlencode({'editora': record.pk})}"
        if parameter == "editora" and request.user.has_perm("obras.add_obra")
        else "",
    }
    return render_to_string("backoffice/works_panel.html", context, request)


def works_with_names() -> Any:
    """Return all works, each fetched with the names that a card shows."""
    return Obra.objects.prefetch_related("autorias__autor")


def newest() -> list[home.Card]:
    """Return the works that came last into the catalogue."""
    works = works_with_names().order_by("-pk")[: home.CARDS]
    return [home.card(work, authors_of(work)) for work in works]


def last_edited() -> list[home.Card]:
    """Return the works that were changed last."""
    ids = home.last_changed(Obra)
    works = works_with_names().in_bulk(ids)
    return [home.card(works[key], authors_of(works[key])) for key in ids if key in works]


def register() -> None:
    """Show works on the home page, and those of an author or publisher below its form."""
    register_panel("autores", works_of_author)
    register_panel("editoras", works_of_publisher)
    home.register_shelf(_("Newest works"), newest, "obras.view_obra")
    home.register_shelf(_("Last edited works"), last_edited, "obras.view_obra")
    home.growing = Obra
