"""No lost update: who saves second sees what the first one changed, and chooses.

A form carries the state that it was shown with. When the stored one is another by the time it is
saved, nothing is written: a page shows field by field what was typed and what is stored now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from biblioteca.backoffice.states import Reader
from biblioteca.records import fitting, redirects, versions, writing
from biblioteca.records.models import HistoryEntry, Record

SEEN = "_visto"
TYPED = "_digitado"
RESTORE = "_restaurar"
MINE, THEIRS = "meu", "atual"
SALT = "biblioteca.backoffice.conflicts"
TEMPLATE = "backoffice/conflict.html"
GONE_TEMPLATE = "backoffice/conflict_deleted.html"

State = dict[str, Any]


class ConflictError(Exception):
    """Somebody else changed the record since the form was shown; nothing was written."""

    def __init__(self, base: State, typed: State, stored: State) -> None:
        super().__init__()
        self.base, self.typed, self.stored = base, typed, stored


@dataclass(frozen=True)
class Choice:
    """One field of a conflict, and what is chosen unless the editor says otherwise."""

    name: str
    label: str
    mine: str
    stored: str
    chosen: str
    only_one: bool  # only one side changed it
    mine_image: str
    stored_image: str
    who: str = ""
    when: Any = None


def pack(field: str, model: type[Record], key: Any, state: State) -> str:
    """Return a state as the value of a hidden field of the record's form."""
    return signing.dumps(state, salt=salt(field, model, key), compress=True)


def unpack(field: str, model: type[Record], key: Any, text: str | None) -> State | None:
    """Return the state in a hidden field, None for one that is not this record's."""
    try:
        return signing.loads(text, salt=salt(field, model, key)) if text else None
    except signing.BadSignature:
        return None


def salt(field: str, model: type[Record], key: Any) -> str:
    """Return what makes a signed value good for one field of one record's form only."""
    return f"{SALT}:{field}:{model.RESOURCE}:{key}"


def changed_by_both(base: State, typed: State, stored: State) -> list[str]:
    """Return the fields that need a look, in order: those that somebody else changed.

    A field to which both gave the same value needs none.
    """
    return [
        name
        for name, value in typed.items()
        if name in base and stored[name] not in (base[name], value)
    ]


