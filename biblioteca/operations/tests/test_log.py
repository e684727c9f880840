"""What a line of the log says of the request that wrote it."""

import logging

import pytest

from biblioteca.gateway.callers import current_caller
from biblioteca.operations.requests import RequestIdFormatter
from biblioteca.records.origins import Origin, writing_as

SECRET = "s" * 40


def line():
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "hello", (), None)
    return RequestIdFormatter("[%(request_id)s %(caller)s] %(message)s").format(record)


@pytest.mark.django_db
def test_the_caller_stands_in_every_line_of_the_request(client, settings, monkeypatch):
    lines = []
    settings.GATEWAY_SECRETS = [SECRET]
    monkeypatch.setattr(
        "biblioteca.api.viewsets.CatalogueViewSet.list",
        lambda view, *_args, **_more: lines.append(line()) or view.http_method_not_allowed(view),
    )
    headers = {
        "X-Gateway-Secret": SECRET, "X-Consumer-Username": "livraria", "X-Request-Id": "abc",
        "X-Authenticated-Scope": "catalogo:ler",
    }  # fmt: skip
    client.raise_request_exception = False
    client.get("/obras/", headers=headers)
    assert lines == ["[abc livraria] hello"]
    assert current_caller.get() == "-"
    assert line() == "[- -] hello"


def test_an_editor_and_a_command_are_named_while_they_write():
    with writing_as(Origin("chefe", "admin")):
        assert line() == "[- chefe] hello"
