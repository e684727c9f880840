"""Many clients at once, quick and slow ones, on bare sockets."""

import asyncio
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from urllib.parse import urlsplit


@dataclass
class Crowd:
    """What the clients met."""

    statuses: Counter = field(default_factory=Counter)
    codes: Counter = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    broken: int = 0
    without_retry: int = 0

    @property
    def p99(self) -> float:
        """The 99th percentile of the answers' times, in seconds."""
        return statistics.quantiles(self.seconds, n=100)[98]

    def __str__(self) -> str:
        return (
            f"answers {dict(self.codes)}, {self.broken} connections broken, "
            f"p99 {self.p99 * 1000:.0f} ms"
        )


def ask_in_crowd(
    server: str, path: Callable[[], str], clients: int, seconds: float = 0.0, number: int = 0
) -> Crowd:
    """Let ``clients`` ask for ``seconds``, or until ``number`` answers came, each in a loop."""
    crowd = Crowd()
    address = urlsplit(server)
    end = time.monotonic() + seconds

    def goes_on() -> bool:
        return sum(crowd.statuses.values()) < number if number else time.monotonic() < end

    async def client() -> None:
        reader = writer = None
        while goes_on():
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection(address.hostname, address.port)
                assert reader
                started = time.monotonic()
                head = f"GET {path()} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n"
                writer.write(head.encode())
                status, headers, body = await read_answer(reader)
            except (OSError, asyncio.IncompleteReadError):
                crowd.broken += 1
                await leave(writer)
                writer = None
                continue
            crowd.statuses[status] += 1
            crowd.codes[str(status) if status < 400 else json.loads(body)["code"]] += 1
            crowd.seconds.append(time.monotonic() - started)
            crowd.without_retry += status == 503 and "retry-after" not in headers
        await leave(writer)

    async def everybody() -> None:
        await asyncio.gather(*(client() for _ in range(clients)))

    asyncio.run(everybody())
    return crowd


async def leave(writer: asyncio.StreamWriter | None) -> None:
    """Close a connection, if there is one."""
    if writer is not None:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Read one answer; return its status, headers and body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    parts = (line.lower().partition(":") for line in lines)
    headers = {name: value.strip() for name, _colon, value in parts}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return int(first.split()[1]), headers, body


@contextmanager
def slow_clients(server: str, number: int) -> Iterator[None]:
    """Keep ``number`` clients sending a POST, a byte a second."""
    address, stop = urlsplit(server), Event()

    async def client() -> None:
        _reader, writer = await asyncio.open_connection(address.hostname, address.port)
        head = f"POST /obras/ HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 1000\r\n\r\n"
        writer.write(head.encode())
        while not stop.is_set():
            writer.write(b"{")
            await asyncio.sleep(1)
        await leave(writer)

    async def everybody() -> None:
        await asyncio.gather(*(client() for _ in range(number)))

    thread = Thread(target=lambda: asyncio.run(everybody()))
    thread.start()
    time.sleep(1)
    try:
        yield
    finally:
        stop.set()
        thread.join()
