"""Checking a gateway configuration, whoever wrote it, before Kong is given it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from biblioteca.gateway.kong import fields
from biblioteca.gateway.kong.rendering import (
    CLIENT_HEADER,
    FORMAT_VERSION,
    ISSUER_CONSUMER,
    SECRET_HEADER,
)
from biblioteca.gateway.kong.routes import ACME_PATH, TOKEN_ROUTE, Kind
from biblioteca.gateway.kong.serving import Sample, route_for

EXAMPLE_SECRET = "example-secret-not-for-use-0123456789"  # noqa: S105 (of the committed examples)
CREDENTIALS = {"jwt", "oauth2"}
ALGORITHMS = {"RS256", "ES256"}
# Where in the guard it is seen that identity headers are taken away.
GUARDED = ("clear_header", "x%-consumer%-", "x%-authenticated%-", "x%-gateway%-")


@dataclass(frozen=True)
class Fault:
    """What is wrong: ``name`` is for programs, ``where`` the entity, ``detail`` for people."""

    name: str
    where: str
    detail: str

    def __str__(self) -> str:
        return f"{self.name}: {self.where}: {self.detail}"


def check(
    text: str,
    samples: list[Sample],
    *,
    public_reading: bool = False,
    allow_examples: bool = False,
) -> list[Fault]:
    """Return the faults of a configuration in YAML or JSON, none for a good one.

    ``samples`` are requests as the service's own routes know them. ``public_reading`` is what the
    service is set to. ``allow_examples`` lets the example secret pass, in a file that is one.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return [Fault("syntax", "file", str(error))]
    if not isinstance(document, dict):
        return [Fault("syntax", "file", "no mapping")]
    structure = list(structure_faults(document))
    if structure:
        return structure
    return [
        *route_faults(document),
        *credential_faults(document),
        *guard_faults(document, allow_examples=allow_examples),
        *plugin_faults(document),
        *health_faults(document),
        *coverage_faults(document, samples, public_reading=public_reading),
    ]


def structure_faults(document: dict[str, Any]) -> Iterator[Fault]:
    """Yield what Kong itself would refuse to load."""
    if document.get("_format_version") != FORMAT_VERSION:
        yield Fault("format-version", "_format_version", f'must be the string "{FORMAT_VERSION}"')
    for name in sorted(document.keys() - fields.TOP_LEVEL, key=str):
        yield Fault("unknown-key", str(name), "Kong knows no such key at the top level")
    for kind in ("services", "routes", "upstreams", "consumers", "plugins"):
        yield from entity_faults(kind, document.get(kind, []), kind)


def entity_faults(kind: str, entries: Any, where: str) -> Iterator[Fault]:
    """Yield the unknown fields of entities, and of those within them."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        yield Fault("structure", where, "must be a list of mappings")
        return
    for entry in entries:
        name = f"{where}/{entry.get('name') or entry.get('username') or entry.get('key') or '?'}"
        for unknown in sorted(entry.keys() - fields.ENTITIES[kind], key=str):
            yield Fault("unknown-field", name, f"{unknown} is no field of {kind}")
        yield from value_faults(entry, name)
        if kind == "plugins":
            yield from plugin_field_faults(entry, name)
        for inner in ("routes", "plugins", "targets", "jwt_secrets"):
            if inner in entry and inner != kind:
                yield from entity_faults(inner, entry[inner], f"{name}/{inner}")


def plugin_field_faults(plugin: dict[str, Any], where: str) -> Iterator[Fault]:
    """Yield a plugin's unknown name or fields."""
    known = fields.PLUGINS.get(str(plugin.get("name")))
    config = plugin.get("config") or {}
    if known is None:
        yield Fault("unknown-plugin", where, f"{plugin.get('name')} is not known here")
        return
    if not isinstance(config, dict):
        yield Fault("structure", where, "config must be a mapping")
        return
    for unknown in sorted(config.keys() - known, key=str):
        yield Fault("unknown-plugin-field", where, f"{unknown} is no field of {plugin['name']}")
    yield from value_faults(config, where)
    redis = config.get("redis") or {}
    for unknown in sorted(redis.keys() - fields.REDIS, key=str):
        yield Fault("unknown-plugin-field", where, f"redis.{unknown} is not known")
    yield from value_faults(redis, where)


