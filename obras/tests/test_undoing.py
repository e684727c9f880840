"""Taking back what one action did: loads, bulk edits, deletions, other undoings."""

from collections.abc import Callable
from typing import Any

import pytest

from autores.models import Autor
from autores.tests.factories import AutorFactory
from biblioteca.records import undoing, writing
from biblioteca.records.models import HistoryEntry, Identificador, Trace, Undoing
from biblioteca.records.origins import Origin, writing_as
from biblioteca.records.search import find
from biblioteca.records.undoing import OnEdited, undo_group
from editoras.models import Editora
from editoras.tests.factories import EditoraFactory
from obras.models import Autoria, Obra, ObraPalavra
from obras.tests.factories import ObraFactory

pytestmark = pytest.mark.django_db

ISBNS = ["9788535902778", "9788532511010", "9788572326971"]


def acting(group: str) -> Any:
    return writing_as(Origin("ana", "carga", "acervo.csv", group))


def edit(record: Any, **values: Any) -> None:
    writing.update(type(record)._default_manager.get(pk=record.pk), values)


def load(number: int = 3) -> tuple[Autor, Editora, list[Obra]]:
    """Load works of one new author and one new publisher, as the loader does."""
    with acting("lote:5"):
        author = writing.create(Autor(), {"nome": "Clarice Lispector", "foto": ""})
        publisher = writing.create(Editora(), {"nome": "Rocco", "foto": ""})
        values = [
            {
                "titulo": f"Água viva {place}",
                "foto": "",
                "editora_id": publisher.pk,
                "autores": [author.pk],
                "identificadores": [["isbn", ISBNS[place]]] if place < len(ISBNS) else [],
            }
            for place in range(number)
        ]
        works = list(writing.create_many([Obra() for _ in values], values))
    return author, publisher, works


def catalogue() -> dict[str, Any]:
    """Return all there is, but for versions and history."""
    return {
        model.RESOURCE: {record.pk: record.state() for record in model._default_manager.all()}
        for model in (Obra, Autor, Editora)
    } | {"words": set(ObraPalavra.objects.values_list("registro_id", "palavra"))}


def test_load_is_taken_back_whole_and_leaves_nothing() -> None:
    ObraFactory()
    before = catalogue()
    load()
    Trace.objects.create(
        recurso="obras", esquema="fonte:x", valor="1", registro_id=Obra.objects.latest("pk").pk
    )
    report = undo_group("lote:5")
    assert catalogue() == before
    assert report.deleted == {"obras": 3, "autores": 1, "editoras": 1}
    assert (report.stayed, report.refused, report.finished) == ([], False, True)
    assert not Trace.objects.exists()
    assert not Identificador.objects.exists()
    entry = HistoryEntry.objects.latest("id")
    assert (entry.acao, entry.grupo) == ("excluido", report.undone_as)


def test_undoing_can_be_undone_and_that_too() -> None:
    load()
    loaded = catalogue()
    first = undo_group("lote:5")
    second = undo_group(first.undone_as)
    assert catalogue() == loaded
    assert second.restored == {"obras": 3, "autores": 1, "editoras": 1}
    assert find(Obra.objects.all(), "agua lispector rocco").count() == 3
    third = undo_group(second.undone_as)
    assert third.deleted == {"obras": 3, "autores": 1, "editoras": 1}
    assert not Obra.objects.exists()
    assert not Trace.objects.exists()


def test_refuses_whole_when_a_work_was_edited_since() -> None:
    _author, _publisher, works = load()
    edit(works[1], titulo="Um sopro de vida")
    before, entries = catalogue(), HistoryEntry.objects.count()
    report = undo_group("lote:5")
    assert report.refused
    assert [(line.resource, line.key) for line in report.stayed] == [("obras", works[1].pk)]
    assert catalogue() == before
    assert HistoryEntry.objects.count() == entries
    assert not Undoing.objects.exists()


def test_skips_what_was_edited_since_and_what_it_needs() -> None:
    author, publisher, works = load()
    edit(works[1], titulo="Um sopro de vida")
    report = undo_group("lote:5", OnEdited.SKIP)
    assert list(Obra.objects.all()) == [works[1]]
    assert report.deleted == {"obras": 2}
    assert {(line.resource, line.key) for line in report.stayed} == {
        ("obras", works[1].pk), ("autores", author.pk), ("editoras", publisher.pk),
    }  # fmt: skip
    assert report.stayed_count == 3


def test_author_used_by_another_work_stays() -> None:
    author, _publisher, _works = load()
    other = ObraFactory(autores=[author])
    report = undo_group("lote:5")
    assert [line.key for line in report.stayed] == [author.pk]
    assert other.author_ids == [author.pk]
    assert report.deleted == {"obras": 3, "editoras": 1}


def test_changes_are_taken_back_field_by_field() -> None:
    work, other = ObraFactory(titulo="Antes"), ObraFactory()
    publisher = EditoraFactory()
    former = work.editora_id
    with acting("acao:x"):
        edit(work, editora_id=publisher.pk, titulo="Depois")
        edit(other, foto="capa.jpg")
        edit(work, foto="outra.jpg")
    edit(work, titulo="Por outra pessoa")
    assert undo_group("acao:x").refused
    assert Obra.objects.get(pk=other.pk).foto == "capa.jpg"
    report = undo_group("acao:x", OnEdited.SKIP)
    found = Obra.objects.get(pk=work.pk)
    assert (found.titulo, found.editora_id, found.foto) == ("Por outra pessoa", former, "")
    assert Obra.objects.get(pk=other.pk).foto == ""
    assert report.changed == {"obras": 3}
    assert [line.key for line in report.stayed] == [work.pk]


