"""Obra: a work, with its authors in order and its publisher."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import models
from django.db.models.expressions import RawSQL
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from autores.models import Autor
from biblioteca.records.aggregates import OrderedIds
from biblioteca.records.fields import CodePointField
from biblioteca.records.models import Alias, Identificador, LinkRows, Record, SearchWord
from biblioteca.records.search import stored_words
from biblioteca.records.text import digest, words_of
from editoras.models import Editora


class ObraQuerySet(models.QuerySet["Obra"]):
    """Works, in the words of the catalogue."""

    def with_author_ids(self) -> "ObraQuerySet":
        """Fetch the ids of each work's authors in the same query."""
        return self.annotate(autores_em_ordem=author_ids(self.db))


@cache
def author_ids(alias: str) -> RawSQL:
    """Return the expression for the ids of a work's authors on the database ``alias``.

    Compiled once: putting it together anew would be much of the time of a page of works.
    """
    authors = Autoria.objects.filter(obra=models.OuterRef("pk")).order_by().values("obra")
    ids = authors.annotate(ids=OrderedIds("autor_id", position="posicao")).values("ids")
    query = Obra._default_manager.using(alias).annotate(ids=models.Subquery(ids)).query
    compiler = query.get_compiler(alias)
    compiler.setup_query()
    sql, params = compiler.compile(query.annotation_select["ids"])
    return RawSQL(sql, params, output_field=models.TextField())  # noqa: S611 (Django wrote it)


def likeness(title: str, authors: Sequence[str], publisher: str | None) -> str:
    """Return what two works without identifiers share when they are the same; all are keys."""
    return digest(title, publisher, *authors)


