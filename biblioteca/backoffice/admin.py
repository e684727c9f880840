"""What the admin of every resource shares: search, pictures, and the one way of writing."""

from collections.abc import Iterable
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult
from unfold.admin import ModelAdmin

from biblioteca.backoffice.forms import RecordForm
from biblioteca.photos.fields import settle
from biblioteca.photos.storage import public_url
from biblioteca.records import writing
from biblioteca.records.models import Record
from biblioteca.records.search import find

# The queue is the business of its workers; editors see loads.
admin.site.unregister(DBTaskResult)


class RecordAdmin(ModelAdmin):
    """The admin of one resource's records.

    Nothing is saved by the forms themselves: they give values, and
    ``biblioteca.records.writing`` writes them with history and search words.
    """

    form = RecordForm
    search_fields: ClassVar[tuple[str, ...]] = ("chave",)  # switches the search box on
    search_help_text = _("Beginnings of words, without regard to accents and case")
    show_full_result_count = False
    list_per_page = 50
    readonly_fields = ("preview",)
    ordering = ("chave", "pk")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Search as the API does."""
        return (find(queryset, search_term) if search_term.strip() else queryset), False

    @admin.display(description=_("picture"))
    def thumbnail(self, record: Record) -> SafeString | str:
        """Return the picture at the size of a list."""
        return self.image(record, 48)

    @admin.display(description=_("preview"))
    def preview(self, record: Record) -> SafeString | str:
        """Return the picture at the size of a form."""
        return self.image(record, 240)

    def image(self, record: Record, height: int) -> SafeString | str:
        """Return the picture of ``record`` as HTML, a dash when it has none."""
        address = public_url(record.foto)
        if not address:
            return "–"
        markup = '<img src="{}" alt="" height="{}" loading="lazy" referrerpolicy="no-referrer">'
        return format_html(markup, address, height)

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
        return writing.in_transaction(lambda: show(request, *view, **options))

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
            writing.update(record, values)
        else:
            form.instance.pk = writing.create(self.model(), values).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete with history."""
        writing.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Delete each record with history."""

        def work() -> None:
            for record in queryset.order_by("pk"):
                writing.delete(record)

        writing.in_transaction(work)
