"""Publishers in the admin."""

from django.contrib import admin

from biblioteca.backoffice.admin import RecordAdmin
from editoras.models import Editora


@admin.register(Editora)
class EditoraAdmin(RecordAdmin):
    """Publishers."""

    list_display = ("nome", "thumbnail", "id")
    fields = ("nome", "foto", "arquivo", "preview")
