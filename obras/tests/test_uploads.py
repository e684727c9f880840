"""Pictures through the API: forms and data URLs."""

import base64
import io

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test.client import MULTIPART_CONTENT, encode_multipart
from PIL import Image

from biblioteca.api.tests.contract import Api, assert_problem
from biblioteca.records.models import HistoryEntry
from obras.models import Obra
from obras.tests.factories import ObraFactory

pytestmark = pytest.mark.django_db

BOUNDARY = "BoUnDaRyStRiNg"


@pytest.fixture
def api(client):
    return Api(client)


def png(colour="red"):
    file = io.BytesIO()
    Image.new("RGB", (20, 30), colour).save(file, "PNG")
    return file.getvalue()


def form(client, method, path, fields):
    """Send a multipart form."""
    data = encode_multipart(BOUNDARY, fields)
    return client.generic(method, path, data, content_type=MULTIPART_CONTENT)


def test_form_with_a_file(client, api):
    work = ObraFactory()
    first, second = work.author_ids
    photo = SimpleUploadedFile("../../evil.php", png(), content_type="text/x-php")
    response = form(
        client,
        "POST",
        "/obras/",
        {"titulo": "Com capa", "editora": "", "autores": [second, first], "foto": photo},
    )
    assert response.status_code == 201, response.content
    body = response.json()
    assert (body["editora"], body["autores"]) == (None, [second, first])
    assert body["foto"].startswith("/media/fotos/")
    shown = client.get(body["foto"])
    assert shown["Content-Type"] == "image/png"
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in shown["Cache-Control"]
    assert b"".join(shown.streaming_content)[:4] == b"\x89PNG"
    again = api("PUT", f"/obras/{body['id']}", body)
    assert (again.status_code, again["ETag"]) == (200, response["ETag"])


def test_form_edges(client, api):
    work = ObraFactory()
    response = form(client, "PATCH", f"/obras/{work.pk}", {"autores": ""})
    assert response.json()["autores"] == []
    response = form(client, "PATCH", f"/obras/{work.pk}", {"titulo": "Só o título"})
    assert response.json()["editora"] == work.editora_id
    response = form(client, "PATCH", f"/obras/{work.pk}", {"titulo": ["a", "b"]})
    assert_problem(response, 400, "invalid", {"titulo": "repeated"})
    response = form(client, "PATCH", f"/obras/{work.pk}", {"titulo": SimpleUploadedFile("a", b"b")})
    assert_problem(response, 400, "invalid", {"titulo": "invalid"})
    response = form(client, "PUT", f"/obras/{work.pk}", {"titulo": "x"})
    fields = dict.fromkeys(("editora", "foto", "autores"), "required")
    assert_problem(response, 400, "invalid", fields)


def test_data_url(api):
    text = "data:image/png;base64," + base64.b64encode(png()).decode()
    body = api("POST", "/autores/", {"nome": "Com retrato", "foto": text}).json()
    assert body["foto"].startswith("/media/fotos/")
    other = api("POST", "/editoras/", {"nome": "O mesmo", "foto": body["foto"]}).json()
    assert other["foto"] == body["foto"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "null"), (1, "invalid"), ([], "invalid"), ({}, "invalid"), (False, "invalid"),
        ("javascript:alert(1)", "scheme_not_allowed"), ("a b", "invalid_character"),
        ("data:image/png;base64,AAAA", "picture_format"), ("x" * 2001, "max_length"),
        ("data:image/png;base64,%", "picture_data_url"), ("//host", "invalid_reference"),
    ],
)  # fmt: skip
def test_bad_pictures_write_nothing(api, value, code):
    response = api("POST", "/autores/", {"nome": "x", "foto": value})
    assert_problem(response, 400, "invalid", {"foto": code})
    assert not HistoryEntry.objects.exists()


def test_a_picture_of_a_refused_request_is_not_stored(client):
    fields = {"titulo": "", "editora": "", "autores": "", "foto": SimpleUploadedFile("a", png())}
    assert form(client, "POST", "/obras/", fields).status_code == 400
    assert not Obra.objects.exists()
    assert not default_storage.exists("fotos")


def test_oversized_body_is_413(client):
    response = client.generic(
        "POST", "/obras/", b"{}", content_type="application/json", CONTENT_LENGTH=str(2**24 + 1)
    )
    assert_problem(response, 413, "too_large")


def test_limpar_fotos_keeps_what_a_record_or_history_names(client, api, capsys):
    def upload(method, path, colour):
        file = SimpleUploadedFile("a", png(colour))
        return form(client, method, path, {"nome": "x", "foto": file}).json()

    author = upload("POST", "/autores/", "red")
    replaced = upload("PUT", f"/autores/{author['id']}", "blue")
    orphan = "fotos/00/" + "0" * 64 + ".png"
    default_storage.save(orphan, io.BytesIO(png()))
    call_command("limpar_fotos")
    assert default_storage.exists(orphan)
    call_command("limpar_fotos", idade=0, simular=True)
    assert default_storage.exists(orphan)
    call_command("limpar_fotos", idade=0)
    assert not default_storage.exists(orphan)
    for url in (author["foto"], replaced["foto"]):
        assert default_storage.exists(url.removeprefix("/media/"))
    assert "1" in capsys.readouterr().out
