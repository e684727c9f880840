"""Loads in the background: the queue says that something is due, the state of the load says what.

A task does nothing but see to a load, and may come twice: the load is held by one process only
(:mod:`biblioteca.loading.holding`), and what was done already is not done again.
"""

import logging
import tempfile
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_tasks import task
from django_tasks.base import Task
from django_tasks_db.compat import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from biblioteca.loading import uploads
from biblioteca.loading.held_runs import HeldRecorder, SampledReport
from biblioteca.loading.holding import Holding, HoldLostError, stale_before
from biblioteca.loading.models import Batch, Held, Upload
from biblioteca.loading.options import LoadOptions, ReadingOptions
from biblioteca.loading.registry import writers
from biblioteca.loading.report import Report
from biblioteca.loading.runs import STOPPING, LoadRun, LoadStoppedError
from biblioteca.loading.source import UnreadableFileError
from biblioteca.loading.taking_back import take_back
from biblioteca.records.origins import Origin, writing_as
from biblioteca.records.undoing import OnEdited, UndoReport

logger = logging.getLogger(__name__)

State = Batch.State

# Up to so many bytes are looked through while somebody waits for the page.
AT_ONCE_BYTES = 1_000_000
# After so long in the queue somebody should look whether there is a worker.
LONG_IN_QUEUE = timedelta(seconds=15)
# A load that ended its worker so often is not begun again by itself.
MOST_ATTEMPTS = 5

CHECKING = (State.RECEIVED, State.SIMULATING)
LOADING = (State.QUEUED, State.RUNNING)
DUE = (*CHECKING, *LOADING, State.UNDOING)
# What can be taken back, and the loads that can go on.
UNDOABLE = (State.DONE, State.STOPPED)

OPTIONS = ("overwrite", "recreate", "by_id")


class WorkerStoppingError(Exception):
    """The worker was told to stop: the next one goes on."""


# Set when this process is to stop.
stopping = threading.Event()

# Called between two batches of records: where requests are answered by the thread that loads, they
# are answered here (manage.py servir --memoria).
give_way: Callable[[], object] = lambda: None  # noqa: E731 (replaced as a whole)


# --- Handing in --------------------------------------------------------------------------------


def receive(
    who: str,
    files: Iterable[File],
    *,
    resource: str = "",
    source: str = "",
    options: dict[str, bool],
    reading: dict[str, Any],
) -> Upload:
    """Keep ``files`` and write down that they are to be loaded; nothing is read yet."""
    kept = uploads.keep(files)
    with transaction.atomic():
        batch = Batch.objects.create(
            quem=who[:200], estado=State.RECEIVED, recurso=resource, fonte=source,
            arquivos=[{"nome": file["nome"], "bytes": file["bytes"]} for file in kept],
            opcoes={name: True for name, value in options.items() if value},
        )  # fmt: skip
        return Upload.objects.create(
            lote=batch, arquivos=kept, pedido={**reading, "idioma": translation.get_language()}
        )


def move(batch: Batch, before: Iterable[str], after: str) -> bool:
    """Bring a load that nobody works on from one state to another; False if it is elsewhere."""
    rows = Batch.objects.filter(pk=batch.pk, estado__in=list(before))
    return bool(rows.update(estado=after))


def confirm(batch: Batch) -> bool:
    """Have a load carried out that was simulated, or stopped before its end."""
    with transaction.atomic():
        moved = move(batch, [State.SIMULATED, State.STOPPED], State.QUEUED)
        if moved:
            Upload.objects.filter(pk=batch.pk).update(tentativas=0)
            enqueue(batch.pk)
    return moved


def undo(batch: Batch, on_edited: OnEdited, who: str) -> bool:
    """Have a load taken back."""
    with transaction.atomic():
        before = Batch.objects.select_for_update().get(pk=batch.pk).estado
        moved = before in UNDOABLE and move(batch, [before], State.UNDOING)
        if moved:
            upload, _created = Upload.objects.get_or_create(lote=batch)
            upload.pedido |= {"desfazer": str(on_edited), "desfeito_por": who, "antes": before}
            upload.relatorio.pop("desfazer", None)
            upload.tentativas = 0
            upload.save(update_fields=["pedido", "relatorio", "tentativas"])
            enqueue(batch.pk)
    return moved


