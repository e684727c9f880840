"""Merging over REST: what it answers, and what becomes of the ids that were merged away."""

import pytest

from autores.models import Autor
from autores.tests.factories import AutorFactory
from biblioteca.api.tests.contract import UNKNOWN_ID, Api, assert_problem
from biblioteca.records import writing
from biblioteca.records.models import HistoryEntry, Merge
from editoras.tests.factories import EditoraFactory
from obras.tests.factories import ObraFactory

pytestmark = pytest.mark.django_db
HOST = "http://testserver"


@pytest.fixture
def api(client):
    return Api(client)


def ids(response):
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


@pytest.fixture
def merged(api):
    """Two authors merged into a third: the survivor, the merged, a work of each, the answer."""
    survivor, *gone = (AutorFactory(nome=name) for name in ("Um", "Dois", "Três"))
    works = [ObraFactory(autores=[author]) for author in gone]
    keys = [author.pk for author in gone]
    response = api("POST", f"/autores/{survivor.pk}/fundir", {"autores": [str(keys[0]), keys[1]]})
    return survivor, keys, works, response


def test_merging_authors(api, merged):
    survivor, keys, works, response = merged
    assert response.status_code == 201, response.content
    body = response.json()
    assert body == {
        "id": body["id"], "recurso": "autores", "destino": survivor.pk, "origens": keys, "obras": 2,
    }  # fmt: skip
    assert response["Location"] == f"{HOST}/fusoes/{body['id']}"
    for work in works:
        assert api("GET", f"/obras/{work.pk}").json()["autores"] == [survivor.pk]
    entry = HistoryEntry.objects.filter(acao="fundido").first()
    assert (entry.porta, entry.grupo) == ("api", f"fusao:{body['id']}")


def test_merging_publishers_and_with_a_slash_at_the_end(api):
    survivor, gone = EditoraFactory(), EditoraFactory()
    work = ObraFactory(editora=gone)
    response = api("POST", f"/editoras/{survivor.pk}/fundir/", {"editoras": [gone.pk]})
    assert response.status_code == 201
    assert response.json()["obras"] == 1
    assert api("GET", f"/obras/{work.pk}").json()["editora"] == survivor.pk
    assert api("GET", f"/editoras/{gone.pk}/obras/")["Location"] == (
        f"{HOST}/editoras/{survivor.pk}/obras/"
    )


def test_the_list_of_merges(api, merged):
    _survivor, _keys, _works, response = merged
    key = response.json()["id"]
    other = api(
        "POST", f"/editoras/{EditoraFactory().pk}/fundir", {"editoras": [EditoraFactory().pk]}
    ).json()
    page = api("GET", "/fusoes/?page_size=1").json()
    assert (page["count"], page["previous"]) == (2, None)
    first = page["results"][0]
    assert first == response.json() | {"momento": first["momento"], "desfeita": None}
    assert ids(api("GET", page["next"].removeprefix(HOST))) == [other["id"]]
    assert ids(api("GET", "/fusoes?ordering=-id")) == [other["id"], key]
    assert ids(api("GET", "/fusoes/?recurso=autores")) == [key]
    assert_problem(
        api("GET", "/fusoes/?recurso=nada"), 400, "invalid", {"recurso": "invalid_choice"}
    )
    item = api("GET", f"/fusoes/{key}/")
    assert item.json() == first
    assert api("GET", f"/fusoes/{key}", if_none_match=item["ETag"]).status_code == 304
    assert_problem(api("GET", f"/fusoes/{UNKNOWN_ID}"), 404, "not_found")
    assert_problem(api("GET", "/fusoes/x"), 404, "not_found")
    assert api("DELETE", f"/fusoes/{key}").status_code == 405


def test_undoing(api, merged):
    _survivor, keys, works, response = merged
    path = f"/fusoes/{response.json()['id']}/desfazer"
    deleted = works[1].pk
    writing.delete(works[1])
    before = api("GET", f"/fusoes/{response.json()['id']}")
    undone = api("POST", path)
    assert undone.status_code == 200
    assert undone.json() == {
        "restaurado": keys,
        "impedido": [
            {
                "campo": f"obras/{deleted}",
                "motivo": undone.json()["impedido"][0]["motivo"],
            }
        ],
    }
    assert api("GET", f"/obras/{works[0].pk}").json()["autores"] == [keys[0]]
    assert api("GET", f"/autores/{keys[0]}").json()["nome"] == "Dois"
    assert_problem(api("POST", path + "/"), 409, "already_undone")
    after = api("GET", f"/fusoes/{response.json()['id']}", if_none_match=before["ETag"])
    assert after.json()["desfeita"]
    assert_problem(api("POST", f"/fusoes/{UNKNOWN_ID}/desfazer"), 404, "not_found")


