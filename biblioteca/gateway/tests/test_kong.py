"""The gateway's configuration: rendered as committed."""

import json
import stat
import threading
from collections import Counter
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO

import pytest
import yaml
from django.core.management import CommandError, call_command

from biblioteca.gateway.kong import checking
from biblioteca.gateway.kong.routes import ROUTES as ROUTES_OF_TOKEN
from biblioteca.gateway.kong.routes import Kind
from biblioteca.gateway.kong.serving import known_requests, route_for
from biblioteca.gateway.tests.documents import (
    SECRET,
    faults,
    plugin,
    rendered,
    route,
    token_document,
)
from biblioteca.gateway.tests.kong_examples import (
    EXAMPLES,
    KEY_SET,
    KUBERNETES,
    example,
    render_example,
    render_kubernetes,
)
from biblioteca.gateway.tokens import Keys

pytestmark = pytest.mark.usefixtures("gateway_settings")


@pytest.mark.parametrize("way", sorted(EXAMPLES))
def test_the_committed_examples_are_what_is_rendered(way):
    text = example(way).read_text(encoding="utf-8")
    assert text == render_example(way)
    assert checking.check(text, known_requests(), allow_examples=True) == []


def test_the_example_for_kubernetes_is_what_is_rendered(settings):
    assert render_kubernetes() == KUBERNETES.read_text(encoding="utf-8")
    settings.GATEWAY_SECRETS = [SECRET]
    text = rendered("--jwks", str(KEY_SET), "--kubernetes", "catalogo.example.org")
    kinds = Counter(entry["kind"] for entry in yaml.safe_load_all(text))
    assert kinds["Ingress"] == len(ROUTES_OF_TOKEN)
    assert kinds["KongConsumer"] == kinds["KongUpstreamPolicy"] == 1
    assert kinds["Secret"] == 3
    for entry in yaml.safe_load_all(text):
        if entry["kind"] == "Ingress":
            notes = entry["metadata"]["annotations"]
            assert notes["konghq.com/strip-path"] == "false"
            assert notes["konghq.com/preserve-host"] == "true"
            assert notes["konghq.com/protocols"] == "https"


def test_the_examples_have_what_the_command_would_render(settings):
    settings.GATEWAY_SECRETS = [SECRET]
    text = rendered("--jwks", str(KEY_SET), "--origem", "https://app.example.org")
    expected = render_example("token").partition("\n\n")[2]
    assert text == expected.replace(checking.EXAMPLE_SECRET, SECRET)


def test_nobody_deploys_an_example():
    with pytest.raises(CommandError, match="secret"):
        rendered("--jwks", str(KEY_SET))


def test_a_file_is_its_owners_alone_and_in_order(settings, tmp_path):
    settings.GATEWAY_SECRETS = [SECRET]
    path = tmp_path / "kong.yml"
    path.write_text("before")
    path.chmod(0o644)
    call_command("kong", "--jwks", str(KEY_SET), "--saida", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["kong.yml"]
    out = StringIO()
    call_command("kong", "--check", str(path), stdout=out)
    assert "kong.yml" in out.getvalue()


def test_every_key_of_the_issuer_is_a_credential(settings):
    secrets = token_document(settings)["consumers"][0]["jwt_secrets"]
    names = [key["kid"] for key in json.loads(KEY_SET.read_text())["keys"]]
    assert [secret["key"] for secret in secrets] == names
    assert {secret["algorithm"] for secret in secrets} == {"RS256", "ES256"}


def test_during_a_rotation_of_the_secret_the_first_one_is_sent(settings):
    settings.GATEWAY_SECRETS = [SECRET, "the-old-" + SECRET]
    text = rendered("--jwks", str(KEY_SET))
    assert text.count(SECRET) == 2
    assert "the-old-" not in text


def test_public_reading_asks_nobody_who_reads(settings):
    settings.PUBLIC_READING = True
    document = token_document(settings)
    assert [one["name"] for one in route(document, "catalogue-read")["plugins"]] == [
        "rate-limiting"
    ]
    limit = plugin(route(document, "catalogue-read"), "rate-limiting")
    # A token that nobody verified names nobody.
    assert limit["config"]["limit_by"] == "ip"
    assert plugin(route(document, "catalogue-write"), "jwt")
    assert faults(document) == {"unguarded-route"}
    assert faults(document, public_reading=True) == set()


def test_redis_of_the_limits_is_beside_the_read_caches(settings):
    settings.REDIS_URL = "rediss://user:p%40ss@cache.example.org:6380/0"
    config = plugin(route(token_document(settings), "catalogue-read"), "rate-limiting")["config"]
    assert config["redis"] == {
        "host": "cache.example.org", "port": 6380, "database": 1, "timeout": 500, "ssl": True,
        "ssl_verify": True, "username": "user", "password": "p@ss",
    }  # fmt: skip


def test_certificates_by_acme_need_a_route_without_tls(settings):
    settings.GATEWAY_SECRETS = [SECRET]
    document = yaml.safe_load(
        rendered("--jwks", str(KEY_SET), "--acme-email", "a@example.org",
                 "--acme-dominio", "catalogo.example.org")
    )  # fmt: skip
    assert route(document, "acme-challenge")["protocols"] == ["http"]
    assert plugin(document, "acme")["config"]["domains"] == ["catalogo.example.org"]


@pytest.mark.parametrize("way", ["token", "oauth2"])
def test_certificates_are_kept_where_nothing_is_evicted(way, settings):
    settings.GATEWAY_SECRETS = [SECRET]
    settings.REDIS_URL = "redis://:a@cache:6379/0"
    settings.CERTIFICATES_REDIS_URL = "redis://:b@certificates:6379/0"
    document = yaml.safe_load(
        rendered("--modo", way, "--jwks", str(KEY_SET), "--acme-email", "a@example.org",
                 "--acme-dominio", "catalogo.example.org")
    )  # fmt: skip
    config = plugin(document, "acme")["config"]
    if way == "oauth2":
        assert config["storage"] == "kong"
    else:
        assert config["storage"] == "redis"
        kept = config["storage_config"]["redis"]
        assert (kept["host"], kept["password"], kept["database"]) == ("certificates", "b", 0)


def test_only_files_of_records_may_be_longer(settings):
    settings.UPLOAD_MAX_MB = 300
    document = token_document(settings)
    assert plugin(document, "request-size-limiting")["config"]["allowed_payload_size"] == 16
    upload = route(document, "admin-upload")
    assert plugin(upload, "request-size-limiting")["config"]["allowed_payload_size"] == 300
    assert plugin(upload, "rate-limiting")["config"]["limit_by"] == "ip"
    routes = document["services"][0]["routes"]
    for path in (settings.UPLOAD_PATH, settings.UPLOAD_PATH.rstrip("/")):
        assert route_for(routes, "POST", path) == "admin-upload"
        assert route_for(routes, "GET", path) == "admin-read"
    assert route_for(routes, "POST", settings.UPLOAD_PATH + "x") == "admin-write"


def test_a_node_rests_without_being_forgotten(settings):
    settings.GATEWAY_SECRETS = [SECRET]
    nodes = ("--no", "10.0.0.11:8000", "--no", "10.0.0.12:8000")
    text = rendered("--jwks", str(KEY_SET), *nodes, "--fora", "10.0.0.12:8000")
    assert yaml.safe_load(text)["upstreams"][0]["targets"] == [
        {"target": "10.0.0.11:8000", "weight": 100},
        {"target": "10.0.0.12:8000", "weight": 0},
    ]
    with pytest.raises(CommandError, match="--fora"):
        rendered("--jwks", str(KEY_SET), "--fora", "app:8000")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "--issuer"),
        (("--jwks", "/no/such/file"), "/no/such/file"),
        (("--jwks", str(KEY_SET), "--acme-email", "a@example.org"), "--acme-dominio"),
    ],
)
def test_what_cannot_be_rendered_is_said(options, said, settings):
    settings.GATEWAY_SECRETS, settings.OAUTH_JWKS = [SECRET], ""
    with pytest.raises(CommandError, match=said):
        rendered(*options)


