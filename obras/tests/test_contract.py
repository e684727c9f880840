import pytest

from autores.tests.factories import AutorFactory
from biblioteca.api.tests.contract import UNKNOWN_ID, Contract, assert_problem
from editoras.tests.factories import EditoraFactory
from obras.tests.factories import ObraFactory


class ObraContract:
    route, resource, text_field, factory = "/obras/", "obras", "titulo", ObraFactory

    def literal(self, record):
        authors = ",".join(str(key) for key in record.author_ids)
        return (
            f'{{"id":{record.pk},"titulo":"{record.titulo}","editora":{record.editora_id},'
            f'"foto":"","autores":[{authors}]}}'
        )

    @pytest.fixture(autouse=True)
    def _references(self, db):
        self.authors = [AutorFactory(), AutorFactory(), AutorFactory()]
        self.publisher = EditoraFactory()

    def body(self):
        third, first, _second = (author.pk for author in self.authors)
        return {
            "titulo": "Um título",
            "editora": self.publisher.pk,
            "foto": "capa.jpg",
            "autores": [first, third],
        }


class TestObraReading(ObraContract, Contract.Reading):
    pass


class TestObraWriting(ObraContract, Contract.Writing):
    @pytest.mark.parametrize(
        ("value", "fields"),
        [
            (None, {"autores": "null"}),
            (1, {"autores": "not_a_list"}),
            ("1", {"autores": "not_a_list"}),
            ({}, {"autores": "not_a_list"}),
            ([True], {"autores[0]": "invalid_id"}),
            ([1.0], {"autores[0]": "invalid_id"}),
            (["x"], {"autores[0]": "invalid_id"}),
            (["٣"], {"autores[0]": "invalid_id"}),
            ([[1]], {"autores[0]": "invalid_id"}),
            ([None], {"autores[0]": "invalid_id"}),
            ([UNKNOWN_ID], {"autores[0]": "does_not_exist"}),
            ([0], {"autores[0]": "does_not_exist"}),
            ([-1], {"autores[0]": "does_not_exist"}),
            ([2**63], {"autores[0]": "does_not_exist"}),
            (["9" * 39], {"autores[0]": "does_not_exist"}),
        ],
    )
    def test_bad_authors(self, value, fields):
        before = self.state()
        response = self.api("POST", "/obras/", self.body() | {"autores": value})
        assert_problem(response, 400, "invalid", fields)
        assert self.state() == before

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (True, "invalid_id"),
            (1.0, "invalid_id"),
            ("", "invalid_id"),
            ([], "invalid_id"),
            (UNKNOWN_ID, "does_not_exist"),
            (2**63, "does_not_exist"),
        ],
    )
    def test_bad_publisher(self, value, code):
        response = self.api("POST", "/obras/", self.body() | {"editora": value})
        assert_problem(response, 400, "invalid", {"editora": code})

    def test_an_author_twice_is_named(self):
        key = self.authors[0].pk
        response = self.api("POST", "/obras/", self.body() | {"autores": [key, str(key)]})
        body = assert_problem(response, 400, "invalid", {"autores[1]": "repeated_id"})
        assert str(key) in body["detail"]

    def test_ids_may_be_strings_of_digits(self):
        body = self.body()
        strings = body | {
            "editora": str(body["editora"]),
            "autores": list(map(str, body["autores"])),
        }
        response = self.api("POST", "/obras/", strings)
        assert response.json() == {"id": response.json()["id"], **body}

    def test_unknown_publisher_and_anonymous_work(self):
        body = self.body() | {"editora": None, "autores": []}
        created = self.api("POST", "/obras/", body).json()
        assert created == {"id": created["id"], **body}
        assert self.api("GET", "/obras/?editora=null").json()["results"] == [created]

    def test_order_of_authors_is_the_clients(self):
        record = ObraFactory(autores=self.authors)
        keys = [author.pk for author in reversed(self.authors)]
        assert self.api("PATCH", f"/obras/{record.pk}", {"autores": keys}).json()["autores"] == keys
        assert self.api("GET", f"/obras/{record.pk}").json()["autores"] == keys
