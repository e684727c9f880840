"""Exports by processes of their own: one state of the catalogue, and whole files or none."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from biblioteca.tests.databases import empty_database
from biblioteca.tests.servers import ROOT
from biblioteca.tests.test_moving import Place, sqlite_url

pytestmark = pytest.mark.redis

WORKS = 6000
# One work renamed, two deleted, an author and a publisher renamed, one work new: all behind what
# the export has read.
CHANGE = """
from autores.models import Autor
from biblioteca.records import writing
from obras.models import Obra
last = Obra.objects.order_by("-pk")[:4]
writing.update(last[0], {"titulo": "Renomeada"})
writing.update(Autor.objects.get(pk=last[1].author_ids[0]), {"nome": "Renomeado"})
writing.update(last[1].editora, {"nome": "Renomeada"})
writing.delete(last[2])
writing.delete(Obra.objects.order_by("pk")[5000])
writing.create(Obra(), {"titulo": "Nova", "foto": "", "editora_id": None, "autores": []})
"""


def start(place, *arguments, temporary="/tmp", **options):
    return subprocess.Popen(
        [sys.executable, "manage.py", "exportar", *arguments], cwd=ROOT, stderr=subprocess.PIPE,
        env=place.environment | {"TMPDIR": str(temporary)}, preexec_fn=hear_interrupts, **options,
    )  # fmt: skip


def hear_interrupts():
    """A test run in the background is deaf to Ctrl-C, and so would be what it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("generated"))
    place.run("migrate", "-v0")
    place.run("gerar", "--obras", str(WORKS))
    return place


@pytest.mark.parametrize("engine", ["SQLite", "MariaDB", "PostgreSQL"])
def test_one_state_of_the_catalogue(engine, generated, tmp_path):
    with ExitStack() as stack:
        url = "" if engine == "SQLite" else stack.enter_context(empty_database(engine))
        place = Place(tmp_path / "place", url)
        generated.run("mover_banco", "--para", url or sqlite_url(place))
        place.run("exportar", str(tmp_path / "before.jsonl"))
        # Nobody reads the pipe: the export stands still where it is full.
        process = start(place, "-", "--formato", "jsonl", stdout=subprocess.PIPE)
        first = process.stdout.readline()
        place.run("shell", "-c", CHANGE)
        rest = process.stdout.read()
        said = process.communicate(timeout=120)[1]
        assert process.returncode == 0, said
        assert first + rest == (tmp_path / "before.jsonl").read_bytes()
        ids = [json.loads(line)["id"] for line in (first + rest).splitlines()]
        assert ids == sorted(set(ids))
        assert len(ids) == WORKS
        place.run("exportar", str(tmp_path / "after.jsonl"))
        after = (tmp_path / "after.jsonl").read_text(encoding="utf-8")
        assert len(after.splitlines()) == WORKS - 1
        assert all(f'"{name}"' in after for name in ("Renomeada", "Renomeado", "Nova"))


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_killed_in_the_middle(ending, name, generated, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    directory = tmp_path / "exports"
    directory.mkdir()
    target = directory / f"obras.{ending}"
    target.write_bytes(b"old")
    process = start(generated, str(target), temporary=temporary)
    try:
        wait_until(
            lambda: (
                size_of_open_file(process.pid, directory) > 0
                or (ending == "xlsx" and any(file.stat().st_size for file in temporary.iterdir()))
            )
        )
        process.send_signal(getattr(signal, name))
        process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == (-9 if name == "SIGKILL" else 2)
    assert [file.name for file in directory.iterdir()] == [target.name]
    assert target.read_bytes() == b"old"
    if name != "SIGKILL":
        assert not any(temporary.iterdir())


def wait_until(condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def size_of_open_file(pid, directory):
    """The bytes in the file that a process has open in a directory; 0 when there is none yet."""
    links = f"/proc/{pid}/fd"
    try:
        for link in os.listdir(links):
            if os.readlink(f"{links}/{link}").startswith(str(directory)):
                return os.stat(f"{links}/{link}").st_size
    except FileNotFoundError:
        pass
    return 0


def test_a_reader_that_goes_away(generated):
    process = start(generated, "-", "--formato", "csv", stdout=subprocess.PIPE)
    assert process.stdout.readline().startswith(b"\xef\xbb\xbfid,")
    process.stdout.close()
    said = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 2
    assert said.count("\n") == 1


def test_a_pipe_stays_a_pipe(generated, tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    process = start(generated, str(pipe))
    with pipe.open("rb") as file:
        assert file.read().count(b"\r\n") == WORKS + 1
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert pipe.is_fifo()
