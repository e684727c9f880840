"""Works in the admin."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from biblioteca.backoffice.admin import RecordAdmin
from obras.bulk import BULK_EDITS
from obras.models import Autoria, Obra


class AuthorshipForm(forms.ModelForm):
    """One author of a work; the number says which place, counted from 1."""

    posicao = forms.IntegerField(
        label=_("place"),
        min_value=1,
        required=False,
        widget=forms.NumberInput(attrs={"style": "width: 4em"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["posicao"] = self.instance.posicao + 1

    def _post_clean(self) -> None:
        """Leave the model alone: the rows are written anew, in order, by the admin."""


class AuthorshipFormSet(BaseInlineFormSet):
    """The authors of a work, none twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What Django's own log of the change asks for; the rows are saved elsewhere.
        self.new_objects: list[Any] = []
        self.changed_objects: list[Any] = []
        self.deleted_objects: list[Any] = []

    def validate_unique(self) -> None:
        """Look at the order when it is known: places may be exchanged."""

    def clean(self) -> None:
        """Raise ValidationError for an author that stands twice."""
        authors = self.authors_in_order()
        if len(set(authors)) < len(authors):
            raise ValidationError(_("The same author stands twice."), code="repeated_id")

    def authors_in_order(self) -> list[int]:
        """Return the authors' ids by place; rows without a number follow in their order."""
        rows = [
            (
                form.cleaned_data.get("posicao") or len(self.forms) + 1,
                row,
                form.cleaned_data["autor"],
            )
            for row, form in enumerate(self.forms)
            if form.is_valid()
            and form.cleaned_data.get("autor")
            and not form.cleaned_data.get("DELETE")
        ]
        return [author.pk for _place, _row, author in sorted(rows, key=lambda row: row[:2])]


class AuthorshipInline(TabularInline):
    """The authors, in order."""

    model = Autoria
    form = AuthorshipForm
    formset = AuthorshipFormSet
    autocomplete_fields = ("autor",)
    fields = ("posicao", "autor")
    ordering = ("posicao",)
    extra = 1
    verbose_name = _("author")
    verbose_name_plural = _("authors, in order")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Fetch the names with the rows that show them."""
        return super().get_queryset(request).select_related("autor")


@admin.register(Obra)
class ObraAdmin(RecordAdmin):
    """Works."""

    list_display = ("titulo", "thumbnail", "author_names", "editora", "id")
    list_select_related = ("editora",)
    autocomplete_fields = ("editora",)
    fields = ("titulo", "editora", "foto", "arquivo", "preview")
    inlines = (AuthorshipInline,)
    bulk_edits = BULK_EDITS

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Fetch the authors of a whole page at once."""
        return super().get_queryset(request).prefetch_related("autorias__autor")

    @admin.display(description=_("authors"))
    def author_names(self, work: Obra) -> str:
        """Return the authors' names in order."""
        rows = sorted(work.autorias.all(), key=lambda row: row.posicao)
        return ", ".join(row.autor.nome for row in rows) or "–"

    def values_of(self, form: Any, formsets: Iterable[Any]) -> dict[str, Any]:
        """Return title, picture, publisher and the authors in order."""
        values = super().values_of(form, formsets)
        publisher = form.cleaned_data["editora"]
        values["editora_id"] = publisher.pk if publisher else None
        for formset in formsets:
            values["autores"] = formset.authors_in_order()
        return values
