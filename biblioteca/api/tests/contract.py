"""The contract of every resource, as a suite that each of them inherits.

The classes are nested so that pytest does not collect them by themselves. A resource's test class
gives its route, its factory, a body to write and the representation that this body has.
"""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from biblioteca.records.models import HistoryEntry

JSON = "application/json"
PROBLEM = "application/problem+json"
UNKNOWN_ID = 987_654_321


class Api:
    """A client that speaks JSON and compares problems."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        arguments: dict[str, Any] = {"headers": headers}
        if body is not None:
            arguments |= {"data": body, "content_type": JSON}
        return self.client.generic(method, path, **self.encoded(arguments))

    def encoded(self, arguments: dict[str, Any]) -> dict[str, Any]:
        import json

        if "data" in arguments and not isinstance(arguments["data"], bytes | str):
            arguments["data"] = json.dumps(arguments["data"])
        return arguments


def assert_problem(response: Any, status: int, code: str, fields: dict[str, str] | None = None):
    """Check a refusal whole: status, media type, members, and the codes by field."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == PROBLEM
    body = response.json()
    assert {"type", "title", "status", "detail", "instance", "code"} <= body.keys()
    assert body["status"] == status
    assert body["code"] == code, body
    assert body["type"] == f"urn:biblioteca:problem:{code}"
    if fields is not None:
        assert {item["field"]: item["code"] for item in body["errors"]} == fields
    return body


