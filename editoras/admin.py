"""Publishers in the admin."""

from django.contrib import admin

from biblioteca.backoffice.admin import RecordAdmin
from editoras.models import Editora


@admin.register(Editora)
class EditoraAdmin(RecordAdmin):
    """Publishers."""

    list_display = ("cover", "name", "id")
    edit_fields = ("nome", "foto")
    view_fields = ("nome", "preview")
    navigation_place = 3
    navigation_icon = "apartment"
    help_page = "autores-e-editoras"
