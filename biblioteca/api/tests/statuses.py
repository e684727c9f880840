"""Bringing about every status that the OpenAPI document names, for any operation."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection

from biblioteca.api.tests.contract import UNKNOWN_ID, Api
from biblioteca.gateway.callers import Caller

WRITES = ("POST", "PUT", "PATCH")


@contextmanager
def database_away() -> Iterator[None]:
    """Make every query fail as if the server had gone."""

    def refuse(*_arguments: Any) -> Any:
        raise OperationalError(2006, "Server has gone away")

    with connection.execute_wrapper(refuse):
        yield


class Operation:
    """One operation of the document, on records that a factory makes."""

    def __init__(self, client: Any, method: str, path: str, factory: Any, body: Any) -> None:
        self.client, self.method, self.template = client, method, path
        self.factory, self.make_body = factory, body
        self.api = Api(client)

    def call(self, key: Any = None, query: str = "", body: Any = None, **headers: str) -> Any:
        """Call with a complete body, on an existing record unless another key is given."""
        if key is None and "{id}" in self.template:
            key = self.factory().pk
        path = self.template.replace("{id}", str(key)) + query
        if body is None and self.method in WRITES:
            body = self.make_body()
        return self.api(self.method, path, body, **headers)

    def bring_about(self, status: int, settings: Any, monkeypatch: Any) -> Any:
        """Return an answer that has ``status``."""
        if status in (200, 201, 204):
            return self.call()
        if status == 304:
            return self.call(if_none_match="*")
        if status == 400:
            return self.call(query="?nada=1")
        if status == 401:
            settings.TRUST = "closed"
            return self.call()
        if status == 403:
            nobody = Caller("sem escopo", frozenset())
            where = "biblioteca.gateway.authentication.identify"
            monkeypatch.setattr(where, lambda _request: nobody)
            return self.call()
        if status == 404:
            if "{id}" in self.template:
                return self.call(key=UNKNOWN_ID)
            return self.call(query="?page=99")
        if status == 412:
            return self.call(if_match='"other"')
        if status == 413:
            key = self.factory().pk if "{id}" in self.template else ""
            path = self.template.replace("{id}", str(key))
            return self.client.generic(
                self.method, path, b"{}", "application/json", CONTENT_LENGTH=str(2**24 + 1)
            )
        if status == 415:
            key = self.factory().pk if "{id}" in self.template else ""
            path = self.template.replace("{id}", str(key))
            return self.client.generic(self.method, path, b"<x/>", "application/xml")
        if status == 422:
            body = self.make_body()
            self.call(body=body, idempotency_key="a")
            return self.call(body=body | {"foto": "other.jpg"}, idempotency_key="a")
        if status == 428:
            settings.REQUIRE_IF_MATCH = True
            return self.call()
        if status == 503:
            key = self.factory().pk if "{id}" in self.template else None
            body = self.make_body() if self.method in WRITES else None
            with database_away():
                return self.call(key=key, body=body)
        raise AssertionError(f"no way is known to bring about {status}")
