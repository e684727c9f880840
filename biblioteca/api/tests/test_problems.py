"""Refusals outside the resources' own routes, with DEBUG on and off."""

import pytest

from biblioteca.api.tests.contract import assert_problem


@pytest.fixture(params=[False, True], ids=["production", "debug"])
def debug(request, settings):
    settings.DEBUG = request.param
    return request.param


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", "/nada", {}, 404, "not_found"),
        ("POST", "/nada/", {}, 404, "not_found"),
        ("GET", "/obras/1/nada", {}, 404, "not_found"),
        ("GET", "/obrasfoo", {}, 404, "not_found"),
        ("GET", "/media/fotos/00/x.png", {}, 404, "not_found"),
        ("GET", "/media/../manage.py", {}, 404, "not_found"),
        ("GET", "/static/nada.js", {}, 404, "not_found"),
        ("GET", "/obras/", {"host": "evil.example"}, 400, "bad_host"),
        ("GET", "/obras/", {"host": "a b"}, 400, "bad_host"),
        ("POST", "/", {}, 405, "method_not_allowed"),
    ],
)
def test_every_refusal_is_problem_json(client, debug, method, path, headers, status, code):
    response = client.generic(method, path, headers=headers)
    assert_problem(response, status, code)


@pytest.mark.django_db
def test_what_nobody_foresaw_is_a_problem_too(client, debug, monkeypatch, caplog):
    def fail(*_arguments):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("biblioteca.api.viewsets.CatalogueListView.represent", fail)
    client.raise_request_exception = False
    response = client.get("/obras/")
    body = assert_problem(response, 500, "internal_error")
    assert "secret" not in str(body)
    assert "secret detail" in caplog.text


def test_pages_keep_their_own_errors(client, db):
    response = client.get("/admin/nada/")
    assert "html" in response["Content-Type"] or response.status_code == 302
