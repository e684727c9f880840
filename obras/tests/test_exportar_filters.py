"""``exportar`` takes the filters of the API, finds the same, and names what is no value."""

import json

import pytest
from django.core.management import CommandError, call_command

from autores.tests.factories import AutorFactory
from biblioteca.api.tests.contract import Api
from editoras.tests.factories import EditoraFactory
from obras.models import Obra
from obras.tests.factories import ObraFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(client):
    return Api(client)


@pytest.fixture
def shelf(api):
    """Works that the filters tell apart."""
    first, second = AutorFactory(nome="Machado de Assis"), AutorFactory(nome="Eça")
    house = EditoraFactory(nome="Garnier")
    for number in range(30):
        ObraFactory(
            titulo=f"{'Água' if number % 3 else 'agua'} {30 - number}",
            editora=house if number % 2 else None,
            autores=[first, second] if number % 5 else [],
        )
    numbered = Obra.objects.order_by("pk")[3]
    api("PUT", f"/obras/{numbered.pk}/identificadores/", [
        {"esquema": "isbn", "valor": "9788535910636"}])  # fmt: skip
    return {
        "autor": first.pk,
        "editora": house.pk,
        "ids": f"{numbered.pk},99999999,{numbered.pk + 1}",
    }


QUERIES = [
    ({}, 30),
    ({"ordering": "-id"}, 30),
    ({"ordering": "titulo"}, 30),
    ({"ordering": "-titulo", "search": "agua"}, 30),
    ({"search": "machado 1"}, 9),
    ({"search": "ÁGUA GARNIER", "editora": "{editora}"}, 15),
    ({"search": "..."}, 0),
    ({"search": ""}, 0),
    ({"search": "978-85-359-1063-6"}, 1),
    ({"editora": "null", "ordering": "titulo"}, 15),
    ({"editora": "{editora}"}, 15),
    ({"editora": "99999999999999999999999"}, 0),
    ({"autor": "{autor}", "ordering": "-titulo"}, 24),
    ({"identificador": "isbn:85-359-1063-8"}, 1),
    ({"id": "{ids}", "ordering": "-id"}, 2),
]


@pytest.mark.parametrize(("query", "number"), QUERIES)
def test_the_filters_are_those_of_the_api(query, number, shelf, api, export, monkeypatch):
    monkeypatch.setattr("obras.management.commands.exportar.BATCH", 7)
    query = {name: value.format(**shelf) for name, value in query.items()}
    listed = []
    params = "&".join(f"{name}={value}" for name, value in query.items())
    address = f"/obras/?page_size=9&{params}"
    while address:
        answer = api("GET", address).json()
        listed += [row["id"] for row in answer["results"]]
        address = answer["next"] and answer["next"].removeprefix("http://testserver")
    assert len(listed) == number
    options = [f"--{name}={value}" for name, value in query.items()]
    text = export("o.jsonl", *options).read_text(encoding="utf-8")
    assert [json.loads(line)["id"] for line in text.splitlines()] == listed


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--editora=abc"], "--editora=abc"),
        (["--autor=null"], "--autor=null"),
        (["--identificador=isbn:1"], "--identificador=isbn:1"),
        (["--id=1,x"], "--id=1,x"),
        (["--id=" + "1," * 200 + "1"], "--id=1,1"),
        (["--ordering=nome"], "--ordering=nome"),
        (["--autor=1", "--autor=2"], "--autor=2"),
        (["--recurso=autores", "--editora=1"], "--editora=1"),
        (["--recurso=autores", "--formato=marc"], "marc"),
    ],
)
def test_bad_values_are_named_and_nothing_is_written(options, said, tmp_path):
    path = tmp_path / "o.csv"
    with pytest.raises(CommandError) as refusal:
        call_command("exportar", str(path), *options)
    assert said in str(refusal.value)
    assert refusal.value.returncode == 2
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["obras.pdf", "-", "obras"])
def test_a_name_that_says_no_format(name):
    with pytest.raises(CommandError, match="--formato") as refusal:
        call_command("exportar", name)
    assert refusal.value.returncode == 2
