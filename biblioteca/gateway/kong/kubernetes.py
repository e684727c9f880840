"""The same gateway configuration as resources of the Kong Ingress Controller (3.x, Kong 3.9)."""

from typing import Any

import yaml

from biblioteca.gateway.kong.rendering import SERVICE, BlockText, Document

NAMESPACE = "biblioteca"
INGRESS_CLASS = "kong"

Resource = dict[str, Any]


def resources(document: Document, host: str) -> list[Resource]:
    """Return the resources for a document of ``rendering.render``.

    Plugins of every request are cluster plugins with the label ``global``; the service's nodes are
    the endpoints of its Service, which carries the health checks' policy by annotation.
    """
    service = document["services"][0]
    found: list[Resource] = [policy(document["upstreams"][0])]
    for plugin in document["plugins"]:
        found.append(
            {
                "apiVersion": "configuration.konghq.com/v1",
                "kind": "KongClusterPlugin",
                "metadata": {
                    "name": f"{SERVICE}-{plugin['name']}",
                    "labels": {"global": "true"},
                    "annotations": {"kubernetes.io/ingress.class": INGRESS_CLASS},
                },
                "plugin": plugin["name"],
                "config": plugin["config"],
            }
        )
    for route in service["routes"]:
        found += [plugin_of(route, plugin) for plugin in route.get("plugins", [])]
        found.append(ingress(route, host))
    for consumer in document.get("consumers", []):
        found += consumer_of(consumer)
    return found


def metadata(name: str, **annotations: str) -> dict[str, Any]:
    """Return the metadata of a resource in our namespace."""
    entry: dict[str, Any] = {"name": name, "namespace": NAMESPACE}
    return entry | ({"annotations": annotations} if annotations else {})


def policy(upstream: dict[str, Any]) -> Resource:
    """Return how the nodes are watched, and chosen."""
    checks = upstream["healthchecks"]
    names = {
        "http_path": "httpPath", "http_statuses": "httpStatuses", "tcp_failures": "tcpFailures",
        "http_failures": "httpFailures",
    }  # fmt: skip

    def camel(value: Any) -> Any:
        if isinstance(value, dict):
            return {names.get(name, name): camel(inner) for name, inner in value.items()}
        return value

    return {
        "apiVersion": "configuration.konghq.com/v1beta1",
        "kind": "KongUpstreamPolicy",
        "metadata": metadata(f"{SERVICE}-nodes"),
        "spec": {"algorithm": upstream["algorithm"], "healthchecks": camel(checks)},
    }


def plugin_of(route: dict[str, Any], plugin: dict[str, Any]) -> Resource:
    """Return a plugin of one route."""
    return {
        "apiVersion": "configuration.konghq.com/v1",
        "kind": "KongPlugin",
        "metadata": metadata(f"{route['name']}-{plugin['name']}"),
        "plugin": plugin["name"],
        "config": plugin["config"],
    }


def ingress(route: dict[str, Any], host: str) -> Resource:
    """Return a route. In an Ingress the mark of an expression is ``/~``."""
    plugins = ",".join(f"{route['name']}-{plugin['name']}" for plugin in route.get("plugins", []))
    annotations = {
        "konghq.com/methods": ",".join(route["methods"]),
        "konghq.com/protocols": ",".join(route["protocols"]),
        "konghq.com/https-redirect-status-code": str(route.get("https_redirect_status_code", 426)),
        "konghq.com/strip-path": "false",
        "konghq.com/preserve-host": "true",
        "konghq.com/regex-priority": str(route.get("regex_priority", 0)),
    }
    if plugins:
        annotations["konghq.com/plugins"] = plugins
    backend = {"service": {"name": SERVICE, "port": {"number": 8000}}}
    paths = [
        {
            "path": f"/{path}" if path.startswith("~") else path,
            "pathType": "ImplementationSpecific",
            "backend": backend,
        }
        for path in route["paths"]
    ]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata(f"{SERVICE}-{route['name']}", **annotations),
        "spec": {
            "ingressClassName": INGRESS_CLASS,
            "tls": [{"hosts": [host], "secretName": f"{SERVICE}-tls"}],
            "rules": [{"host": host, "http": {"paths": paths}}],
        },
    }


def consumer_of(consumer: dict[str, Any]) -> list[Resource]:
    """Return a consumer with its keys, each in a Secret."""
    found: list[Resource] = []
    names = []
    for number, secret in enumerate(consumer["jwt_secrets"]):
        names.append(f"{consumer['username']}-{number}")
        found.append(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": metadata(names[-1]) | {"labels": {"konghq.com/credential": "jwt"}},
                # The controller has asked for a "secret" beside a public key in some versions.
                "stringData": dict(secret) | {"secret": "unused"},
            }
        )
    annotations = {"kubernetes.io/ingress.class": INGRESS_CLASS}
    return [
        *found,
        {
            "apiVersion": "configuration.konghq.com/v1",
            "kind": "KongConsumer",
            "metadata": metadata(consumer["username"], **annotations),
            "username": consumer["username"],
            "credentials": names,
        },
    ]


def as_yaml(found: list[Resource]) -> str:
    """Return resources as one file."""
    return yaml.dump_all(
        found, Dumper=BlockText, sort_keys=False, allow_unicode=True, width=100, explicit_start=True
    )
