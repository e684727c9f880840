"""Loads from the browser with real servers and workers: killed, doubled, in memory."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from biblioteca.tests.databases import empty_database
from biblioteca.tests.faults.loads import Shop, undisturbed_table
from biblioteca.tests.servers import ROOT, environment_for, serving

pytestmark = pytest.mark.served

HELD_SECONDS = "3"
SECONDS = 90
WORKS = 9_000  # three transactions: killed behind the first, and behind the second


class Editor:
    """Somebody who loads files in a browser without scripts."""

    def __init__(self, address, directory):
        self.address, self.browser = address, requests.Session()
        self.browser.headers["Accept-Language"] = "pt-BR"
        password = (directory / "editor_password").read_text()
        self.post("login/?next=/admin/", username="editora", password=password)

    def get(self, path):
        answer = self.browser.get(f"{self.address}/admin/{path}", timeout=30)
        answer.raise_for_status()
        return answer

    def post(self, path, files=None, **fields):
        if "csrftoken" not in self.browser.cookies:
            self.get("login/")
        fields["csrfmiddlewaretoken"] = self.browser.cookies["csrftoken"]
        answer = self.browser.post(
            f"{self.address}/admin/{path}", data=fields, files=files, timeout=120
        )
        answer.raise_for_status()
        return answer

    def send(self, table):
        """Send a file and return the number of the load."""
        with table.open("rb") as file:
            page = self.post("cargas/nova/", files={"arquivos": file}, recurso="obras")
        return re.search(r"/admin/cargas/(\d+)/$", page.url)[1]

    def state(self, number):
        return self.get(f"cargas/{number}/andamento/").json()["estado"]

    def wait(self, number, *states):
        deadline = time.monotonic() + SECONDS
        while (state := self.state(number)) not in states:
            came_to_nothing = state in ("falhou", "interrompido")
            late = time.monotonic() > deadline
            assert not came_to_nothing, self.get(f"cargas/{number}/").text
            assert not late, state
            time.sleep(0.1)
        return state

    def counts(self, number):
        page = self.get(f"cargas/{number}/").text
        return [int(n.replace(",", "")) for n in re.findall(r"<dd>([\d,]+)</dd>", page)[:9]]

    def rejects(self, number):
        return self.get(f"cargas/{number}/rejeitados.csv").content


@contextmanager
def worker(directory, log, **environment):
    """Run a worker of our own beside the server."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "trabalhar"], cwd=ROOT, stdout=output, stderr=output,
            env=environment_for(directory, **environment),
        )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A table, and what loading it by command comes to."""
    return undisturbed_table(tmp_path_factory.mktemp("alone"), WORKS)


@contextmanager
def office(engine, directory):
    """Give the environment of a server on an engine, and what is to be known of it."""
    with ExitStack() as stack:
        url = f"sqlite:///{directory}/biblioteca.sqlite3"
        if engine == "MariaDB":
            url = stack.enter_context(empty_database(engine))
        environment = {"DATABASE_URL": url, "LOADS_HELD_SECONDS": HELD_SECONDS}
        address = stack.enter_context(serving(directory, "--vazio", worker=True, **environment))
        yield Editor(address, directory), Shop(directory, url), environment


def children_of(pid):
    """Return the processes that ``pid`` started."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def process_of(address):
    """Return the process id of the server at ``address``."""
    port = address.rpartition(":")[2]
    found = subprocess.run(
        ["pgrep", "-f", f"servir --porta {port}"], capture_output=True, text=True, check=True
    )
    return int(found.stdout.split()[0])


