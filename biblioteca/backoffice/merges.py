"""The merges that were done, of all resources: the list, one of them, and the way back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from biblioteca.backoffice.history import DOORS
from biblioteca.backoffice.merging import HELP, PER_PAGE, SHOWN
from biblioteca.backoffice.naming import change_address
from biblioteca.records import unmerging
from biblioteca.records.models import HistoryEntry, Merge, Record
from biblioteca.records.registry import model_of

# So many things that could not be brought back are said one by one.
MOST_SAID = 20


@dataclass(frozen=True)
class Done:
    """A merge as it is shown."""

    merge: Merge
    kind: str
    name: str
    survivor_address: str
    origins: list[str]
    number: int
    door: str | Promise
    may_undo: bool


def may_see(request: HttpRequest) -> bool:
    """Tell whether whoever asks may look at merges."""
    return request.user.has_perm("records.view_merge")


def may_undo(request: HttpRequest, model: type[Record]) -> bool:
    """Tell whether whoever asks may take a merge of ``model`` back."""
    options = model._meta
    needed = [f"{options.app_label}.{action}_{options.model_name}" for action in ("change", "add")]
    return request.user.has_perms(["records.change_merge", *needed])


def shown(request: HttpRequest, merges: Sequence[Merge]) -> list[Done]:
    """Return merges as they are shown, the survivors read together."""
    survivors = {
        resource: model_of(resource)._default_manager.in_bulk(
            [merge.destino_id for merge in merges if merge.recurso == resource]
        )
        for resource in {merge.recurso for merge in merges}
    }
    found = []
    for merge in merges:
        model = model_of(merge.recurso)
        record = survivors[merge.recurso].get(merge.destino_id)
        origins = merge.detalhes["origens"]
        found.append(
            Done(
                merge,
                str(model._meta.verbose_name_plural),
                str(record) if record else f"#{merge.destino_id}",
                change_address(record) if record else "",
                [(origin["estado"] or {}).get("nome") or f"#{origin['id']}" for origin in origins],
                sum(merge.detalhes["alterados"].values()),
                DOORS.get(merge.porta, merge.porta),
                merge.desfeita_em is None and may_undo(request, model),
            )
        )
    return found


def merges_page(request: HttpRequest) -> HttpResponse:
    """Show the merges, newest first."""
    if not may_see(request):
        raise PermissionDenied
    page = Paginator(Merge.objects.order_by("-pk"), PER_PAGE).get_page(request.GET.get("p"))
    context = admin.site.each_context(request) | {
        "title": _("Merges"),
        "page": page,
        "rows": shown(request, list(page)),
    }
    return TemplateResponse(request, "backoffice/merges.html", context)


def merge_page(request: HttpRequest, key: int) -> HttpResponse:
    """Show one merge, or take it back."""
    if not may_see(request):
        raise PermissionDenied
    merge = Merge.objects.filter(pk=key).first()
    if merge is None:
        raise Http404
    if request.method == "POST":
        return undo_now(request, merge)
    [done] = shown(request, [merge])
    entries = HistoryEntry.objects.filter(grupo=merge.group, acao=HistoryEntry.Action.CHANGED)
    others = entries.exclude(recurso=merge.recurso).order_by("pk")[:SHOWN]
    context = admin.site.each_context(request) | {
        "title": _("Merge %d") % merge.pk,
        "row": done,
        "changed": changed_records(others),
        "more": done.number - len(others),
    }
    return TemplateResponse(request, "backoffice/merge.html", context)


def changed_records(entries: Iterable[HistoryEntry]) -> list[tuple[Record, str]]:
    """Return the records of history entries that are still there, with their addresses."""
    ids: dict[str, list[int]] = {}
    for entry in entries:
        ids.setdefault(entry.recurso, []).append(entry.registro_id)
    found: list[tuple[Record, str]] = []
    for resource, keys in ids.items():
        records = model_of(resource)._default_manager.in_bulk(keys)
        found += [(record, change_address(record)) for record in records.values()]
    return found


def undo_now(request: HttpRequest, merge: Merge) -> HttpResponse:
    """Take a merge back, and say what could not be."""
    if not may_undo(request, model_of(merge.recurso)):
        raise PermissionDenied
    try:
        report = unmerging.undo(merge.pk)
    except unmerging.AlreadyUndoneError:
        messages.info(request, _("This merge has been undone already."))
    else:
        text = ngettext(
            "The merge is undone: %(count)d record is there again.",
            "The merge is undone: %(count)d records are there again.",
            len(report.restored),
        )
        messages.success(request, text % {"count": len(report.restored)})
        for item in report.prevented[:MOST_SAID]:
            messages.warning(request, f"{item['campo']}: {item['motivo']}")
        more = len(report.prevented) - MOST_SAID
        if more > 0:
            messages.warning(request, _("%d more could not be brought back.") % more)
    return HttpResponseRedirect(request.path)


def register() -> None:
    """Make the pages of the merges known to the admin."""
    site: Any = admin.site
    site.register_page(
        "fusoes/",
        merges_page,
        "fusoes",
        title=gettext_lazy("Merges"),
        icon="call_merge",
        permission=may_see,
        help_page=HELP,
    )
    site.register_page("fusoes/<int:key>/", merge_page, "fusao", help_page=HELP)
