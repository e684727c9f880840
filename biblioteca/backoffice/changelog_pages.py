"""The pages of the change log: the log itself, its export, and one action that can be undone."""

import csv
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from biblioteca.backoffice import changelog
from biblioteca.backoffice.changelog import Filters, Line, Position
from biblioteca.backoffice.dates import read_period
from biblioteca.backoffice.history import DOORS, HELP, can_see_log, parse_id
from biblioteca.records.edits import entries_of
from biblioteca.records.models import HistoryEntry, Undoing
from biblioteca.records.registry import model_of, record_models
from biblioteca.records.undoing import (
    MERGE,
    EditedSinceError,
    OnEdited,
    UndoReport,
    begin,
    report_of,
    step,
)

PER_PAGE = 50
SHOWN_ENTRIES = 100
# A page undoes for so long and then asks to go on: no proxy waits for ever.
UNDO_SECONDS = 12.0
# A cell that begins so would be run by a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

CSV_COLUMNS = (
    "momento", "quem", "porta", "tipo", "sobre", "campos", "recurso", "id", "acao", "origem",
    "antes", "depois",
)  # fmt: skip

# What taking back an entry of each kind needs.
NEEDED = {
    HistoryEntry.Action.CREATED: "delete",
    HistoryEntry.Action.RESTORED: "delete",
    HistoryEntry.Action.CHANGED: "change",
    HistoryEntry.Action.DELETED: "add",
}


def read_filters(query: Any) -> Filters:
    """Return the filters that an address names."""
    return Filters(
        who=query.get("quem", "").strip()[:200],
        period=read_period(query),
        door=query.get("porta", "")[:20],
        kind=query.get("tipo", "")[:20],
        resource=query.get("recurso", "")[:20],
        group=query.get("grupo", "")[:40],
    )


def log_page(request: HttpRequest) -> HttpResponse:
    """Show the change log; nobody can change it here."""
    if not can_see_log(request):
        raise PermissionDenied
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    ranks = changelog.open_to(request.user)
    filters = read_filters(request.GET)
    after = Position.parse(request.GET.get("depois"))
    found = changelog.read(ranks, filters, after, PER_PAGE + 1)
    lines = found[:PER_PAGE]
    query = request.GET.copy()
    query.pop("depois", None)
    csv_query = query.urlencode()
    if len(found) > PER_PAGE:
        query["depois"] = str(lines[-1].position)
    context = admin.site.each_context(request) | {
        "title": _("Change log"),
        "lines": lines,
        "doors": DOORS,
        "filters": filters,
        "kinds": changelog.kinds_of(ranks),
        "resources": [(name, m._meta.verbose_name_plural) for name, m in record_models().items()],
        "people": get_user_model()
        .objects.filter(is_staff=True)
        .order_by("username")
        .values_list("username", flat=True)[:200],
        "older": query.urlencode() if len(found) > PER_PAGE else "",
        "is_first": after is None,
        "csv_query": csv_query,
    }
    return TemplateResponse(request, "backoffice/changelog.html", context)


def log_csv(request: HttpRequest) -> HttpResponseBase:
    """Send the lines that are asked for, all of them, as CSV."""
    if not can_see_log(request):
        raise PermissionDenied
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    rows = csv_rows(changelog.open_to(request.user), read_filters(request.GET))
    response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    name = timezone.localtime().strftime("historico-%Y-%m-%d-%H%M.csv")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        """Return ``text``."""
        return text


def csv_rows(ranks: list[int], filters: Filters) -> Iterator[str]:
    """Yield the lines of the file."""
    writer: Any = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(CSV_COLUMNS)  # spreadsheets take the mark for "this is UTF-8"
    for line in changelog.walk(ranks, filters):
        yield writer.writerow([safe(cell) for cell in csv_cells(line)])


def csv_cells(line: Line) -> list[str]:
    """Return the cells of one line."""
    local = timezone.localtime(line.position.moment)
    states = (
        "" if state is None else json.dumps(state, ensure_ascii=False)
        for state in (line.before, line.after)
    )
    key = "" if line.key is None else str(line.key)
    return [
        local.isoformat(timespec="seconds"), line.who, str(DOORS.get(line.door, line.door)),
        line.kind_label, line.about, line.detail, line.resource, key, line.group, line.origin,
        *states,
    ]  # fmt: skip


