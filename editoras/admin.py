"""Publishers in the admin."""

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from biblioteca.backoffice.admin import RecordAdmin
from biblioteca.backoffice.home import register_care
from biblioteca.backoffice.merging import MergeMixin
from biblioteca.records.duplicates import count_likely
from editoras.models import Editora


@admin.register(Editora)
class EditoraAdmin(MergeMixin, RecordAdmin):
    """Publishers."""

    list_display = ("cover", "name", "id")
    edit_fields = ("nome", "foto")
    view_fields = ("nome", "preview")
    navigation_place = 3
    navigation_icon = "apartment"
    help_page = "autores-e-editoras"


def count_duplicates() -> int:
    """Return how many pairs are likely to be the same."""
    return count_likely(Editora)


register_care(
    _("Publishers that may be the same"),
    count_duplicates,
    lambda: reverse("admin:editoras_editora_duplicates"),
    "editoras.delete_editora",
)
