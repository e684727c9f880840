"""A gateway's configuration that is broken is refused, by the name of what is wrong."""

import copy

import pytest
import yaml
from django.core.management import CommandError, call_command

from biblioteca.gateway.tests.documents import (
    SECRET,
    faults,
    plugin,
    rendered,
    route,
    token_document,
)

pytestmark = pytest.mark.usefixtures("gateway_settings")


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
    ("rate-limit", change(*READ, "plugins", 1, "config", "header_name", to="X-Client")),
    ("value", change(*READ, "plugins", 1, "config", "limit_by", to="haeder")),
    ("value", change(*READ, "plugins", 1, "config", "minute", to="many")),
    ("value", change(*READ, "plugins", 1, "config", "minute", to=True)),
    ("value", change(*READ, "plugins", 1, "config", "redis", "port", to="6379")),
    ("value", change(*READ, "plugins", 0, "config", "claims_to_verify", to="exp")),
    ("value", change(*READ, "protocols", to=["htps"])),
    ("value", change(*READ, "strip_path", to="false")),
    ("value", change("services", 0, "port", to="8000")),
    ("value", change("upstreams", 0, "targets", 0, "target", to=8000)),
    ("value", change("plugins", "request-size-limiting", "config", "size_unit", to="MB")),
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
    ("secret", "name"),
    [
        ("short", "secret"),
        ("$(headers.host)-" + SECRET, "secret"),
        ("{vault://env/gateway-secret}", "vault"),
    ],
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