def discard(batch: Batch) -> bool:
    """Forget a load of which nothing was written, and its files."""
    nothing_written = (State.RECEIVED, State.SIMULATED, State.FAILED)
    upload = Upload.objects.filter(pk=batch.pk, posse="").first()
    if upload is None or batch.estado not in nothing_written:
        return False
    gone, _rows = Batch.objects.filter(pk=batch.pk, estado=batch.estado, itens=None).delete()
    if gone:
        uploads.remove_all(upload)
    return bool(gone)


# --- The queue ---------------------------------------------------------------------------------


@task()
def see_to(key: int) -> str:
    """Do what is due for the load ``key``; the task of the queue."""
    return carry_out(key)


def enqueue(key: int) -> None:
    """Have somebody see to the load ``key``."""
    put_in_queue(Upload.objects.get(pk=key), see_to)


def put_in_queue(work: Held, due: Task) -> None:
    """Queue a task for ``work``, and remember which."""
    result = due.enqueue(work.pk)
    rows = type(work)._default_manager.filter(pk=work.pk)
    rows.update(tarefa=str(result.id), sinal=timezone.now())


# What is due of each kind of work, and the task that sees to it.
_kinds: list[tuple[Callable[[], QuerySet], Task]] = [
    (lambda: Upload.objects.filter(lote__estado__in=DUE), see_to)
]


def register_work(due: Callable[[], QuerySet], see_to_it: Task) -> None:
    """Have the workers look after another kind of work, too."""
    _kinds.append((due, see_to_it))


def take_up_abandoned() -> int:
    """Queue once more what nobody works on although it is due; return how much that is.

    The library leaves tasks of a worker that died under way for ever.
    """
    found = 0
    for due, see_to_it in _kinds:
        for work in due().filter(sinal__lt=stale_before()):
            own = DBTaskResult.objects.filter(pk__in=[work.tarefa] if work.tarefa else [])
            if own.filter(status=TaskResultStatus.READY).exists():
                continue  # its turn comes
            unchanged = type(work)._default_manager.filter(pk=work.pk, sinal=work.sinal)
            if unchanged.update(sinal=timezone.now(), posse=""):
                own.filter(status=TaskResultStatus.RUNNING).update(
                    status=TaskResultStatus.FAILED, finished_at=timezone.now()
                )
                put_in_queue(work, see_to_it)
                found += 1
    return found


# --- The work ----------------------------------------------------------------------------------


def carry_out(key: int) -> str:
    """Do what is due for the load ``key``, if nobody else does; return what became of it."""
    holding = Holding.take(key)
    if holding is None:
        return "held"
    upload = Upload.objects.select_related("lote").get(pk=key)
    batch = upload.lote
    steps: dict[str, Callable[[Upload, Holding], None]] = {
        **dict.fromkeys(CHECKING, simulate),
        **dict.fromkeys(LOADING, load),
        State.UNDOING: take_it_back,
    }
    step = steps.get(batch.estado)
    if step is None:
        holding.release()
        return "nothing due"
    if upload.tentativas > MOST_ATTEMPTS:
        end(upload, holding, _("It ended the worker %d times.") % MOST_ATTEMPTS)
        return "given up"
    language = upload.pedido.get("idioma") or translation.get_language()
    try:
        with translation.override(language), holding.beating():
            step(upload, holding)
    except HoldLostError:
        return "lost"
    except WorkerStoppingError:
        holding.release(tentativas=0)
        enqueue(key)
        return "stopping"
    except STOPPING as error:
        # The database or the cache is away: who looks for what was left finds it.
        logger.warning("Load %d is left for later: %s", key, error)
        return "later"
    except Exception:
        logger.exception("Load %d failed", key)
        with translation.override(language):
            end(upload, holding, _("Something unexpected happened; the log of the service has it."))
        return "failed"
    holding.release(tentativas=0)
    return "done"


def end(upload: Upload, holding: Holding, message: str, **values: Any) -> None:
    """Write down that nothing more comes of it, and why."""
    before = upload.lote.estado
    after = {State.UNDOING: upload.pedido.get("antes", State.DONE)}.get(before)  # type: ignore[call-overload]
    if after is None:
        after = State.FAILED if before in CHECKING else State.STOPPED
    with transaction.atomic():
        holding.check(tentativas=0, posse="")
        Batch.objects.filter(pk=upload.pk).update(estado=after, mensagem=message, **values)


def told(holding: Holding) -> Callable[[str, int, int | None, int], None]:
    """Return what a run tells how far it is. It raises when this process is to stop working."""

    def tell(name: str, position: int, size: int | None, read: int) -> None:
        if stopping.is_set():
            raise WorkerStoppingError
        holding.note(name, position, size, read)
        if not connection.in_atomic_block:
            give_way()

    return tell


