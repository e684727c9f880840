"""What the admin of every resource shares: search, pictures, and the one way of writing."""

from collections.abc import Iterable
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import PROTECT, Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django_tasks_db.models import DBTaskResult
from unfold.admin import ModelAdmin

from biblioteca.backoffice.bulk import BulkMixin
from biblioteca.backoffice.changelist import RecordChangeList
from biblioteca.backoffice.conflicts import ConflictError, ConflictMixin
from biblioteca.backoffice.endpoints import refusal
from biblioteca.backoffice.exports import ExportMixin
from biblioteca.backoffice.filters import MissingFilter
from biblioteca.backoffice.forms import RecordForm
from biblioteca.backoffice.history import HistoryMixin
from biblioteca.backoffice.images import image
from biblioteca.backoffice.naming import change_address
from biblioteca.backoffice.panels import panels_of
from biblioteca.photos.fields import settle
from biblioteca.records import writing
from biblioteca.records.models import NamedRecord, Record
from biblioteca.records.search import find
from biblioteca.records.text import clean_text

COVER = (40, 56)
# So many records are named before they are deleted together.
MOST_NAMED = 100
PREVIEW = (160, 224)

# The queue is the business of its workers; editors see loads.
admin.site.unregister(DBTaskResult)


class RecordAdmin(ConflictMixin, HistoryMixin, BulkMixin, ExportMixin, ModelAdmin):
    """The admin of one resource's records.

    Nothing is saved by the forms themselves: they give values, and
    ``biblioteca.records.writing`` writes them with history and search words.
    """

    form = RecordForm
    change_form_template = "backoffice/record_form.html"
    search_fields: ClassVar[tuple[str, ...]] = ("chave",)  # switches the search box on
    empty_value_display = "–"
    search_help_text = _("Beginnings of words, without regard to accents and case")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a count for each choice of each filter
    list_per_page = 50
    list_filter: ClassVar[tuple[Any, ...]] = (MissingFilter,)
    list_filter_sheet = False
    list_display_links = ("name",)
    actions_selection_counter = True
    readonly_fields: ClassVar[tuple[str, ...]] = ("preview",)
    ordering = ("chave", "pk")
    compressed_fields = True
    # Where the list stands in the navigation, and the page of the help that explains it.
    navigation_place: ClassVar[int | None] = None
    navigation_icon: ClassVar[str] = "table_rows"
    help_page: ClassVar[str] = ""
    # What is filled in (Django's own ``fields`` refuses authors in order), and what those see who
    # may only look.
    edit_fields: ClassVar[tuple[str, ...]] = ()
    view_fields: ClassVar[tuple[str, ...]] = ("preview",)
    # What "save and add another" takes over into the next form.
    kept_for_next: ClassVar[tuple[str, ...]] = ()
    # What a record can lack: the name in the address, what it is called, the condition.
    missing: ClassVar[dict[str, tuple[Any, Q]]] = {"foto": (_("without picture"), Q(foto=""))}
    # Which of these the home page counts among what needs care.
    care: ClassVar[tuple[str, ...]] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RecordChangeList]:
        """Return the list that costs what its page costs."""
        return RecordChangeList

    def with_columns(self, rows: QuerySet) -> QuerySet:
        """Return ``rows`` with what the columns of the list show, a page's worth."""
        return rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Search as the API does."""
        return (find(queryset, search_term) if search_term.strip() else queryset), False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields to fill in, or those to look at."""
        may_save = self.has_change_permission(request, obj) if obj else True
        return self.edit_fields if may_save else self.view_fields

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form of whoever asks: it offers what they may do."""
        form = super().get_form(request, obj, change, **kwargs)
        form.editor = request.user
        return form

    def get_urls(self) -> list[URLPattern]:
        """Add where a record is made from its name alone."""
        if not issubclass(self.model, NamedRecord):
            return super().get_urls()
        options = self.model._meta
        name = f"{options.app_label}_{options.model_name}_quick_create"
        view = self.admin_site.admin_view(self.quick_create)
        return [path("criar/", view, name=name), *super().get_urls()]

    def quick_create(self, request: HttpRequest) -> HttpResponse:
        """Create a record from its name, for a form that refers to it."""
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        if not self.has_add_permission(request):
            raise PermissionDenied
        try:
            name = clean_text(request.POST.get("nome", ""), NamedRecord.NAME_LENGTH)
        except ValidationError as error:
            return refusal(" ".join(error.messages))
        values = {self.model.TEXT_FIELD: name, "foto": ""}
        record = writing.in_transaction(lambda: writing.create(self.model(), values))
        return JsonResponse({"ok": True, "id": record.pk, "text": record.display_text})

    @admin.display(description=_("picture"))
    def cover(self, record: Record) -> SafeString:
        """Return the picture at the size of a list."""
        return image(record.foto, *COVER)

    @admin.display(description=_("name"), ordering="chave")
    def name(self, record: Record) -> str:
        """Return the title or name, ordered blind to accents and case."""
        return record.display_text

    @admin.display(description=_("picture"))
    def preview(self, record: Record) -> SafeString:
        """Return the picture at the size of a form."""
        return image(record.foto, *PREVIEW)

    def render_change_form(
        self, request: Any, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Add what other parts of the product show of the record."""
        record = kwargs.get("obj")
        if record is not None and record.pk:
            context["panels"] = panels_of(request, record)
        return super().render_change_form(request, context, *args, **kwargs)

    def changeform_view(self, request: HttpRequest, *view: Any, **options: Any) -> HttpResponse:
        """Show the form, or write what it says: again, when another writer got in the way."""
        show = super().changeform_view

        def work() -> HttpResponse:
            for name in request.FILES:
                cast("UploadedFile", request.FILES[name]).seek(0)
            return show(request, *view, **options)

        return writing.in_transaction(work) if request.method == "POST" else work()

    def delete_view(self, request: HttpRequest, *view: Any, **options: Any) -> HttpResponse:
        """Ask, or delete: again, when another writer got in the way."""
        show = super().delete_view
        if request.method != "POST":
            return show(request, *view, **options)
        try:
            return writing.in_transaction(lambda: show(request, *view, **options))
        except ConflictError as conflict:
            return self.ask_again(request, conflict)
        except self.model.DoesNotExist:  # deleted a moment ago, as the page will say
            return show(request, *view, **options)

    def response_add(self, request: HttpRequest, obj: Any, *more: Any, **kwargs: Any) -> Any:
        """Go on to the next page; to a form with the same publisher, say."""
        return self.with_kept(request, super().response_add(request, obj, *more, **kwargs))

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Go on to the next page; to a form with the same publisher, say."""
        return self.with_kept(request, super().response_change(request, obj))

    def with_kept(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Return ``response``, the next form's address with what it takes over from this one."""
        taken = {name: request.POST.get(name, "") for name in self.kept_for_next}
        if "_addanother" not in request.POST or not any(taken.values()):
            return response
        if not isinstance(response, HttpResponseRedirect):
            return response
        address = response.url.split("?")[0]
        return HttpResponseRedirect(f"{address}?{urlencode(taken)}")

    def values_of(self, form: Any, formsets: Iterable[Any]) -> dict[str, Any]:
        """Return the state that the form asks for, its picture settled."""
        name = self.model.TEXT_FIELD
        return {name: form.cleaned_data[name], "foto": settle(form.cleaned_data["foto"])}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Leave the writing to :meth:`save_related`, which knows the links too."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Write the record with its links in one step, and one line of history."""
        values = self.values_of(form, formsets)
        if change:
            record = self.model._default_manager.select_for_update().get(pk=form.instance.pk)
            self.write_checked(request, record, values)
        else:
            form.instance.pk = writing.create(self.model(), values).pk

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return what would be deleted, and what forbids it, in the words of the catalogue.

        Django's own answer would list search words, and read every work of an author.
        """
        records = list(objs)
        options = self.model._meta
        uses = uses_of(self.model, records)
        forbidding = [
            format_html('<a href="{}">{}</a> ({})', change_address(record), record, uses[record.pk])
            for record in records
            if record.pk in uses
        ]
        named = [str(record) for record in records[:MOST_NAMED]]
        more = len(records) - len(named)
        if more:
            named.append(
                ngettext("and %(count)d more", "and %(count)d more", more) % {"count": more}
            )
        counts = {options.verbose_name_plural: len(records)}
        may = self.has_delete_permission(request)
        return named, counts, set() if may else {options.verbose_name}, forbidding

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete with history what the editor was asked about."""
        self.check_deletion(request, self.model._default_manager.select_for_update().get(pk=obj.pk))
        writing.delete(obj)


def uses_of(model: type[Record], records: Iterable[Record]) -> dict[int, str]:
    """Return, for the ids of those of ``records`` that others refer to, by how many they are."""
    ids = [record.pk for record in records]
    found: dict[int, int] = {}
    for relation in model._meta.related_objects:
        if getattr(relation, "on_delete", None) is not PROTECT:
            continue
        name = relation.field.name
        rows = relation.related_model._default_manager.filter(**{f"{name}__in": ids})
        for key, number in rows.order_by().values_list(name).annotate(number=Count("pk")):
            found[key] = found.get(key, 0) + number
    return {
        key: ngettext("%(count)d record refers to it", "%(count)d records refer to it", number)
        % {"count": number}
        for key, number in found.items()
    }
