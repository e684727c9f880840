"""Editora: who published a work."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from biblioteca.records.models import NamedRecord, SearchWord


class Editora(NamedRecord):
    """A publisher. Names are not unique: two houses may share one."""

    RESOURCE = "editoras"
    # Works expand it, are found by its name, and are listed below it.
    SHOWN_IN = ("obras",)
    NAME_NOISE = frozenset((
        "editora", "editores", "editor", "editorial", "edicoes", "edicao", "ed", "publicacoes",
        "publishing", "publishers", "publisher", "books", "press", "co", "company", "ltd", "lda",
        "ltda", "sa", "inc", "etc", "grupo", "group", "verlag",
    ))  # fmt: skip

    class Meta:
        verbose_name = _("publisher")
        verbose_name_plural = _("publishers")
        # Serves: the order by name, in both directions.
        indexes = [models.Index(fields=["chave", "id"], name="editoras_by_name")]


class EditoraPalavra(SearchWord):
    """A word of a publisher's name."""

    pk = models.CompositePrimaryKey("registro_id", "palavra")
    registro = models.ForeignKey(
        Editora, on_delete=models.CASCADE, related_name="palavras", db_index=False
    )

    class Meta:
        # Serves: who has a word that begins so.
        indexes = [models.Index(fields=["palavra", "registro"], name="editoras_by_word")]


Editora.WORDS = EditoraPalavra
