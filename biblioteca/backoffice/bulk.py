"""Actions on the records that were chosen in a list: one action in history, undone as one.

Between choosing and confirming somebody else may change one of them: each choice carries its
record's version, and then nothing is done before the editor has seen which.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from biblioteca.records import writing
from biblioteca.records.models import Record
from biblioteca.records.origins import current_origin, writing_as

# So many records are changed in one go; a page and a transaction have their bounds.
MOST = 1000
CONFIRMED, SEEN = "confirmar", "_vistos"
SALT = "biblioteca.backoffice.bulk"
DELETE = "delete_selected"

State = dict[str, Any]
Versions = dict[int, str]


@dataclass(frozen=True)
class BulkEdit:
    """A change of many records: what it asks for, and what becomes of each state.

    ``change`` gets a record's state and the form's clean data and returns the part that changes.
    """

    name: str
    label: str | Promise
    change: Callable[[State, dict[str, Any]], State]
    form: Callable[[Any], type[forms.Form]] | None = None  # called with the admin


class ChangedSinceError(Exception):
    """Records were changed by somebody else since they were chosen; nothing was done."""

    def __init__(self, keys: Sequence[int]) -> None:
        super().__init__()
        self.keys = keys


@dataclass
class Done:
    """What a bulk action did."""

    group: str
    count: int
    in_use: int = 0


def new_group() -> str:
    """Return a name of its own for what is done in one go."""
    return f"acao:{secrets.token_urlsafe(12)}"


def remove_picture(_state: State, _given: dict[str, Any]) -> State:
    """Leave a record without a picture."""
    return {"foto": ""}


def undo_form(request: HttpRequest, group: str) -> str:
    """Return a button that undoes what was just done, for a message."""
    return format_html(
        '<form method="post" action="{}" class="inline ml-2">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<input type="hidden" name="modo" value="recusar">'
        '<button type="submit" class="cursor-pointer font-semibold underline">{}</button></form>',
        reverse("admin:acao", args=[group]),
        get_token(request),
        _("Undo"),
    )


class BulkMixin:
    """Mixed into the admin of a resource: deletes and changes many records in one go."""

    model: type[Record]
    admin_site: Any
    bulk_edits: tuple[BulkEdit, ...] = (
        BulkEdit("remove_picture", gettext_lazy("Remove the picture"), remove_picture),
    )

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the actions that whoever asks may take."""
        actions = super().get_actions(request)  # type: ignore[misc]
        actions.pop(DELETE, None)
        if getattr(request, "GET", {}).get("_popup"):
            return actions
        maker: Any = self
        if maker.has_change_permission(request):
            for edit in self.bulk_edits:
                actions[edit.name] = (editing(edit), edit.name, edit.label)
        if maker.has_delete_permission(request):
            actions[DELETE] = (deleting, DELETE, _("Delete the chosen ones"))
        return actions

    def run_bulk(
        self, request: HttpRequest, queryset: QuerySet, edit: BulkEdit | None
    ) -> HttpResponse | None:
        """Ask, or do what was confirmed; ``edit`` None deletes."""
        maker: Any = self
        needed = maker.has_change_permission if edit else maker.has_delete_permission
        if not needed(request):
            raise PermissionDenied
        seen = read_versions(request.POST.get(SEEN))
        form = self.bulk_form(request, edit)
        confirmed = CONFIRMED in request.POST or request.POST.get("post") == "yes"
        if not confirmed:
            return self.ask(request, queryset, edit, form)
        if seen is not None:
            queryset = self.model._default_manager.filter(pk__in=seen)
        if form is not None and not form.is_valid():
            return self.ask(request, queryset, edit, form, seen)
        given = form.cleaned_data if form is not None else {}
        try:
            done = self.do_bulk(queryset, edit, given, seen)
        except ChangedSinceError as error:
            return self.ask(request, queryset, edit, form, changed=error.keys)
        except IntegrityError:
            messages.error(request, _("Somebody else was changing the same; please try again."))
            return None
        self.say_done(request, edit, done)
        return HttpResponseRedirect(request.get_full_path())

    def bulk_form(self, request: HttpRequest, edit: BulkEdit | None) -> forms.Form | None:
        """Return the form of what an edit asks for."""
        if edit is None or edit.form is None:
            return None
        form_class = edit.form(self)
        return form_class(request.POST) if CONFIRMED in request.POST else form_class()

    def ask(
        self,
        request: HttpRequest,
        queryset: QuerySet,
        edit: BulkEdit | None,
        form: forms.Form | None,
        seen: Versions | None = None,
        changed: Sequence[int] = (),
    ) -> HttpResponse | None:
        """Show what will be done to which records."""
        records = list(queryset.order_by("pk")[: MOST + 1])
        if len(records) > MOST:
            text = _("Choose at most %(count)d at a time: narrow the list by a search or a filter.")
            messages.error(request, text % {"count": MOST})
            return None
        versions = seen or {record.pk: record.versao for record in records}
        used = writing.used_among(self.model, list(versions)) if edit is None else set()
        title = edit.label if edit else _("Delete the chosen ones")
        context = self.admin_site.each_context(request) | {
            "title": title,
            "opts": self.model._meta,
            "action": edit.name if edit else DELETE,
            "is_deletion": edit is None,
            "form": form,
            "media": form.media if form is not None else "",
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "first": records[0].pk if records else "",
            "seen": signing.dumps(
                {str(key): version for key, version in versions.items()}, salt=SALT, compress=True
            ),
            "rows": [
                {
                    "record": record,
                    "address": self.form_address(record),
                    "changed": record.pk in changed,
                    "in_use": record.pk in used,
                }
                for record in records
            ],
            "changed": len(changed),
            "in_use": len(used),
            "going": len(records) - len(used),
            "back": request.get_full_path(),
        }
        status = 409 if changed else 200
        return TemplateResponse(request, "backoffice/bulk.html", context, status=status)

    def form_address(self, record: Record) -> str:
        """Return the address of a record's form."""
        meta = self.model._meta
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])

    def do_bulk(
        self,
        queryset: QuerySet,
        edit: BulkEdit | None,
        given: dict[str, Any],
        seen: Versions | None,
    ) -> Done:
        """Change or delete the records in one transaction and one action."""
        group = new_group()

        def work() -> Done:
            # Not a subquery: MariaDB takes none with a LIMIT.
            keys = seen if seen is not None else [*queryset.values_list("pk", flat=True)[:MOST]]
            rows = self.model._default_manager.filter(pk__in=keys)
            records = list(rows.order_by("pk").select_for_update())
            if seen is not None:
                check_versions(records, seen)
            self.model.fetch_links(records)
            if edit is None:
                used = writing.used_among(self.model, [record.pk for record in records])
                going = [record for record in records if record.pk not in used]
                writing.delete_many(going)
                return Done(group, len(going), len(used))
            changes = [(record, edit.change(record.state(), given)) for record in records]
            return Done(group, len(writing.update_many(changes)))

        with writing_as(replace(current_origin(), group=group)):
            return writing.in_transaction(work)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Delete in one action (asked for by Django's own confirmation)."""
        self.do_bulk(queryset, None, {}, None)

    def say_done(self, request: HttpRequest, edit: BulkEdit | None, done: Done) -> None:
        """Say what was done, and offer to undo it."""
        if edit is None:
            text = ngettext("%(count)d deleted.", "%(count)d deleted.", done.count)
        else:
            text = ngettext("%(count)d changed.", "%(count)d changed.", done.count)
        said = text % {"count": done.count}
        if done.count:
            messages.success(request, format_html("{} {}", said, undo_form(request, done.group)))
        else:
            messages.info(request, said)
        if done.in_use:
            text = ngettext(
                "%(count)d stays: others refer to it.",
                "%(count)d stay: others refer to them.",
                done.in_use,
            )
            messages.warning(request, text % {"count": done.in_use})


def editing(edit: BulkEdit) -> Callable[..., HttpResponse | None]:
    """Return the action of the list that asks for ``edit``."""

    def action(
        model_admin: BulkMixin, request: HttpRequest, queryset: QuerySet
    ) -> HttpResponse | None:
        return model_admin.run_bulk(request, queryset, edit)

    return action


def deleting(
    model_admin: BulkMixin, request: HttpRequest, queryset: QuerySet
) -> HttpResponse | None:
    """Delete the chosen records, after asking."""
    return model_admin.run_bulk(request, queryset, None)


def read_versions(packed: str | None) -> Versions | None:
    """Return the versions that a confirmation carries, None when it carries none of ours."""
    try:
        versions = signing.loads(packed, salt=SALT) if packed else None
    except signing.BadSignature:
        return None
    if versions is None:
        return None
    return {int(key): version for key, version in versions.items()}


def check_versions(records: Sequence[Record], seen: Versions) -> None:
    """Raise ChangedSinceError for records that are not as they were chosen, or gone."""
    now = {record.pk: record.versao for record in records}
    changed = [key for key, version in seen.items() if now.get(key) != version]
    if changed:
        raise ChangedSinceError(changed)
