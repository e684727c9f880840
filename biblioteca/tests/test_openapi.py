"""The committed OpenAPI document: current, and true of every operation and status it names."""

import json
from pathlib import Path

import pytest
import yaml
from django.conf import settings as project
from django.core.management import call_command

from autores.models import Autor
from autores.tests.factories import AutorFactory
from biblioteca.api.schema import FROM_GATEWAY
from biblioteca.api.tests.statuses import Operation
from biblioteca.gateway.kong.rendering import lua
from biblioteca.records import merging
from editoras.tests.factories import EditoraFactory
from obras.tests.factories import ObraFactory

DOCUMENT = Path(project.BASE_DIR) / "biblioteca" / "api" / "openapi.yaml"
CONTRACT = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))


def merged():
    """Return a merge of two authors."""
    return merging.merge(Autor, AutorFactory().pk, [AutorFactory().pk])


FACTORIES = {
    "obras": ObraFactory,
    "autores": AutorFactory,
    "editoras": EditoraFactory,
    "fusoes": merged,
}
CASES = [
    (method.upper(), path, int(status))
    for path, operations in CONTRACT["paths"].items()
    for method, operation in operations.items()
    for status in operation["responses"]
    if int(status) not in FROM_GATEWAY
]


def new_body(resource):
    """Return a complete body for a resource."""
    if resource == "identificadores":
        return [{"esquema": "isbn", "valor": "978-85-359-1063-6"}]
    if resource == "fusoes":
        return {}
    if resource in ("autores/fundir", "editoras/fundir"):
        name = resource.partition("/")[0]
        return {name: [FACTORIES[name]().pk]}
    if resource != "obras":
        return {"nome": "Um nome", "foto": ""}
    author, publisher = AutorFactory().pk, EditoraFactory().pk
    return {"titulo": "Um título", "editora": publisher, "foto": "", "autores": [author]}


def test_the_committed_document_is_current(tmp_path, settings):
    settings.TRUST = "closed"
    written = tmp_path / "openapi.yaml"
    call_command("spectacular", file=str(written), validate=True, fail_on_warn=True)
    assert written.read_text() == DOCUMENT.read_text(), "make schema"


def test_every_route_of_the_contract_is_in_the_document():
    assert set(CONTRACT["paths"]) == {
        "/obras/", "/obras/{id}", "/obras/{id}/identificadores/",
        "/autores/", "/autores/{id}", "/autores/{id}/obras/",
        "/editoras/", "/editoras/{id}", "/editoras/{id}/obras/",
        "/autores/{id}/fundir", "/editoras/{id}/fundir",
        "/fusoes/", "/fusoes/{id}", "/fusoes/{id}/desfazer",
    }  # fmt: skip


def test_what_the_gateway_answers_is_documented_and_in_its_words():
    texts = lua("problem_header")
    for operations in CONTRACT["paths"].values():
        for operation in operations.values():
            for status in FROM_GATEWAY:
                assert str(status) in operation["responses"]
                assert f"[{status}] = " in texts


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path", "status"), CASES)
def test_every_status_named_can_be_met(method, path, status, client, settings, monkeypatch):
    resource = path.split("/")[1]
    body = "identificadores" if path.endswith("/identificadores/") else resource
    if path.endswith("/fundir"):
        body = f"{resource}/fundir"
    if (method, status) == ("POST", 409) and resource == "fusoes":
        target = path.replace("{id}", str(merged().pk))
        assert client.post(target, content_type="application/json").status_code == 200
        response = client.post(target, content_type="application/json")
    elif status == 308:
        model, factory = FACTORIES[resource]._meta.model, FACTORIES[resource]
        survivor, gone = factory().pk, factory().pk
        merging.merge(model, survivor, [gone])
        data = json.dumps(new_body(body)) if method != "GET" else ""
        target = path.replace("{id}", str(gone))
        response = client.generic(method, target, data, content_type="application/json")
        assert response["Location"].endswith(path.replace("{id}", str(survivor)))
    elif (method, status) == ("POST", 409):
        pytest.skip("met with a second process in test_idempotency")
    elif (method, status) == ("PUT", 409):
        for _ in range(2):
            target = path.replace("{id}", str(ObraFactory().pk))
            data = json.dumps(new_body(body))
            response = client.put(target, data, content_type="application/json")
    elif status == 409:
        work = ObraFactory()
        key = work.editora_id if resource == "editoras" else work.author_ids[0]
        response = client.generic(method, path.replace("{id}", str(key)))
    else:
        operation = Operation(client, method, path, FACTORIES[resource], lambda: new_body(body))
        response = operation.bring_about(status, settings, monkeypatch)
    assert response.status_code == status, response.content
    described = CONTRACT["paths"][path][method.lower()]["responses"][str(status)]
    media_types = list(described.get("content", {}))
    assert media_types == ([response["Content-Type"]] if response.content else [])
    if status >= 400:
        assert response.json()["status"] == status
    if status == 503:
        assert int(response["Retry-After"]) > 0
    if status == 401:
        assert response["WWW-Authenticate"].startswith("Bearer")
