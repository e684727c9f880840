import pytest

from autores.tests.factories import AutorFactory

pytestmark = pytest.mark.django_db

ORIGIN = "https://app.example.org"


@pytest.fixture(autouse=True)
def _origins(settings):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]


def test_preflight_needs_no_token_and_allows_what_the_contract_names(client, settings):
    settings.TRUST = "closed"
    response = client.options(
        "/obras/1",
        headers={
            "origin": ORIGIN,
            "access-control-request-method": "PATCH",
            "access-control-request-headers": "if-match, content-type, authorization",
        },
    )
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert "PATCH" in response["Access-Control-Allow-Methods"]
    allowed = set(response["Access-Control-Allow-Headers"].split(", "))
    assert allowed == {
        "authorization", "if-match", "if-none-match", "idempotency-key", "content-type",
    }  # fmt: skip


def test_answers_304_and_errors_carry_the_headers(client):
    author = AutorFactory()
    tag = client.get(f"/autores/{author.pk}")["ETag"]
    for path, headers, status in (
        (f"/autores/{author.pk}", {}, 200),
        (f"/autores/{author.pk}", {"if-none-match": tag}, 304),
        ("/autores/0", {}, 404),
        ("/nada", {}, 404),
        ("/autores/", {"host": "evil.example"}, 400),
    ):
        response = client.get(path, headers={"origin": ORIGIN, **headers})
        assert response.status_code == status
        assert response["Access-Control-Allow-Origin"] == ORIGIN
        exposed = response["Access-Control-Expose-Headers"]
        assert exposed == "ETag, Location, Retry-After, Allow, Cache-Status, X-Request-Id"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://app.example.org", "null"])
def test_other_origins_get_no_permission(client, origin):
    response = client.get("/autores/", headers={"origin": origin})
    assert "Access-Control-Allow-Origin" not in response


def test_the_admin_is_open_to_no_origin(client):
    response = client.get("/admin/login/", headers={"origin": ORIGIN})
    assert "Access-Control-Allow-Origin" not in response
