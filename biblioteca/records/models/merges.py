"""What records were before: ids, names and identifiers that now mean another one, or none."""

from collections.abc import Collection, Mapping
from functools import reduce
from operator import or_
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from biblioteca.records import text
from biblioteca.records.fields import CodePointField


class Merge(models.Model):
    """Records merged into one, with everything that undoing it takes.

    ``detalhes`` is written by ``biblioteca.records.merging`` and read by nobody else.
    """

    recurso = CodePointField(_("resource"), max_length=20)
    destino_id = models.BigIntegerField(_("survivor"))
    momento = models.DateTimeField(_("when"), default=timezone.now)
    quem = CodePointField(_("who"), max_length=200, blank=True)
    porta = CodePointField(_("door"), max_length=20)
    detalhes = models.JSONField(default=dict)
    desfeita_em = models.DateTimeField(_("undone"), null=True)
    desfeita_por = CodePointField(_("undone by"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        # Serves: the merges into one record.
        indexes = [models.Index(fields=["recurso", "destino_id"], name="records_merge_survivor")]

    # As the lists of the API name it.
    RESOURCE: ClassVar[str] = "fusoes"

    def __str__(self) -> str:
        return f"{self.recurso}/{self.destino_id} #{self.pk}"

    @property
    def group(self) -> str:
        """What the history calls everything that this merge changed."""
        return f"fusao:{self.pk}"


class Redirect(models.Model):
    """The id of a record that was merged away, and the record that it was merged into.

    That one may have been merged away later: follow redirects until there is none.
    """

    recurso = CodePointField(max_length=20)
    de_id = models.BigIntegerField()
    para_id = models.BigIntegerField()
    fusao = models.ForeignKey(Merge, on_delete=models.CASCADE, related_name="redirecionamentos")

    class Meta:
        verbose_name = _("redirect")
        verbose_name_plural = _("redirects")
        constraints = [
            models.UniqueConstraint(fields=["recurso", "de_id"], name="records_redirect_once")
        ]
        # Serves: who was merged into a record.
        indexes = [models.Index(fields=["recurso", "para_id"], name="records_redirect_target")]

    def __str__(self) -> str:
        return f"{self.recurso}/{self.de_id} > {self.para_id}"


class Alias(models.Model):
    """Another name of a record, kept from one that was merged into it.

    A search for it finds the record, and so does the loader.
    """

    recurso = CodePointField(max_length=20)
    registro_id = models.BigIntegerField()
    nome = CodePointField(_("name"), max_length=1000)
    chave = CodePointField(max_length=text.KEY_LENGTH)
    fusao = models.ForeignKey(Merge, on_delete=models.CASCADE, null=True, related_name="nomes")

    class Meta:
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        indexes = [
            # Serves: which record a name in a file means.
            models.Index(fields=["recurso", "chave"], name="records_alias_key"),
            # Serves: the other names of one record.
            models.Index(fields=["recurso", "registro_id"], name="records_alias_record"),
        ]

    def __str__(self) -> str:
        return self.nome

    @classmethod
    def names(cls, wanted: Mapping[str, Collection[int]]) -> list[tuple[str, int, str]]:
        """Return resource, id and name for the aliases of these ids by resource, in one query."""
        asked = [
            models.Q(recurso=resource, registro_id__in=list(ids))
            for resource, ids in wanted.items()
            if ids
        ]
        if not asked:
            return []
        rows = cls._default_manager.filter(reduce(or_, asked)).order_by("id")
        return list(rows.values_list("recurso", "registro_id", "nome"))


class Trace(models.Model):
    """By what a source's record is known again when its own row does not say so (any more).

    Schemes: ``fonte:NAME`` (the key that the source NAME gave it), ``isbn`` and the like (what a
    deleted record had), ``nome`` (a name that a record was known by before a person renamed or
    deleted it), ``semelhanca`` (title, authors and publisher of a deleted work); of the last two
    ``valor`` is a digest. Several records may have had the same.
    """

    recurso = CodePointField(max_length=20)
    esquema = CodePointField(max_length=80)
    valor = CodePointField(max_length=190)
    registro_id = models.BigIntegerField()

    class Meta:
        verbose_name = _("trace")
        verbose_name_plural = _("traces")
        constraints = [
            # Also serves: which record something in a file means.
            models.UniqueConstraint(
                fields=["recurso", "esquema", "valor", "registro_id"], name="records_trace_once"
            )
        ]
        # Serves: forgetting the traces of a record.
        indexes = [models.Index(fields=["recurso", "registro_id"], name="records_trace_record")]

    def __str__(self) -> str:
        return f"{self.esquema}:{self.valor}"
