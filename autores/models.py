"""Autor: who wrote a work."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from biblioteca.records.models import NamedRecord, SearchWord


class Autor(NamedRecord):
    """An author. Names are not unique: two people may share one."""

    RESOURCE = "autores"
    # Works expand it, are found by its name, and are listed below it.
    SHOWN_IN = ("obras",)
    PERSONAL = True

    class Meta:
        verbose_name = _("author")
        verbose_name_plural = _("authors")
        # Serves: the order by name, in both directions.
        indexes = [models.Index(fields=["chave", "id"], name="autores_by_name")]


class AutorPalavra(SearchWord):
    """A word of an author's name."""

    pk = models.CompositePrimaryKey("registro_id", "palavra")
    registro = models.ForeignKey(
        Autor, on_delete=models.CASCADE, related_name="palavras", db_index=False
    )

    class Meta:
        # Serves: who has a word that begins so.
        indexes = [models.Index(fields=["palavra", "registro"], name="autores_by_word")]


Autor.WORDS = AutorPalavra
