"""Loads from the browser, without a browser: what each page shows, does, and asks for."""

import contextlib
import csv
import io
import shutil
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone, translation
from django_tasks_db.compat import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from autores.models import Autor
from biblioteca.loading import background, uploads
from biblioteca.loading.holding import Holding, HoldLostError
from biblioteca.loading.models import Batch, BatchItem, Catalogue, Upload
from biblioteca.loading.worker import QueueWorker
from biblioteca.records.models import HistoryEntry
from obras.models import Obra

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = """titulo,autores,editora,isbn
Dom Casmurro,"Assis, Machado de",Garnier,9788535910636
,Sem título,Garnier,
O Cortiço,Aluísio Azevedo,Garnier,9788535910637
Iracema,José de Alencar,,
"""
NEW = "/admin/cargas/nova/"


def file_of(text=TABLE, name="obras.csv"):
    return SimpleUploadedFile(name, text.encode())


def person(name, *permissions):
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="loading", codename__in=permissions)
    )
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


@pytest.fixture
def ana():
    # A test with real transactions is cleaned up by emptying every table.
    Catalogue.objects.get_or_create(defaults={"codigo": "biblioteca-teste"})
    return person("ana", "view_batch", "add_batch", "change_batch")


def send(client, *files, **fields):
    data = {"arquivos": list(files) or [file_of()], "recurso": "obras", **fields}
    return client.post(NEW, data)


def rejects(client):
    """Download what was not loaded."""
    with contextlib.closing(client.get(f"/admin/cargas/{batch().pk}/rejeitados.csv")) as answer:
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith("attachment")
        return answer.getvalue()


def work():
    """Have one worker go through the queue."""
    QueueWorker().turn()


def batch():
    return Batch.objects.get()


def state():
    return batch().estado


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


def kept_files():
    from pathlib import Path

    return list(Path(uploads.storage().location).rglob("*"))


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


# --- Held by one ----------------------------------------------------------------------------


def queued(ana):
    send(ana)
    background.confirm(batch())
    return batch().pk


def test_a_load_is_held_by_one_until_nothing_is_heard_of_it(ana, settings):
    key = queued(ana)
    first = Holding.take(key)
    assert Holding.take(key) is None
    assert background.carry_out(key) == "held"
    Upload.objects.update(sinal=timezone.now() - timedelta(seconds=settings.LOADS_HELD_SECONDS + 1))
    second = Holding.take(key)
    assert second is not None
    with pytest.raises(HoldLostError):
        first.check()
    second.check()
    first.release()
    assert Upload.objects.get().posse == second.token


def test_whoever_lost_a_load_writes_nothing_more(ana, monkeypatch):
    key = queued(ana)
    taken = Holding.check

    def robbed(self, **values):
        Upload.objects.filter(pk=self.key).update(posse="somebody else")
        taken(self, **values)

    monkeypatch.setattr(Holding, "check", robbed)
    assert background.carry_out(key) == "lost"
    assert not Obra.objects.exists()
    assert not BatchItem.objects.exists()
    assert state() == Batch.State.RUNNING


def test_work_of_a_dead_worker_is_queued_again(ana, settings):
    key = queued(ana)
    DBTaskResult.objects.update(status=TaskResultStatus.RUNNING)
    Holding.take(key)
    assert background.take_up_abandoned() == 0
    Upload.objects.update(sinal=timezone.now() - timedelta(seconds=settings.LOADS_HELD_SECONDS + 1))
    assert background.take_up_abandoned() == 1
    assert background.take_up_abandoned() == 0
    states = sorted(DBTaskResult.objects.values_list("status", flat=True))
    assert states == [TaskResultStatus.FAILED, TaskResultStatus.READY]
    work()
    assert state() == Batch.State.DONE
    assert Obra.objects.count() == 3


