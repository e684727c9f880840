"""What a second file does to what is there: updates, edits, deletions, merges, repetitions."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from autores.models import Autor
from biblioteca.loading.models import Batch, BatchItem
from biblioteca.records import writing
from biblioteca.records.models import Alias, HistoryEntry, Identificador, Merge, Redirect
from biblioteca.records.origins import Origin, writing_as
from editoras.models import Editora
from obras.models import Obra, ObraPalavra

pytestmark = pytest.mark.django_db

HEAD = "isbn,titulo,autores,editora,foto\n"
CASMURRO = "9788535910636,Dom Casmurro,Machado de Assis,Garnier,\n"
HELENA = ",Helena,Machado de Assis,,\n"


def catalogue():
    """Return everything that a load could change, without ids."""
    names = dict(Autor.objects.values_list("pk", "nome"))
    return sorted(
        (
            work.titulo,
            [names[key] for key in work.author_ids],
            work.editora.nome if work.editora else None,
            work.foto,
            work.identifiers,
            sorted(work.palavras.values_list("palavra", flat=True)),
        )
        for work in Obra.objects.select_related("editora")
    )


def edit(record, who="ana", door="admin", **values):
    with writing_as(Origin(who, door)):
        return writing.update(record, values)


def delete(record):
    with writing_as(Origin("ana", "admin")):
        writing.delete(record)


def only_work():
    return Obra.objects.get()


def test_the_same_file_twice_changes_nothing(load):
    text = HEAD + CASMURRO + HELENA
    first = load(text)
    assert first.counts | {"lote": 0} == {
        "lote": 0, "arquivo": "livros.csv", "formato": "csv", "lidos": 2, "criado": 2,
        "atualizado": 0, "igual": 0, "conflito": 0, "rejeitado": 0, "autores_criados": 1,
        "editoras_criadas": 1, "avisos": 0,
    }  # fmt: skip
    before, entries = catalogue(), HistoryEntry.objects.count()
    second = load(text)
    assert second.verdicts() == {"igual": 2}
    assert (catalogue(), HistoryEntry.objects.count()) == (before, entries)
    assert second.batch > first.batch


def test_search_words_are_those_that_one_by_one_writing_gives(load):
    load(HEAD + "9788535910636,Olhos d'água,Conceição Evaristo ; José Luís,Pallas,\n")
    stored = set(only_work().palavras.values_list("palavra", flat=True))
    work = only_work()
    ObraPalavra.objects.all().delete()
    writing.refresh_words([work])
    assert stored == set(only_work().palavras.values_list("palavra", flat=True))
    assert {"conceicao", "agua", "pallas", "luis", "9788535910636"} <= stored


def test_a_newer_file_updates_what_differs_and_is_silent_about_what_it_lacks(load):
    load(HEAD + "9788535910636,Dom Casmuro,Machado de Assis,Garnier,https://a.example/1.jpg\n")
    found = load(HEAD + "978-85-359-1063-6,Dom Casmurro,Machado de Assis;Outra Pessoa,,\n")
    assert found.verdicts() == {"atualizado": 1}
    work = only_work()
    assert (work.titulo, work.foto, work.editora.nome) == (
        "Dom Casmurro", "https://a.example/1.jpg", "Garnier",
    )  # fmt: skip
    assert len(work.author_ids) == 2
    entry = HistoryEntry.of(work).last()
    assert (entry.acao, entry.porta, entry.grupo) == ("alterado", "carga", f"lote:{found.batch}")


@pytest.mark.parametrize("door", ["admin", "api"])
def test_what_a_person_edited_stays(load, door):
    load(HEAD + CASMURRO)
    edit(only_work(), door=door, titulo="Dom Casmurro (edição de bolso)")
    found = load(HEAD + "9788535910636,Dom Casmurro,Machado de Assis,Livraria Garnier,\n")
    assert (found.status, found.verdicts()) == (0, {"conflito": 1})
    work = only_work()
    assert (work.titulo, work.editora.nome) == (
        "Dom Casmurro (edição de bolso)",
        "Livraria Garnier",
    )
    assert "título" in found.kept[0]["motivo"]
    again = load(HEAD + "9788535910636,Dom Casmurro,Machado de Assis,Livraria Garnier,\n")
    assert again.verdicts() == {"conflito": 1}
    forced = load(
        HEAD + "9788535910636,Dom Casmurro,Machado de Assis,Livraria Garnier,\n", "--sobrescrever"
    )
    assert forced.verdicts() == {"atualizado": 1}
    assert only_work().titulo == "Dom Casmurro"


def test_a_work_that_a_person_created_is_not_overwritten(load):
    author = writing.create(Autor(), {"nome": "Machado de Assis", "foto": ""})
    with writing_as(Origin("ana", "api")):
        writing.create(
            Obra(),
            {
                "titulo": "Casmurro", "editora_id": None, "foto": "", "autores": [author.pk],
                "identificadores": [["isbn", "9788535910636"]],
            },
        )  # fmt: skip
    found = load(HEAD + CASMURRO)
    assert found.verdicts() == {"conflito": 1}
    assert (only_work().titulo, only_work().editora) == ("Casmurro", None)


def test_a_renamed_author_is_known_by_the_former_name(load):
    load(HEAD + CASMURRO)
    edit(Autor.objects.get(), nome="Joaquim Maria Machado de Assis")
    found = load(HEAD + CASMURRO + "9788525406958,Quincas Borba,machado de assis,,\n")
    assert found.verdicts() == {"igual": 1, "criado": 1}
    assert Autor.objects.count() == 1


def test_what_was_deleted_stays_deleted(load):
    text = HEAD + CASMURRO + HELENA
    load(text)
    for work in list(Obra.objects.all()):
        delete(work)
    delete(Autor.objects.get())
    found = load(text)
    assert (found.status, found.verdicts()) == (0, {"conflito": 2})
    assert (Obra.objects.count(), Autor.objects.count()) == (0, 0)
    again = load(text, "--recriar")
    assert again.verdicts() == {"criado": 2}
    assert load(text).verdicts() == {"igual": 2}


def test_a_new_work_with_the_identifier_of_a_deleted_one_is_the_living_one(load):
    load(HEAD + CASMURRO)
    delete(only_work())
    load(HEAD + CASMURRO, "--recriar")
    assert load(HEAD + CASMURRO).verdicts() == {"igual": 1}


def merge_by_hand(model, origin, survivor):
    """Leave what a merge leaves, without merging: redirect and alias."""
    name = origin.nome
    merge = Merge.objects.create(recurso=model.RESOURCE, destino_id=survivor.pk, porta="admin")
    Redirect.objects.create(
        recurso=model.RESOURCE, de_id=origin.pk, para_id=survivor.pk, fusao=merge
    )
    Alias.objects.create(
        recurso=model.RESOURCE, registro_id=survivor.pk, nome=name, chave=origin.chave, fusao=merge
    )
    with writing_as(Origin("ana", "admin", group=f"fusao:{merge.pk}")):
        for work in Obra.objects.filter(autorias__autor=origin.pk):
            ids = [survivor.pk if key == origin.pk else key for key in work.author_ids]
            writing.update(work, {"autores": list(dict.fromkeys(ids))})
        writing.delete(origin, leave_traces=False)


def test_what_was_merged_away_is_the_survivor(load):
    text = (
        HEAD
        + "9788535910636,Dom Casmurro,M. de Assis,Garnier,\n"
        + "9788525406958,Quincas Borba,Machado de Assis;M. de Assis,Garnier,\n"
    )
    load(text)
    origin = Autor.objects.get(nome="M. de Assis")
    merge_by_hand(Autor, origin, Autor.objects.get(nome="Machado de Assis"))
    before = catalogue()
    assert load(text).verdicts() == {"igual": 2}
    assert (catalogue(), Autor.objects.count()) == (before, 1)
    new = load(HEAD + ",Esaú e Jacó,M. de Assis,,\n")
    assert new.verdicts() == {"criado": 1}
    assert (Autor.objects.count(), new.counts["autores_criados"]) == (1, 0)


def test_the_first_record_of_an_identifier_stands(load):
    text = (
        HEAD
        + CASMURRO
        + CASMURRO
        + "9788535910636,Dom Casmurro II,Machado de Assis,Garnier,\n"
        + "9788535910636,Dom Casmurro,machado de assis,GARNIER,\n"
    )
    for first in ({"criado": 1}, {"igual": 1}):
        found = load(text)
        repeated = {"igual": 2 + first.get("igual", 0), "conflito": 1}
        assert found.verdicts() == first | repeated
        (kept,) = found.kept
        assert (kept["linha"], "2" in kept["motivo"], "4" in kept["motivo"]) == ("4", True, True)
        assert only_work().titulo == "Dom Casmurro"


def test_repetitions_are_seen_across_batches(load, monkeypatch):
    monkeypatch.setattr("biblioteca.loading.pipeline.CHUNK", 2)
    lines = [CASMURRO, HELENA, ",Ressurreição,Machado de Assis,,\n"]
    text = HEAD + "".join(lines) + "9788535910636,Outro,Machado de Assis,Garnier,\n" + HELENA
    for verdicts in ({"criado": 3, "igual": 1, "conflito": 1}, {"igual": 4, "conflito": 1}):
        assert load(text).verdicts() == verdicts


def test_identifiers_of_two_works_are_a_conflict(load):
    load(HEAD + CASMURRO + "9788525406958,Quincas Borba,Machado de Assis,,\n")
    isbns = ("9788535910636", "9788525406958")
    numbers = [{"esquema": "isbn", "valor": isbn} for isbn in isbns]
    text = json.dumps({"titulo": "Os dois", "autores": [], "identificadores": numbers})
    found = load(text, name="dois.jsonl")
    assert found.verdicts() == {"conflito": 1}
    assert Obra.objects.count() == 2


def test_an_identifier_is_never_found_by_its_title(load):
    load(HEAD + ",Dom Casmurro,Machado de Assis,Garnier,\n")
    assert load(HEAD + CASMURRO).verdicts() == {"criado": 1}
    assert Obra.objects.count() == 2


def test_a_simulation_reports_what_the_load_then_does(load):
    load(HEAD + CASMURRO)
    edit(only_work(), titulo="Editado")
    text = HEAD + CASMURRO + HELENA + ",,Sem título,,\n" + "9788525406958,Quincas,A B;C D,E,\n"
    entries = HistoryEntry.objects.count(), BatchItem.objects.count(), Batch.objects.count()
    before = catalogue()
    simulated = load(text, "--simular")
    assert simulated.batch is None
    assert before == catalogue()
    assert entries == (
        HistoryEntry.objects.count(), BatchItem.objects.count(), Batch.objects.count(),
    )  # fmt: skip
    real = load(text)
    assert simulated.counts | {"lote": 0} == real.counts | {"lote": 0}
    assert (simulated.status, simulated.kept) == (real.status, real.kept)
    assert real.verdicts() == {"criado": 2, "conflito": 1, "rejeitado": 1}


def test_a_load_is_written_down_with_what_became_of_each_record(load):
    text = 'isbn,titulo,autores,ano,local\n9788535910636,  Dom  Casmurro,"Assis, Machado de, 1839-1908",1899,Rio\n,,X,1,\n'  # noqa: E501
    found = load(text)
    batch = Batch.objects.get(pk=found.batch)
    assert (batch.estado, batch.formato, batch.contagens["criado"]) == ("concluido", "csv", 1)
    (file,) = batch.arquivos
    assert (file["nome"], len(file["sha256"]), file["bytes"]) == (
        "livros.csv", 64, len(text.encode()),
    )  # fmt: skip
    made, refused = batch.itens.order_by("pk")
    assert (made.linha, made.veredito, made.registro_id) == (2, "criado", only_work().pk)
    assert made.bruto["ano"] == "1899"
    assert made.bruto["autores"] == "Assis, Machado de, 1839-1908"
    assert made.resultado["autores"] == ["Machado de Assis"]
    assert made.resultado["texto"] == "Dom Casmurro"
    assert (refused.linha, refused.veredito, refused.bruto["autores"]) == (3, "rejeitado", "X")
    assert refused.motivo


def test_authors_and_publishers_are_loaded_by_name(load):
    text = "nome,foto\nMachado de Assis,https://a.example/m.jpg\nmachado de assis,\nClarice,\n"
    found = load(text, "--recurso", "autores")
    assert found.verdicts() == {"criado": 2, "igual": 1}
    assert found.counts["autores_criados"] == 2
    assert load(text, "--recurso", "autores").verdicts() == {"igual": 3}
    newer = load("nome,foto\nClarice,https://a.example/c.jpg\n", "--recurso", "autores")
    assert newer.verdicts() == {"atualizado": 1}
    assert load("nome\nGarnier\n", "--recurso", "editoras").verdicts() == {"criado": 1}
    assert Editora.objects.get().nome == "Garnier"
    delete(Autor.objects.get(nome="Clarice"))
    assert load(text, "--recurso", "autores").verdicts() == {"igual": 2, "conflito": 1}


def test_names_and_ids_in_the_shape_of_the_api(load):
    author = writing.create(Autor(), {"nome": "Machado de Assis", "foto": ""})
    works = [
        {"titulo": "Helena", "editora": "Garnier", "foto": "", "autores": [author.pk, "Outra Ana"]},
        {"titulo": "Nada", "editora": 987, "foto": "", "autores": []},
    ]
    found = load(json.dumps(works), name="obras.json")
    assert (found.status, found.verdicts()) == (1, {"criado": 1, "rejeitado": 1})
    work = only_work()
    assert (work.author_ids[0], len(work.author_ids), work.editora.nome) == (
        author.pk, 2, "Garnier",
    )  # fmt: skip
    assert "987" in found.kept[0]["motivo"]


def test_queries_do_not_grow_with_the_batch(load, settings):
    def lines(numbers):
        from stdnum import ean

        rows = []
        for number in numbers:
            twelve = f"978{number:09d}"
            isbn = twelve + ean.calc_check_digit(twelve)
            rows.append(f"{isbn},Obra {number},Pessoa {number};Outra {number},Casa {number % 7},\n")
        return HEAD + "".join(rows)

    with CaptureQueriesContext(
        connection,
    ) as few:
        load(lines(range(1, 20)))
    with CaptureQueriesContext(connection) as many:
        load(lines(range(20, 400)))
    assert len(many) <= len(few) + 6
    assert Obra.objects.count() == 399
    with CaptureQueriesContext(connection) as again:
        assert load(lines(range(20, 400))).verdicts() == {"igual": 380}
    assert len(again) <= 40


def test_ids_and_links_survive_many_rows(load):
    rows = "".join(
        f",Obra {number},Autor {number % 50},Casa {number % 9},\n" for number in range(2500)
    )
    assert load(HEAD + rows).verdicts() == {"criado": 2500}
    for work in Obra.objects.select_related("editora").order_by("?")[:50]:
        number = int(work.titulo.split()[1])
        assert [author.nome for author in work.autores.all()] == [f"Autor {number % 50}"]
        assert work.editora.nome == f"Casa {number % 9}"
        entry = HistoryEntry.of(work).get()
        assert entry.depois == work.state()
        assert entry.versao == work.versao
    assert Identificador.objects.count() == 0


def test_what_no_json_column_takes_is_kept_as_text(load):
    head = '{"titulo": "%s", "editora": null, "foto": "", "autores": [], "nota": %s}\n'
    deep = "[" * 300 + "1" + "]" * 300
    number = "1" + "0" * 40
    file = head % ("Um", number) + head % ("Dois", deep) + head % ("", f"-{number}")
    loaded = load(file, name="fundo.jsonl")
    assert loaded.verdicts() == {"criado": 2, "rejeitado": 1}
    kept = list(BatchItem.objects.order_by("pk").values_list("bruto", flat=True))
    assert (kept[0]["nota"], kept[2]["nota"]) == (number, f"-{number}")
    assert "…" in json.dumps(kept[1], ensure_ascii=False)
