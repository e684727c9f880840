"""The worker: the library's own loop, and what it leaves undone."""

import logging
import time
from types import FrameType

from django.db import DatabaseError, InterfaceError, connection
from django.utils.crypto import get_random_string
from django_tasks_db.compat import DEFAULT_TASK_BACKEND_ALIAS
from django_tasks_db.management.commands.db_worker import Worker

from biblioteca.loading import background, uploads

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
# Files that nobody needs any more are looked for this often.
CLEANING_SECONDS = 3600.0


class QueueWorker(Worker):
    """Works through the queue, turn after turn, until it is told to stop."""

    def __init__(self) -> None:
        super().__init__(
            queue_names=["*"], interval=PAUSE_SECONDS, batch=True,
            backend_name=DEFAULT_TASK_BACKEND_ALIAS, startup_delay=False, max_tasks=None,
            worker_id=get_random_string(32), excluded_queue_names=[],
        )  # fmt: skip
        self.cleaned = 0.0

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """Leave the load in hand to the next worker after its batch of records, and end."""
        background.stopping.set()
        super().shutdown(signum, frame)

    def run(self) -> None:
        """Take turns until told to stop."""
        while self.running:
            self.turn()
            if self.running:
                time.sleep(PAUSE_SECONDS)

    def turn(self) -> None:
        """Take up what others left, then do what is in the queue until it is empty.

        With the database away it is tried again in the next turn.
        """
        try:
            background.take_up_abandoned()
            super().run()
            if time.monotonic() - self.cleaned > CLEANING_SECONDS or not self.cleaned:
                uploads.clean_up()
                self.cleaned = time.monotonic()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The queue cannot be read now: %s", error)
            connection.close()
