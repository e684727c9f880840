"""Loads from the browser, without a browser: what each page shows, does, and asks for."""

import contextlib
import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import translation
from django_tasks_db.models import DBTaskResult

from autores.models import Autor
from biblioteca.loading import background, uploads
from biblioteca.loading.models import Batch, Upload
from biblioteca.records.models import HistoryEntry
from obras.models import Obra
from obras.tests.sending import (
    NEW,
    TABLE,
    batch,
    file_of,
    kept_files,
    person,
    rejects,
    send,
    state,
    work,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_small_file_is_looked_through_at_once_and_loaded_after_confirmation(ana):
    answer = send(ana, fonte="livraria")
    address = f"/admin/cargas/{batch().pk}/"
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert not Obra.objects.exists()
    assert not Autor.objects.exists()
    page = ana.get(address).content.decode()
    assert "What would come of it" in page
    assert "Nothing of it is in the catalogue yet." in page
    assert "Sem título" in page  # as the file has it
    assert "Undo the load" not in page
    assert state() == Batch.State.SIMULATED
    assert batch().contagens["rejeitado"] == 1
    assert batch().contagens["criado"] == 3

    assert ana.post(f"{address}confirmar/").status_code == 302
    assert state() == Batch.State.QUEUED
    assert "Waiting for its turn." in ana.get(address).content.decode()
    assert ana.get(f"{address}andamento/").json()["em_andamento"] is True
    assert not Obra.objects.exists()
    work()
    assert state() == Batch.State.DONE
    assert Obra.objects.count() == 3
    assert Obra.objects.get(titulo="Dom Casmurro").autores.get().nome == "Machado de Assis"
    entry = HistoryEntry.objects.filter(recurso="obras").first()
    assert (entry.quem, entry.porta, entry.origem) == ("ana", "carga", "obras.csv")
    assert entry.grupo == batch().group
    page = ana.get(address).content.decode()
    assert "What came of it" in page
    assert "Undo the load" in page
    listed = ana.get(f"{address}registros/").content.decode()
    work_id = Obra.objects.get(titulo="Iracema").pk
    assert f'href="/admin/obras/obra/{work_id}/change/">Iracema' in listed
    # The files are gone, the rejected line is not.
    upload = Upload.objects.get()
    assert upload.arquivos == []
    assert b"rejeitado" in rejects(ana)


def test_rejected_lines_are_those_of_the_command(ana, tmp_path, monkeypatch):
    table = tmp_path / "obras.csv"
    table.write_text(TABLE)
    by_command = tmp_path / "comando.csv"
    with pytest.raises(SystemExit), translation.override("en"):
        call_command("importar", str(table), rejeitados=by_command, simular=True)
    send(ana)
    simulated = rejects(ana)
    assert simulated == by_command.read_bytes()
    ana.post(f"/admin/cargas/{batch().pk}/confirmar/")
    work()
    loaded = rejects(ana)
    assert loaded == by_command.read_bytes()
    # Also when the file is gone, from what is written down of each record.
    uploads.remove_all(Upload.objects.get())
    anew = rejects(ana).decode()
    assert len(list(csv.reader(io.StringIO(anew)))) == 2
    assert "Sem título" in anew


def test_a_file_that_cannot_be_read_is_an_error_of_the_form(ana):
    answer = send(ana, file_of("isto,não,é\n1,2,3\n", "estranho.csv"))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "estranho.csv" in page
    assert str(uploads.storage().location) not in page
    assert not Batch.objects.exists()
    assert not any(path.is_file() for path in kept_files())


def test_rejected_lines_are_corrected_in_their_file_and_sent_again(ana):
    send(ana)
    corrected = rejects(ana).replace(b",,Sem", b",Com t\xc3\xadtulo,Sem")
    background.discard(batch())
    send(ana, SimpleUploadedFile("corrigidos.csv", corrected))
    background.confirm(batch())
    work()
    assert [work.titulo for work in Obra.objects.all()] == ["Com título"]


def test_forms_say_what_is_missing(ana):
    assert ana.post(NEW, {"recurso": "obras"}).status_code == 422
    assert "Choose at least one file." in ana.post(NEW, {"recurso": "obras"}).content.decode()
    page = send(ana, mapear="Obra").content.decode()
    assert "write column=field" in page
    assert "<details open>" in page
    assert send(ana, file_of("", "vazio.csv")).status_code == 422
    assert not Batch.objects.exists()


def test_longer_files_than_the_service_takes_are_refused_in_words(ana, settings):
    settings.UPLOAD_MAX_MB = 1
    long = SimpleUploadedFile("longo.csv", b"titulo\n" + b"x" * 1_100_000)
    answer = ana.post(NEW, {"arquivos": [long], "recurso": "obras"}, follow=True)
    assert "at most 1 MB are taken" in answer.content.decode()
    assert answer.redirect_chain == [(NEW, 303)]
    assert not Batch.objects.exists()


def test_the_service_takes_long_bodies_at_this_address_only(ana, settings):
    settings.REQUEST_MAX_BYTES = 1000
    assert send(ana, file_of(TABLE * 5)).status_code == 302
    refused = ana.post("/admin/cargas/1/confirmar/", {"x": "y" * 2000})
    assert refused.status_code == 413


def test_large_files_wait_for_a_worker(ana, monkeypatch):
    monkeypatch.setattr(background, "AT_ONCE_BYTES", 10)
    send(ana)
    assert state() == Batch.State.RECEIVED
    work()
    assert state() == Batch.State.SIMULATED
    ana.post(f"/admin/cargas/{batch().pk}/confirmar/")
    work()
    assert Obra.objects.count() == 3


def test_a_load_is_taken_back_unless_somebody_edited_it(ana):
    send(ana)
    address = f"/admin/cargas/{batch().pk}/"
    ana.post(f"{address}confirmar/")
    work()
    edited = Obra.objects.get(titulo="Iracema")
    Client().patch(f"/obras/{edited.pk}", {"titulo": "Iracema!"}, content_type="application/json")
    ana.post(f"{address}desfazer/", {"modo": "recusar"})
    assert state() == Batch.State.UNDOING
    work()
    assert state() == Batch.State.DONE
    assert Obra.objects.count() == 3
    assert "Nothing was undone" in ana.get(address).content.decode()
    ana.post(f"{address}desfazer/", {"modo": "pular"})
    work()
    assert state() == Batch.State.UNDONE
    assert [work.titulo for work in Obra.objects.all()] == ["Iracema!"]
    page = ana.get(address).content.decode()
    assert "edited since: title" in page
    assert "Undo the load</button>" not in page
    assert batch().desfeito_por == "ana"
    undone = HistoryEntry.objects.filter(acao=HistoryEntry.Action.DELETED).first()
    assert (undone.quem, undone.porta) == ("ana", "admin")


def test_a_load_by_command_is_shown_and_taken_back_too(ana, tmp_path):
    table = tmp_path / "obras.csv"
    table.write_text(TABLE)
    with pytest.raises(SystemExit):
        call_command("importar", str(table), rejeitados=tmp_path / "r.csv")
    address = f"/admin/cargas/{batch().pk}/"
    assert ana.get(address).status_code == 200
    assert b"Sem t" in rejects(ana)
    ana.post(f"{address}desfazer/", {"modo": "recusar"})
    work()
    assert state() == Batch.State.UNDONE
    assert not Obra.objects.exists()


def test_what_was_not_confirmed_is_discarded_with_its_files(ana):
    send(ana)
    assert ana.post(f"/admin/cargas/{batch().pk}/descartar/")["Location"] == "/admin/cargas/"
    assert not Batch.objects.exists()
    assert not any(path.is_file() for path in kept_files())


def test_confirming_twice_loads_once(ana):
    send(ana)
    address = f"/admin/cargas/{batch().pk}/confirmar/"
    ana.post(address)
    ana.post(address)
    assert DBTaskResult.objects.count() == 1
    work()
    again = ana.post(address, follow=True)
    assert "somebody has done it already" in again.content.decode()
    assert Obra.objects.count() == 3


# --- Who may --------------------------------------------------------------------------------


PAGES = {
    "get": {
        "": "view_batch", "nova/": "add_batch", "{pk}/": "view_batch",
        "{pk}/andamento/": "view_batch", "{pk}/registros/": "view_batch",
        "{pk}/rejeitados.csv": "view_batch",
    },
    "post": {
        "nova/": "add_batch", "{pk}/confirmar/": "add_batch", "{pk}/descartar/": "add_batch",
        "{pk}/desfazer/": "change_batch",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [(method, path, needed) for method, pages in PAGES.items() for path, needed in pages.items()],
)
def test_each_page_asks_for_its_permission(ana, method, path, needed):
    send(ana)
    before = Batch.objects.values().get()
    address = f"/admin/cargas/{path.format(pk=before['id'])}"
    others = {"view_batch", "add_batch", "change_batch"} - {needed}
    denied = getattr(person("bia", *others), method)(address)
    assert denied.status_code == 403
    signed_out = getattr(Client(), method)(address)
    assert signed_out["Location"].startswith("/admin/login/")
    assert Batch.objects.values().get() == before
    with contextlib.closing(getattr(person("caio", needed), method)(address)) as allowed:
        assert allowed.status_code in (200, 302, 422)


def test_the_other_method_is_refused(ana):
    send(ana)
    for path in ("confirmar", "descartar", "desfazer"):
        assert ana.get(f"/admin/cargas/{batch().pk}/{path}/").status_code == 405