def test_the_reasons_are_in_the_callers_language(api, merged):
    _survivor, _keys, works, response = merged
    deleted = works[0].pk
    writing.delete(works[0])
    path = f"/fusoes/{response.json()['id']}/desfazer"
    english = api("POST", path, {}, accept_language="en").json()["impedido"][0]
    assert english == {"campo": f"obras/{deleted}", "motivo": "It has been deleted since."}


def test_refusals_name_the_id(api, merged):
    survivor, keys, _works, _response = merged
    path, other = f"/autores/{survivor.pk}/fundir", AutorFactory().pk
    for given, code in (
        ([other, survivor.pk], "itself"),
        ([other, UNKNOWN_ID], "does_not_exist"),
        ([other, 2**63], "does_not_exist"),
        ([other, other], "repeated_id"),
        ([other, str(keys[0])], "already_merged"),
        ([other, True], "invalid_id"),
    ):
        response = api("POST", path, {"autores": given})
        assert_problem(response, 400, "invalid", {"autores[1]": code})
    for body, fields in (
        ({}, {"autores": "required"}),
        ({"autores": []}, {"autores": "length"}),
        ({"autores": 7}, {"autores": "not_a_list"}),
        ({"autores": None}, {"autores": "null"}),
        ({"autores": list(range(1, 102))}, {"autores": "too_many"}),
        ({"autores": [other], "x": 1}, {"x": "unknown_key"}),
        ([other], {"": "not_an_object"}),
    ):
        assert_problem(api("POST", path, body), 400, "invalid", fields)
    assert_problem(
        api("POST", f"/autores/{UNKNOWN_ID}/fundir", {"autores": [other]}), 404, "not_found"
    )
    assert_problem(
        api("POST", path + "?a=1", {"autores": [other]}), 400, "invalid", {"a": "unknown_parameter"}
    )
    assert Merge.objects.count() == 1
    assert Autor.objects.filter(pk=other).exists()


def test_idempotency(api):
    survivor, gone = AutorFactory(), AutorFactory()
    path, body = f"/autores/{survivor.pk}/fundir", {"autores": [gone.pk]}
    first = api("POST", path, body, idempotency_key="k")
    again = api("POST", path, body, idempotency_key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json(), again["Location"]) == (first.json(), first["Location"])
    other = api("POST", path, {"autores": [survivor.pk]}, idempotency_key="k")
    assert_problem(other, 422, "idempotency_key_reused")
    assert_problem(api("POST", path, body), 400, "invalid", {"autores[0]": "already_merged"})
    undo = f"/fusoes/{first.json()['id']}/desfazer"
    done = api("POST", undo, idempotency_key="u")
    assert api("POST", undo, idempotency_key="u").json() == done.json()
    assert_problem(api("POST", undo, idempotency_key="v"), 409, "already_undone")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH"])
def test_a_merged_id_leads_to_the_survivor(api, merged, method):
    survivor, keys, _works, _response = merged
    body = {"nome": "Novo", "foto": ""} if method in ("PUT", "PATCH") else None
    response = api(method, f"/autores/{keys[0]}", body)
    assert response.status_code == 308
    assert response["Location"] == f"{HOST}/autores/{survivor.pk}"
    slash = api(method, f"/autores/{keys[0]}/", body)
    assert slash["Location"] == f"{HOST}/autores/{survivor.pk}/"
    assert Autor.objects.get(pk=survivor.pk).nome == "Um"


