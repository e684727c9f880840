"""The whole stack but Kong and containers: two nodes, one Redis, one MariaDB, a hop with TLS."""

import re
import shutil
import threading
import time

import pytest
import requests

from biblioteca.tests.databases import empty_database
from biblioteca.tests.redis_server import RedisServer
from biblioteca.tests.servers import ROOT
from biblioteca.tests.stack import HOST, SECRET, stack

pytestmark = pytest.mark.redis
NEW_COLUMN = "    nota = models.CharField(max_length=50, null=True)\n\n"
SOURCES = ("manage.py", "biblioteca", "autores", "editoras", "obras", "deploy", "pyproject.toml")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Two nodes behind the hop."""
    directory = tmp_path_factory.mktemp("stack")
    redis_server = RedisServer(directory)
    with (
        empty_database("MariaDB") as url,
        stack(directory, DATABASE_URL=url, REDIS_URL=redis_server.url) as made,
    ):
        made.run("migrate", "-v0")
        made.run("collectstatic", "--no-input", "-v0")
        for _ in range(2):
            made.start_node()
        made.start_proxy()
        yield made
    redis_server.kill()


def direct(made, number):
    """A client of one node, as the hop is one."""
    session = requests.Session()
    session.headers.update({
        "X-Gateway-Secret": SECRET, "X-Consumer-Username": "c",
        "X-Authenticated-Scope": "catalogo:escrever",
    })  # fmt: skip
    return session, made.nodes[number].address


def test_a_write_on_one_node_is_read_on_the_other(running):
    (here, one), (there, two) = direct(running, 0), direct(running, 1)
    made = here.post(f"{one}/obras/", json={"titulo": "0", "editora": None, "autores": []}).json()
    for number in range(1, 101):
        item = f"/obras/{made['id']}"
        assert here.patch(one + item, json={"titulo": str(number)}).status_code == 200
        answer = there.get(two + item)
        assert answer.json()["titulo"] == str(number), answer.headers["Cache-Status"]
        here, one, there, two = there, two, here, one


def test_nobody_passes_the_hop(running):
    work = {"titulo": "x", "editora": None, "autores": []}
    for node in running.nodes:
        assert requests.get(f"{node.address}/obras/").status_code == 401
        forged = {"X-Consumer-Username": "c", "X-Authenticated-Scope": "catalogo:escrever"}
        assert requests.post(f"{node.address}/obras/", json=work, headers=forged).status_code == 401
    reader = running.client("catalogo:ler")
    assert reader.get(f"{running.url}/obras/").status_code == 200
    forged = {
        "X-Authenticated-Scope": "catalogo:escrever", "X_Authenticated_Scope": "catalogo:escrever",
        "X-Consumer-Groups": "catalogo:escrever", "X-Gateway-Secret": "x",
    }  # fmt: skip
    for headers in (forged, forged | {"Connection": "close, X-Gateway-Secret"}):
        assert reader.post(f"{running.url}/obras/", json=work, headers=headers).status_code == 403
    nobody = running.client(name="")
    assert nobody.get(f"{running.url}/obras/").status_code == 401
    assert nobody.get(f"{running.url}/obras/1").headers["WWW-Authenticate"].startswith("Bearer")


def test_links_are_those_of_the_hop(running):
    client = running.client()
    for number in range(3):
        answer = client.post(f"{running.url}/editoras/", json={"nome": f"Casa {number}"})
        assert answer.headers["Location"].startswith(f"https://{HOST}/editoras/")
    page = client.get(f"{running.url}/editoras/?page_size=1").json()
    assert page["next"].startswith(f"https://{HOST}/editoras/?")
    again = [client.get(f"{running.url}/editoras/?page_size=1") for _ in range(6)]
    assert any(answer.headers["Cache-Status"].endswith("hit") for answer in again)
    assert all(answer.json() == page for answer in again)


def test_an_editor_signs_in_and_saves_through_the_hop(running):
    running.environment["DJANGO_SUPERUSER_PASSWORD"] = "uma senha bem comprida"
    running.run("createsuperuser", "--no-input", "--username", "chefe", "--email", "c@example.org")
    editor = running.client(name="")
    origin = {"Origin": f"https://{HOST}", "Referer": f"https://{HOST}/admin/login/"}
    page = editor.get(f"{running.url}/admin/login/")
    assert all(cookie.secure for cookie in editor.cookies)
    # The address is 127.0.0.1 to the client, and the cookies are those of the host.
    form = {"csrfmiddlewaretoken": token_in(page.text), "username": "chefe",
            "password": "uma senha bem comprida", "next": "/admin/"}  # fmt: skip
    answer = editor.post(
        f"{running.url}/admin/login/", data=form, headers=origin, allow_redirects=False
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    page = editor.get(f"{running.url}/admin/editoras/editora/add/")
    form = {"csrfmiddlewaretoken": token_in(page.text), "nome": "Pelo admin", "foto": ""}
    add = f"{running.url}/admin/editoras/editora/add/"
    foreign = {"Origin": "https://evil.example", "Referer": "https://evil.example/"}
    assert editor.post(add, data=form, headers=foreign).status_code == 403
    assert editor.post(add, data=form, headers=origin, allow_redirects=False).status_code == 302
    found = running.client().get(f"{running.url}/editoras/?search=pelo+admin").json()
    assert found["count"] == 1


def token_in(text):
    return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text)[1]


class Load:
    """Writers and readers through the hop, who remember what was acknowledged."""

    def __init__(self, made, writers=3, readers=3):
        self.made, self.stop_now = made, threading.Event()
        self.acknowledged, self.reads, self.lock = [], [], threading.Lock()
        self.refused = []
        self.threads = [
            threading.Thread(target=work, args=(number,))
            for work, many in ((self.write, writers), (self.read, readers))
            for number in range(many)
        ]

    def client(self):
        """A client whose connections the hop may close at any time: it keeps none."""
        client = self.made.client()
        client.headers["Connection"] = "close"
        return client

    def write(self, number):
        client = self.client()
        while not self.stop_now.is_set():
            body = {"nome": f"Autor {number} {time.monotonic_ns()}"}
            try:
                answer = client.post(f"{self.made.url}/autores/", json=body, timeout=30)
            except requests.RequestException as error:
                with self.lock:
                    self.refused.append(repr(error))
                continue
            with self.lock:
                if answer.status_code == 201:
                    self.acknowledged.append(answer.json())
                else:
                    self.refused.append(f"{answer.status_code} {answer.text[:200]}")

    def read(self, _number):
        client = self.client()
        while not self.stop_now.is_set():
            try:
                status = client.get(f"{self.made.url}/autores/", timeout=30).status_code
            except requests.RequestException as error:
                status = repr(error)
            with self.lock:
                self.reads.append(status)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self.stop_now.set()
        for thread in self.threads:
            thread.join()

    def until(self, more):
        """Wait until so many more writes were acknowledged."""
        goal, deadline = len(self.acknowledged) + more, time.monotonic() + 60
        while len(self.acknowledged) < goal:
            assert time.monotonic() < deadline, (len(self.acknowledged), self.refused[-3:])
            time.sleep(0.02)

    def check_nothing_lost(self):
        client = self.made.client()
        for start in range(0, len(self.acknowledged), 100):
            wanted = {row["id"]: row for row in self.acknowledged[start : start + 100]}
            ids = ",".join(map(str, wanted))
            page = client.get(f"{self.made.url}/autores/?id={ids}&page_size=200").json()
            assert {row["id"]: row for row in page["results"]} == wanted


def test_a_node_killed_under_load_loses_nothing_acknowledged(running):
    port = running.nodes[0].port
    with Load(running) as load:
        load.until(20)
        running.nodes[0].kill()
        load.until(40)
        running.start_node(port)
        load.until(20)
    del running.nodes[0]
    load.check_nothing_lost()
    # nginx asks the other node when one does not answer a read; nothing else failed.
    assert set(load.reads) == {200}
    assert len(load.refused) <= 10, load.refused  # the writes that the dead node had begun


def newer_version(directory):
    """A copy of the product with one more column, as its next version could have it."""
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            skipped = shutil.ignore_patterns("__pycache__", "tests")
            shutil.copytree(source, directory / name, ignore=skipped)
        else:
            shutil.copy(source, directory / name)
    models = directory / "autores" / "models.py"
    text = models.read_text(encoding="utf-8")
    line = re.search(r"^class Autor\(.*?\n(?=    class Meta)", text, re.MULTILINE | re.DOTALL)
    models.write_text(
        text.replace(line[0], line[0] + NEW_COLUMN),
        encoding="utf-8",
    )  # fmt: skip
    return directory


def test_the_next_version_takes_over_while_both_serve(running, tmp_path):
    root = newer_version(tmp_path)
    with Load(running) as load:
        load.until(10)
        running.run("makemigrations", "autores", "--name", "nota", "-v0", root=root)
        running.run("migrate", "-v0", root=root)
        load.until(10)  # the old version on the new schema
        for node in list(running.nodes):
            running.nodes.remove(node)
            running.send_to(running.nodes)
            node.stop()
            running.start_node(node.port, root=root)
            running.send_to(running.nodes)
            load.until(10)
    load.check_nothing_lost()
    assert set(load.reads) == {200}
    assert load.refused == []
    for node in running.nodes:
        assert requests.get(f"{node.address}/health/ready").status_code == 200


def test_an_open_door_stops_the_start(tmp_path):
    for wrong, said in (
        ({"GATEWAY_SECRET": ""}, "E008"),
        ({"GATEWAY_SECRET": "changeme" * 8}, "E005"),
        ({"TRUST": "open", "GATEWAY_SECRET": ""}, "E001"),
        ({"DJANGO_ALLOWED_HOSTS": "*", "FORWARDED_ALLOW_IPS": "*"}, "E004"),
        ({"DJANGO_DEBUG": "1"}, "E002"),
    ):
        with stack(tmp_path, **wrong) as made, pytest.raises(AssertionError, match=said):
            made.start_node()