def safe(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


# --- One action ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """How many records of a resource an action created, changed or deleted."""

    resource: Any
    kind: str
    count: int


def kinds_done(group: str) -> list[tuple[str, str, int]]:
    """Return resource, kind and number of what an action did."""
    counts: dict[tuple[str, str], int] = {}
    rows = HistoryEntry.objects.filter(grupo=group).order_by().values_list("recurso", "acao")
    for pair in rows.iterator(chunk_size=5000):
        counts[pair] = counts.get(pair, 0) + 1
    return [(resource, kind, count) for (resource, kind), count in sorted(counts.items())]


def may_undo(request: HttpRequest, done: list[tuple[str, str, int]]) -> bool:
    """Tell whether whoever asks may do the opposite of everything that an action did."""
    for resource, kind, _count in done:
        verb = NEEDED.get(HistoryEntry.Action(kind))
        if verb is None:
            continue
        meta = model_of(resource)._meta
        if not request.user.has_perm(f"{meta.app_label}.{verb}_{meta.model_name}"):
            return False
    return True


def action_page(request: HttpRequest, group: str) -> HttpResponse:
    """Show what one action did, and undo it."""
    done = kinds_done(group)
    if not done:
        raise Http404
    allowed = may_undo(request, done) and not group.startswith(MERGE)
    if request.method == "POST":
        if not allowed:
            raise PermissionDenied
        return undo(request, group, done)
    if not can_see_log(request):
        raise PermissionDenied
    return show_action(request, group, done, allowed)


def show_action(
    request: HttpRequest,
    group: str,
    done: list[tuple[str, str, int]],
    allowed: bool,
    report: UndoReport | None = None,
) -> HttpResponse:
    """Show an action; with the report of an undoing that was refused or has to go on."""
    first = HistoryEntry.objects.filter(grupo=group).order_by("id").first()
    own = own_undoing(group)
    lines = [
        changelog.history_line(entry, Position(entry.momento, 0, entry.pk))
        for entry in entries_of(group)[:SHOWN_ENTRIES]
    ]
    labels = dict(HistoryEntry.Action.choices)
    total = sum(count for _resource, _kind, count in done)
    context = admin.site.each_context(request) | {
        "title": _("One action: %s") % group,
        "group": group,
        "first": first,
        "door": DOORS.get(first.porta, first.porta) if first else "",
        "parts": [
            Part(model_of(resource)._meta.verbose_name_plural, str(labels[kind]), count)
            for resource, kind, count in done
        ],
        "lines": lines,
        "more": total - len(lines),
        "total": total,
        "allowed": allowed,
        "is_merge": group.startswith(MERGE),
        "merge_id": parse_id(group.removeprefix(MERGE)),
        "undoings": Undoing.objects.filter(grupo=group).order_by("-id")[:5],
        "own": report_of(own) if own else None,
        "report": report,
        "stayed": stayed_rows(report),
        "own_stayed": stayed_rows(report_of(own)) if own else [],
        "can_see_log": can_see_log(request),
    }
    status = 409 if report is not None and report.refused else 200
    return TemplateResponse(request, "backoffice/action.html", context, status=status)


def stayed_rows(report: UndoReport | None) -> list[dict[str, Any]]:
    """Return what stayed as it is, with the address of its history."""
    rows = []
    for line in report.stayed if report else ():
        meta = model_of(line.resource)._meta
        route = f"admin:{meta.app_label}_{meta.model_name}_history"
        rows.append(
            {
                "address": reverse(route, args=[line.key]),
                "name": line.name or f"#{line.key}",
                "reason": line.reason,
            }
        )
    return rows


def own_undoing(group: str) -> Undoing | None:
    """Return the undoing whose changes ``group`` is, if it is one."""
    number = group.removeprefix("desfazer:")
    if number == group or not number.isdecimal():
        return None
    return Undoing.objects.filter(pk=int(number)).first()


def undo(request: HttpRequest, group: str, done: list[tuple[str, str, int]]) -> HttpResponse:
    """Undo an action, for so long as a page may take; then the page says to go on."""
    skip = request.POST.get("modo") == OnEdited.SKIP
    going_on = "continuar" in request.POST
    undoing = Undoing.objects.filter(grupo=group, fim=None).last() if going_on else None
    if undoing is None:
        undoing, report = begin(group, OnEdited.SKIP if skip else OnEdited.REFUSE)
        if undoing is None:
            return show_action(request, group, done, True, report)
    deadline = time.monotonic() + UNDO_SECONDS
    unfinished = True
    while unfinished and time.monotonic() < deadline:
        try:
            unfinished = step(undoing.pk)
        except EditedSinceError as error:
            report = report_of(Undoing.objects.get(pk=undoing.pk))
            report.refused, report.stayed, report.stayed_count = True, [error.stayed], 1
            return show_action(request, group, done, True, report)
    undoing.refresh_from_db()
    report = report_of(undoing)
    if unfinished:
        return show_action(request, group, done, True, report)
    messages.success(request, summary(report))
    if report.stayed_count:
        text = _("%(count)d stayed as they are; see why below.")
        messages.warning(request, text % {"count": report.stayed_count})
    if not can_see_log(request):
        return HttpResponseRedirect(reverse("admin:index"))
    changed_anything = HistoryEntry.objects.filter(grupo=undoing.group).exists()
    target = undoing.group if changed_anything else group
    return HttpResponseRedirect(reverse("admin:acao", args=[target]))


def summary(report: UndoReport) -> str:
    """Say what an undoing did."""
    texts = (
        (_("deleted"), report.deleted),
        (_("changed back"), report.changed),
        (_("restored"), report.restored),
    )
    parts = [
        f"{model_of(resource)._meta.verbose_name_plural} {said}: {count}"
        for said, counts in texts
        for resource, count in counts.items()
    ]
    return _("Undone.") + (" " + "; ".join(parts) + "." if parts else "")


def register() -> None:
    """Make the pages known to the admin."""
    site: Any = admin.site
    site.register_page(
        "historico/", log_page, "historico", title=gettext_lazy("Change log"), icon="history",
        permission="records.view_historyentry", help_page=HELP,
    )  # fmt: skip
    site.register_page("historico.csv", log_csv, "historico_csv")
    site.register_page("historico/acao/<str:group>/", action_page, "acao", help_page=HELP)
