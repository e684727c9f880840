"""The worker that ``manage.py servir`` starts: a process beside it, or a thread of its own."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from biblioteca.loading import background
from biblioteca.loading.worker import PAUSE_SECONDS, QueueWorker
from biblioteca.serving.threads import FixedThreads

# A worker that ended by itself is started again after so long.
RESTART_SECONDS = 2.0
STOP_SECONDS = 15.0


@contextmanager
def worker_beside(threads: FixedThreads, *, in_memory: bool) -> Iterator[None]:
    """Have the queue worked through while the block runs.

    A database in memory belongs to the thread that answers requests: it works in that one, in
    turns, and answers what waits between two batches of records.
    """
    over = threading.Event()
    work: Callable[[], None] = (
        (lambda: take_turns(threads, over)) if in_memory else (lambda: keep_process(over))
    )
    thread = threading.Thread(target=work, name="worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        background.stopping.set()
        over.set()
        thread.join(STOP_SECONDS)


def take_turns(threads: FixedThreads, over: threading.Event) -> None:
    """Work through the queue in the thread that has the database."""
    worker = QueueWorker()
    background.give_way = threads.pool.give_way
    while not over.wait(PAUSE_SECONDS):
        threads.run(worker.turn)


def keep_process(over: threading.Event) -> None:
    """Keep a worker process running; it ends with this one, however this one ends."""
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "trabalhar"]
    while not over.is_set():
        # The worker reads its standard input, which is closed when this process is gone.
        process = subprocess.Popen([*command, "--com-entrada"], stdin=subprocess.PIPE)  # noqa: S603
        while process.poll() is None and not over.wait(0.2):
            pass
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        over.wait(RESTART_SECONDS)
