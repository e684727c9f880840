"""The gateway's configuration: rendered as committed, and refused when it is broken."""

import copy
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
from biblioteca.gateway.tests.kong_examples import (
    EXAMPLES,
    KEY_SET,
    KUBERNETES,
    example,
    render_example,
    render_kubernetes,
)
from biblioteca.gateway.tokens import Keys

SECRET = "a-secret-of-the-tests-0123456789-abcdef"


@pytest.fixture(autouse=True)
def gateway_settings(settings):
    settings.GATEWAY_SECRETS = [checking.EXAMPLE_SECRET]
    settings.CORS_ALLOWED_ORIGINS = []
    settings.REDIS_URL = ""
    settings.PUBLIC_READING = False


def rendered(*options):
    out = StringIO()
    call_command("kong", *options, stdout=out)
    return out.getvalue()


def token_document(settings):
    settings.GATEWAY_SECRETS = [SECRET]
    return yaml.safe_load(rendered("--jwks", str(KEY_SET)))


def faults(document, **options):
    return {
        fault.name
        for fault in checking.check(yaml.safe_dump(document), known_requests(), **options)
    }


def route(document, name):
    return next(one for one in document["services"][0]["routes"] if one["name"] == name)


def plugin(entry, name):
    return next(one for one in entry["plugins"] if one["name"] == name)


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


def change(*path, to=None, remove=False):
    """Return what sets, or removes, the entry at ``path`` of a document."""

    def breaks(document):
        place = document
        for step in path[:-1]:
            if isinstance(place, list) and isinstance(step, str):
                place = next(one for one in place if one["name"] == step)
            else:
                place = place[step]
        if remove:
            del place[path[-1]]
        else:
            place[path[-1]] = to

    return breaks


ROUTES = ("services", 0, "routes")
READ, WRITE = (*ROUTES, "catalogue-read"), (*ROUTES, "catalogue-write")
GUARD = ("plugins", "pre-function", "config")
SECRETS = ("plugins", "request-transformer", "config")
KEYS = ("consumers", 0, "jwt_secrets")


def twice(document):
    document["consumers"][0]["jwt_secrets"].append(document["consumers"][0]["jwt_secrets"][0])


def without_login_limit(document):
    del route(document, "admin-login")["plugins"]


def with_cache(document):
    document["plugins"].append({"name": "proxy-cache", "config": {"strategy": "memory"}})


def with_own_function(document):
    route(document, "documents")["plugins"] = [{"name": "pre-function", "config": {"access": [""]}}]


BROKEN = [
    ("format-version", change("_format_version", to=3.0)),
    ("unknown-key", change("_info", to={})),
    ("unknown-field", change(*READ, "strip_paths", to=False)),
    ("unknown-plugin", change(*READ, "plugins", 0, "name", to="jwt-signer")),
    ("unknown-plugin-field", change(*READ, "plugins", 0, "config", "claims", to=["exp"])),
    ("structure", change("services", to={})),
    ("regex-path", change(*READ, "paths", 0, to="/obras/?$")),
    ("regex-path", change(*READ, "paths", 0, to="~/obras/?")),
    ("path-boundary", change(*READ, "paths", 0, to="/obras")),
    ("extra-route", change(*READ, "paths", 0, to="/obras")),
    ("missing-route", change(*READ, "paths", 0, remove=True)),
    ("missing-route", change(*WRITE, "methods", to=["POST", "PUT", "PATCH"])),
    ("path-rewritten", change(*READ, "strip_path", remove=True)),
    ("path-rewritten", change(*READ, "preserve_host", to=False)),
    ("plain-http", change(*WRITE, "protocols", to=["http", "https"])),
    ("unguarded-route", change(*WRITE, "plugins", to=[])),
    ("guarded-route", change("plugins", 0, to={"name": "jwt", "config": {}})),
    ("anonymous", change(*READ, "plugins", 0, "config", "anonymous", to="nobody")),
    ("expired-tokens", change(*READ, "plugins", 0, "config", "claims_to_verify", to=[])),
    (
        "expired-tokens",
        change(*READ, "plugins", 0, "config", "claims_to_verify", to=["exp", "nbf"]),
    ),
    ("token-place", change(*READ, "plugins", 0, "config", "uri_param_names", remove=True)),
    ("rotation", change(*READ, "plugins", 0, "config", "key_claim_name", remove=True)),
    ("algorithm", change(*KEYS, 0, "algorithm", remove=True)),
    ("public-key", change(*KEYS, 0, "rsa_public_key", to="-----BEGIN PUBLIC KEY-----")),
    ("duplicate-key", twice),
    ("no-key", change("consumers", to=[])),
    ("identity-headers", change(*GUARD, "access", to=["return"])),
    ("identity-headers", with_own_function),
    ("secret", change(*SECRETS, "replace", remove=True)),
    ("secret", change(*SECRETS, "add", "headers", to=["X-Gateway-Secret:another"])),
    ("shared-cache", with_cache),
    ("rate-limit", change(*READ, "plugins", 1, "config", "policy", to="local")),
    ("rate-limit", without_login_limit),
    ("missing-plugin", change("plugins", 1, to={"name": "prometheus"})),
    ("health", change("upstreams", 0, "healthchecks", "active", remove=True)),
    ("health", change("upstreams", 0, "healthchecks", "active", "http_path", to="/")),
]


