"""The timeline of a record, any version beside the current one, and the way back to it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from biblioteca.backoffice.states import Difference, Reader
from biblioteca.records import versions, writing
from biblioteca.records.models import HistoryEntry, Record

DOORS: dict[str, str | Promise] = {
    "admin": gettext_lazy("back office"),
    "api": gettext_lazy("API"),
    "carga": gettext_lazy("file"),
    "comando": gettext_lazy("command line"),
    "codigo": gettext_lazy("program"),
}
PER_PAGE = 30
# The page of the help that explains all this.
HELP = "historico-e-lixeira"
VERSION, OLDER = "versao", "antes"


@dataclass(frozen=True)
class Moment:
    """One entry of a timeline as it is shown."""

    entry: HistoryEntry
    kind: str
    door: str | Promise
    differences: list[Difference]
    expunged: bool
    restorable: bool


def parse_id(text: str | None) -> int | None:
    """Return the id that an address or form names, None for what is none."""
    if not text or not text.isascii() or not text.isdecimal() or len(text) > 18:
        return None
    return int(text)


def can_see_log(request: HttpRequest) -> bool:
    """Tell whether whoever asks may read the change log."""
    return request.user.has_perm("records.view_historyentry")


class HistoryMixin:
    """Mixed into the admin of a resource: its history is the catalogue's own."""

    model: type[Record]
    admin_site: Any

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the timeline, or one version beside the current one; bring that one back."""
        key = parse_id(object_id)
        entries = HistoryEntry.objects.filter(recurso=self.model.RESOURCE, registro_id=key or 0)
        record = self.model._default_manager.filter(pk=key or 0).first()
        if record is None and not entries.exists():
            raise Http404
        if not self.has_view_permission(request, record):  # type: ignore[attr-defined]
            raise PermissionDenied
        asked = parse_id(request.POST.get(VERSION) or request.GET.get(VERSION))
        entry = entries.filter(pk=asked).first() if asked else None
        if request.method == "POST":
            return self.restore_view(request, key or 0, record, entry)
        if entry is not None:
            return self.version_page(request, key or 0, record, entry)
        return self.timeline_page(request, key or 0, record, entries)

    def timeline_page(
        self, request: HttpRequest, key: int, record: Record | None, entries: Any
    ) -> HttpResponse:
        """Show what happened to the record, newest first."""
        older = parse_id(request.GET.get(OLDER))
        rows = entries.filter(pk__lt=older) if older else entries
        found = list(rows.order_by("-id")[: PER_PAGE + 1])
        page = found[:PER_PAGE]
        reader = Reader(self.model, [state for row in page for state in (row.antes, row.depois)])
        context = self.history_context(request, key, record) | {
            "moments": [self.moment(reader, entry) for entry in page],
            "older": page[-1].pk if len(found) > PER_PAGE else None,
            "is_first": older is None,
        }
        return TemplateResponse(request, "backoffice/timeline.html", context)

    def moment(self, reader: Reader, entry: HistoryEntry) -> Moment:
        """Return an entry as it is shown."""
        expunged = versions.is_expunged(entry.antes) or versions.is_expunged(entry.depois)
        return Moment(
            entry,
            entry.get_acao_display(),
            DOORS.get(entry.porta, entry.porta),
            [] if expunged else reader.differences(entry.antes, entry.depois),
            expunged,
            not versions.is_expunged(versions.state_at(entry)),
        )

    def version_page(
        self, request: HttpRequest, key: int, record: Record | None, entry: HistoryEntry
    ) -> HttpResponse:
        """Show a version beside the current one, field by field."""
        state = versions.state_at(entry)
        current = record.state() if record else {}
        reader = Reader(self.model, [state, current])
        expunged = versions.is_expunged(state)
        differences = [] if expunged else reader.differences(state, current)
        differing = {difference.name for difference in differences}
        context = self.history_context(request, key, record) | {
            "moment": self.moment(reader, entry),
            "differences": differences,
            "same": [
                reader.difference(name, value, value)
                for name, value in state.items()
                if not expunged and name not in differing and name in current
            ],
            "may_restore": not expunged and bool(differences) and self.may_restore(request, record),
        }
        return TemplateResponse(request, "backoffice/version.html", context)

    def may_restore(self, request: HttpRequest, record: Record | None) -> bool:
        """Tell whether whoever asks may bring a version back."""
        maker: Any = self
        if record is None:
            return maker.has_add_permission(request)
        return maker.has_change_permission(request, record)

    def restore_view(
        self,
        request: HttpRequest,
        key: int,
        record: Record | None,
        entry: HistoryEntry | None,
    ) -> HttpResponse:
        """Bring a version back."""
        if not self.may_restore(request, record):
            raise PermissionDenied
        if entry is None:
            raise Http404

        def work() -> versions.Restored:
            locked = self.model._default_manager.select_for_update().filter(pk=key).first()
            if locked is None:
                return versions.restore_deleted(self.model, key, versions.state_at(entry))
            return versions.restore_version(locked, entry)

        try:
            done = writing.in_transaction(work)
        except versions.CannotRestoreError as error:
            messages.error(request, str(error))
        else:
            said = _("This version is the current one again.")
            messages.success(request, said if done.changed else _("It was so already."))
            for text in done.losses:
                messages.warning(request, text)
        return HttpResponseRedirect(request.path)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        """Say where a deleted record can be had back."""
        response = super().response_delete(request, obj_display, obj_id)  # type: ignore[misc]
        if self.has_add_permission(request):  # type: ignore[attr-defined]
            link = '<a class="underline" href="{}">{}</a>'
            said = format_html(link, reverse("admin:lixeira"), _("It is in the recycle bin."))
            messages.info(request, said)
        return response

    def history_context(
        self, request: HttpRequest, key: int, record: Record | None
    ) -> dict[str, Any]:
        """Return what the pages of a record's history show."""
        meta = self.model._meta
        last = None if record else versions.deletion_of(self.model.RESOURCE, key)
        name = str(record or "")
        if last and not versions.is_expunged(last.antes):
            name = str((last.antes or {}).get(self.model.TEXT_FIELD, ""))
        address = f"admin:{meta.app_label}_{meta.model_name}"
        return self.admin_site.each_context(request) | {
            "title": _("History: %s") % (name or f"#{key}"),
            "opts": meta,
            "record": record,
            "key": key,
            "record_address": reverse(f"{address}_change", args=[key]) if record else "",
            "list_address": reverse(f"{address}_changelist"),
            "history_address": reverse(f"{address}_history", args=[key]),
            "can_see_log": can_see_log(request),
        }
