"""Requests that a client may send again."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from biblioteca.records.fields import CodePointField


class IdempotencyKey(models.Model):
    """One POST that a client may send again: by whom, with what body, and what was answered.

    ``resposta`` is written in the transaction of the work itself: either both are there or none.
    """

    chamador = CodePointField(max_length=200)
    chave = CodePointField(max_length=255)
    resumo = CodePointField(max_length=64)
    criada = models.DateTimeField(default=timezone.now, db_index=True)
    resposta = models.JSONField(null=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            models.UniqueConstraint(
                fields=["chamador", "chave"], name="records_idempotency_key_unique"
            )
        ]

    def __str__(self) -> str:
        return self.chave