def value_faults(entry: dict[str, Any], where: str) -> Iterator[Fault]:
    """Yield the values that Kong would not take, of the fields that are known by their values."""
    for name, value in entry.items():
        expected = fields.VALUES.get(name)
        if isinstance(expected, tuple):
            if not {*value} <= {*expected} if isinstance(value, list) else value not in expected:
                yield Fault("value", where, f"{name}: {value!r} is none of {expected}")
        elif expected and (not isinstance(value, expected) or type(value) is bool is not expected):
            yield Fault("value", where, f"{name}: {value!r} is no {expected.__name__}")


def all_routes(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every route, within its service or beside it."""
    yield from document.get("routes", [])
    for service in document.get("services", []):
        yield from service.get("routes", [])


def all_plugins(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every plugin with the name of what it belongs to; "" for one of every request."""
    for plugin in document.get("plugins", []):
        own = plugin.get("route") or plugin.get("service") or plugin.get("consumer") or ""
        yield str(own), plugin
    for kind in ("services", "consumers"):
        for entry in document.get(kind, []):
            for plugin in entry.get("plugins", []):
                yield str(entry.get("name") or entry.get("username")), plugin
    for route in all_routes(document):
        for plugin in route.get("plugins", []):
            yield str(route.get("name")), plugin


def route_faults(document: dict[str, Any]) -> Iterator[Fault]:
    """Yield what makes routes match too much, or links wrong."""
    for route in all_routes(document):
        name = str(route.get("name"))
        for path in route.get("paths") or [""]:
            if path.startswith("~"):
                if not path.endswith("$"):
                    yield Fault("regex-path", name, f"{path} must end with $")
            elif re.search(r"[][()^$*+?|\\]", path):
                yield Fault("regex-path", name, f"{path} is taken literally without ~")
            elif not path.endswith("/"):
                yield Fault("path-boundary", name, f"{path} also matches {path}foo")
        if route.get("strip_path", True) or not route.get("preserve_host", False):
            yield Fault("path-rewritten", name, "needs strip_path: false and preserve_host: true")
        if route.get("protocols") != ["https"] and route.get("paths") != [ACME_PATH]:
            yield Fault("plain-http", name, "needs protocols: [https]")


def credential_faults(document: dict[str, Any]) -> Iterator[Fault]:
    """Yield what lets tokens pass that should not, or none at all."""
    plugins = list(all_plugins(document))
    named = {(where, plugin["name"]) for where, plugin in plugins}
    keys = [
        secret
        for consumer in document.get("consumers", [])
        for secret in consumer.get("jwt_secrets", [])
    ]
    for where, plugin in plugins:
        config = plugin.get("config") or {}
        if plugin["name"] in CREDENTIALS and config.get("anonymous"):
            yield Fault("anonymous", where, "a bad token would be served as anonymous")
        if plugin["name"] == "jwt":
            yield from jwt_faults(where, config)
        if plugin["name"] == "oauth2" and not config.get("global_credentials"):
            yield Fault("token-scope", where, "a token of one route must be good for all of them")
        if plugin["name"] == "oauth2" and where != TOKEN_ROUTE.name and (where, "acl") not in named:
            yield Fault("groups", where, "without acl every client may ask for every scope")
    if any(plugin["name"] == "jwt" for _where, plugin in plugins) and not keys:
        yield Fault("no-key", ISSUER_CONSUMER, "no token can be verified")
    seen = set()
    for secret in keys:
        name = str(secret.get("key"))
        if name in seen:
            yield Fault("duplicate-key", name, "two credentials with one key")
        seen.add(name)
        if secret.get("algorithm", "HS256") not in ALGORITHMS:
            yield Fault("algorithm", name, f"must be one of {', '.join(sorted(ALGORITHMS))}")
        elif not is_public_key(str(secret.get("rsa_public_key", ""))):
            yield Fault("public-key", name, "rsa_public_key is no public key in PEM")


def jwt_faults(where: str, config: dict[str, Any]) -> Iterator[Fault]:
    """Yield what a jwt plugin lets pass."""
    if "exp" not in config.get("claims_to_verify", []):
        yield Fault("expired-tokens", where, "claims_to_verify must list exp")
    if "nbf" in config.get("claims_to_verify", []):
        yield Fault("expired-tokens", where, "tokens without nbf would be refused")
    if config.get("uri_param_names", ["jwt"]) or config.get("cookie_names"):
        yield Fault("token-place", where, "tokens only from the Authorization header")
    if config.get("key_claim_name", "iss") != "kid":
        yield Fault("rotation", where, "key_claim_name must be kid: two keys of one issuer")


def is_public_key(text: str) -> bool:
    """Tell whether ``text`` is a public key in PEM."""
    try:
        load_pem_public_key(text.encode())
    except (ValueError, TypeError):
        return False
    return True


def guard_faults(document: dict[str, Any], *, allow_examples: bool) -> Iterator[Fault]:
    """Yield what lets a client speak for the gateway."""
    functions = [pair for pair in all_plugins(document) if pair[1]["name"] == "pre-function"]
    code = "\n".join(
        "\n".join(plugin.get("config", {}).get("access", []))
        for where, plugin in functions
        if not where
    )
    if not all(part in code for part in GUARDED):
        yield Fault("identity-headers", "plugins", "no pre-function takes them from the client")
    for where, _plugin in functions:
        if where:
            yield Fault(
                "identity-headers", where, "its pre-function replaces that of every request"
            )
    transformers = [
        plugin.get("config", {})
        for where, plugin in all_plugins(document)
        if not where and plugin["name"] == "request-transformer"
    ]
    given = [
        {
            value
            for config in transformers
            for line in (config.get(how) or {}).get("headers", [])
            for name, _colon, value in [line.partition(":")]
            if name.lower() == SECRET_HEADER.lower()
        }
        for how in ("replace", "add")
    ]
    if not given[0] or given[0] != given[1]:
        yield Fault("secret", "plugins", f"{SECRET_HEADER} must be both replaced and added")
        return
    for secret in given[0]:
        if secret.startswith("{vault:"):
            yield Fault("vault", "plugins", "request-transformer sends a vault reference as it is")
        elif "$(" in secret:
            yield Fault("secret", "plugins", "request-transformer takes $( for a template")
        elif len(secret) < 32 or (secret == EXAMPLE_SECRET and not allow_examples):
            yield Fault("secret", "plugins", "the secret is short or that of the example")


def plugin_faults(document: dict[str, Any]) -> Iterator[Fault]:
    """Yield plugins that would break what the service promises."""
    names = set()
    for where, plugin in all_plugins(document):
        name, config = plugin["name"], plugin.get("config") or {}
        names.add(name)
        if name == "proxy-cache":
            yield Fault(
                "shared-cache", where, "would answer with what was, and to whom it is not for"
            )
        if name == "rate-limiting" and config.get("policy", "local") != "redis":
            yield Fault("rate-limit", where, "policy must be redis: each node would count alone")
        by_header = config.get("limit_by") == "header"
        if name == "rate-limiting" and by_header and config.get("header_name") != CLIENT_HEADER:
            yield Fault("rate-limit", where, f"a client may send any {config.get('header_name')}")
        if name == "cors" and "*" in config.get("origins", ["*"]):
            yield Fault("cors", where, "any page could call")
    for name in ("correlation-id", "request-size-limiting"):
        if name not in names:
            yield Fault("missing-plugin", "plugins", name)
    limited = {
        where for where, plugin in all_plugins(document) if plugin["name"] == "rate-limiting"
    }
    if "admin-login" not in limited and "" not in limited:
        yield Fault("rate-limit", "admin-login", "sign-in must be limited")


def health_faults(document: dict[str, Any]) -> Iterator[Fault]:
    """Yield upstreams whose nodes would stay out, or in, for good."""
    for upstream in document.get("upstreams", []):
        checks = upstream.get("healthchecks", {})
        active = checks.get("active", {})
        works = active.get("healthy", {}).get("interval") and active.get("unhealthy", {}).get(
            "interval"
        )
        if not works or active.get("http_path") not in ("/health/live", "/health/ready"):
            yield Fault("health", str(upstream.get("name")), "needs active checks of /health/live")
        if "passive" not in checks:
            yield Fault("health", str(upstream.get("name")), "needs passive checks")


def coverage_faults(
    document: dict[str, Any], samples: list[Sample], *, public_reading: bool
) -> Iterator[Fault]:
    """Yield requests of the service that find no route, or the wrong one, and those that should."""
    routes = list(all_routes(document))
    guarded = {where for where, plugin in all_plugins(document) if plugin["name"] in CREDENTIALS}
    for sample in samples:
        found = route_for(routes, sample.method, sample.path)
        where = f"{sample.method} {sample.path}"
        if sample.kind is None:
            if found:
                yield Fault("extra-route", where, f"{found} matches what the service does not have")
            continue
        if not found:
            yield Fault("missing-route", where, "no route matches")
            continue
        is_guarded = "" in guarded or found in guarded
        is_free = sample.kind is Kind.OPEN or (sample.kind is Kind.READ and public_reading)
        if is_guarded and is_free:
            yield Fault("guarded-route", where, f"{found} asks for credentials")
        elif not is_guarded and not is_free:
            yield Fault("unguarded-route", where, f"{found} asks for no credentials")
