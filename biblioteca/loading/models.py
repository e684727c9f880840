"""Batches: every file that was loaded, and what became of each of its records."""

import secrets

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from biblioteca.loading.records import Verdict
from biblioteca.records.fields import CodePointField

VERDICTS = [
    (Verdict.CREATED, _("created")),
    (Verdict.UPDATED, _("updated")),
    (Verdict.SAME, _("already there")),
    (Verdict.CONFLICT, _("conflict")),
    (Verdict.REJECTED, _("rejected")),
]


class Batch(models.Model):
    """One run of the loader over one or several files."""

    class State(models.TextChoices):
        # Of loads from the browser, before anything is written.
        RECEIVED = "recebido", _("received")
        SIMULATING = "simulando", _("being checked")
        SIMULATED = "simulado", _("checked, waiting for confirmation")
        QUEUED = "na_fila", _("waiting for its turn")
        RUNNING = "carregando", _("loading")
        DONE = "concluido", _("finished")
        STOPPED = "interrompido", _("stopped before the end")
        UNDOING = "desfazendo", _("being undone")
        UNDONE = "desfeito", _("undone")
        FAILED = "falhou", _("failed")

    inicio = models.DateTimeField(_("started"), default=timezone.now)
    fim = models.DateTimeField(_("ended"), null=True)
    quem = CodePointField(_("who"), max_length=200, blank=True)
    # [{"nome": …, "bytes": …, "sha256": …}]; the hash is known when the file was read to its end.
    arquivos = models.JSONField(_("files"), default=list)
    formato = CodePointField(_("format"), max_length=20, blank=True)
    recurso = CodePointField(_("resource"), max_length=20, blank=True)
    fonte = CodePointField(_("source"), max_length=60, blank=True)
    opcoes = models.JSONField(_("options"), default=dict)
    estado = CodePointField(_("state"), max_length=20, choices=State.choices, default=State.RUNNING)
    # The counts of the report: lidos, criado, …, autores_criados, editoras_criadas, avisos.
    contagens = models.JSONField(_("counts"), default=dict)
    mensagem = models.TextField(_("message"), blank=True)
    desfeito_em = models.DateTimeField(_("undone"), null=True)
    desfeito_por = CodePointField(_("undone by"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("load")
        verbose_name_plural = _("loads")

    def __str__(self) -> str:
        return f"{self.pk}: {self.names}"

    @property
    def names(self) -> str:
        """The names of the files."""
        return ", ".join(file["nome"] for file in self.arquivos)

    @property
    def group(self) -> str:
        """What history calls everything that this batch changed."""
        return f"lote:{self.pk}"


class Upload(models.Model):
    """What somebody sent from the browser to be loaded, and who is working on it.

    How far it came is the state of its batch. Who works on it holds it: nobody else does until the
    holder has not been heard of for long (biblioteca.loading.holding).
    """

    lote = models.OneToOneField(
        Batch, on_delete=models.CASCADE, primary_key=True, related_name="envio"
    )
    # Where the files lie in the storage "uploads"; empty when they are gone.
    arquivos = models.JSONField(_("files"), default=list)
    # How they are to be read, in which language, and what an undoing does with edited records.
    pedido = models.JSONField(_("asked for"), default=dict)
    # What the simulation found, and what an undoing left as it is.
    relatorio = models.JSONField(_("report"), default=dict)
    # Where the file of what was not loaded lies in the storage "uploads".
    rejeitados = CodePointField(_("rejected lines"), max_length=300, blank=True)
    # {"arquivo", "posicao", "tamanho", "lidos", "desde"} of the work under way.
    andamento = models.JSONField(_("progress"), default=dict)
    # The last task of the queue that is to see to it, and how many began in vain.
    tarefa = CodePointField(_("task"), max_length=40, blank=True)
    tentativas = models.PositiveSmallIntegerField(_("attempts"), default=0)
    posse = CodePointField(_("held by"), max_length=40, blank=True)
    sinal = models.DateTimeField(_("last sign of life"), default=timezone.now)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")

    def __str__(self) -> str:
        return f"{self.lote_id}"


class BatchItem(models.Model):
    """One record of a file: where it stood, what it said, and what became of it."""

    lote = models.ForeignKey(Batch, on_delete=models.CASCADE, db_index=False, related_name="itens")
    arquivo = models.PositiveSmallIntegerField(_("file"), default=0)
    linha = models.BigIntegerField(_("line or record"))
    recurso = CodePointField(_("resource"), max_length=20)
    registro_id = models.BigIntegerField(_("record"), null=True)
    veredito = CodePointField(_("verdict"), max_length=10, choices=VERDICTS)
    motivo = models.TextField(_("reason"), blank=True)
    # Of what the record says, cleaned: a later one of the same file that differs is a conflict.
    resumo = CodePointField(max_length=43, blank=True)
    # As the file has it; left out for what was there already and the same.
    bruto = models.JSONField(_("as it came"), null=True)
    # What the catalogue would hold or holds of it, and warnings.
    resultado = models.JSONField(_("as it was understood"), null=True)

    class Meta:
        verbose_name = _("record of a load")
        verbose_name_plural = _("records of a load")
        indexes = [
            # Serves: whether a record of this file has had this work before.
            models.Index(fields=["lote", "recurso", "registro_id"], name="loading_item_record"),
            # Serves: what was not loaded, in order of the file.
            models.Index(fields=["lote", "veredito", "id"], name="loading_item_verdict"),
        ]

    def __str__(self) -> str:
        return f"{self.lote_id}:{self.linha} {self.veredito}"


class Catalogue(models.Model):
    """Which catalogue this is: one row, made with the database and moved with it.

    Files that were exported by this very catalogue name it, and their ids are believed.
    """

    codigo = CodePointField(max_length=40)

    class Meta:
        verbose_name = _("catalogue")
        verbose_name_plural = _("catalogue")

    def __str__(self) -> str:
        return self.codigo

    @classmethod
    def code(cls) -> str:
        """Return the code of this catalogue; one that was emptied by hand gets a new one."""
        found = cls._default_manager.order_by("pk").first()
        if found is None:
            found = cls._default_manager.create(codigo=f"biblioteca-{secrets.token_hex(8)}")
        return found.codigo
