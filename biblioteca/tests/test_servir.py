"""``manage.py servir`` as a newcomer starts it, and SQLite under writers and readers at once."""

import subprocess
import sys
import threading
import time

import pytest
import requests

from biblioteca.tests.servers import ROOT, environment_for, free_port, serving

pytestmark = pytest.mark.served

SECONDS = 5
WRITERS = READERS = 8


def run_servir(tmp_path, *arguments, **environment):
    """Run the command to its end and return what it said."""
    command = [sys.executable, "manage.py", "servir", *arguments]
    environment = environment_for(tmp_path, **environment)
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )


def test_demonstration_documentation_admin_and_root(tmp_path):
    with serving(tmp_path, worker=True, fresh=True) as address:
        page = requests.get(f"{address}/obras/?search=casmurro&expand=autores,editora").json()
        assert [work["titulo"] for work in page["results"]] == ["Dom Casmurro"]
        work = page["results"][0]
        assert work["autores"][0]["nome"] == "Machado de Assis"
        cover = requests.get(address + work["foto"])
        assert cover.headers["Content-Type"] == "image/jpeg"
        program = requests.get(f"{address}/")
        assert program.json()["obras"] == f"{address}/obras/"
        person = requests.get(f"{address}/", headers={"Accept": "text/html,*/*"})
        assert person.url == f"{address}/docs/"
        for path in ("/docs/", "/redoc/"):
            text = requests.get(address + path).text
            assert "https://" not in text.replace("https://www.w3.org", "")
            scripts = [part.split('"')[0] for part in text.split('src="')[1:]]
            assert scripts
            for script in scripts:
                assert requests.get(address + script).status_code == 200
        password = (tmp_path / "editor_password").read_text()
        assert (tmp_path / "editor_password").stat().st_mode & 0o777 == 0o600
        log = (tmp_path / "server.log").read_text()
        assert "MODO ABERTO" in log
        assert f"cat {tmp_path}/editor_password" in log
        browser = requests.Session()
        browser.get(f"{address}/admin/login/")
        fields = {
            "username": "editora",
            "password": password,
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }
        signed_in = browser.post(f"{address}/admin/login/?next=/admin/", data=fields)
        assert "/admin/obras/obra/" in signed_in.text
        requests.delete(f"{address}/obras/{work['id']}").raise_for_status()
    with serving(tmp_path, worker=True, fresh=True) as address:
        assert requests.get(f"{address}/obras/{work['id']}").status_code == 404


def test_in_memory_nothing_is_kept(tmp_path):
    with serving(tmp_path, "--memoria", worker=True, fresh=True) as address:
        first = requests.get(f"{address}/obras/").json()
        assert first["count"] > 200
        assert requests.get(address + first["results"][0]["foto"]).status_code == 200
        created = requests.post(f"{address}/autores/", json={"nome": "Passageira"})
        assert created.status_code == 201
    assert not (tmp_path / "biblioteca.sqlite3").exists()
    assert not (tmp_path / "media").exists()
    with serving(tmp_path, "--memoria", "--vazio") as address:
        assert requests.get(f"{address}/autores/").json()["count"] == 0


def test_a_port_in_use_is_one_clear_line(tmp_path):
    with serving(tmp_path, "--vazio", fresh=True) as address:
        result = run_servir(tmp_path, "--porta", address.rpartition(":")[2])
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "PORT=8001" in result.stderr


def test_other_machines_are_let_in_only_in_so_many_words(tmp_path):
    result = run_servir(tmp_path, "--host", "0.0.0.0", "--porta", str(free_port()))
    assert result.returncode == 1
    assert "TRUST=open" in result.stderr


def test_without_debug_or_trust_nothing_is_served(tmp_path):
    result = run_servir(tmp_path, DJANGO_DEBUG="0", DJANGO_SECRET_KEY="x")
    assert result.returncode == 1
    assert "TRUST=open" in result.stderr


@pytest.mark.parametrize("arguments", [("--vazio",), ("--vazio", "--memoria")])
def test_writers_and_readers_at_once(tmp_path, arguments):
    statuses, slowest, lock = [], {"read": 0.0, "write": 0.0}, threading.Lock()
    done = {"read": [], "write": []}

    def client(kind, number, address, stop):
        session, mine = requests.Session(), []
        while time.monotonic() < stop:
            started = time.monotonic()
            if kind == "write":
                name = f"Autor {number} {len(mine)}"
                answer = session.post(f"{address}/autores/", json={"nome": name}, timeout=30)
            else:
                answer = session.get(f"{address}/autores/?ordering=-id", timeout=30)
            mine.append((answer.status_code, time.monotonic() - started))
        with lock:
            statuses.extend(status for status, _seconds in mine)
            slowest[kind] = max([slowest[kind], *(seconds for _status, seconds in mine)])
            done[kind].append(len(mine))

    with serving(tmp_path, *arguments, worker=True, fresh=True) as address:
        stop = time.monotonic() + SECONDS
        threads = [
            threading.Thread(target=client, args=(kind, number, address, stop))
            for kind, count in (("write", WRITERS), ("read", READERS))
            for number in range(count)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stored = requests.get(f"{address}/autores/").json()["count"]
    assert set(statuses) == {200, 201}
    assert stored == sum(done["write"])
    # Nobody starves: the slowest client gets a fair part of what the others get.
    for kind, counts in done.items():
        assert len(counts) == 8
        assert min(counts) * 4 >= max(counts), (kind, counts)
    assert slowest["read"] < 5, slowest
