"""The gateway's configuration as one declarative document (format 3.0, DB-less or imported)."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jwt
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from biblioteca.gateway.kong.routes import ACME_PATH, ROUTES, TOKEN_ROUTE, Kind, Route

FORMAT_VERSION = "3.0"
SERVICE = "biblioteca"
ISSUER_CONSUMER = "oauth-issuer"
CLIENT_HEADER = "X-Gateway-Client"
SECRET_HEADER = "X-Gateway-Secret"  # noqa: S105 (a name)
# Seconds that a browser keeps a preflight.
PREFLIGHT_SECONDS = 600
TOKEN_SECONDS = 3600

Document = dict[str, Any]
Plugin = dict[str, Any]


class BlockText(yaml.SafeDumper):
    """Writes text of several lines as a block, as a person would."""


BlockText.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    ),
)


@dataclass(frozen=True)
class Options:
    """What a configuration is rendered from.

    ``way`` is "token" (signed tokens of an issuer) or "oauth2" (Kong issues them itself).
    ``keys`` are the issuer's public keys by ``kid``. ``nodes`` are host:port of the service; those
    of ``resting`` get no request, but stay known (Kong's database forgets nothing by itself).
    """

    way: str
    secret: str
    keys: dict[str, jwt.PyJWK] = field(default_factory=dict)
    nodes: tuple[str, ...] = ("app:8000",)
    resting: tuple[str, ...] = ()
    redis_url: str = "redis://redis:6379/1"
    scopes: tuple[str, ...] = ()  # reading first, writing last
    public_reading: bool = False
    cors_origins: tuple[str, ...] = ()
    cors_headers: tuple[str, ...] = ()
    cors_exposed: tuple[str, ...] = ()
    max_megabytes: int = 16
    upload_megabytes: int = 256
    reads_a_minute: int = 6000
    writes_a_minute: int = 600
    logins_a_minute: int = 10
    uploads_a_minute: int = 10
    acme_email: str = ""
    acme_domains: tuple[str, ...] = ()
    acme_redis_url: str = ""


def render(options: Options) -> Document:
    """Return the document; its plain types are YAML and JSON alike."""
    routes = [*ROUTES, TOKEN_ROUTE] if options.way == "oauth2" else list(ROUTES)
    document: Document = {
        "_format_version": FORMAT_VERSION,
        "upstreams": [upstream(options)],
        "services": [
            {
                "name": SERVICE,
                "host": f"{SERVICE}-nodes",
                "port": 8000,
                "protocol": "http",
                # A node that is not reached leaves the request to the next one. What reached a node
                # is sent again only if that may be done twice (nginx: never POST and PATCH).
                "retries": 2,
                "connect_timeout": 2000,
                "read_timeout": 60000,
                "write_timeout": 60000,
                "routes": [
                    *(route_entry(route, options) for route in routes),
                    *(acme_routes() if options.acme_email else []),
                ],
            }
        ],
        "plugins": global_plugins(options),
    }
    if options.way == "token":
        document["consumers"] = [
            {
                "username": ISSUER_CONSUMER,
                "jwt_secrets": [credential(key_id, key) for key_id, key in options.keys.items()],
            }
        ]
    return document


def as_yaml(document: Document) -> str:
    """Return the document as a person would write it."""
    return yaml.dump(document, Dumper=BlockText, sort_keys=False, allow_unicode=True, width=100)


def upstream(options: Options) -> dict[str, Any]:
    """Return the nodes and how the gateway learns which of them answer.

    /health/live is asked and not /health/ready: a database that is away is away for every node,
    and the service says so better than a gateway without nodes. Passive checks only count what
    says that a node is gone; the active ones bring it back.
    """
    return {
        "name": f"{SERVICE}-nodes",
        "algorithm": "least-connections",
        "targets": [
            *({"target": node, "weight": 100} for node in options.nodes),
            *({"target": node, "weight": 0} for node in options.resting),
        ],
        "healthchecks": {
            "active": {
                "type": "http",
                "http_path": "/health/live",
                "timeout": 2,
                "healthy": {"interval": 2, "successes": 1, "http_statuses": [200]},
                "unhealthy": {
                    "interval": 2, "tcp_failures": 1, "timeouts": 2, "http_failures": 2,
                    "http_statuses": [429, 404, 500, 501, 502, 503, 504, 505],
                },
            },
            "passive": {
                "type": "http",
                "healthy": {"successes": 1},
                "unhealthy": {"tcp_failures": 2, "timeouts": 3, "http_failures": 0},
            },
        },
    }  # fmt: skip


def route_entry(route: Route, options: Options) -> dict[str, Any]:
    """Return a route with the plugins of its own."""
    plugins = [*authentication(route, options), *limits(route, options)]
    if route.kind is Kind.UPLOAD:
        # In place of the one of every request.
        plugins.append(size_limit(options.upload_megabytes))
    return {
        "name": route.name,
        "protocols": ["https"],
        "https_redirect_status_code": route.plain_http,
        "methods": list(route.methods),
        "paths": list(route.paths),
        # These are pages of the admin too: the narrower route is asked first.
        "regex_priority": 10 if route.kind in (Kind.LOGIN, Kind.UPLOAD) else 0,
        # Links are made from the path and the host that the client used.
        "strip_path": False,
        "preserve_host": True,
        "request_buffering": True,
        "response_buffering": True,
        **({"plugins": plugins} if plugins else {}),
    }


def authentication(route: Route, options: Options) -> list[Plugin]:
    """Return the plugin that asks for credentials, where the route needs them."""
    needed = route.kind in (Kind.WRITE, Kind.TOKENS) or (
        route.kind is Kind.READ and not options.public_reading
    )
    if not needed:
        return []
    if options.way == "oauth2":
        return [
            {
                "name": "oauth2",
                "config": {
                    "scopes": list(options.scopes),
                    "mandatory_scope": True,
                    "enable_client_credentials": True,
                    "enable_authorization_code": False,
                    "enable_implicit_grant": False,
                    "enable_password_grant": False,
                    # A token of one route is good for all of them.
                    "global_credentials": True,
                    "token_expiration": TOKEN_SECONDS,
                    "hide_credentials": True,
                    "accept_http_if_already_terminated": False,
                },
            },
            *groups(route, options),
        ]
    return [
        {
            "name": "jwt",
            "config": {
                "key_claim_name": "kid",
                # Kong refuses a token without a claim that is listed, and most issuers send no nbf:
                # the service checks it when it is there.
                "claims_to_verify": ["exp"],
                "header_names": ["authorization"],
                "uri_param_names": [],
                "cookie_names": [],
                "run_on_preflight": False,
            },
        }
    ]


def groups(route: Route, options: Options) -> list[Plugin]:
    """Return which clients may come this way: Kong gives any of them any scope it asks for.

    The groups are not sent on, so that a token's own scope stays the limit of what it may do.
    """
    if route.kind is Kind.TOKENS:
        return []
    allowed = list(options.scopes if route.kind is Kind.READ else options.scopes[-1:])
    return [{"name": "acl", "config": {"allow": allowed, "hide_groups_header": True}}]


def limits(route: Route, options: Options) -> list[Plugin]:
    """Return the rate limit of a route: per client where a client is proved, else per address."""
    by: dict[str, Any] = {"limit_by": "ip"}
    if route.kind is Kind.WRITE or (route.kind is Kind.READ and not options.public_reading):
        by = {"limit_by": "consumer"}
        if options.way == "token":
            by = {"limit_by": "header", "header_name": CLIENT_HEADER}
    minute = {
        Kind.READ: options.reads_a_minute,
        Kind.WRITE: options.writes_a_minute,
        Kind.LOGIN: options.logins_a_minute,
        Kind.TOKENS: options.logins_a_minute,
        Kind.UPLOAD: options.uploads_a_minute,
    }.get(route.kind)
    if minute is None:
        return []
    return [
        {
            "name": "rate-limiting",
            "config": {
                "minute": minute,
                **by,
                "policy": "redis",
                # Without Redis nobody is limited: the catalogue goes on.
                "fault_tolerant": True,
                "hide_client_headers": False,
                "redis": redis_config(options.redis_url),
            },
        }
    ]


def redis_config(url: str) -> dict[str, Any]:
    """Return a Redis address as Kong's plugins take it."""
    parts = urlsplit(url)
    return {
        "host": parts.hostname or "localhost",
        "port": parts.port or 6379,
        "database": int(parts.path.strip("/") or 0),
        "timeout": 500,
        "ssl": parts.scheme == "rediss",
        "ssl_verify": parts.scheme == "rediss",
        **({"username": unquote(parts.username)} if parts.username else {}),
        **({"password": unquote(parts.password)} if parts.password else {}),
    }


def size_limit(megabytes: int) -> Plugin:
    """Return the plugin that refuses longer bodies."""
    return {
        "name": "request-size-limiting",
        "config": {
            "allowed_payload_size": megabytes, "size_unit": "megabytes",
            "require_content_length": False,
        },
    }  # fmt: skip


def lua(name: str) -> str:
    """Return a piece of Lua that lies beside this module."""
    return (Path(__file__).parent / f"{name}.lua").read_text(encoding="utf-8")


def global_plugins(options: Options) -> list[Plugin]:
    """Return the plugins of every request."""
    secret = f"{SECRET_HEADER}:{options.secret}"
    plugins: list[Plugin] = [
        {
            "name": "pre-function",
            "config": {
                "access": [lua("guard")],
                "header_filter": [lua("problem_header")],
                "body_filter": [lua("problem_body")],
            },
        },
        {
            "name": "correlation-id",
            "config": {
                "header_name": "X-Request-Id", "generator": "uuid", "echo_downstream": True,
            },
        },
        size_limit(options.max_megabytes),
        {
            # "replace" and "add" together: neither keeps what a client sent.
            "name": "request-transformer",
            "config": {"replace": {"headers": [secret]}, "add": {"headers": [secret]}},
        },
        {
            "name": "response-transformer",
            "config": {
                "remove": {"headers": ["Server"]},
                "add": {
                    "headers": [
                        "Strict-Transport-Security:max-age=31536000",
                        "X-Content-Type-Options:nosniff",
                        "Referrer-Policy:same-origin",
                    ]
                },
            },
        },
    ]  # fmt: skip
    if options.cors_origins:
        plugins.append({"name": "cors", "config": cors_config(options)})
    if options.acme_email:
        plugins.append({"name": "acme", "config": acme_config(options)})
    return plugins


def cors_config(options: Options) -> dict[str, Any]:
    """Return which pages of other origins may call."""
    return {
        # Given as expressions: a single plain origin would be answered to everybody.
        "origins": [f"^{re.escape(origin)}$" for origin in options.cors_origins],
        "methods": ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"],
        "headers": list(options.cors_headers),
        "exposed_headers": list(options.cors_exposed),
        "credentials": False,
        "max_age": PREFLIGHT_SECONDS,
        "preflight_continue": False,
        "private_network": False,
    }


def acme_config(options: Options) -> dict[str, Any]:
    """Return how certificates are had from an ACME authority, and where they are kept.

    In Kong's own database where it has one. Else in a Redis that forgets nothing: an authority
    gives out the same certificate only a few times a week.
    """
    config: dict[str, Any] = {
        "account_email": options.acme_email,
        "tos_accepted": True,
        "domains": list(options.acme_domains),
        "storage": "kong",
    }
    if options.way == "token":
        redis = redis_config(options.acme_redis_url or options.redis_url)
        kept = {key: redis[key] for key in redis if key != "timeout"}
        config |= {"storage": "redis", "storage_config": {"redis": kept}}
    return config


def acme_routes() -> list[dict[str, Any]]:
    """Return the one route without TLS: where the authority looks for its proof."""
    return [
        {
            "name": "acme-challenge",
            "protocols": ["http"],
            "methods": ["GET"],
            "paths": [ACME_PATH],
            "strip_path": False,
            "preserve_host": True,
        }
    ]


def credential(key_id: str, key: jwt.PyJWK) -> dict[str, str]:
    """Return a public key of the issuer as a credential that tokens name by ``kid``."""
    public = key.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {
        "key": key_id,
        "algorithm": key.algorithm_name,
        "rsa_public_key": public.decode("ascii"),
    }
