"""What only works have: expansion, filters, lists below authors and publishers."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from autores.tests.factories import AutorFactory
from biblioteca.api.tests.contract import UNKNOWN_ID, Api, assert_problem
from editoras.tests.factories import EditoraFactory
from obras.tests.factories import ObraFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(client):
    return Api(client)


def ids(response):
    return [row["id"] for row in response.json()["results"]]


def test_expand_replaces_ids_by_objects(api):
    work = ObraFactory(titulo="As Farpas")
    first, second = work.author_ids
    response = api("GET", f"/obras/{work.pk}?expand=editora,autores")
    assert response.json() == {
        "id": work.pk,
        "titulo": "As Farpas",
        "editora": {"id": work.editora_id, "nome": work.editora.nome, "foto": ""},
        "foto": "",
        "autores": [
            api("GET", f"/autores/{first}").json(),
            api("GET", f"/autores/{second}").json(),
        ],
    }
    page = api("GET", "/obras/?expand=autores,editora").json()
    assert page["results"] == [response.json()]
    only = api("GET", f"/obras/{work.pk}?expand=editora").json()
    assert only["autores"] == [first, second]


def test_expand_without_publisher_or_authors(api):
    work = ObraFactory(editora=None, autores=[])
    body = api("GET", f"/obras/{work.pk}?expand=editora,autores").json()
    assert (body["editora"], body["autores"]) == (None, [])


@pytest.mark.parametrize("value", ["", "nada", "autores,autores", "autores,"])
def test_bad_expand(api, value):
    assert_problem(
        api("GET", f"/obras/?expand={value}"), 400, "invalid", {"expand": "invalid_choice"}
    )


def test_the_tag_of_an_expanded_work_covers_what_is_expanded(api):
    work = ObraFactory()
    path = f"/obras/{work.pk}?expand=autores"
    tag = api("GET", path)["ETag"]
    assert api("GET", path, if_none_match=tag).status_code == 304
    api("PATCH", f"/autores/{work.author_ids[0]}", {"nome": "Outro nome"})
    assert api("GET", path, if_none_match=tag).status_code == 200
    refused = api("PATCH", f"/obras/{work.pk}", {"foto": "x"}, if_match=tag)
    assert_problem(refused, 412, "precondition_failed")


def test_number_of_queries_of_expanded_lists(api):
    for _ in range(25):
        ObraFactory()
    with CaptureQueriesContext(connection) as queries:
        api("GET", "/obras/?expand=autores,editora")
    assert len(queries) == 4


def test_works_of_an_author_and_of_a_publisher(api):
    work, other = ObraFactory(), ObraFactory()
    author, publisher = work.author_ids[1], work.editora_id
    for path in (
        f"/autores/{author}/obras/",
        f"/autores/{author}/obras",
        f"/editoras/{publisher}/obras/",
        f"/obras/?autor={author}",
        f"/obras/?editora={publisher}",
        f"/obras/?autor={author}&editora={publisher}",
    ):
        assert ids(api("GET", path)) == [work.pk]
    assert ids(api("GET", f"/obras/?autor={author}&editora={other.editora_id}")) == []
    assert ids(api("GET", f"/obras/?autor={UNKNOWN_ID}")) == []
    assert ids(api("GET", f"/obras/?editora={2**63}")) == []
    for path in (f"/autores/{UNKNOWN_ID}/obras/", "/editoras/x/obras/", f"/autores/{2**63}/obras"):
        assert_problem(api("GET", path), 404, "not_found")


def test_nested_lists_link_to_themselves(api):
    author = AutorFactory()
    for _ in range(3):
        ObraFactory(autores=[author])
    page = api("GET", f"/autores/{author.pk}/obras?page_size=2&expand=autores").json()
    assert page["next"].startswith(f"http://testserver/autores/{author.pk}/obras/?expand=autores&")
    rest = api("GET", page["next"].removeprefix("http://testserver")).json()
    assert len(rest["results"]) == 1
    assert rest["results"][0]["autores"][0]["id"] == author.pk


def test_search_looks_at_title_authors_and_publisher(api):
    work = ObraFactory(
        titulo="Memorial do Convento",
        autores=[AutorFactory(nome="José Saramago")],
        editora=EditoraFactory(nome="Caminho"),
    )
    for found in ("saramago", "memor", "jose convento", "CAMINHO sar", "memorial jose caminho"):
        assert ids(api("GET", f"/obras/?search={found}")) == [work.pk]
    assert ids(api("GET", "/obras/?search=saramago+lobo")) == []


def test_search_follows_renames(api):
    work = ObraFactory(autores=[AutorFactory(nome="Ze")], editora=EditoraFactory(nome="Casa Ze"))
    api("PATCH", f"/autores/{work.author_ids[0]}", {"nome": "Zeca"})
    api("PATCH", f"/editoras/{work.editora_id}", {"nome": "Nova"})
    assert ids(api("GET", "/obras/?search=zeca+nova")) == [work.pk]
    assert ids(api("GET", "/obras/?search=casa")) == []
    api("PATCH", f"/obras/{work.pk}", {"autores": []})
    assert ids(api("GET", "/obras/?search=zeca")) == []


@pytest.mark.parametrize("resource", ["autores", "editoras"])
def test_deleting_what_works_refer_to_is_409_and_changes_nothing(api, resource):
    work = ObraFactory()
    ObraFactory(autores=[work.autorias.first().autor], editora=work.editora)
    key = work.editora_id if resource == "editoras" else work.author_ids[0]
    body = assert_problem(api("DELETE", f"/{resource}/{key}"), 409, "in_use")
    assert body["count"] == 2
    assert body["link"] == f"http://testserver/{resource}/{key}/obras/"
    assert api("GET", f"/obras/{work.pk}").json()["autores"] == work.author_ids
    assert api("GET", f"/{resource}/{key}").status_code == 200


def test_public_url_makes_every_link(api, settings):
    settings.PUBLIC_URL = "https://catalogo.example.org"
    ObraFactory()
    ObraFactory()
    page = api("GET", "/obras?page_size=1", x_forwarded_host="evil.example").json()
    assert page["next"].startswith("https://catalogo.example.org/obras/?page_size=1&cursor=")
    created = api("POST", "/autores", {"nome": "x"})
    assert created["Location"] == f"https://catalogo.example.org/autores/{created.json()['id']}"