def test_a_load_that_ends_its_worker_again_and_again_is_given_up(ana):
    key = queued(ana)
    Upload.objects.update(tentativas=background.MOST_ATTEMPTS)
    assert background.carry_out(key) == "given up"
    assert state() == Batch.State.STOPPED
    assert "Go on where it stopped" in ana.get(f"/admin/cargas/{key}/").content.decode()
    ana.post(f"/admin/cargas/{key}/confirmar/")
    work()
    assert state() == Batch.State.DONE


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_load_goes_on_where_it_was_cut_off(ana, monkeypatch, after, tmp_path):
    """Nothing is written down twice, and the counts and rejected lines are those of one load."""
    monkeypatch.setattr("biblioteca.loading.pipeline.CHUNK", 1)
    rows = [f"Obra {n},Autora {n % 3},," if n % 2 else f",Ninguém {n},," for n in range(6)]
    send(ana, file_of("\n".join(["titulo,autores,editora,isbn", *rows])))
    expected = batch().contagens
    simulated = rejects(ana)
    background.confirm(batch())
    recorded = background.HeldRecorder.record
    calls = []

    def record(self, *arguments):
        if len(calls) == after:
            raise KeyboardInterrupt  # as the end of the process: nobody is told
        calls.append(1)
        recorded(self, *arguments)

    monkeypatch.setattr(background.HeldRecorder, "record", record)
    with pytest.raises(KeyboardInterrupt):
        background.carry_out(batch().pk)
    assert BatchItem.objects.count() == after
    monkeypatch.setattr(background.HeldRecorder, "record", recorded)
    Upload.objects.update(posse="")
    assert background.carry_out(batch().pk) == "done"
    assert batch().contagens == expected
    assert BatchItem.objects.count() == 6
    assert list(BatchItem.objects.order_by("pk").values_list("linha", flat=True)) == [*range(2, 8)]
    assert Obra.objects.count() == 3
    loaded = rejects(ana)
    assert loaded == simulated


def test_a_worker_that_is_told_to_stop_leaves_the_rest_to_the_next(ana, monkeypatch):
    monkeypatch.setattr("biblioteca.loading.pipeline.CHUNK", 1)
    key = queued(ana)
    DBTaskResult.objects.all().delete()
    background.stopping.set()
    try:
        assert background.carry_out(key) == "stopping"
    finally:
        background.stopping.clear()
    assert BatchItem.objects.count() == 1
    assert Upload.objects.get().posse == ""
    work()
    assert state() == Batch.State.DONE
    assert BatchItem.objects.count() == 4


def test_a_fault_of_our_own_ends_the_load_in_words(ana, monkeypatch):
    key = queued(ana)

    def broken(*_arguments):
        raise ZeroDivisionError

    monkeypatch.setattr(background, "load", broken)
    assert background.carry_out(key) == "failed"
    assert state() == Batch.State.STOPPED
    assert "unexpected" in batch().mensagem


def test_files_that_are_gone_are_said_to_be(ana):
    key = queued(ana)
    shutil.rmtree(uploads.storage().location)
    work()
    assert state() == Batch.State.STOPPED
    assert Upload.objects.get(pk=key).tentativas == 0


def test_old_files_are_removed(ana):
    send(ana)
    assert uploads.clean_up() == 0
    Upload.objects.update(sinal=timezone.now() - timedelta(days=uploads.KEPT_DAYS + 1))
    call_command("limpar_cargas", verbosity=0)
    assert not Batch.objects.exists()
    assert not any(path.is_file() for path in kept_files())


def test_the_queue_is_taken_exclusively():
    """The library's own step, on each engine: a task that was claimed is not found again."""
    from django_tasks_db.utils import exclusive_transaction

    background.see_to.enqueue(1)
    with exclusive_transaction():
        claimed = DBTaskResult.objects.ready().get_locked()
        claimed.claim("one")
    with exclusive_transaction():
        assert DBTaskResult.objects.ready().get_locked() is None
    assert not connection.in_atomic_block
