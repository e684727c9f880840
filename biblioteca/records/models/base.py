"""The abstract record, and what every record has beside its row: search words, identifiers."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from biblioteca.records import text
from biblioteca.records.fields import CodePointField
from biblioteca.records.models.merges import Alias
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
