"""``Idempotency-Key``, within one process and across several."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
import requests
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from autores.models import Autor
from autores.tests.factories import AutorFactory
from biblioteca.api.tests.contract import Api, assert_problem
from biblioteca.records.models import IdempotencyKey
from biblioteca.tests.servers import ROOT, environment_for, free_port, serving, wait_until_ready
from obras.models import Obra
from obras.tests.test_uploads import form, png


@pytest.mark.django_db
class TestInOneProcess:
    @pytest.fixture(autouse=True)
    def _set_up(self, client):
        self.api = Api(client)

    def test_the_same_key_and_body_is_the_first_answer_again(self):
        body = {"nome": "Só uma vez", "foto": ""}
        first = self.api("POST", "/autores/", body, idempotency_key="k1")
        self.api("PATCH", f"/autores/{first.json()['id']}", {"nome": "Outro"})
        again = self.api("POST", "/autores", dict(reversed(body.items())), idempotency_key="k1")
        assert (again.status_code, again.json()) == (201, first.json())
        assert (again["Location"], again["ETag"]) == (first["Location"], first["ETag"])
        assert Autor.objects.count() == 1

    def test_another_body_or_route_is_422(self):
        self.api("POST", "/autores/", {"nome": "Um"}, idempotency_key="k1")
        for path, body in (("/autores/", {"nome": "Dois"}), ("/editoras/", {"nome": "Um"})):
            response = self.api("POST", path, body, idempotency_key="k1")
            assert_problem(response, 422, "idempotency_key_reused")
        assert Autor.objects.count() == 1

    def test_a_refused_request_gives_its_key_back(self):
        refused = self.api("POST", "/autores/", {"nome": ""}, idempotency_key="k1")
        assert refused.status_code == 400
        created = self.api("POST", "/autores/", {"nome": "Certo"}, idempotency_key="k1")
        assert created.status_code == 201

    def test_a_key_left_without_an_answer_does_not_block(self):
        IdempotencyKey.objects.create(chamador="anônimo", chave="k1", resumo="x")
        created = self.api("POST", "/autores/", {"nome": "Depois"}, idempotency_key="k1")
        assert created.status_code == 201
        again = self.api("POST", "/autores/", {"nome": "Depois"}, idempotency_key="k1")
        assert again.json() == created.json()

    def test_keys_are_kept_for_a_day(self):
        body = {"nome": "Um"}
        first = self.api("POST", "/autores/", body, idempotency_key="k1").json()
        old = timezone.now() - timedelta(hours=25)
        IdempotencyKey.objects.update(criada=old)
        second = self.api("POST", "/autores/", body, idempotency_key="k1").json()
        assert second["id"] != first["id"]
        assert IdempotencyKey.objects.count() == 1

    @pytest.mark.parametrize("key", ["", "x" * 256, "é"])
    def test_bad_keys(self, key):
        response = self.api("POST", "/autores/", {"nome": "Um"}, idempotency_key=key)
        assert_problem(response, 400, "invalid", {"Idempotency-Key": "invalid_key"})
        assert not Autor.objects.exists()

    def test_forms_are_the_same_whatever_their_boundary(self, client, monkeypatch):
        author = AutorFactory()
        answers = []
        for boundary in ("first", "second"):
            monkeypatch.setattr("obras.tests.test_uploads.BOUNDARY", boundary)
            fields = {
                "titulo": "Com capa", "editora": "", "autores": [author.pk],
                "foto": SimpleUploadedFile("a.png", png()),
            }  # fmt: skip
            client.defaults["HTTP_IDEMPOTENCY_KEY"] = "k2"
            monkeypatch.setattr(
                "obras.tests.test_uploads.MULTIPART_CONTENT",
                f"multipart/form-data; boundary={boundary}",
            )
            answers.append(form(client, "POST", "/obras/", fields))
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()
        assert Obra.objects.count() == 1


@pytest.mark.served
def test_twenty_at_once_in_two_processes_make_one(tmp_path):
    answers = []

    def post(address):
        while True:
            answer = requests.post(
                f"{address}/autores/", json={"nome": "Uma"}, headers={"Idempotency-Key": "k"}
            )
            if answer.status_code != 409:
                answers.append((answer.status_code, answer.json()["id"]))
                return
            assert answer.json()["code"] == "idempotency_key_running"

    with serving(tmp_path, "--vazio") as first:
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "biblioteca.asgi:application"]
        second = subprocess.Popen(
            [*command, "--port", str(port), "--log-level", "warning"],
            cwd=ROOT, env=environment_for(tmp_path),
        )  # fmt: skip
        try:
            other = f"http://127.0.0.1:{port}"
            wait_until_ready(second, other, tmp_path / "server.log")
            threads = [
                threading.Thread(target=post, args=(address,)) for address in [first, other] * 10
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert requests.get(f"{first}/autores/").json()["count"] == 1
        finally:
            second.terminate()
            second.wait()
    assert len(answers) == 20
    assert set(answers) == {(201, answers[0][1])}


KILLED_AFTER_COMMIT = """
import os, signal
from biblioteca.asgi import application
from biblioteca.api import viewsets
write = viewsets.CatalogueViewSet.write
def write_and_die(self, work):
    write(self, work)
    os.kill(os.getpid(), signal.SIGKILL)
viewsets.CatalogueViewSet.write = write_and_die
"""


@pytest.mark.served
def test_killed_between_commit_and_answer_then_retried_makes_one(tmp_path):
    (tmp_path / "dying.py").write_text(KILLED_AFTER_COMMIT)
    request = {"json": {"nome": "Uma"}, "headers": {"Idempotency-Key": "k"}}
    with serving(tmp_path, "--vazio") as address:
        port = free_port()
        environment = environment_for(tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
        dying = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "dying:application", "--port", str(port)],
            cwd=ROOT, env=environment, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until_ready(dying, f"http://127.0.0.1:{port}", tmp_path / "server.log")
        with pytest.raises(requests.ConnectionError):
            requests.post(f"http://127.0.0.1:{port}/autores/", **request)
        assert dying.wait() == -signal.SIGKILL
        again = requests.post(f"{address}/autores/", **request)
        assert again.status_code == 201
        page = requests.get(f"{address}/autores/").json()
        assert (page["count"], page["results"][0]["id"]) == (1, again.json()["id"])
