"""Authors in the admin."""

from django.contrib import admin

from autores.models import Autor
from biblioteca.backoffice.admin import RecordAdmin


@admin.register(Autor)
class AutorAdmin(RecordAdmin):
    """Authors."""

    list_display = ("nome", "thumbnail", "id")
    fields = ("nome", "foto", "arquivo", "preview")