class Contract:
    """Holds the suites."""

    class Base:
        """What a resource gives."""

        route: str
        resource: str
        text_field: str
        factory: Any
        item_queries = 1
        list_queries = 2

        @pytest.fixture(autouse=True)
        def _set_up(self, db, client) -> None:
            self.api = Api(client)

        def body(self) -> dict[str, Any]:
            """Return a complete body to write."""
            raise NotImplementedError

        def state(self) -> list[Any]:
            """Return every row of the resource and every line of history."""
            rows = list(self.factory._meta.model.objects.order_by("pk").values())
            return [*rows, *HistoryEntry.objects.order_by("pk").values()]

        def path(self, record: Any) -> str:
            """Return the path of an item."""
            return f"{self.route}{record.pk}"

    class Reading(Base):
        """GET, HEAD, OPTIONS of list and item."""

        def test_item_is_exactly_the_contract(self):
            record = self.factory()
            response = self.api("GET", self.path(record))
            assert response.status_code == 200
            assert response["Content-Type"] == JSON
            assert response["ETag"] == f'"{self.resource}-{record.pk}-{record.versao}"'
            assert response["Cache-Control"] == "no-cache"
            assert response.content.decode() == self.literal(record)

        def test_list_is_exactly_the_contract(self):
            records = [self.factory(), self.factory()]
            response = self.api("GET", self.route)
            assert response.status_code == 200
            literals = ",".join(self.literal(record) for record in records)
            assert response.content.decode() == (
                f'{{"count":2,"next":null,"previous":null,"results":[{literals}]}}'
            )

        @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
        def test_both_spellings_answer_without_redirect(self, method):
            record = self.factory()
            for path in (self.route, self.path(record)):
                bare, slashed = path.rstrip("/"), path.rstrip("/") + "/"
                assert self.api(method, bare).status_code == 200
                assert self.api(method, slashed).status_code == 200

        @pytest.mark.parametrize(
            "key",
            [str(UNKNOWN_ID), "0", "abc", "1.0", "-1", "1e3", "9" * 30, "%00", "%D9%A1", "%FF"],
        )
        @pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
        def test_unknown_id_is_404(self, method, key):
            response = self.api(method, self.route + key)
            assert response.status_code == 404
            if method != "HEAD":
                assert_problem(response, 404, "not_found")

        def test_methods_that_do_not_exist_are_405_with_allow(self):
            record = self.factory()
            for method in ("PUT", "PATCH", "DELETE", "TRACE"):
                response = self.api(method, self.route)
                assert_problem(response, 405, "method_not_allowed")
                assert response["Allow"] == "GET, POST, HEAD, OPTIONS"
            response = self.api("POST", self.path(record), self.body())
            assert_problem(response, 405, "method_not_allowed")
            assert response["Allow"] == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"

        def test_if_none_match_is_304_without_a_body(self):
            record = self.factory()
            tag = self.api("GET", self.path(record))["ETag"]
            for header in (tag, f'"other", {tag}', f"W/{tag}", "*"):
                response = self.api("GET", self.path(record), if_none_match=header)
                assert (response.status_code, response.content) == (304, b"")
                assert response["ETag"] == tag
            assert self.api("GET", self.path(record), if_none_match='"x"').status_code == 200

        def test_number_of_queries_does_not_depend_on_the_number_of_rows(self):
            records = [self.factory() for _ in range(25)]
            with CaptureQueriesContext(
                connection,
            ) as item:
                self.api("GET", self.path(records[0]))
            with CaptureQueriesContext(connection) as page:
                self.api("GET", self.route)
            assert (len(item), len(page)) == (self.item_queries, self.list_queries)

        def test_unknown_and_repeated_parameters_are_named(self):
            record = self.factory()
            response = self.api("GET", f"{self.route}?nada=1&page=1&page=2")
            assert_problem(
                response,
                400,
                "invalid",
                {"nada": "unknown_parameter", "page": "repeated_parameter"},
            )
            assert "ordering" in response.json()["errors"][0]["detail"]
            response = self.api("GET", f"{self.path(record)}?page=1")
            assert_problem(response, 400, "invalid", {"page": "unknown_parameter"})

        @pytest.mark.parametrize(
            ("query", "field", "code"),
            [
                ("page=0", "page", "out_of_range"),
                ("page=x", "page", "out_of_range"),
                ("page=", "page", "out_of_range"),
                ("page=5000000", "page", None),
                ("page_size=0", "page_size", "out_of_range"),
                ("page_size=201", "page_size", "out_of_range"),
                ("ordering=foto", "ordering", "invalid_choice"),
                ("ordering=", "ordering", "invalid_choice"),
                ("id=", "id", "invalid_id"),
                ("id=1,,2", "id", "invalid_id"),
                ("id=" + ",".join(["1"] * 201), "id", "too_many"),
                ("cursor=abc", "cursor", "invalid_cursor"),
                ("cursor=", "cursor", "invalid_cursor"),
            ],
        )
        def test_bad_list_parameters(self, query, field, code):
            response = self.api("GET", f"{self.route}?{query}")
            if code is None:
                assert_problem(response, 404, "page_not_found")
            else:
                assert_problem(response, 400, "invalid", {field: code})

        def test_ids_that_do_not_exist_match_nothing(self):
            record = self.factory()
            response = self.api("GET", f"{self.route}?id={record.pk},{UNKNOWN_ID},{2**63},0")
            assert [row["id"] for row in response.json()["results"]] == [record.pk]

        def test_pages_and_cursors_walk_the_same_order(self):
            for text in ("b", "Á", "a", "ç", "C", "b", "z", "Ab", "é"):
                self.factory(**{self.text_field: text})
            for ordering in ("id", "-id", self.text_field, f"-{self.text_field}"):
                whole = self.api("GET", f"{self.route}?ordering={ordering}&page_size=200").json()
                wanted = [row["id"] for row in whole["results"]]
                by_page: list[int] = []
                for number in range(1, 6):
                    path = f"{self.route}?ordering={ordering}&page_size=2&page={number}"
                    by_page += [row["id"] for row in self.api("GET", path).json()["results"]]
                assert by_page == wanted
                forward, last = self.walk(f"{self.route}?ordering={ordering}&page_size=2", "next")
                assert [key for page in forward for key in page] == wanted
                backward, _first = self.walk(last, "previous")
                assert [key for page in reversed(backward) for key in page] == wanted

        def walk(self, path: str, direction: str) -> tuple[list[list[int]], str]:
            """Follow ``next`` or ``previous`` to the end; return the ids by page, the last path."""
            pages = []
            while True:
                page = self.api("GET", path).json()
                pages.append([row["id"] for row in page["results"]])
                assert page["count"] == 9
                if page[direction] is None:
                    return pages, path
                assert page[direction].startswith(f"http://testserver{self.route}?")
                path = page[direction].removeprefix("http://testserver")

        def test_titles_are_ordered_blind_to_accents_and_case(self):
            for text in ("zebra", "Água", "agora", "ÁGUIA", "Łódź", "lodo"):
                self.factory(**{self.text_field: text})
            page = self.api("GET", f"{self.route}?ordering={self.text_field}").json()
            names = [row[self.text_field] for row in page["results"]]
            assert names == ["agora", "Água", "ÁGUIA", "lodo", "Łódź", "zebra"]

        def test_cursor_of_another_order_or_forged_is_refused(self):
            for _ in range(3):
                self.factory()
            page = self.api("GET", f"{self.route}?page_size=1&ordering=-id").json()
            query = page["next"].partition("?")[2]
            cursor = query.partition("cursor=")[2]
            for bad in (
                f"cursor={cursor}",
                f"ordering={self.text_field}&cursor={cursor}",
                f"ordering=-id&cursor={cursor[:-2]}",
                f"ordering=-id&cursor=A{cursor}",
            ):
                response = self.api("GET", f"{self.route}?{bad}")
                assert_problem(response, 400, "invalid", {"cursor": "invalid_cursor"})
            response = self.api("GET", f"{self.route}?{query}&page=1")
            assert_problem(response, 400, "invalid", {"cursor": "cursor_and_page"})

        @pytest.mark.parametrize(
            ("search", "found"),
            [
                ("agua", 1), ("ÁGUA", 1), ("olhos dágua", 0), ("d'agua", 1), ("olh agu", 1),
                ("gua", 0), ("fe", 1), ("f", 1), ("%", 0), ("_", 0), ("'\"*()+-~<>@", 0), ("", 0),
                ("\x00", 0), ("📚", 0), ("olhos 📚", 1), ("strasse", 1), ("straße", 1),
                ("olhos nada", 0), ("the", 1), ("a" * 3000, 0), ("olhos " * 500, 1),
            ],
        )  # fmt: skip
        def test_search_finds_every_word_as_a_prefix(self, search, found):
            from urllib.parse import quote

            self.factory(**{self.text_field: "Olhos d'água da fé 📚 — The Straße"})
            self.factory(**{self.text_field: "Outra coisa"})
            page = self.api("GET", f"{self.route}?search={quote(search)}").json()
            assert page["count"] == len(page["results"]) == found

    class Writing(Base):
        """POST, PUT, PATCH, DELETE."""

        def test_created_and_read_back(self):
            response = self.api("POST", self.route, self.body())
            assert response.status_code == 201
            key = response.json()["id"]
            assert response["Location"] == f"http://testserver{self.route}{key}"
            assert response.json() == {"id": key, **self.body()}
            again = self.api("GET", f"{self.route}{key}")
            assert (again.content, again["ETag"]) == (response.content, response["ETag"])

        def test_post_may_leave_the_picture_out(self):
            body = self.body()
            del body["foto"]
            assert self.api("POST", self.route.rstrip("/"), body).json()["foto"] == ""

        @pytest.mark.parametrize("method", ["POST", "PUT"])
        def test_every_other_key_is_required(self, method):
            path = self.route if method == "POST" else self.path(self.factory())
            before = self.state()
            wanted = self.body().keys() - ({"foto"} if method == "POST" else set())
            fields = dict.fromkeys(wanted, "required")
            assert_problem(self.api(method, path, {}), 400, "invalid", fields)
            assert self.state() == before

        def test_put_replaces_and_gives_a_new_version(self):
            record = self.factory()
            response = self.api("PUT", self.path(record), self.body())
            assert response.status_code == 200
            assert response.json() == {"id": record.pk, **self.body()}
            assert response["ETag"] != f'"{self.resource}-{record.pk}-{record.versao}"'

        def test_put_of_what_get_returned_changes_nothing(self):
            record = self.factory()
            got = self.api("GET", self.path(record))
            before = self.state()
            response = self.api("PUT", self.path(record), got.json())
            assert (response.status_code, response["ETag"]) == (200, got["ETag"])
            assert response.content == got.content
            assert self.state() == before

        def test_patch_takes_any_subset(self):
            record = self.factory()
            before = self.api("GET", self.path(record)).json()
            response = self.api("PATCH", self.path(record), {"foto": "capa.jpg", "id": 55})
            assert response.json() == {**before, "foto": "capa.jpg"}
            response = self.api("PATCH", self.path(record), {})
            assert response.json() == {**before, "foto": "capa.jpg"}

        @pytest.mark.parametrize(
            ("value", "code"),
            [
                ("", "blank"), (" \t\n\u3000", "blank"), (None, "null"), (1, "invalid"),
                (True, "invalid"), ([], "invalid"), ({}, "invalid"),
                ("a\x00b", "invalid_character"),
                ("a\x1fb", "invalid_character"), ("\ud800", "invalid_character"),
                ("a\uffff", "invalid_character"), ("x" * 2001, "max_length"),
            ],
        )  # fmt: skip
        @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
        def test_bad_text_is_refused_and_nothing_written(self, method, value, code):
            path = self.route if method == "POST" else self.path(self.factory())
            before = self.state()
            response = self.api(method, path, self.body() | {self.text_field: value})
            assert_problem(response, 400, "invalid", {self.text_field: code})
            assert self.state() == before

        @pytest.mark.parametrize(
            ("sent", "stored"),
            [
                ("  Dois \t\r\n espaços\u00a0e  mais ", "Dois espaços e mais"),
                ("Conceic\u0327a\u0303o", "Conceição"),
                ("família 👩\u200d👩\u200d👧", "família 👩\u200d👩\u200d👧"),
                ("𝔘𝔫𝔦𝔠𝔬𝔡𝔢 🇧🇷", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 🇧🇷"),
                ("Título\u2003de " + "x" * 900, "Título de " + "x" * 900),
            ],
        )
        def test_text_survives_the_round_trip(self, sent, stored):
            response = self.api("POST", self.route, self.body() | {self.text_field: sent})
            assert response.json()[self.text_field] == stored
            path = f"{self.route}{response.json()['id']}"
            assert self.api("GET", path).json()[self.text_field] == stored

        def test_unknown_keys_are_named(self):
            before = self.state()
            response = self.api("POST", self.route, self.body() | {"nada": 1})
            assert_problem(response, 400, "invalid", {"nada": "unknown_key"})
            assert self.state() == before

        @pytest.mark.parametrize(
            ("body", "code"),
            [
                (b"{", "invalid_json"), (b"{}}", "invalid_json"), (b'{"a": NaN}', "invalid_json"),
                (b'{"a":1,"a":2}', "duplicate_key"), (b"[" * 100_000, "too_deep"),
                (b'{"nome": "\xff"}', "invalid_encoding"), (b"\xef\xbb\xbf{}", "invalid_json"),
            ],
        )  # fmt: skip
        def test_malformed_json_is_400(self, body, code):
            assert_problem(self.api("POST", self.route, body), 400, code)

        def test_malformed_json_says_where(self):
            body = self.api("POST", self.route, b'{"a": 1,\n  "b" 2}').json()
            assert "2" in body["detail"]
            assert "7" in body["detail"]

        @pytest.mark.parametrize("body", [[], "x", 1, None, True])
        def test_a_body_that_is_no_object_is_400(self, body):
            response = self.api("POST", self.route, __import__("json").dumps(body).encode())
            assert_problem(response, 400, "invalid", {"": "not_an_object"})

        @pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "text/json", ""])
        def test_other_media_types_are_415(self, client, media_type):
            response = client.generic("POST", self.route, b"{}", content_type=media_type)
            body = assert_problem(response, 415, "unsupported_media_type")
            assert "application/json" in body["detail"]

        def test_if_match_guards_every_write(self):
            record = self.factory()
            before = self.state()
            for method, body in (("PUT", self.body()), ("PATCH", {"foto": "x"}), ("DELETE", None)):
                response = self.api(method, self.path(record), body, if_match='"other"')
                problem = assert_problem(response, 412, "precondition_failed")
                current = self.api("GET", self.path(record))
                assert problem["current"] == current.json()
                assert response["ETag"] == current["ETag"]
                weak = self.api(method, self.path(record), body, if_match="W/" + current["ETag"])
                assert_problem(weak, 412, "precondition_failed")
            assert self.state() == before
            tag = self.api("GET", self.path(record))["ETag"]
            first = self.api("PATCH", self.path(record), {"foto": "x"}, if_match=f'"y", {tag}')
            assert first.status_code == 200
            second = self.api("PATCH", self.path(record), {"foto": "z"}, if_match=tag)
            assert_problem(second, 412, "precondition_failed")
            assert self.api("DELETE", self.path(record), if_match="*").status_code == 204

        def test_if_match_can_be_demanded(self, settings):
            settings.REQUIRE_IF_MATCH = True
            record = self.factory()
            response = self.api("PATCH", self.path(record), {"foto": "x"})
            assert_problem(response, 428, "precondition_required")
            assert self.api("POST", self.route, self.body()).status_code == 201

        def test_deleted_and_gone(self):
            record = self.factory()
            assert self.api("DELETE", self.path(record)).status_code == 204
            assert_problem(self.api("GET", self.path(record)), 404, "not_found")
            assert_problem(self.api("DELETE", self.path(record)), 404, "not_found")

        def test_writes_know_no_query_parameters(self):
            record = self.factory()
            for method, path in (
                ("POST", self.route),
                ("PUT", self.path(record)),
                ("PATCH", self.path(record)),
                ("DELETE", self.path(record)),
            ):
                response = self.api(method, f"{path}?expand=autores", self.body())
                assert_problem(response, 400, "invalid", {"expand": "unknown_parameter"})

        def test_history_tells_who_did_what_and_how_it_was(self):
            created = self.api("POST", self.route, self.body(), x_request_id="pedido-1").json()
            path = f"{self.route}{created['id']}"
            self.api("PATCH", path, {"foto": "b.jpg"})
            self.api("DELETE", path)
            entries = HistoryEntry.objects.filter(
                recurso=self.resource, registro_id=created["id"]
            ).order_by("pk")
            assert [entry.acao for entry in entries] == ["criado", "alterado", "excluido"]
            assert {(entry.quem, entry.porta) for entry in entries} == {("anônimo", "api")}
            assert entries[0].origem == "pedido-1"
            assert entries[0].antes is None
            assert entries[0].depois == entries[1].antes
            assert entries[1].depois["foto"] == "b.jpg"
            assert entries[2].antes == entries[1].depois
            assert entries[2].depois is None

        def test_english_on_request(self):
            response = self.api("GET", f"{self.route}0", accept_language="en")
            assert response.json()["title"] == "Not found"
            assert self.api("GET", f"{self.route}0").json()["title"] == "Não encontrado"