@pytest.mark.parametrize(
    ("name", "breaks"), BROKEN, ids=[f"{i}-{b[0]}" for i, b in enumerate(BROKEN)]
)
def test_a_broken_configuration_is_refused_by_name(name, breaks, settings):
    document = token_document(settings)
    assert faults(document) == set()
    broken = copy.deepcopy(document)
    breaks(broken)
    assert name in faults(broken)


@pytest.mark.parametrize(
    ("secret", "name"), [("short", "secret"), ("{vault://env/gateway-secret}", "vault")]
)
def test_a_secret_that_is_none_is_refused(secret, name, settings):
    document = token_document(settings)
    config = plugin(document, "request-transformer")["config"]
    config["replace"]["headers"] = config["add"]["headers"] = [f"X-Gateway-Secret:{secret}"]
    assert faults(document) == {name}


@pytest.mark.parametrize(
    ("name", "breaks"),
    [
        ("token-scope", change(*WRITE, "plugins", 0, "config", "global_credentials", to=False)),
        ("groups", change(*WRITE, "plugins", 1, to={"name": "prometheus"})),
        ("unguarded-route", change(*WRITE, "plugins", 0, to={"name": "prometheus"})),
    ],
)
def test_a_broken_configuration_of_the_other_way(name, breaks, settings):
    settings.GATEWAY_SECRETS = [SECRET]
    document = yaml.safe_load(rendered("--modo", "oauth2"))
    assert faults(document) == set()
    breaks(document)
    assert name in faults(document)


def test_a_client_that_only_reads_asks_for_writing_in_vain(settings):
    settings.GATEWAY_SECRETS = [SECRET]
    document = yaml.safe_load(rendered("--modo", "oauth2"))
    allowed = {
        name: plugin(route(document, name), "acl")["config"]["allow"]
        for name in ("catalogue-read", "catalogue-write")
    }
    assert allowed == {
        "catalogue-read": ["catalogo:ler", "catalogo:escrever"],
        "catalogue-write": ["catalogo:escrever"],
    }
    assert {one["name"] for one in route(document, "oauth2-token")["plugins"]} == {
        "oauth2", "rate-limiting"}  # fmt: skip


def test_a_wildcard_origin_is_refused(settings):
    document = token_document(settings)
    document["plugins"].append({"name": "cors", "config": {"origins": ["*"]}})
    assert faults(document) == {"cors"}


def test_a_file_that_is_no_configuration(tmp_path, capsys):
    path = tmp_path / "kong.yml"
    path.write_text("a: [")
    with pytest.raises(SystemExit) as exit_status:
        call_command("kong", "--check", str(path))
    assert exit_status.value.code == 1
    assert "syntax" in capsys.readouterr().err
    with pytest.raises(CommandError):
        call_command("kong", "--check", str(tmp_path / "none.yml"))


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