class Obra(Record):
    """A work as one publisher brought it out; ``editora`` is null where nobody knows who did."""

    RESOURCE = "obras"
    TEXT_FIELD = "titulo"

    UNSHOWN = frozenset({"identificadores"})
    REFERENCES = {"editora_id": Editora, "autores": Autor}
    TITLE_LENGTH = 2000

    titulo = CodePointField(_("title"), max_length=TITLE_LENGTH)
    editora = models.ForeignKey(
        Editora,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="obras",
        verbose_name=_("publisher"),
    )
    autores: models.ManyToManyField = models.ManyToManyField(
        Autor, through="Autoria", related_name="obras", verbose_name=_("authors")
    )

    objects = ObraQuerySet.as_manager()

    class Meta:
        verbose_name = _("work")
        verbose_name_plural = _("works")
        indexes = [
            # Serves: the order by title, in both directions.
            models.Index(fields=["chave", "id"], name="obras_by_title"),
            # Serves: the works of a publisher by title.
            models.Index(fields=["editora", "chave", "id"], name="obras_by_publisher"),
        ]

    @cached_property
    def author_ids(self) -> list[int]:
        """The ids of the authors, first author first."""
        if "autores_em_ordem" in self.__dict__:
            return OrderedIds.parse(self.__dict__["autores_em_ordem"])
        if not self.is_stored:
            return []
        return list(self.autorias.order_by("posicao").values_list("autor_id", flat=True))

    @cached_property
    def identifiers(self) -> list[list[str]]:
        """The ``[scheme, value]`` pairs of this work, in order of scheme and value."""
        if not self.is_stored:
            return []
        rows = Identificador.objects.filter(recurso=self.RESOURCE, registro_id=self.pk)
        return [
            list(pair) for pair in rows.order_by("esquema", "valor").values_list("esquema", "valor")
        ]

    def traces(self) -> list[tuple[str, str]]:
        """Return the identifiers, and one mark of title, authors and publisher together."""
        publisher = self.editora.chave if self.editora else None
        names = dict(Autor.objects.filter(pk__in=self.author_ids).values_list("pk", "chave"))
        authors = [names[key] for key in self.author_ids if key in names]
        marks = [("semelhanca", likeness(self.chave, authors, publisher))]
        return marks + [(scheme, value) for scheme, value in self.identifiers]

    def state(self) -> dict[str, Any]:
        """Return what history keeps of this work, its links included."""
        return super().state() | {
            "editora_id": self.editora_id,
            "autores": self.author_ids,
            "identificadores": self.identifiers,
        }

    def assign(self, values: dict[str, Any]) -> None:
        """Take over ``values``; ``autores`` and ``identificadores`` are other tables' rows."""
        links = {"autores": "author_ids", "identificadores": "identifiers"}
        for name, attribute in links.items():
            getattr(self, attribute)  # what is stored now, before the columns change
            if name in values:
                setattr(self, attribute, list(values[name]))
        super().assign({name: value for name, value in values.items() if name not in links})

    def save_links(self, values: dict[str, Any]) -> None:
        """Replace the authors and identifiers that ``values`` names."""
        if "autores" in values:
            self.autorias.all().delete()
            Autoria.objects.bulk_create(self.authorships())
        if "identificadores" in values:
            Identificador.objects.filter(recurso=self.RESOURCE, registro_id=self.pk).delete()
            Identificador.objects.bulk_create(self.identifier_rows())

    @classmethod
    def replace_links(cls, records: Sequence["Obra"], names: Collection[str]) -> None:
        """Store anew the authors or identifiers of all ``records``."""
        ids = [work.pk for work in records]
        if "autores" in names:
            Autoria.objects.filter(obra__in=ids).delete()
            Autoria.objects.bulk_create(row for work in records for row in work.authorships())
        if "identificadores" in names:
            Identificador.objects.filter(recurso=cls.RESOURCE, registro_id__in=ids).delete()
            Identificador.objects.bulk_create(
                row for work in records for row in work.identifier_rows()
            )

    @classmethod
    def insert_links(cls, records: Sequence["Obra"]) -> None:
        """Store the authors and identifiers of new works."""
        Autoria.objects.bulk_create(row for work in records for row in work.authorships())
        Identificador.objects.bulk_create(row for work in records for row in work.identifier_rows())

    @classmethod
    def link_rows(cls, states: Mapping[int, dict[str, Any]]) -> list[LinkRows]:
        """Return the rows of authors and identifiers of new works."""
        authors = [
            (key, author_id, place)
            for key, state in states.items()
            for place, author_id in enumerate(state["autores"])
        ]
        identifiers = [
            (cls.RESOURCE, key, scheme, value)
            for key, state in states.items()
            for scheme, value in state["identificadores"]
        ]
        return [
            (Autoria, ["obra_id", "autor_id", "posicao"], authors),
            (Identificador, ["recurso", "registro_id", "esquema", "valor"], identifiers),
        ]

    @classmethod
    def words_of_states(cls, states: Mapping[int, dict[str, Any]]) -> dict[int, set[str]]:
        """Return the words of titles and identifiers, with those of authors and publishers.

        These have theirs already, those of their other names among them.
        """
        found = super().words_of_states(states)
        authors = stored_words(
            Autor.WORDS, (key for state in states.values() for key in state["autores"])
        )
        publishers = stored_words(
            Editora.WORDS, (key for state in states.values() if (key := state["editora_id"]))
        )
        for key, state in states.items():
            own = found[key]
            own |= words_of(value for _scheme, value in state["identificadores"])
            own.update(publishers.get(state["editora_id"], ()))
            for author_id in state["autores"]:
                own.update(authors.get(author_id, ()))
        return found

    @classmethod
    def fetch_links(cls, records: Sequence["Obra"]) -> None:
        """Fetch the authors and identifiers of all of ``records`` in two queries."""
        keys = [work.pk for work in records]
        authors: dict[int, list[int]] = {key: [] for key in keys}
        authorships = Autoria.objects.filter(obra__in=keys).order_by("obra", "posicao")
        for key, author_id in authorships.values_list("obra_id", "autor_id"):
            authors[key].append(author_id)
        identifiers: dict[int, list[list[str]]] = {key: [] for key in keys}
        rows = Identificador.objects.filter(recurso=cls.RESOURCE, registro_id__in=keys)
        for key, scheme, value in rows.order_by("esquema", "valor").values_list(
            "registro_id", "esquema", "valor"
        ):
            identifiers[key].append([scheme, value])
        for work in records:
            work.author_ids = authors[work.pk]
            work.identifiers = identifiers[work.pk]

    def authorships(self) -> list["Autoria"]:
        """Return the unsaved rows that give this work its authors in order."""
        return [
            Autoria(obra=self, autor_id=author_id, posicao=position)
            for position, author_id in enumerate(self.author_ids)
        ]

    def identifier_rows(self) -> list[Identificador]:
        """Return the unsaved rows of this work's identifiers."""
        return [
            Identificador(recurso=self.RESOURCE, registro_id=self.pk, esquema=scheme, valor=value)
            for scheme, value in self.identifiers
        ]

    @classmethod
    def search_texts(cls, records: Sequence["Obra"]) -> dict[int, list[str]]:
        """Return title, names (those merged away too) and identifiers, in four queries at most."""
        texts = super().search_texts(records)
        shown_by: dict[tuple[str, int], list[int]] = {}
        for work in records:
            if work.editora_id is not None:
                shown_by.setdefault((Editora.RESOURCE, work.editora_id), []).append(work.pk)
        authorships = Autoria.objects.filter(obra__in=list(texts)).values_list(
            "obra", "autor_id", "autor__nome"
        )
        identifiers = Identificador.objects.filter(
            recurso=cls.RESOURCE, registro_id__in=list(texts)
        ).values_list("registro_id", "valor")
        for key, author_id, name in authorships:
            shown_by.setdefault((Autor.RESOURCE, author_id), []).append(key)
            texts[key].append(name)
        for key, value in identifiers:
            texts[key].append(value)
        ids: dict[str, list[int]] = {}
        for resource, shown_id in shown_by:
            ids.setdefault(resource, []).append(shown_id)
        publishers = Editora.objects.filter(pk__in=ids.get(Editora.RESOURCE, ()))
        names = [(Editora.RESOURCE, *row) for row in publishers.values_list("pk", "nome")]
        for resource, shown_id, name in [*names, *Alias.names(ids)]:
            for key in shown_by[resource, shown_id]:
                texts[key].append(name)
        return texts