def test_below_a_merged_id_and_with_a_query(api, merged, settings):
    survivor, keys, _works, _response = merged
    moved = api("GET", f"/autores/{keys[1]}/obras/?page_size=1&expand=autores")
    assert moved.status_code == 308
    target = f"/autores/{survivor.pk}/obras/?page_size=1&expand=autores"
    assert moved["Location"] == HOST + target
    assert len(ids(api("GET", target))) == 1
    settings.PUBLIC_URL = "https://catalogo.example.org"
    moved = api("GET", f"/autores/{keys[1]}")
    assert moved["Location"] == f"https://catalogo.example.org/autores/{survivor.pk}"
    merge = api("POST", f"/autores/{keys[1]}/fundir", {"autores": [AutorFactory().pk]})
    assert (merge.status_code, merge["Location"]) == (
        308,
        f"https://catalogo.example.org/autores/{survivor.pk}/fundir",
    )


def test_deleting_a_merged_id(api, merged):
    survivor, keys, _works, _response = merged
    body = assert_problem(api("DELETE", f"/autores/{keys[0]}"), 409, "merged")
    assert body["link"] == f"{HOST}/autores/{survivor.pk}"


def test_a_merged_id_in_bodies_counts_as_the_survivor(api, merged):
    survivor, keys, works, _response = merged
    other = AutorFactory().pk
    body = {"titulo": "Nova", "editora": None, "autores": [other, keys[0]]}
    created = api("POST", "/obras/", body)
    assert created.json()["autores"] == [other, survivor.pk]
    path = f"/obras/{works[0].pk}"
    changed = api("PATCH", path, {"autores": [keys[1], other]})
    assert changed.json()["autores"] == [survivor.pk, other]
    for twice in ([keys[0], keys[1]], [survivor.pk, keys[0]]):
        response = api("PATCH", path, {"autores": twice})
        assert_problem(response, 400, "invalid", {"autores[1]": "repeated_id"})
    house, gone = EditoraFactory().pk, EditoraFactory().pk
    api("POST", f"/editoras/{house}/fundir", {"editoras": [gone]})
    assert api("PATCH", path, {"editora": gone}).json()["editora"] == house


def test_a_merged_id_in_filters_counts_as_the_survivor(api, merged):
    survivor, keys, works, _response = merged
    found = [work.pk for work in works]
    assert ids(api("GET", f"/obras/?autor={keys[0]}")) == found
    assert ids(api("GET", f"/obras/?autor={keys[0]}&page_size=1&page=2")) == found[1:]
    page = api("GET", f"/obras/?autor={keys[0]}&page_size=1").json()
    assert page["count"] == 2
    assert ids(api("GET", page["next"].removeprefix(HOST))) == found[1:]
    assert ids(api("GET", f"/obras/?autor={keys[0]}&search={works[0].titulo}")) == found[:1]
    assert ids(api("GET", f"/autores/?id={keys[0]},{keys[1]}")) == [survivor.pk]
    other = AutorFactory().pk
    assert ids(api("GET", f"/autores/?id={other},{keys[1]}")) == [survivor.pk, other]
    house, gone = EditoraFactory(), EditoraFactory()
    work = ObraFactory(editora=gone)
    api("POST", f"/editoras/{house.pk}/fundir", {"editoras": [gone.pk]})
    assert ids(api("GET", f"/obras/?editora={gone.pk}")) == [work.pk]


def test_a_survivor_that_was_deleted_leads_nowhere(api, merged):
    survivor, keys, works, _response = merged
    for work in works:
        api("PATCH", f"/obras/{work.pk}", {"autores": []})
    assert api("DELETE", f"/autores/{survivor.pk}").status_code == 204
    for method in ("GET", "DELETE"):
        assert_problem(api(method, f"/autores/{keys[0]}"), 404, "not_found")
    assert ids(api("GET", f"/obras/?autor={keys[0]}")) == []
    response = api("PATCH", f"/obras/{works[0].pk}", {"autores": [keys[0]]})
    assert_problem(response, 400, "invalid", {"autores[0]": "does_not_exist"})


def test_the_hot_path_pays_nothing(api, merged, django_assert_num_queries):
    survivor, _keys, _works, _response = merged
    with django_assert_num_queries(1):
        api("GET", f"/autores/{survivor.pk}")
    with django_assert_num_queries(2):
        api("GET", f"/obras/?autor={survivor.pk}")
    with django_assert_num_queries(2):
        api("GET", f"/autores/?id={survivor.pk}")


def test_search_finds_the_names_merged_away(api, merged):
    survivor, _keys, works, _response = merged
    assert ids(api("GET", "/autores/?search=dois")) == [survivor.pk]
    assert ids(api("GET", "/obras/?search=tres")) == [work.pk for work in works]