class ConflictMixin:
    """Mixed into the admin of a resource, before the theme's class."""

    model: type[Record]
    admin_site: Any
    change_form_before_template = "backoffice/seen.html"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *rest: Any, **more: Any
    ) -> HttpResponse:
        """Give the form the state that it is shown with; a form shown again keeps its first one."""
        record = more.get("obj")
        if record is not None:
            stored = self.model._default_manager.get(pk=record.pk).state()
            context["seen"] = request.POST.get(SEEN) or pack(SEEN, self.model, record.pk, stored)
        return super().render_change_form(request, context, *rest, **more)  # type: ignore[misc]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *rest: Any, **more: Any
    ) -> HttpResponse:
        """Show the form, or what became of the record meanwhile."""
        if request.method == "POST" and object_id:
            if TYPED in request.POST:
                return self.resolve(request, object_id)
            if SEEN in request.POST and not self.find(object_id):
                return self.deleted_meanwhile(request, object_id)
        show = super().changeform_view  # type: ignore[misc]
        try:
            return show(request, object_id, *rest, **more)
        except ConflictError as conflict:
            return self.conflict_page(request, object_id or "", conflict)
        except self.model.DoesNotExist:
            return self.deleted_meanwhile(request, object_id or "")

    def find(self, object_id: str) -> Record | None:
        """Return the record with the id in an address."""
        if not object_id.isascii() or not object_id.isdecimal() or len(object_id) > 18:
            return None
        return self.model._default_manager.filter(pk=int(object_id)).first()

    def write_checked(self, request: HttpRequest, record: Record, values: State) -> bool:
        """Write what a form says into ``record``, whose row is locked; tell whether it changed.

        Raises ConflictError when the stored state is not the one that the form was shown with.
        """
        base = unpack(SEEN, self.model, record.pk, request.POST.get(SEEN))
        if base is not None:
            stored = record.state()
            if changed_by_both(base, values, stored):
                raise ConflictError(base, values, stored)
        return writing.update(record, values)

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        """Give the question whether to delete the state of what is to be deleted."""
        record = context["object"]
        context["seen"] = pack(SEEN, self.model, record.pk, record.state())
        return super().render_delete_form(request, context)  # type: ignore[misc]

    def check_deletion(self, request: HttpRequest, record: Record) -> None:
        """Raise ConflictError when ``record``, locked, is not what the editor was asked about."""
        base = unpack(SEEN, self.model, record.pk, request.POST.get(SEEN))
        stored = record.state()
        if base is not None and base != stored:
            raise ConflictError(base, {}, stored)

    def ask_again(self, request: HttpRequest, conflict: ConflictError) -> HttpResponse:
        """Show the question once more, with what somebody else changed meanwhile."""
        reader = Reader(self.model, [conflict.base, conflict.stored])
        for name, value in conflict.stored.items():
            if value != conflict.base.get(name):
                changed = {
                    "field": fitting.label_of(self.model, name),
                    "old": reader.text(name, conflict.base.get(name)),
                    "new": reader.text(name, value),
                }
                text = _("Changed by somebody else meanwhile: %(field)s, “%(old)s” to “%(new)s”.")
                messages.warning(request, text % changed)
        messages.error(request, _("Nothing was deleted. Look at it once more."))
        return HttpResponseRedirect(request.get_full_path())

    # --- The page of a conflict ---------------------------------------------------------------

    def conflict_page(
        self, request: HttpRequest, object_id: str, conflict: ConflictError
    ) -> HttpResponse:
        """Show what was typed beside what is stored now."""
        record = self.find(object_id)
        if record is None:
            return self.gone_page(request, object_id, conflict.typed, [])
        choices = self.choices(record, conflict)
        context = self.page_context(request, _("Somebody else changed it meanwhile"), record) | {
            "choices": [choice for choice in choices if not choice.only_one],
            "merged": [choice for choice in choices if choice.only_one],
            "typed": pack(
                TYPED, self.model, record.pk, {"base": conflict.base, "typed": conflict.typed}
            ),
            "seen": pack(SEEN, self.model, record.pk, conflict.stored),
            "kept_names": [name for name in ("_continue", "_addanother") if name in request.POST],
            "uploaded": bool(request.FILES),
        }
        return TemplateResponse(request, TEMPLATE, context, status=409)

    def choices(self, record: Record, conflict: ConflictError) -> list[Choice]:
        """Return the fields in which what was typed and what is stored differ."""
        reader = Reader(self.model, [conflict.base, conflict.typed, conflict.stored])
        last = last_changes(record, conflict.stored)
        found = []
        for name, mine in conflict.typed.items():
            stored = conflict.stored[name]
            if mine == stored:
                continue
            before = conflict.base.get(name)
            by_me, by_them = mine != before, stored != before
            entry = last.get(name) if by_them else None
            found.append(
                Choice(
                    name=name,
                    label=fitting.label_of(self.model, name),
                    mine=reader.text(name, mine),
                    stored=reader.text(name, stored),
                    chosen=MINE if by_me and not by_them else THEIRS if not by_me else "",
                    only_one=by_me != by_them,
                    mine_image=reader.image(name, mine),
                    stored_image=reader.image(name, stored),
                    who=entry.quem if entry else "",
                    when=entry.momento if entry else None,
                )
            )
        return found

    def resolve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Write what was chosen; once more the page when it was changed yet again."""
        packed, seen = (
            unpack(field, self.model, object_id, request.POST.get(field)) for field in (TYPED, SEEN)
        )
        if packed is None:
            return HttpResponseRedirect(request.path)
        if RESTORE in request.POST:
            return self.restore_typed(request, object_id, packed["typed"])
        if seen is None:
            return HttpResponseRedirect(request.path)
        typed, base = packed["typed"], packed["base"]

        def work() -> Record | None:
            rows = self.model._default_manager.select_for_update()
            record = rows.filter(pk=object_id).first() if self.find(object_id) else None
            if record is None:
                return None
            if not self.has_change_permission(request, record):  # type: ignore[attr-defined]
                raise PermissionDenied
            stored = record.state()
            if any(stored[name] != seen.get(name) for name in typed):
                raise ConflictError(base, typed, stored)
            chosen = {
                name: typed[name] for name in typed if request.POST.get(f"campo_{name}") == MINE
            }
            missing = [
                name
                for name in changed_by_both(base, typed, stored)
                if f"campo_{name}" not in request.POST
            ]
            if missing:
                messages.error(request, _("Choose for each field that both of you changed."))
                raise ConflictError(base, typed, stored)
            values, losses = fitting.fit(self.model, {record.pk: chosen})
            for text in losses.get(record.pk, []):
                messages.warning(request, text)
            writing.update(record, values[record.pk])
            return record

        try:
            record = writing.in_transaction(work)
        except ConflictError as conflict:
            return self.conflict_page(request, object_id, conflict)
        if record is None:
            return self.gone_page(request, object_id, typed, [])
        fresh = self.model._default_manager.get(pk=record.pk)
        return self.response_change(request, fresh)  # type: ignore[attr-defined]

    # --- The record is gone -------------------------------------------------------------------

    def deleted_meanwhile(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say that the record is gone, and keep what was typed."""
        if not self.has_change_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        maker: Any = self
        form = maker.get_form(request, None, change=False)(request.POST, request.FILES)
        if form.is_valid():
            return self.gone_page(request, object_id, maker.values_of(form, []), [])
        lines = [
            (str(form.fields[name].label or name), form.data.get(name, ""))
            for name in form.fields
            if form.data.get(name)
        ]
        return self.gone_page(request, object_id, {}, lines)

    def gone_page(
        self, request: HttpRequest, object_id: str, typed: State, lines: list[tuple[str, str]]
    ) -> HttpResponse:
        """Show what was typed for a record that is gone, and offer to bring it back."""
        key = int(object_id)
        entry = versions.deletion_of(self.model.RESOURCE, key)
        target = redirects.survivors(self.model.RESOURCE, [key]).get(key)
        reader = Reader(self.model, [typed])
        lines = lines or [
            (fitting.label_of(self.model, name), reader.text(name, value))
            for name, value in typed.items()
        ]
        context = self.page_context(request, _("Somebody deleted it meanwhile"), None) | {
            "entry": entry,
            "lines": lines,
            "survivor": self.address_of(target) if target else "",
            "typed": pack(TYPED, self.model, key, {"base": {}, "typed": typed}) if typed else "",
            "may_restore": bool(typed)
            and entry is not None
            and not target
            and self.has_add_permission(request),  # type: ignore[attr-defined]
            "trash": reverse("admin:lixeira"),
        }
        return TemplateResponse(request, GONE_TEMPLATE, context, status=409)

    def restore_typed(self, request: HttpRequest, object_id: str, typed: State) -> HttpResponse:
        """Bring the deleted record back with what was typed."""
        if not self.has_add_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        key = int(object_id)
        try:
            done = writing.in_transaction(lambda: versions.restore_deleted(self.model, key, typed))
        except versions.CannotRestoreError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.path)
        messages.success(request, _("It is there again, with what you wrote."))
        for text in done.losses:
            messages.warning(request, text)
        return HttpResponseRedirect(self.address_of(key))

    def address_of(self, key: int) -> str:
        """Return the address of a record's form."""
        meta = self.model._meta
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[key])

    def page_context(
        self, request: HttpRequest, title: str, record: Record | None
    ) -> dict[str, Any]:
        """Return what every page about a record shows."""
        return self.admin_site.each_context(request) | {
            "title": title,
            "subtitle": str(record) if record else None,
            "opts": self.model._meta,
            "original": record,
            "record_address": self.address_of(record.pk) if record else "",
        }


def last_changes(record: Record, stored: Mapping[str, Any]) -> dict[str, HistoryEntry]:
    """Return, for each field, the newest entry that gave it the value that is stored now."""
    found: dict[str, HistoryEntry] = {}
    for entry in HistoryEntry.of(record).order_by("-id")[:50]:
        before, after = entry.antes or {}, entry.depois or {}
        for name, value in stored.items():
            changed = before.get(name) != after.get(name)
            if name not in found and changed and after.get(name) == value:
                found[name] = entry
    return found
