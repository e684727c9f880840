"""A fixed number of threads that take work from one queue, in order."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import Context
from queue import SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")

# What a thread calls with a result or an exception.
Deliver = Callable[[Any, BaseException | None], None]


class FixedPool:
    """``number`` threads, from the first task until the process ends.

    Not concurrent.futures' executor: its future, with a lock and a condition for each piece of
    work, and the chain from it to the event loop's take a tenth of an uncached read.
    """

    def __init__(self, number: int, name: str) -> None:
        self.queue: SimpleQueue[tuple[Callable[[], Any], Deliver] | None] = SimpleQueue()
        self.number, self.name = number, name
        self.threads: list[threading.Thread] = []
        self.lock = threading.Lock()

    def put(self, task: Callable[[], Any], deliver: Deliver) -> None:
        """Queue a task; the first one starts the threads, which no fork would survive."""
        if not self.threads:
            with self.lock:
                if not self.threads:
                    self.threads = [
                        threading.Thread(target=self.work, name=f"{self.name}_{n}", daemon=True)
                        for n in range(self.number)
                    ]
                    for thread in self.threads:
                        thread.start()
        self.queue.put((task, deliver))

    def work(self) -> None:
        """Do what comes, until the end comes."""
        while (item := self.queue.get()) is not None:
            task, deliver = item
            try:
                result = task()
            except BaseException as error:  # noqa: BLE001 (raised again where it is waited for)
                deliver(None, error)
            else:
                deliver(result, None)
            del item, task, deliver

    def give_way(self) -> None:
        """Do what waits, in between, for a long task of a pool with one thread; called by it."""
        for _waiting in range(self.queue.qsize()):
            item = self.queue.get()
            if item is None:
                self.queue.put(None)
                return
            task, deliver = item
            try:
                # Whose turn it was so far (language, who is writing) is nothing to these.
                result = Context().run(task)
            except BaseException as error:  # noqa: BLE001 (raised again where it is waited for)
                deliver(None, error)
            else:
                deliver(result, None)

    def submit(self, task: Callable[[], Result]) -> "asyncio.Future[Result]":
        """Queue ``task`` and return the running loop's future of its result.

        A future that is cancelled before a thread has taken the task keeps it from being done.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def unless_cancelled() -> Any:
            return None if future.cancelled() else task()

        def settle(result: Any, error: BaseException | None) -> None:
            if future.cancelled():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        def deliver(result: Any, error: BaseException | None) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, result, error)

        self.put(unless_cancelled, deliver)
        return future

    def run(self, task: Callable[[], Result]) -> Result:
        """Do ``task`` in one of the threads and return its result; not for the event loop."""
        future: Future[Any] = Future()

        def deliver(result: Any, error: BaseException | None) -> None:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.put(task, deliver)
        return future.result()

    def shutdown(self) -> None:
        """Finish what is queued and end the threads."""
        for _thread in self.threads:
            self.queue.put(None)
        for thread in self.threads:
            thread.join()