def test_nothing_is_rendered_without_a_secret_or_with_two_answers_to_origins(settings):
    settings.GATEWAY_SECRETS = []
    with pytest.raises(CommandError, match="GATEWAY_SECRET"):
        rendered("--jwks", str(KEY_SET))
    settings.GATEWAY_SECRETS = [SECRET]
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    with pytest.raises(CommandError, match="CORS_ORIGINS"):
        rendered("--jwks", str(KEY_SET), "--origem", "https://app.example.org")


def test_every_request_of_the_service_finds_its_route(settings):
    routes = token_document(settings)["services"][0]["routes"]
    found = {
        (one.method, one.path): route_for(routes, one.method, one.path) for one in known_requests()
    }
    assert found["GET", "/obras"] == found["GET", "/obras/"] == "catalogue-read"
    assert (
        found["DELETE", "/obras/7/"]
        == found["PUT", "/obras/7/identificadores"]
        == "catalogue-write"
    )
    assert found["POST", "/admin/login/"] == "admin-login"
    assert found["GET", "/admin/login/"] == "admin-read"
    assert found["POST", "/obrasfoo"] == found["GET", "/health/live"] == ""
    assert found["OPTIONS", "/autores/7/obras/"] == "catalogue-options"
    assert sum(sample.kind is Kind.WRITE for sample in known_requests()) >= 4 * 14


@pytest.fixture
def issuer_site(tmp_path):
    """An issuer's web site: what is in ``tmp_path`` below its address."""
    handler = partial(QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/realms/x"
        server.shutdown()
        thread.join()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments):
        pass


@pytest.mark.parametrize("has_discovery", [True, False])
def test_the_keys_are_where_the_issuer_says(has_discovery, issuer_site, tmp_path, settings):
    settings.GATEWAY_SECRETS = [SECRET]
    known = tmp_path / "realms" / "x" / ".well-known"
    known.mkdir(parents=True)
    place = known / "jwks.json"
    if has_discovery:
        place = tmp_path / "certs"
        document = {"jwks_uri": issuer_site.replace("realms/x", "certs")}
        (known / "openid-configuration").write_text(json.dumps(document))
    place.write_bytes(KEY_SET.read_bytes())
    document = yaml.safe_load(rendered("--issuer", issuer_site + "/"))
    assert len(document["consumers"][0]["jwt_secrets"]) == 3
    # The service itself looks in the same place.
    keys = Keys(issuer_site + "/", is_issuer=True)
    assert keys.get("example-current") is not None
    settings.OAUTH_ISSUER = issuer_site + "/"
    assert yaml.safe_load(rendered()) == document


def test_an_issuer_that_does_not_answer_is_said(settings):
    settings.GATEWAY_SECRETS = [SECRET]
    with pytest.raises(CommandError, match="jwks"):
        rendered("--issuer", "http://127.0.0.1:9/")
