import pytest

from biblioteca.api.tests.contract import UNKNOWN_ID, Api, assert_problem
from biblioteca.records.models import HistoryEntry
from obras.models import Obra
from obras.tests.factories import ObraFactory

pytestmark = pytest.mark.django_db

ISBN = [{"esquema": "isbn", "valor": "9788535910636"}]


@pytest.fixture
def api(client):
    return Api(client)


def ids(response):
    return [row["id"] for row in response.json()["results"]]


def test_identifiers_are_normalised_replaced_and_found(api):
    work = ObraFactory()
    tag = api("GET", f"/obras/{work.pk}")["ETag"]
    path = f"/obras/{work.pk}/identificadores/"
    assert api("GET", path).json() == []
    sent = [{"esquema": "issn", "valor": "03178471"}, {"esquema": "isbn", "valor": "85-359-1063-8"}]
    answer = api("PUT", path, sent)
    assert answer.status_code == 200, answer.content
    assert answer.json() == [*ISBN, {"esquema": "issn", "valor": "0317-8471"}]
    assert api("GET", path[:-1]).content == answer.content
    assert api("GET", path, if_none_match=answer["ETag"]).status_code == 304
    # The work itself is represented as before: its version stays.
    assert api("GET", f"/obras/{work.pk}")["ETag"] == tag
    entry = HistoryEntry.of(work).last()
    assert entry.depois["identificadores"] == [["isbn", "9788535910636"], ["issn", "0317-8471"]]
    for query in (
        "identificador=isbn:9788535910636",
        "identificador=isbn:978-85-359-1063-6",
        "identificador=isbn:8535910638",
        "search=9788535910636",
        "search=978853591",
        "search=978-85-359-1063-6",
        "search=8535910638",
    ):
        assert ids(api("GET", f"/obras/?{query}")) == [work.pk], query
    assert ids(api("GET", "/obras/?identificador=isbn:9780000000002")) == []
    before = HistoryEntry.objects.count()
    assert api("PUT", path, answer.json()).json() == answer.json()
    assert HistoryEntry.objects.count() == before
    assert api("PUT", path, []).json() == []
    assert ids(api("GET", "/obras/?search=9788535910636")) == []


def test_an_identifier_that_another_work_has_is_409_with_its_link(api):
    first, second = ObraFactory(), ObraFactory()
    api("PUT", f"/obras/{first.pk}/identificadores/", ISBN)
    response = api("PUT", f"/obras/{second.pk}/identificadores", ISBN)
    body = assert_problem(response, 409, "identifier_taken")
    assert body["link"] == f"http://testserver/obras/{first.pk}"
    assert api("GET", f"/obras/{second.pk}/identificadores").json() == []
    assert api("DELETE", f"/obras/{first.pk}").status_code == 204
    assert api("PUT", f"/obras/{second.pk}/identificadores", ISBN).json() == ISBN


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"": "not_a_list"}),
        (b'"x"', {"": "not_a_list"}),
        ([1], {"[0]": "not_an_object"}),
        ([{}], {"[0].esquema": "required", "[0].valor": "required"}),
        ([*ISBN, {"esquema": "isbn", "valor": "8535910638"}], {"[1]": "repeated"}),
        ([{"esquema": "isbn", "valor": "9788535910637"}], {"[0].valor": "invalid_number"}),
        ([{"esquema": "isbn", "valor": ""}], {"[0].valor": "invalid_number"}),
        ([{"esquema": "isbn", "valor": "\u0669788535910636"}], {"[0].valor": "invalid_number"}),
        ([{"esquema": "ISBN", "valor": "1"}], {"[0].esquema": "invalid_scheme"}),
        ([{"esquema": "oclc", "valor": " "}], {"[0].valor": "blank"}),
        ([{"esquema": "oclc", "valor": "x" * 191}], {"[0].valor": "max_length"}),
        ([{"esquema": 1, "valor": None}], {"[0].esquema": "invalid", "[0].valor": "invalid"}),
        ([{"esquema": "isbn", "valor": "1", "x": 1}], {"[0].x": "unknown_key"}),
        (ISBN * 51, {"": "too_many"}),
    ],
)
def test_bad_identifiers_write_nothing(api, body, fields):
    work = ObraFactory()
    before = HistoryEntry.objects.count()
    response = api("PUT", f"/obras/{work.pk}/identificadores/", body)
    assert_problem(response, 400, "invalid", fields)
    assert HistoryEntry.objects.count() == before
    assert Obra.objects.get(pk=work.pk).identifiers == []


@pytest.mark.parametrize("value", ["isbn", "", "isbn:", "isbn:123", ":978", "ISBN:9788535910636"])
def test_bad_identifier_filters(api, value):
    response = api("GET", f"/obras/?identificador={value}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "identificador"


def test_routes_and_conditions(api):
    assert_problem(api("GET", f"/obras/{UNKNOWN_ID}/identificadores/"), 404, "not_found")
    path = f"/obras/{ObraFactory().pk}/identificadores/"
    assert_problem(api("POST", path, []), 405, "method_not_allowed")
    response = api("PUT", path, ISBN, if_match='"other"')
    assert assert_problem(response, 412, "precondition_failed")["current"] == {
        "identificadores": []
    }
    assert api("PUT", path, ISBN, if_match=response["ETag"]).status_code == 200
