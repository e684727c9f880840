"""A load from the browser is carried out by one worker at a time, whatever happens to it."""

import shutil
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_tasks_db.compat import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from biblioteca.loading import background, uploads
from biblioteca.loading.holding import Holding, HoldLostError
from biblioteca.loading.models import Batch, BatchItem, Upload
from obras.models import Obra
from obras.tests.sending import batch, file_of, kept_files, rejects, send, state, work

pytestmark = pytest.mark.django_db(transaction=True)


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
