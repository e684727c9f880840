"""How works are exported: as objects, as rows of a table, as MARC records."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from pymarc import Field, Indicators, Leader, Record, Subfield

from biblioteca.loading.exporting import Export, named_row
from biblioteca.loading.writers.cells import joined
from biblioteca.photos.storage import public_url
from biblioteca.records.models import Identificador
from obras.models import Autoria, Obra

COLUMNS = (
    "id", "titulo", "autores", "autores_id", "editora", "editora_id", "foto", "identificadores",
    "catalogo",
)  # fmt: skip

# A new record of a printed monograph in UTF-8, minimal level; pymarc fills in the lengths.
LEADER = "00000nam a22000007  4500"
# Behind the date: of unknown date, place and language, the rest not coded.
REST_OF_008 = "n" + "uuuu" * 2 + "xx " + "|" * 14 + " " + "||" + "und" + "||"


def with_publisher(queryset: QuerySet) -> QuerySet:
    """Fetch each work's publisher in the same query."""
    return queryset.select_related("editora")


def rows(works: Sequence[Obra], catalogue: str) -> list[dict[str, Any]]:
    """Return works as objects, their authors and identifiers read in two queries."""
    authors: dict[int, list[dict[str, Any]]] = {work.pk: [] for work in works}
    authorships = Autoria.objects.filter(obra__in=list(authors)).order_by("obra", "posicao")
    for key, author_id, name, photo in authorships.values_list(
        "obra", "autor", "autor__nome", "autor__foto"
    ):
        authors[key].append({"id": author_id, "nome": name, "foto": public_url(photo)})
    identifiers: dict[int, list[dict[str, str]]] = {work.pk: [] for work in works}
    held = Identificador.objects.filter(recurso=Obra.RESOURCE, registro_id__in=list(identifiers))
    for key, scheme, value in held.order_by("registro_id", "esquema", "valor").values_list(
        "registro_id", "esquema", "valor"
    ):
        identifiers[key].append({"esquema": scheme, "valor": value})
    return [
        {
            "id": work.pk,
            "titulo": work.titulo,
            "editora": named_row(work.editora) if work.editora else None,
            "foto": public_url(work.foto),
            "autores": authors[work.pk],
            "identificadores": identifiers[work.pk],
            "catalogo": catalogue,
        }
        for work in works
    ]


def cells(row: dict[str, Any]) -> list[str]:
    """Return the cells of ``COLUMNS``."""
    publisher = row["editora"] or {"nome": "", "id": ""}
    return [
        str(row["id"]),
        row["titulo"],
        joined(author["nome"] for author in row["autores"]),
        joined(str(author["id"]) for author in row["autores"]),
        publisher["nome"],
        str(publisher["id"]),
        row["foto"],
        joined(f"{pair['esquema']}:{pair['valor']}" for pair in row["identificadores"]),
        row["catalogo"],
    ]


def marc(row: dict[str, Any]) -> Record:
    """Return the bibliographic record: texts are the catalogue's own, word for word."""
    code = row["catalogo"]
    authors, publisher = row["autores"], row["editora"]
    record = Record(force_utf8=True)
    record.leader = Leader(LEADER)
    entered = timezone.localdate().strftime("%y%m%d")
    record.add_field(
        Field("001", data=str(row["id"])),
        Field("003", data=code),
        Field("008", data=entered + REST_OF_008),
        *sorted(map(identifier_field, row["identificadores"]), key=lambda field: field.tag),
    )
    persons = [author_field(author, code, place == 0) for place, author in enumerate(authors)]
    record.add_field(*persons[:1])
    record.add_field(data_field("245", "10" if authors else "00", a=row["titulo"]))
    if publisher:
        source = f"({code}){publisher['id']}"
        record.add_field(data_field("264", " 1", ("b", publisher["nome"]), ("0", source)))
    record.add_field(*persons[1:])
    if row["foto"]:
        record.add_field(data_field("856", "4 ", ("3", "Capa"), ("u", row["foto"])))
    return record


def author_field(author: dict[str, Any], code: str, is_first: bool) -> Field:
    """Return the field of one author; the name is in natural order."""
    source = f"({code}){author['id']}"
    tag, indicators = ("100" if is_first else "700"), "0 "
    return data_field(tag, indicators, ("a", author["nome"]), ("4", "aut"), ("0", source))


def identifier_field(pair: dict[str, str]) -> Field:
    """Return the field of one identifier."""
    scheme, value = pair["esquema"], pair["valor"]
    if scheme in ("isbn", "issn"):
        return data_field("020" if scheme == "isbn" else "022", "  ", a=value)
    return data_field("024", "7 ", ("a", value), ("2", scheme))


def data_field(tag: str, indicators: str, *subfields: tuple[str, str], **more: str) -> Field:
    """Return a field with these subfields, in this order."""
    parts = [Subfield(code, value) for code, value in (*subfields, *more.items())]
    return Field(tag, indicators=Indicators(*indicators), subfields=parts)


EXPORT = Export(
    model=Obra, prepare=with_publisher, rows=rows, columns=COLUMNS, cells=cells, marc=marc
)
