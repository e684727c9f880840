"""Every route and method of the service, and what each needs. A route that is not here fails."""

import re

import pytest
from django.contrib.auth import get_user_model

from biblioteca.gateway.kong.serving import paths_of_service

pytestmark = [pytest.mark.django_db, pytest.mark.once]

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
SECRET = "s" * 40
GATEWAY = {"X-Gateway-Secret": SECRET}
CALLERS = {
    "nobody": {},
    "anonymous": GATEWAY,
    "reader": GATEWAY | {"X-Consumer-Username": "l", "X-Authenticated-Scope": "catalogo:ler"},
    "writer": GATEWAY | {"X-Consumer-Username": "e", "X-Authenticated-Scope": "catalogo:escrever"},
}

READ, WRITE, DOOR, SESSION = (
    "catalogo:ler",
    "catalogo:escrever",
    "the secret",
    "an editor's session",
)
CATALOGUE = dict.fromkeys(METHODS, WRITE) | {"GET": READ, "HEAD": READ, "OPTIONS": DOOR}
# Which paths there are, and what each method of theirs needs.
TABLE = (
    (r"/(obras|autores|editoras)(/[^/]+)?/?", CATALOGUE),
    (r"/obras/[^/]+/identificadores/?", CATALOGUE),
    (r"/(autores|editoras)/[^/]+/obras/?", CATALOGUE),
    (r"/(autores|editoras)/[^/]+/fundir/?", CATALOGUE),
    (r"/fusoes(/[^/]+(/desfazer)?)?/?", CATALOGUE),
    (r"/|/schema/?|/docs/?|/redoc/?", dict.fromkeys(METHODS, DOOR)),
    (r"/media/.*", dict.fromkeys(METHODS, DOOR)),
    (r"/admin", dict.fromkeys(METHODS, DOOR)),
    # Signing in and out, and the language of scripts, come before a session.
    (r"/admin/(login|logout|jsi18n)/", dict.fromkeys(METHODS, DOOR)),
    (
        r"/admin/(password_reset|password_reset/done|reset/done|reset/7/7)/",
        dict.fromkeys(METHODS, DOOR),
    ),
    (r"/admin/sso/(login|complete)/[^/]+/", dict.fromkeys(METHODS, DOOR)),
    (r"/admin/.*", dict.fromkeys(METHODS, SESSION)),
)


def needed(path, method):
    """Return what the table says; fails for a path that it does not have."""
    for pattern, methods in TABLE:
        if re.fullmatch(pattern, path):
            return methods[method]
    raise AssertionError(f"{path} is not in the table of permissions")


PATHS = paths_of_service()


def test_the_table_has_every_route_and_nothing_else():
    for path in PATHS:
        needed(path, "GET")
    for pattern, _methods in TABLE:
        assert any(re.fullmatch(pattern, path) for path in PATHS), f"nothing is at {pattern}"


@pytest.fixture(autouse=True)
def behind_the_gateway(settings):
    settings.TRUST, settings.GATEWAY_SECRETS = "closed", [SECRET]


@pytest.mark.parametrize("path", PATHS)
def test_who_may(path, client):
    client.raise_request_exception = False
    for method in METHODS:
        need = needed(path, method)
        got = {
            who: client.generic(method, path, b"{}", "application/json", headers=headers)
            for who, headers in CALLERS.items()
        }
        status = {who: answer.status_code for who, answer in got.items()}
        told = f"{method} {path} needs {need}: {status}"
        assert max(status.values()) < 500, told
        assert status["nobody"] == 401, told
        if need in (READ, WRITE):
            assert status["anonymous"] == 401, told
            assert got["anonymous"]["WWW-Authenticate"].startswith("Bearer"), told
            assert (status["reader"] == 403) == (need == WRITE), told
            assert status["writer"] not in (401, 403), told
            refused = got["anonymous"]
            if method != "HEAD":
                assert refused["Content-Type"] == "application/problem+json", told
        elif need == SESSION:
            assert "/admin/login/" in got["writer"].get("Location", "") or (
                status["writer"] in (403, 404, 405)
            ), told
        else:
            assert status["anonymous"] == status["writer"], told


def test_no_scope_opens_the_admin_and_no_session_opens_the_api(client):
    user = get_user_model().objects.create_superuser("chefe", password="x")
    client.force_login(user)
    assert client.get("/admin/", headers=GATEWAY).status_code == 200
    assert client.get("/admin/").status_code == 401
    assert client.get("/obras/", headers=GATEWAY).status_code == 401
    assert client.post("/obras/", {}, headers=GATEWAY).status_code == 401