def test_several_changes_of_one_field_end_where_they_began() -> None:
    author = AutorFactory(nome="Um")
    with acting("acao:x"):
        edit(author, nome="Dois")
        edit(author, nome="Três")
    assert not undo_group("acao:x").refused
    assert Autor.objects.get(pk=author.pk).nome == "Um"
    assert find(Autor.objects.all(), "tres").count() == 0


def test_taking_back_a_rename_follows_into_the_works() -> None:
    author = AutorFactory(nome="Machado")
    work = ObraFactory(autores=[author])
    with acting("acao:x"):
        edit(author, nome="Bernardo")
    undo_group("acao:x")
    assert find(Obra.objects.all(), "machado").get() == work
    assert not find(Obra.objects.all(), "bernardo").exists()


def test_record_made_by_the_action_goes_whole_or_stays_whole() -> None:
    with acting("lote:5"):
        author = writing.create(Autor(), {"nome": "Um", "foto": ""})
        edit(author, nome="Dois")
    edit(author, foto="retrato.jpg")
    report = undo_group("lote:5", OnEdited.SKIP)
    found = Autor.objects.get(pk=author.pk)
    assert (found.nome, found.foto) == ("Dois", "retrato.jpg")
    assert report.changed == report.deleted == {}


def test_deleted_works_come_back_with_their_links() -> None:
    works = [ObraFactory() for _ in range(3)]
    for place, work in enumerate(works):
        edit(work, identificadores=[["isbn", ISBNS[place]]])
    before = catalogue()
    with acting("acao:x"):
        for work in works:
            writing.delete(Obra.objects.get(pk=work.pk))
    report = undo_group("acao:x")
    assert catalogue() == before
    assert report.restored == {"obras": 3}
    assert not Trace.objects.exists()


def test_deleted_work_comes_back_without_what_is_gone_or_taken() -> None:
    work, other = ObraFactory(), ObraFactory()
    first, second = work.author_ids
    edit(work, identificadores=[["isbn", ISBNS[0]]])
    with acting("acao:x"):
        writing.delete(Obra.objects.get(pk=work.pk))
    edit(other, identificadores=[["isbn", ISBNS[0]]])
    writing.delete(Autor.objects.get(pk=first))
    report = undo_group("acao:x")
    found = Obra.objects.get(pk=work.pk)
    assert (found.author_ids, found.identifiers) == ([second], [])
    assert report.restored == {"obras": 1}
    assert len(report.stayed) == 2
    assert str(other.pk) in report.stayed[1].reason


def test_record_deleted_since_refuses_or_is_skipped() -> None:
    author = AutorFactory()
    with acting("acao:x"):
        edit(author, nome="Outro")
    writing.delete(Autor.objects.get(pk=author.pk))
    assert undo_group("acao:x").refused
    report = undo_group("acao:x", OnEdited.SKIP)
    assert [line.key for line in report.stayed] == [author.pk]
    assert report.finished


def test_merges_have_an_undo_of_their_own() -> None:
    with pytest.raises(ValueError):
        undo_group("fusao:1")


def test_group_that_did_nothing_is_no_undoing() -> None:
    report = undo_group("lote:404")
    assert report.finished
    assert not Undoing.objects.exists()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "BATCH", 2)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_stopped_anywhere_it_goes_on_where_it_was(after: int) -> None:
    before = catalogue()
    author, _publisher, works = load()
    with acting("lote:5"):
        for title in ("Dois", "Três"):
            edit(works[0], titulo=title)
        edit(author, nome="C. Lispector")

    class Killed(BaseException):
        pass

    def kill() -> Callable[[int], None]:
        seen: list[int] = []

        def progress(done: int) -> None:
            seen.append(done)
            if len(seen) == after:
                raise Killed

        return progress

    with pytest.raises(Killed):
        undo_group("lote:5", progress=kill())
    assert not Undoing.objects.get().fim
    report = undo_group("lote:5")
    assert catalogue() == before
    assert report.deleted == {"obras": 3, "autores": 1, "editoras": 1}
    assert report.changed == {"obras": 2, "autores": 1}
    assert report.entries == HistoryEntry.objects.filter(grupo="lote:5").count()
    assert Undoing.objects.get().fim


@pytest.mark.usefixtures("small_batches")
def test_edit_made_meanwhile_stops_it_and_the_rest_is_as_it_was() -> None:
    _author, publisher, works = load()

    def meddle(done: int) -> None:
        if done == 2:
            edit(publisher, nome="Rocco Digital")

    report = undo_group("lote:5", progress=meddle)
    assert report.refused
    assert [line.key for line in report.stayed] == [publisher.pk]
    assert list(Obra.objects.all()) == works[:1]
    assert undo_group("lote:5").refused
    assert undo_group("lote:5", OnEdited.SKIP).finished
    assert list(Editora.objects.values_list("nome", flat=True)) == ["Rocco Digital"]
    assert not Obra.objects.exists()


def test_statements_do_not_grow_with_the_works(django_assert_max_num_queries: Any) -> None:
    load(1000)
    with django_assert_max_num_queries(300):
        report = undo_group("lote:5")
    assert report.deleted["obras"] == 1000
    assert not Autoria.objects.exists()
