"""Works in the admin."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from biblioteca.backoffice.admin import RecordAdmin
from biblioteca.backoffice.filters import MissingFilter, RelatedFilter
from biblioteca.backoffice.images import image, image_address
from biblioteca.backoffice.naming import change_address
from biblioteca.backoffice.widgets import read_key
from obras import figures
from obras.bulk import BULK_EDITS
from obras.duplicates import similar_works
from obras.forms import ObraForm
from obras.models import Autoria, Obra

SMALL = (32, 44)
# A title is looked for when it has so many characters.
SHORTEST_TITLE = 4


class PublisherFilter(RelatedFilter):
    """Works of one publisher."""

    title = _("publisher")
    parameter_name = "editora"
    source, field, column = Obra, "editora", "editora"


class AuthorFilter(RelatedFilter):
    """Works of one author."""

    title = _("author")
    parameter_name = "autor"
    source, field, column = Obra, "autores", "autorias__autor"


@admin.register(Obra)
class ObraAdmin(RecordAdmin):
    """Works."""

    form = ObraForm
    change_form_template = "obras/work_form.html"
    list_display = ("cover", "name", "author_names", "editora", "id")
    list_select_related = ("editora",)
    list_filter = (MissingFilter, PublisherFilter, AuthorFilter)
    bulk_edits = BULK_EDITS
    edit_fields = ("titulo", "autores", "editora", "identificadores", "foto")
    view_fields = ("titulo", "author_names", "editora", "identifier_list", "preview")
    readonly_fields = ("preview", "author_names", "identifier_list")
    kept_for_next = ("editora",)
    navigation_place = 1
    navigation_icon = "menu_book"
    help_page = "obras"
    care = ("foto", "autor", "editora")
    missing = {
        "foto": (_("without cover"), Q(foto="")),
        "autor": (_("without author"), ~Q(Exists(Autoria.objects.filter(obra=OuterRef("pk"))))),
        "editora": (_("without publisher"), Q(editora=None)),
    }

    def with_columns(self, rows: QuerySet) -> QuerySet:
        """Fetch the authors of a whole page at once."""
        return rows.prefetch_related("autorias__autor")

    @admin.display(description=_("title"), ordering="chave")
    def name(self, record: Obra) -> str:  # type: ignore[override]
        """Return the title."""
        return record.titulo

    @admin.display(description=_("cover"))
    def cover(self, record: Obra) -> SafeString:  # type: ignore[override]
        """Return the cover at the size of a list."""
        return image(record.foto, *SMALL)

    @admin.display(description=_("authors"))
    def author_names(self, work: Obra) -> str:
        """Return the authors' names in order."""
        return figures.authors_of(work) or "–"

    @admin.display(description=_("identifiers"))
    def identifier_list(self, work: Obra) -> str:
        """Return the identifiers in one line."""
        return ", ".join(f"{scheme.upper()} {value}" for scheme, value in work.identifiers) or "–"

    def values_of(self, form: Any, formsets: Iterable[Any]) -> dict[str, Any]:
        """Return title, picture, publisher, identifiers and the authors in order."""
        publisher = form.cleaned_data["editora"]
        return super().values_of(form, formsets) | {
            "editora_id": publisher.pk if publisher else None,
            "autores": form.cleaned_data["autores"],
            "identificadores": form.cleaned_data["identificadores"],
        }

    def get_urls(self) -> list[URLPattern]:
        """Add what is asked while a title is typed."""
        view = self.admin_site.admin_view(self.similar)
        return [path("parecidas/", view, name="obras_obra_similar"), *super().get_urls()]

    def similar(self, request: HttpRequest) -> JsonResponse:
        """Answer with the works that may be the one whose title is being typed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        title = request.GET.get("titulo", "")[: Obra.TITLE_LENGTH]
        exclude = read_key(request.GET.get("obra", ""))
        if len(title.strip()) < SHORTEST_TITLE:
            return JsonResponse({"obras": []})
        works = similar_works(title, limit=5, exclude=exclude)
        return JsonResponse(
            {
                "obras": [
                    {
                        "titulo": work.titulo,
                        "autores": figures.authors_of(work),
                        "editora": work.editora.nome if work.editora else "",
                        "capa": image_address(work.foto),
                        "endereco": change_address(work),
                    }
                    for work in works
                ]
            }
        )


figures.register()
