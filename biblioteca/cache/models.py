"""Tokens in the database, for installations without Redis."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Geracao(models.Model):
    """One change of a resource: the token of the resource is drawn from all its rows.

    Rows are appended, not updated: one hot row would make writers wait for each other.
    """

    recurso = models.CharField(_("resource"), max_length=20)
    sorteio = models.CharField(_("random token"), max_length=32)

    class Meta:
        verbose_name = _("generation")
        verbose_name_plural = _("generations")
        indexes = [
            # Serves: the token read of every request, from the index alone.
            models.Index(fields=["recurso", "sorteio"], name="cache_generation"),
        ]

    def __str__(self) -> str:
        return f"{self.recurso} {self.sorteio}"
