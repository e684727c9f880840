"""What nobody should send: each case its exact status and code, and nothing written."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import MULTIPART_CONTENT, encode_multipart

from biblioteca.api.pagination import Cursor
from biblioteca.api.tests.contract import assert_problem
from biblioteca.photos.tests.test_pictures import REAL
from biblioteca.records.models import HistoryEntry
from obras.models import Obra
from obras.tests.factories import ObraFactory

pytestmark = pytest.mark.django_db

JSON = "application/json"
ITEM = "/obras/{id}"
BIG = 2**63
WORK = '{"titulo": %s, "editora": null, "foto": "", "autores": []}'


def work(titulo='"x"', editora="null", foto='""', autores="[]"):
    """Return the text of a body of a work, each value as JSON."""
    return f'{{"titulo": {titulo}, "editora": {editora}, "foto": {foto}, "autores": {autores}}}'


BODIES = [
    # Each: name, body, content type, status, code, field.
    ("null", "null", JSON, 400, "invalid", ""),
    ("list", "[]", JSON, 400, "invalid", ""),
    ("string", '"x"', JSON, 400, "invalid", ""),
    ("number", "1", JSON, 400, "invalid", ""),
    ("true", "true", JSON, 400, "invalid", ""),
    ("cut", '{"titulo": "x', JSON, 400, "invalid_json", None),
    ("trailing comma", '{"titulo": "x",}', JSON, 400, "invalid_json", None),
    ("single quotes", "{'titulo': 'x'}", JSON, 400, "invalid_json", None),
    ("comment", '{"titulo": "x"} // y', JSON, 400, "invalid_json", None),
    ("two values", "{} {}", JSON, 400, "invalid_json", None),
    ("NaN", work(editora="NaN"), JSON, 400, "invalid_json", None),
    ("Infinity", work(editora="Infinity"), JSON, 400, "invalid_json", None),
    ("-Infinity", work(editora="-Infinity"), JSON, 400, "invalid_json", None),
    ("1e999", work(editora="1e999"), JSON, 400, "invalid", "editora"),
    ("a million digits", work(editora="9" * 1_000_000), JSON, 400, "invalid", "editora"),
    ("2^63", work(editora=str(BIG)), JSON, 400, "invalid", "editora"),
    ("-2^63", work(editora=str(-BIG)), JSON, 400, "invalid", "editora"),
    ("negative", work(editora="-1"), JSON, 400, "invalid", "editora"),
    ("zero", work(editora="0"), JSON, 400, "invalid", "editora"),
    ("float id", work(editora="1.0"), JSON, 400, "invalid", "editora"),
    ("boolean id", work(editora="true"), JSON, 400, "invalid", "editora"),
    ("object id", work(editora='{"id": 1}'), JSON, 400, "invalid", "editora"),
    ("list id", work(editora="[1]"), JSON, 400, "invalid", "editora"),
    ("spaced id", work(editora='" 1"'), JSON, 400, "invalid", "editora"),
    ("signed id", work(editora='"+1"'), JSON, 400, "invalid", "editora"),
    ("arabic digits", work(editora='"١"'), JSON, 400, "invalid", "editora"),
    ("long digits", work(editora='"' + "1" * 5000 + '"'), JSON, 400, "invalid", "editora"),
    ("authors null", work(autores="null"), JSON, 400, "invalid", "autores"),
    ("authors text", work(autores='"1,2"'), JSON, 400, "invalid", "autores"),
    ("authors object", work(autores="{}"), JSON, 400, "invalid", "autores"),
    ("authors nested", work(autores="[[1]]"), JSON, 400, "invalid", "autores[0]"),
    ("authors null inside", work(autores="[null]"), JSON, 400, "invalid", "autores[0]"),
    ("authors overflow", work(autores=f"[{BIG}]"), JSON, 400, "invalid", "autores[0]"),
    ("authors many", work(autores=json.dumps([1] * 1001)), JSON, 400, "invalid", "autores"),
    ("title null", work("null"), JSON, 400, "invalid", "titulo"),
    ("title number", work("1"), JSON, 400, "invalid", "titulo"),
    ("title list", work('["x"]'), JSON, 400, "invalid", "titulo"),
    ("title NUL", work('"a\\u0000b"'), JSON, 400, "invalid", "titulo"),
    ("title escape", work('"a\\u001bb"'), JSON, 400, "invalid", "titulo"),
    ("title C1", work('"a\\u0085\\u0086b"'), JSON, 400, "invalid", "titulo"),
    ("title high surrogate", work('"a\\ud800b"'), JSON, 400, "invalid", "titulo"),
    ("title low surrogate", work('"a\\udc00b"'), JSON, 400, "invalid", "titulo"),
    ("title noncharacter", work('"a\\ufffeb"'), JSON, 400, "invalid", "titulo"),
    ("title blank", work('" \\u3000\\t"'), JSON, 400, "invalid", "titulo"),
    ("title long", work(json.dumps("x" * 2001)), JSON, 400, "invalid", "titulo"),
    ("raw control", work('"a\nb"'), JSON, 400, "invalid_json", None),
    ("photo number", work(foto="1"), JSON, 400, "invalid", "foto"),
    ("photo null", work(foto="null"), JSON, 400, "invalid", "foto"),
    ("photo script", work(foto='"javascript:alert(1)"'), JSON, 400, "invalid", "foto"),
    ("photo file", work(foto='"file:///etc/passwd"'), JSON, 400, "invalid", "foto"),
    ("photo stored", work(foto='"arquivo:fotos/x"'), JSON, 400, "invalid", "foto"),
    ("photo html", work(foto='"data:text/html;base64,AAAA"'), JSON, 400, "invalid", "foto"),
    ("photo svg", work(foto='"data:image/svg+xml;base64,PHN2Zz4="'), JSON, 400, "invalid", "foto"),
    ("photo bad base64", work(foto='"data:image/png;base64,@@@"'), JSON, 400, "invalid", "foto"),
    ("photo empty", work(foto='"data:image/png;base64,"'), JSON, 400, "invalid", "foto"),
    ("photo surrogate", work(foto='"\\ud800"'), JSON, 400, "invalid", "foto"),
    ("photo NUL", work(foto='"a\\u0000"'), JSON, 400, "invalid", "foto"),
    ("unknown key", '{"titulo": "x", "__proto__": 1}', JSON, 400, "invalid", "__proto__"),
    ("surrogate key", '{"\\ud800": 1}', JSON, 400, "invalid", None),
    ("duplicate key", '{"titulo": "x", "titulo": "y"}', JSON, 400, "duplicate_key", None),
    ("duplicate deep", work(autores='[{"a": 1, "a": 2}]'), JSON, 400, "duplicate_key", None),
    ("deep lists", "[" * 100_000, JSON, 400, "too_deep", None),
    ("deep objects", '{"a":' * 100_000, JSON, 400, "too_deep", None),
    ("deep behind a quote", '{"\\"": ' + "[" * 500, JSON, 400, "too_deep", None),
    ("bad UTF-8", b'{"titulo": "\xff\xfe"}', JSON, 400, "invalid_encoding", None),
    ("overlong UTF-8", b'{"titulo": "\xc0\xaf"}', JSON, 400, "invalid_encoding", None),
    ("UTF-8 surrogate", b'{"titulo": "\xed\xa0\x80"}', JSON, 400, "invalid_encoding", None),
    ("UTF-16", '{"titulo": "x"}'.encode("utf-16"), JSON, 400, "invalid_encoding", None),
    ("BOM", b"\xef\xbb\xbf{}", JSON, 400, "invalid_json", None),
    ("false charset", "{}", f"{JSON}; charset=latin-1", 415, "unsupported_media_type", None),
    ("no such charset", "{}", f"{JSON}; charset=nada", 415, "unsupported_media_type", None),
    ("form", "titulo=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type", None),
    ("XML", "<a/>", "application/xml", 415, "unsupported_media_type", None),
    ("text", "{}", "text/plain", 415, "unsupported_media_type", None),
    ("merge patch", "{}", "application/merge-patch+json", 415, "unsupported_media_type", None),
    ("nonsense type", "{}", ";;;", 415, "unsupported_media_type", None),
    ("no boundary", "x", "multipart/form-data", 400, "parse_error", None),
    ("empty form", "--b--\r\n", "multipart/form-data; boundary=b", 400, "empty_form", None),
    ("empty boundary", "x", "multipart/form-data; boundary=", 400, "parse_error", None),
]

PATHS = [
    # Each: method, path, status, code.
    ("GET", "/obras/%00", 404, "not_found"),
    ("GET", "/obras/%ff", 404, "not_found"),
    ("GET", "/obras/1%2f..", 404, "not_found"),
    ("GET", f"/obras/{BIG}", 404, "not_found"),
    ("GET", "/obras/" + "9" * 4000, 404, "not_found"),
    ("GET", "/obras/-1", 404, "not_found"),
    ("GET", "/obras/1.0", 404, "not_found"),
    ("GET", "/obras/1e3", 404, "not_found"),
    ("GET", "/obras/0x1", 404, "not_found"),
    ("GET", "/obras/null", 404, "not_found"),
    ("GET", "/autores/%00/obras/", 404, "not_found"),
    ("GET", "/obras/%F0%9F%93%9A", 404, "not_found"),
    ("GET", f"/obras/?id={BIG}", 200, None),
    ("GET", f"/obras/?editora={BIG}", 200, None),
    ("GET", f"/obras/?autor={'9' * 400}", 200, None),
    ("GET", "/obras/?search=%00", 200, None),
    ("GET", "/obras/?search=%ff%fe", 200, None),
    ("GET", "/obras/?search=" + "a+" * 1500, 200, None),
    ("GET", "/obras/?search=%2B-%3E%3C()~*%22@", 200, None),
    ("GET", "/obras/?editora=nada", 400, "invalid"),
    ("GET", "/obras/?editora=", 400, "invalid"),
    ("GET", "/obras/?autor=null", 400, "invalid"),
    ("GET", "/obras/?id=%00", 400, "invalid"),
    ("GET", "/obras/?page=1e9", 400, "invalid"),
    ("GET", f"/obras/?page={BIG}", 400, "invalid"),
    ("GET", "/obras/?page_size=%D9%A1", 400, "invalid"),
    ("GET", "/obras/?ordering=id,titulo", 400, "invalid"),
    ("GET", "/obras/?ordering=--id", 400, "invalid"),
    ("GET", "/obras/?ordering=editora__nome", 400, "invalid"),
    ("GET", "/obras/?editora__nome=x", 400, "invalid"),
    ("GET", "/obras/?expand=editora.obras", 400, "invalid"),
    ("GET", "/obras/?format=html", 400, "invalid"),
    ("GET", "/obras/?identificador=isbn:%00", 400, "invalid"),
    ("GET", "/obras/?cursor=" + "A" * 5000, 400, "invalid"),
    ("GET", "/obras/?cursor=%00", 400, "invalid"),
    ("POST", "/obras/?id=1", 400, "invalid"),
]


@pytest.fixture(params=[False, True], ids=["production", "debug"])
def unchanged(request, settings):
    """A work, with DEBUG off and on; nothing may have been written when the test is over."""
    settings.DEBUG = request.param
    record = ObraFactory()
    before = (HistoryEntry.objects.count(), list(Obra.objects.values()))
    yield record
    assert (HistoryEntry.objects.count(), list(Obra.objects.values())) == before


@pytest.mark.parametrize(
    ("body", "media_type", "status", "code", "field"),
    [pytest.param(*case[1:], id=case[0]) for case in BODIES],
)
def test_bodies(client, unchanged, body, media_type, status, code, field):
    content = body if isinstance(body, bytes) else body.encode()
    for method, path in (("POST", "/obras/"), ("PUT", ITEM)):
        path = path.replace("{id}", str(unchanged.pk))
        problem = assert_problem(
            client.generic(method, path, content, content_type=media_type), status, code
        )
        if field is not None:
            assert field in [error["field"] for error in problem["errors"]]


@pytest.mark.parametrize(("method", "path", "status", "code"), PATHS)
def test_paths_and_parameters(client, unchanged, method, path, status, code):
    response = client.generic(method, path, b"{}" if method == "POST" else b"", JSON)
    if code is None:
        assert response.status_code == status
    else:
        assert_problem(response, status, code)


def test_oversized(client, unchanged):
    for length in ("16777217", "9" * 30):
        response = client.generic("POST", "/obras/", b"{}", JSON, CONTENT_LENGTH=length)
        assert_problem(response, 413, "too_large")


def test_cursors_swapped_between_orders_and_forged(client, unchanged):
    good = Cursor("id", backwards=False, values=(1,)).encode()
    assert client.get("/obras/", {"cursor": good}).status_code == 200
    for cursor in (
        Cursor("titulo", backwards=False, values=(1,)).encode(),
        Cursor("id", backwards=False, values=()).encode(),
        Cursor("id", backwards=False, values=(1, 2)).encode(),
        good[:-1],
        good[1:],
        good.split(":")[0],
        good.upper(),
        good + "\x00",
    ):
        problem = assert_problem(client.get("/obras/", {"cursor": cursor}), 400, "invalid")
        assert problem["errors"][0]["code"] == "invalid_cursor"


def test_every_real_picture_is_stored_or_refused_in_words(client, shared_data):
    for file in sorted((shared_data / "images").iterdir()):
        photo = SimpleUploadedFile(file.name, file.read_bytes())
        data = encode_multipart("BoUnDaRyStRiNg", {"nome": file.name, "foto": photo})
        response = client.generic("POST", "/autores/", data, content_type=MULTIPART_CONTENT)
        expected = REAL[file.name].split("|")
        if " " in expected[0]:
            assert response.status_code == 201
            assert response.json()["foto"].endswith(f".{expected[0].split()[0]}")
        else:
            problem = assert_problem(response, 400, "invalid")
            assert problem["errors"][0]["code"] in expected
            assert problem["errors"][0]["detail"]
