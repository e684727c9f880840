"""The recycle bin: deleted records of each resource, and how they come back with their links."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from biblioteca.backoffice.dates import Period, read_period
from biblioteca.backoffice.history import DOORS, HELP, parse_id
from biblioteca.records import fitting, text, versions, writing
from biblioteca.records.models import HistoryEntry, Record
from biblioteca.records.registry import record_models

PER_PAGE = 30
CHUNK = 500
# A search looks through so many deletions, and then says how far it came.
LOOKED_THROUGH = 20_000


@dataclass(frozen=True)
class Deleted:
    """One record in the bin."""

    entry: HistoryEntry
    name: str
    door: Any
    history_address: str


@dataclass(frozen=True)
class Search:
    """What is looked for in the bin."""

    model: type[Record]
    words: list[str]
    who: str
    period: Period
    before: int | None


def restorable_models(request: HttpRequest) -> dict[str, type[Record]]:
    """Return the models of which whoever asks may bring records back."""
    return {
        resource: model
        for resource, model in record_models().items()
        if request.user.has_perm(f"{model._meta.app_label}.add_{model._meta.model_name}")
    }


def may_see(request: HttpRequest) -> bool:
    """Tell whether whoever asks has anything to do in the bin."""
    return bool(restorable_models(request))


def trash_page(request: HttpRequest) -> HttpResponse:
    """Show what was deleted, or bring one record back."""
    models = restorable_models(request)
    if not models:
        raise PermissionDenied
    if request.method == "POST":
        return restore(request, models)
    resource = request.GET.get("recurso", "")
    if resource not in models:
        resource = "obras" if "obras" in models else next(iter(models))
    search = Search(
        model=models[resource],
        words=text.query_words(request.GET.get("q", "")[:200]),
        who=request.GET.get("quem", "").strip()[:200],
        period=read_period(request.GET),
        before=parse_id(request.GET.get("antes")),
    )
    rows, next_key, exhausted = found(search)
    query = request.GET.copy()
    query["recurso"] = resource
    if next_key:
        query["antes"] = str(next_key)
    context = admin.site.each_context(request) | {
        "title": _("Recycle bin"),
        "resource": resource,
        "resources": [
            (name, model._meta.verbose_name_plural, name == resource)
            for name, model in models.items()
        ],
        "rows": [shown(search.model, entry) for entry in rows],
        "query": request.GET,
        "next": query.urlencode() if next_key else "",
        "exhausted": exhausted,
        "period": search.period,
    }
    return TemplateResponse(request, "backoffice/trash.html", context)


def shown(model: type[Record], entry: HistoryEntry) -> Deleted:
    """Return one row of the page."""
    meta = model._meta
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_history", args=[entry.registro_id])
    expunged = versions.is_expunged(entry.antes)
    name = _("(removed)") if expunged else fitting.name_in(model, entry.antes)
    return Deleted(entry, name, DOORS.get(entry.porta, entry.porta), address)


def deletions(search: Search) -> QuerySet[HistoryEntry]:
    """Return the deletions after which nothing happened to the record, newest first."""
    later = HistoryEntry.objects.filter(
        recurso=OuterRef("recurso"), registro_id=OuterRef("registro_id"), id__gt=OuterRef("id")
    )
    rows = HistoryEntry.objects.filter(
        acao=HistoryEntry.Action.DELETED, recurso=search.model.RESOURCE
    )
    if search.who:
        rows = rows.filter(quem=search.who)
    return search.period.limit(rows).filter(~Exists(later)).order_by("-momento", "-id")


def found(search: Search) -> tuple[list[HistoryEntry], int | None, bool]:
    """Return a page of what ``search`` finds, the id of its last row if there may be more after it,
    and whether it gave up looking before the page was full.
    """
    page: list[HistoryEntry] = []
    for looked, entry in enumerate(walk(search), start=1):
        if matches(search, entry):
            page.append(entry)
        if len(page) == PER_PAGE or looked == LOOKED_THROUGH:
            return page, entry.pk, len(page) < PER_PAGE
    return page, None, False


def walk(search: Search) -> Iterator[HistoryEntry]:
    """Yield the deletions, a chunk at a time."""
    rows = deletions(search)
    last = HistoryEntry.objects.filter(pk=search.before).first() if search.before else None
    size = CHUNK if search.words else PER_PAGE
    while True:
        chunk = rows
        if last is not None:
            chunk = chunk.filter(momento__lte=last.momento).exclude(
                momento=last.momento, id__gte=last.pk
            )
        entries = list(chunk[:size])
        yield from entries
        if len(entries) < size:
            return
        last = entries[-1]


def matches(search: Search, entry: HistoryEntry) -> bool:
    """Tell whether the deleted record's name has every word that is looked for."""
    have = text.words(fitting.name_in(search.model, entry.antes)) if search.words else []
    return all(any(word.startswith(asked) for word in have) for asked in search.words)


def restore(request: HttpRequest, models: dict[str, type[Record]]) -> HttpResponse:
    """Bring one record back, with what of its links is left."""
    model = models.get(request.POST.get("recurso", ""))
    key = parse_id(request.POST.get("id"))
    if model is None or key is None:
        raise PermissionDenied
    try:
        done = writing.in_transaction(lambda: versions.restore_deleted(model, key))
    except versions.CannotRestoreError as error:
        messages.error(request, str(error))
    else:
        meta = model._meta
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[key])
        record = model._default_manager.get(pk=key)
        said = _("is in the catalogue again.")
        link = '<a class="underline" href="{}">{}</a> {}'
        messages.success(request, format_html(link, address, str(record), said))
        for loss in done.losses:
            messages.warning(request, loss)
    back = request.POST.get("busca", "")
    return HttpResponseRedirect(f"{request.path}?{back}" if back else request.path)


def register() -> None:
    """Make the page known to the admin."""
    admin.site.register_page(  # type: ignore[attr-defined]
        "lixeira/",
        trash_page,
        "lixeira",
        title=gettext_lazy("Recycle bin"),
        icon="delete",
        permission=may_see,
        help_page=HELP,
    )
