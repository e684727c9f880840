"""What was exported and loaded into an empty catalogue is the same catalogue."""

import pytest
from django.core.management import call_command

from autores.models import Autor, AutorPalavra
from biblioteca.loading.models import Batch, BatchItem, Catalogue
from biblioteca.records import writing
from biblioteca.records.models import HistoryEntry, Identificador, Trace
from editoras.models import Editora, EditoraPalavra
from obras.models import Autoria, Obra, ObraPalavra

pytestmark = pytest.mark.django_db

TABLES = (
    ObraPalavra, Autoria, Obra, AutorPalavra, Autor, EditoraPalavra, Editora, Identificador,
    HistoryEntry, Trace, BatchItem, Batch,
)  # fmt: skip


def wipe():
    """Leave an empty catalogue, another one than it was."""
    for model in TABLES:
        model.objects.all().delete()
    Catalogue.objects.update(codigo="biblioteca-0123456789abcdef")


@pytest.fixture
def catalogue():
    """A catalogue with what goes wrong: homonyms, formulas, separators in names, long titles."""

    def named(model, name, photo=""):
        return writing.create(model(), {"nome": name, "foto": photo}).pk

    first, second = named(Autor, "José Silva"), named(Autor, "José Silva")
    odd = named(Autor, "Silva | Filho; \\ Cia, Ltd", "https://a.example/foto.jpg?x=1&y=2")
    named(Autor, "Sem Obra")
    publisher, homonym = named(Editora, "Garnier"), named(Editora, "Garnier")
    named(Editora, "@Casa", "casa.png")

    def work(title, authors, editora=None, photo="", identifiers=()):
        writing.create(
            Obra(),
            {
                "titulo": title, "foto": photo, "editora_id": editora, "autores": authors,
                "identificadores": [list(pair) for pair in identifiers],
            },
        )  # fmt: skip

    work("Dom Casmurro", [first], publisher, "capa.jpg", [("isbn", "9788535910636")])
    work("Dom Casmurro", [second], homonym, "", [("issn", "0317-8471"), ("olid", "OL1|M:x")])
    work("=SOMA(A1;A2)", [odd, second, first])
    work("'aspas e 🤷🏽‍♀️ ação", [], publisher, "https://a.example/ü.jpg")
    work("x" * 2000, [second, odd], homonym)
    work("-1 + título / com : pontuação.", [first], None)


def contents(*, with_ids):
    """Return everything that is to be the same."""
    authors, publishers = (
        {record.pk: record for record in model.objects.all()} for model in (Autor, Editora)
    )

    def mark(record):
        return (record.pk if with_ids else None, record.nome, record.foto)

    works = []
    for record in Obra.objects.all():
        words = sorted(record.palavras.values_list("palavra", flat=True))
        publisher = mark(publishers[record.editora_id]) if record.editora_id else None
        names = [mark(authors[key]) for key in record.author_ids]
        works.append(
            (record.pk if with_ids else None, record.titulo, record.foto, publisher, names,
             record.identifiers, words)
        )  # fmt: skip
    # Who shares an author with whom, whatever its id is.
    sharing = sorted(
        sorted(f"{work.titulo}{work.foto}" for work in author.obras.all())
        for author in authors.values()
    )
    named = [sorted(map(mark, found.values()), key=str) for found in (authors, publishers)]
    return sorted(works, key=str), named, sharing


@pytest.mark.parametrize("by_id", [False, True], ids=["new ids", "--por-id"])
@pytest.mark.parametrize("format_name", ["csv", "xlsx", "jsonl"])
def test_export_and_load(format_name, by_id, catalogue, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = contents(with_ids=by_id)
    for resource in ("autores", "editoras", "obras"):
        call_command("exportar", f"{resource}.{format_name}", "--recurso", resource)
    wipe()
    for resource in ("autores", "editoras", "obras"):
        options = ["--por-id"] if by_id else []
        call_command("importar", f"{resource}.{format_name}", "--recurso", resource, *options)
    assert contents(with_ids=by_id) == before


@pytest.mark.parametrize("by_id", [False, True], ids=["new ids", "--por-id"])
@pytest.mark.parametrize("format_name", ["marcxml", "marc"])
def test_through_marc(format_name, by_id, catalogue, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # MARC has no place for authors and publishers without works, nor for their pictures.
    for model in (Autor, Editora):
        model.objects.filter(obras=None).delete()
        model.objects.update(foto="")
    before = contents(with_ids=by_id)
    call_command("exportar", "obras.mrc", "--formato", format_name)
    wipe()
    call_command("importar", "obras.mrc", *(["--por-id"] if by_id else []))
    assert contents(with_ids=by_id) == before


def test_our_own_file_is_known_by_its_ids(catalogue, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = contents(with_ids=True)
    for resource in ("autores", "editoras", "obras"):
        call_command("exportar", f"{resource}.csv", "--recurso", resource)
    text = (tmp_path / "obras.csv").read_text(encoding="utf-8-sig")
    entries = HistoryEntry.objects.count()
    for resource in ("autores", "editoras", "obras"):
        call_command("importar", f"{resource}.csv", "--recurso", resource)
    assert contents(with_ids=True) == before
    assert HistoryEntry.objects.count() == entries
    # Edited in a spreadsheet: a cell that was emptied is empty.
    edited = text.replace("Dom Casmurro,José Silva", "Dom Casmurro (1899),José Silva", 1)
    edited = edited.replace("capa.jpg", "", 1)
    (tmp_path / "editado.csv").write_text(edited, encoding="utf-8")
    call_command("importar", "editado.csv", "--sobrescrever")
    changed = Obra.objects.get(titulo="Dom Casmurro (1899)")
    assert changed.foto == ""
    assert Obra.objects.count() == 6