def run_of(upload: Upload, holding: Holding, report: Report, *, simulate: bool) -> LoadRun:
    """Return the run that does what was asked for."""
    batch, asked = upload.lote, upload.pedido
    reading = ReadingOptions(
        format=asked.get("formato") or None,
        resource=batch.recurso or None,
        source=batch.fonte or None,
        mapping=dict(asked.get("mapear", {})),
    )
    options = LoadOptions(
        simulate=simulate, **{name: bool(batch.opcoes.get(name)) for name in OPTIONS}
    )
    return LoadRun(writers(), reading, options, report, batch.quem, told(holding))


def simulate(upload: Upload, holding: Holding) -> None:
    """See what would come of the files; nothing of it stays but the report."""
    move(upload.lote, CHECKING, State.SIMULATING)
    with tempfile.TemporaryDirectory(prefix="carga-") as directory:
        report = SampledReport(Path(directory, uploads.REJECTS))
        run = run_of(upload, holding, report, simulate=True)
        try:
            with uploads.local_files(upload) as paths:
                run.load(paths)
        except (UnreadableFileError, LoadStoppedError) as error:
            end(upload, holding, reason_of(error, upload))
            return
        except FileNotFoundError:
            end(upload, holding, _("The files are not there any more."))
            return
        finally:
            report.close()
        key = uploads.keep_rejects(upload, Path(directory, uploads.REJECTS))
    found = {"amostras": report.samples, "contagens": report.counts}
    with transaction.atomic():
        holding.check(relatorio=found, rejeitados=key, tentativas=0)
        Batch.objects.filter(pk=upload.pk).update(
            estado=State.SIMULATED, contagens=report.counts, mensagem="",
            formato=", ".join(dict.fromkeys(run.formats)), arquivos=run.files,
        )  # fmt: skip
    uploads.remove([upload.rejeitados] if upload.rejeitados != key else [])


def load(upload: Upload, holding: Holding) -> None:
    """Load the files, or what an attempt before this one left of them."""
    batch = upload.lote
    if move(batch, LOADING, State.RUNNING):
        batch.estado = State.RUNNING
    with tempfile.TemporaryDirectory(prefix="carga-") as directory:
        report = Report(Path(directory, uploads.REJECTS))
        run = run_of(upload, holding, report, simulate=False)
        run.batch = batch
        run.recorder = HeldRecorder(batch, holding, report)
        holding.first_read = report.read
        try:
            with uploads.local_files(upload) as paths:
                run.load(paths)
        except LoadStoppedError:
            return  # the recorder has written it down, or somebody takes it up again
        except UnreadableFileError as error:
            run.stopped(reason_of(error, upload))
            return
        except FileNotFoundError:
            end(upload, holding, _("The files are not there any more."))
            return
        finally:
            report.close()
    uploads.remove_files(upload)


def reason_of(error: Exception, upload: Upload) -> str:
    """Return why a file cannot be read, without the folders in which it is kept."""
    text = str(error)
    for kept in upload.arquivos:
        path = uploads.own_path(kept["chave"])
        text = text.replace(str(path or kept["chave"]), kept["nome"])
    return text


def take_it_back(upload: Upload, holding: Holding) -> None:
    """Undo what the load did."""
    batch, asked = upload.lote, upload.pedido
    who = asked.get("desfeito_por", "")
    tell = told(holding)
    with writing_as(Origin(who, "admin", f"desfazer {batch.pk}")):
        report = take_back(
            batch, OnEdited(asked["desfazer"]), who, lambda done: tell("", done, None, done)
        )
    undone = report.finished and not report.refused
    with transaction.atomic():
        holding.check(relatorio=upload.relatorio | {"desfazer": as_dict(report)}, tentativas=0)
        if not undone:
            move(batch, [State.UNDOING], asked.get("antes", State.DONE))


def as_dict(report: UndoReport) -> dict[str, Any]:
    """Return what an undoing did, for its page."""
    return {
        "recusado": report.refused,
        "entradas": report.entries,
        "excluidos": report.deleted,
        "alterados": report.changed,
        "restaurados": report.restored,
        "ficaram": [
            {"recurso": row.resource, "id": row.key, "nome": row.name, "motivo": str(row.reason)}
            for row in report.stayed[:100]
        ],
        "ficaram_ao_todo": report.stayed_count,
    }


def recent() -> QuerySet[Batch]:
    """Return the loads, newest first, with what was uploaded."""
    return Batch.objects.select_related("envio").order_by("-pk")