def own_worker(address):
    """Return the process id of the worker that the server at ``address`` started."""
    server = process_of(address)
    deadline = time.monotonic() + SECONDS
    while not (children := children_of(server)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return children[0]


@pytest.mark.parametrize("engine", ["SQLite", "MariaDB"])
def test_uploaded_checked_confirmed_killed_and_finished(engine, alone, tmp_path):
    """The worker is killed twice in the middle, and two more run beside it."""
    table, undisturbed = alone
    with office(engine, tmp_path) as (editor, shop, environment):
        log = tmp_path / "worker.log"
        with ExitStack() as stack:
            others = [stack.enter_context(worker(tmp_path, log, **environment)) for _ in "ab"]
            number = editor.send(table)
            editor.wait(number, "simulado")
            simulated = editor.counts(number)
            assert editor.rejects(number) == undisturbed.rejects
            assert shop.fingerprint()["obras"] == 0
            editor.post(f"cargas/{number}/confirmar/")
            for works in (1000, 5000):
                wait_for_works(editor, works)
                # As a machine does that loses its power.
                for pid in (*(process.pid for process in others), own_worker(editor.address)):
                    os.kill(pid, signal.SIGKILL)
            editor.wait(number, "concluido")
        assert shop.fingerprint() == undisturbed.catalogue
        assert editor.counts(number) == simulated
        assert editor.rejects(number) == undisturbed.rejects
        page = editor.get(f"cargas/{number}/registros/").text
        assert len(re.findall(r"/admin/obras/obra/\d+/change/", page)) == 100
        editor.post(f"cargas/{number}/desfazer/", modo="recusar")
        editor.wait(number, "desfeito")
        assert shop.fingerprint()["obras"] == 0


def wait_for_works(editor, number):
    deadline = time.monotonic() + SECONDS
    while (works := works_of(editor)) < number:
        assert time.monotonic() < deadline, works
        time.sleep(0.05)


def works_of(editor):
    return requests.get(f"{editor.address}/obras/?page_size=1", timeout=30).json()["count"]


def test_in_memory_the_queue_is_worked_through_too(alone, tmp_path):
    table, _undisturbed = alone
    with serving(tmp_path, "--memoria", "--vazio", worker=True) as address:
        editor = Editor(address, tmp_path)
        number = editor.send(table)
        editor.wait(number, "simulado")
        editor.post(f"cargas/{number}/confirmar/")
        seen = set()
        while editor.state(number) != "concluido":
            seen.add(works_of(editor))
        assert works_of(editor) == editor.counts(number)[1]
        # Requests are answered between two batches of records.
        assert seen - {0, works_of(editor)}, seen
        assert not list(tmp_path.glob("cargas*"))


def test_a_server_whose_worker_runs_elsewhere_starts_none(tmp_path):
    with serving(tmp_path, "--vazio", worker=False) as address:
        time.sleep(1)
        assert children_of(process_of(address)) == []


def test_the_worker_ends_with_its_server(tmp_path):
    with serving(tmp_path, "--vazio", worker=True) as address:
        child = own_worker(address)
        server = int(Path(f"/proc/{child}/stat").read_text().split()[3])
        os.kill(server, signal.SIGKILL)
        deadline = time.monotonic() + SECONDS
        while os.path.exists(f"/proc/{child}"):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_longer_files_than_the_service_takes_are_refused_in_words(tmp_path):
    table = tmp_path / "obras.csv"
    table.write_bytes(b"titulo\n" + b"x" * 17 * 1024 * 1024)
    with serving(tmp_path, "--vazio", worker=True, UPLOAD_MAX_MB="16") as address:
        editor = Editor(address, tmp_path)
        with table.open("rb") as file:
            page = editor.post("cargas/nova/", files={"arquivos": file}, recurso="obras")
        assert "no máximo 16 MB" in page.text or "at most 16 MB are" in page.text
        assert not list((tmp_path / "uploads").glob("*"))
    with serving(tmp_path, "--vazio", worker=True, UPLOAD_MAX_MB="32") as address:
        editor = Editor(address, tmp_path)
        with table.open("rb") as file:
            page = editor.post("cargas/nova/", files={"arquivos": file}, recurso="obras")
        assert re.search(r"/admin/cargas/\d+/$", page.url)
