"""``manage.py lotes`` and ``manage.py desfazer``: a load taken back as one."""

import json

import pytest
from django.core.management import CommandError, call_command

from autores.models import Autor
from biblioteca.loading.models import Batch
from biblioteca.records import writing
from biblioteca.records.models import HistoryEntry, Identificador
from biblioteca.records.origins import Origin, writing_as
from editoras.models import Editora
from obras.models import Obra, ObraPalavra

pytestmark = pytest.mark.django_db

FIRST = (
    "isbn,titulo,autores,editora\n"
    "9788535910636,Dom Casmuro,Machado de Assis,Garnier\n"
    "9788525406958,Quincas Borba,Machado de Assis,Garnier\n"
)
SECOND = (
    "isbn,titulo,autores,editora\n"
    "9788535910636,Dom Casmurro,Machado de Assis;Outra Pessoa,Garnier\n"
    "9788525406958,Quincas Borba,Machado de Assis,Garnier\n"
    ",Helena,Machado de Assis,Lombaerts\n"
)


def whole():
    return {
        "obras": [work.state() for work in Obra.objects.order_by("pk")],
        "autores": sorted(Autor.objects.values_list("nome", flat=True)),
        "editoras": sorted(Editora.objects.values_list("nome", flat=True)),
        "identificadores": sorted(Identificador.objects.values_list("valor", flat=True)),
        "palavras": sorted(ObraPalavra.objects.values_list("palavra", flat=True)),
    }


def test_undoing_restores_counts_and_every_changed_field(load, capsys):
    load(FIRST)
    before = whole()
    second = load(SECOND)
    assert second.verdicts() == {"atualizado": 1, "igual": 1, "criado": 1}
    call_command("desfazer", str(second.batch))
    assert whole() == before
    assert "obras" in capsys.readouterr().out
    batch = Batch.objects.get(pk=second.batch)
    assert (batch.estado, bool(batch.desfeito_em)) == ("desfeito", True)
    call_command("desfazer", str(second.batch))
    assert whole() == before
    # The same file again brings back what was taken back: that was no deletion by a person.
    assert load(SECOND).verdicts() == {"atualizado": 1, "igual": 1, "criado": 1}


def test_a_first_load_taken_back_leaves_an_empty_catalogue(load):
    empty = whole()
    found = load(FIRST)
    call_command("desfazer", str(found.batch))
    assert whole() == empty
    assert load(FIRST).verdicts() == {"criado": 2}


def test_what_was_edited_since_is_refused_or_skipped(load):
    found = load(FIRST)
    edited = Obra.objects.get(titulo="Quincas Borba")
    with writing_as(Origin("ana", "admin")):
        writing.update(edited, {"titulo": "Quincas Borba, romance"})
    before, entries = whole(), HistoryEntry.objects.count()
    with pytest.raises(CommandError) as caught:
        call_command("desfazer", str(found.batch))
    assert caught.value.returncode == 1
    assert (whole(), HistoryEntry.objects.count()) == (before, entries)
    assert Batch.objects.get(pk=found.batch).estado == "concluido"
    call_command("desfazer", str(found.batch), "--se-editado", "pular")
    assert [work.titulo for work in Obra.objects.all()] == ["Quincas Borba, romance"]
    # What the work that stayed refers to stays too.
    assert (Autor.objects.count(), Editora.objects.count()) == (1, 1)


def test_other_edits_in_between_are_kept(load):
    load(FIRST)
    second = load(SECOND)
    work = Obra.objects.get(titulo="Dom Casmurro")
    with writing_as(Origin("ana", "admin")):
        writing.update(work, {"foto": "https://a.example/capa.jpg"})
    call_command("desfazer", str(second.batch), "--se-editado", "pular")
    work = Obra.objects.get(pk=work.pk)
    assert (work.titulo, work.foto) == ("Dom Casmuro", "https://a.example/capa.jpg")
    assert len(work.author_ids) == 1


def test_loads_are_listed(load, capsys):
    load(FIRST, "--fonte", "biblioteca-central")
    load(SECOND)
    capsys.readouterr()
    call_command("lotes")
    newest, oldest = capsys.readouterr().out.splitlines()
    assert "livros.csv" in oldest
    assert "criado 2" in oldest
    assert "atualizado 1" in newest
    call_command("lotes", "--json", "--ultimos", "1")
    (line,) = capsys.readouterr().out.splitlines()
    row = json.loads(line)
    assert (row["atualizado"], row["criado"], row["igual"]) == (1, 1, 1)
    assert len(row["arquivos"][0]["sha256"]) == 64


def test_a_load_that_is_not_there_is_named(load):
    with pytest.raises(CommandError) as caught:
        call_command("desfazer", "987")
    assert "987" in str(caught.value)
    assert caught.value.returncode == 2
