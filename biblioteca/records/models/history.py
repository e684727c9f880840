"""What was done: every change, what was taken back, what was removed for good."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from biblioteca.records.fields import CodePointField
from biblioteca.records.models.base import Record
from biblioteca.records.version import VERSION_LENGTH


class HistoryEntry(models.Model):
    """One change of one record, complete enough to undo it."""

    class Action(models.TextChoices):
        CREATED = "criado", _("created")
        CHANGED = "alterado", _("changed")
        DELETED = "excluido", _("deleted")
        RESTORED = "restaurado", _("restored")
        MERGED = "fundido", _("merged into another")

    recurso = CodePointField(_("resource"), max_length=20)
    registro_id = models.BigIntegerField(_("record"))
    momento = models.DateTimeField(_("when"), default=timezone.now)
    acao = CodePointField(_("kind"), max_length=10, choices=Action.choices)
    quem = CodePointField(_("who"), max_length=200, blank=True)
    porta = CodePointField(_("door"), max_length=20)
    origem = CodePointField(_("request or file"), max_length=300, blank=True)
    # What was done in one go and can be undone as one: a load, a merge, a bulk edit.
    grupo = CodePointField(_("action"), max_length=40, blank=True, default="")
    antes = models.JSONField(_("before"), null=True)
    depois = models.JSONField(_("after"), null=True)
    versao = CodePointField(max_length=VERSION_LENGTH, blank=True)

    class Meta:
        verbose_name = _("history entry")
        verbose_name_plural = _("history entries")
        # Nobody adds, changes or deletes entries by hand, whatever their role.
        default_permissions = ("view",)
        indexes = [
            # Serves: the change log, newest first, also between two dates.
            models.Index(fields=["momento", "id"], name="records_history_moment"),
            # Serves: the change log of one person.
            models.Index(fields=["quem", "momento", "id"], name="records_history_person"),
            # Serves: the change log of one door: what came by hand beside a large load.
            models.Index(fields=["porta", "momento", "id"], name="records_history_door"),
            # Serves: the change log of one kind, and the recycle bin of one resource.
            models.Index(fields=["acao", "recurso", "momento", "id"], name="records_history_kind"),
            # Serves: the timeline of one record, in order of writing.
            models.Index(fields=["recurso", "registro_id", "id"], name="records_timeline"),
            # Serves: everything that one action changed, in order of writing.
            models.Index(fields=["grupo", "id"], name="records_history_group"),
        ]

    def __str__(self) -> str:
        return f"{self.recurso}/{self.registro_id} {self.acao}"

    @classmethod
    def of(cls, record: Record) -> "models.QuerySet[HistoryEntry]":
        """Return the entries of ``record``, oldest first."""
        entries = cls._default_manager.filter(recurso=record.RESOURCE, registro_id=record.pk)
        return entries.order_by("id")


class Undoing(models.Model):
    """The taking back of everything that one action did, and how far it has got.

    ``biblioteca.records.undoing`` takes back the newest entries first, batch by batch, and moves
    ``ate_id`` in each batch's transaction: killed in between, it goes on from there.
    """

    grupo = CodePointField(_("action"), max_length=40)
    momento = models.DateTimeField(_("when"), default=timezone.now)
    quem = CodePointField(_("who"), max_length=200, blank=True)
    porta = CodePointField(_("door"), max_length=20)
    modo = CodePointField(max_length=10)
    # The oldest entry that is taken back so far.
    ate_id = models.BigIntegerField(null=True)
    # {"excluidos": {resource: n}, "alterados": …, "restaurados": …, "entradas": n, "ficaram": n}
    contagens = models.JSONField(default=dict)
    # The first of what stayed as it is, and why: [{"recurso", "id", "nome", "motivo"}].
    ficaram = models.JSONField(default=list)
    fim = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("undoing")
        verbose_name_plural = _("undoings")
        default_permissions = ("view",)
        # Serves: whether an action was taken back.
        indexes = [models.Index(fields=["grupo", "id"], name="records_undoing_group")]

    def __str__(self) -> str:
        return f"{self.grupo} #{self.pk}"

    @property
    def group(self) -> str:
        """What history calls the changes of the undoing itself: it can be undone too."""
        return f"desfazer:{self.pk}"


class Expunging(models.Model):
    """The removal of a person's data: that it was done, by whom, and how much; never what."""

    class Kind(models.TextChoices):
        PERSON = "pessoa", _("a person who used the catalogue")
        RECORD = "registro", _("a record about a person")

    momento = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    quem = CodePointField(_("who"), max_length=200, blank=True)
    porta = CodePointField(_("door"), max_length=20)
    tipo = CodePointField(_("kind"), max_length=10, choices=Kind.choices)
    # The record's resource and id, or the pseudonym that the person has now.
    alvo = CodePointField(_("about"), max_length=60)
    contagens = models.JSONField(_("counts"), default=dict)

    class Meta:
        verbose_name = _("removal of personal data")
        verbose_name_plural = _("removals of personal data")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.alvo
