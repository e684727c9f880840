"""Authors in the admin."""

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from autores.models import Autor
from biblioteca.backoffice.admin import RecordAdmin
from biblioteca.backoffice.home import register_care
from biblioteca.backoffice.merging import MergeMixin
from biblioteca.records.duplicates import count_likely


@admin.register(Autor)
class AutorAdmin(MergeMixin, RecordAdmin):
    """Authors."""

    list_display = ("cover", "name", "id")
    edit_fields = ("nome", "foto")
    view_fields = ("nome", "preview")
    navigation_place = 2
    navigation_icon = "person_edit"
    help_page = "autores-e-editoras"


def count_duplicates() -> int:
    """Return how many pairs are likely to be the same."""
    return count_likely(Autor)


register_care(
    _("Authors that may be the same"),
    count_duplicates,
    lambda: reverse("admin:autores_autor_duplicates"),
    "autores.delete_autor",
)
