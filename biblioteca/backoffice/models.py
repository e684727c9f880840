"""The tables of the back office."""

from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from biblioteca.records.fields import CodePointField

WHO_LENGTH = 200


class AccessEntries(models.QuerySet["AccessEntry"]):
    """What is asked of the access log."""

    def of(self, name: str) -> Self:
        """Return the entries about the account ``name``, whether it acted or was changed."""
        return self.filter(models.Q(quem=name) | models.Q(alvo=name))


class AccessEntry(models.Model):
    """One sign-in, failure or change of what somebody may do; columns as in the history.

    Written by ``biblioteca.backoffice.signin.log``; no screen changes it.
    """

    class Action(models.TextChoices):
        SIGNED_IN = "entrou", _("signed in")
        SIGNED_OUT = "saiu", _("signed out")
        FAILED = "falhou", _("sign-in failed")
        LOCKED = "bloqueado", _("locked out")
        ROLE = "papel", _("role or account changed")
        PASSWORD = "senha", _("password changed")

    momento = models.DateTimeField(_("when"), default=timezone.now)
    # Who acted; of a failure, the name that was tried.
    quem = CodePointField(_("who"), max_length=WHO_LENGTH, blank=True)
    acao = CodePointField(_("kind"), max_length=10, choices=Action.choices)
    # admin, sso (single sign-on), comando or codigo
    porta = CodePointField(_("door"), max_length=20)
    # The client's address, or the id of the request that changed a role.
    origem = CodePointField(_("from where"), max_length=300, blank=True)
    # The account whose role or password was changed.
    alvo = CodePointField(_("account"), max_length=WHO_LENGTH, blank=True)
    detalhe = models.TextField(_("detail"), blank=True)

    objects = AccessEntries.as_manager()

    class Meta:
        verbose_name = _("access log entry")
        verbose_name_plural = _("access log")
        # Nobody adds, changes or deletes: who may see it is all there is to permit.
        default_permissions = ("view",)
        indexes = [
            # Serves: the log, newest first.
            models.Index(fields=["momento", "id"], name="backoffice_access_when"),
            # Serves: one person's entries, newest first.
            models.Index(fields=["quem", "momento", "id"], name="backoffice_access_who"),
        ]

    def __str__(self) -> str:
        return f"{self.quem} {self.acao}"
