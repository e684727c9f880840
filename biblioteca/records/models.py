"""The abstract record, and the tables that the records of all resources share."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from biblioteca.records import text
from biblioteca.records.fields import CodePointField
from biblioteca.records.version import VERSION_LENGTH, new_version

PHOTO_LENGTH = 2000

# Rows of another table: the model, its columns, the rows.
LinkRows = tuple[type[models.Model], Sequence[str], Sequence[Sequence[Any]]]


class Record(models.Model):
    """One entry of the catalogue: a title or name, a picture, a version.

    Subclasses name their display column in ``TEXT_FIELD`` and the table of their search words in
    ``WORDS``; ``chave`` follows the display text through ``biblioteca.records.writing``.
    """

    RESOURCE: ClassVar[str]
    TEXT_FIELD: ClassVar[str]
    WORDS: ClassVar[type["SearchWord"]]
    # Keys of the state that the representation does not show: they make no new version.
    UNSHOWN: ClassVar[frozenset[str]] = frozenset()
    # Other resources whose answers change when a record that exists is changed or deleted.
    SHOWN_IN: ClassVar[tuple[str, ...]] = ()
    # Keys of the state that hold the id, or the ids in order, of other records. Each is also a
    # field to filter by.
    REFERENCES: ClassVar[Mapping[str, type["Record"]]] = {}

    foto = CodePointField(_("picture"), max_length=PHOTO_LENGTH, blank=True, default="")
    chave = CodePointField(max_length=text.KEY_LENGTH, editable=False)
    versao = CodePointField(max_length=VERSION_LENGTH, default=new_version, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.display_text

    @property
    def display_text(self) -> str:
        """The title or name."""
        return getattr(self, self.TEXT_FIELD)

    def state(self) -> dict[str, Any]:
        """Return what history keeps, as JSON values; a new record has the empty state.

        Equal states have equal representations, and the other way round.
        """
        return {self.TEXT_FIELD: self.display_text, "foto": self.foto}

    def assign(self, values: dict[str, Any]) -> None:
        """Take over ``values`` (a part of a state, already clean) without saving."""
        for name, value in values.items():
            setattr(self, name, value)
        self.chave = text.sort_key(self.display_text)

    def save_links(self, values: dict[str, Any]) -> None:
        """Replace the rows in other tables that ``values`` names; the row itself is saved."""

    @classmethod
    def insert_links(cls, records: Sequence[Self]) -> None:
        """Store the rows in other tables that belong to ``records``, whose rows are new."""

    @classmethod
    def fetch_links(cls, records: Sequence[Self]) -> None:
        """Fetch for all of ``records`` at once what their states show of other tables."""

    @classmethod
    def replace_links(cls, records: Sequence[Self], names: Collection[str]) -> None:
        """Store anew the rows in other tables for the keys ``names`` of the records' states."""

    @classmethod
    def search_texts(cls, records: Sequence[Self]) -> dict[int, list[str]]:
        """Return, for the primary key of each of ``records``, the texts whose words find it."""
        return {record.pk: [record.display_text] for record in records}

    @classmethod
    def link_rows(cls, states: Mapping[int, dict[str, Any]]) -> Iterable[LinkRows]:
        """Return the rows of other tables that belong to new records, by id and state.

        Each a model, its columns and its rows, links as :meth:`insert_links` stores them.
        """
        return ()

    @classmethod
    def words_of_states(cls, states: Mapping[int, dict[str, Any]]) -> dict[int, set[str]]:
        """Return the rows that make new records, by id and state, findable.

        The same as those of :meth:`search_texts`, in a number of queries that does not grow.
        """
        return {key: text.words_of([state[cls.TEXT_FIELD]]) for key, state in states.items()}

    def traces(self) -> list[tuple[str, str]]:
        """Return scheme and value of what a file could know this record by, once it is gone."""
        return [("nome", text.digest(text.sort_key(self.display_text)))]

    @property
    def is_stored(self) -> bool:
        """Whether the record has a row."""
        return self.pk is not None and not self._state.adding


class NamedRecord(Record):
    """A record with a name: an author, a publisher."""

    TEXT_FIELD = "nome"
    NAME_LENGTH: ClassVar[int] = 1000
    # Whether the names are persons', and the words that tell no name from another (folded).
    PERSONAL: ClassVar[bool] = False
    NAME_NOISE: ClassVar[frozenset[str]] = frozenset()

    nome = CodePointField(_("name"), max_length=1000)

    class Meta:
        abstract = True

    @classmethod
    def search_texts(cls, records: Sequence[Self]) -> dict[int, list[str]]:
        """Return each record's name and those of the records merged into it."""
        texts = super().search_texts(records)
        for _resource, key, name in Alias.names({cls.RESOURCE: texts}):
            texts[key].append(name)
        return texts


class SearchWord(models.Model):
    """One word by which a record is found; each resource has its own table.

    Subclasses add ``registro``, the record. Prefixes are ranges of ``palavra``; the primary key
    answers "has this record such a word".
    """

    palavra = CodePointField(max_length=text.KEY_LENGTH)

    class Meta:
        abstract = True


class Identificador(models.Model):
    """A number that the world gave to a record: an ISBN, a key in another catalogue."""

    recurso = CodePointField(max_length=20)
    registro_id = models.BigIntegerField()
    esquema = CodePointField(max_length=40)
    valor = CodePointField(max_length=190)

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        constraints = [
            models.UniqueConstraint(
                fields=["recurso", "esquema", "valor"], name="records_identificador_unique"
            )
        ]
        # Serves: the identifiers of one record.
        indexes = [models.Index(fields=["recurso", "registro_id"], name="records_ident_record")]

    def __str__(self) -> str:
        return f"{self.esquema}:{self.valor}"


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
