"""Authors in the admin."""

from django.contrib import admin

from autores.models import Autor
from biblioteca.backoffice.admin import RecordAdmin


@admin.register(Autor)
class AutorAdmin(RecordAdmin):
    """Authors."""

    list_display = ("cover", "name", "id")
    edit_fields = ("nome", "foto")
    view_fields = ("nome", "preview")
    navigation_place = 2
    navigation_icon = "person_edit"
    help_page = "autores-e-editoras"