class Autoria(models.Model):
    """One author of one work, and the place among its authors (0 is the first)."""

    obra = models.ForeignKey(
        Obra, on_delete=models.CASCADE, related_name="autorias", db_index=False
    )
    autor = models.ForeignKey(
        Autor,
        on_delete=models.PROTECT,
        related_name="autorias",
        db_index=False,
        verbose_name=_("author"),
    )
    posicao = models.PositiveIntegerField(_("position"))

    class Meta:
        verbose_name = _("authorship")
        verbose_name_plural = _("authorships")
        constraints = [
            models.UniqueConstraint(fields=["obra", "posicao"], name="obras_autoria_position"),
            # Also serves: the works of an author.
            models.UniqueConstraint(fields=["autor", "obra"], name="obras_autoria_once"),
        ]

    def __str__(self) -> str:
        return f"{self.posicao + 1}. {self.autor}"


class ObraPalavra(SearchWord):
    """A word of a work's title, of its authors' or publisher's name, or an identifier."""

    pk = models.CompositePrimaryKey("registro_id", "palavra")
    registro = models.ForeignKey(
        Obra, on_delete=models.CASCADE, related_name="palavras", db_index=False
    )

    class Meta:
        # Serves: which works have a word that begins so.
        indexes = [models.Index(fields=["palavra", "registro"], name="obras_by_word")]


Obra.WORDS = ObraPalavra
