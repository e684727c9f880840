"""Which route Kong would take for a request, and which requests the service knows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from biblioteca.gateway.kong.routes import Kind

CATALOGUE = ("obras", "autores", "editoras", "fusoes")
READING = ("GET", "HEAD")
WRITING = ("POST", "PUT", "PATCH", "DELETE")
# What no route may match: neighbours of our paths, and what only the inside may ask.
FOREIGN = (
    "/obrasfoo", "/obras/1/2", "/obras/1/identificadoresx", "/autores/1/2/", "/autoresx/",
    "/autores/1/fundirx", "/obras/1/fundir", "/fusoesx", "/fusoes/1/2",
    "/Obras/", "/editoras/1/obras/2", "/health/live", "/health/ready", "/adminx", "/docsx",
    "/schema/x",
    "/staticx", "/mediax/a.jpg", "/metrics", "/x",
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """A request, and what it needs; None for one that the service does not know."""

    method: str
    path: str
    kind: Kind | None


def route_for(routes: list[dict[str, Any]], method: str, path: str) -> str:
    """Return the name of the route that takes a request, "" for none.

    Regular expressions come first, by their priority, and then prefixes, the longest first: the
    order of Kong's router (traditional_compatible).
    """
    best: tuple[tuple[int, int, int], str] | None = None
    for route in routes:
        if route.get("methods") and method not in route["methods"]:
            continue
        for pattern in route.get("paths") or []:
            if pattern.startswith("~"):
                matches = re.match(pattern[1:], path) is not None
                rank = (1, route.get("regex_priority", 0), len(pattern))
            else:
                matches = path.startswith(pattern)
                rank = (0, 0, len(pattern))
            if matches and (best is None or rank > best[0]):
                best = (rank, str(route.get("name")))
    return best[1] if best else ""


def known_requests() -> list[Sample]:
    """Return a request for every route and method of the service, and some that it has not."""
    samples = []
    for path in paths_of_service():
        first = path.split("/")[1]
        if first == "health":
            continue
        if first in CATALOGUE:
            samples += [Sample(method, path, Kind.READ) for method in READING]
            samples += [Sample(method, path, Kind.WRITE) for method in WRITING]
            samples.append(Sample("OPTIONS", path, Kind.OPEN))
        else:
            samples += [Sample(method, path, Kind.OPEN) for method in READING]
            if first == "admin" and path != "/admin":
                samples.append(Sample("POST", path, Kind.OPEN))
    samples += [Sample("GET", "/static/x.css", Kind.OPEN)]
    samples += [Sample(method, path, None) for path in FOREIGN for method in ("GET", "POST")]
    return samples


def paths_of_service() -> list[str]:
    """Return a path for every route of the service, in each of its spellings."""
    return sorted({path for pattern in paths_of(get_resolver()) for path in pattern})


def paths_of(resolver: URLResolver, prefix: str = "/") -> Iterator[list[str]]:
    """Yield the paths that each pattern stands for, with its groups filled in."""
    for pattern in resolver.url_patterns:
        part = str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from paths_of(pattern, prefix + filled(part)[0])
        elif isinstance(pattern, URLPattern) and part not in ("", "^$"):
            yield [prefix + path for path in filled(part)]
        elif part == "" and pattern.name == "root":
            yield [prefix]


def filled(pattern: str) -> list[str]:
    """Return the spellings of a pattern: groups filled, an optional slash there and not there."""
    plain = re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)|<[^>]+>", "7", pattern)
    plain = plain.removeprefix("^").removesuffix("$").removesuffix("\\Z")
    plain = plain.replace("\\.", ".").replace("\\-", "-")
    if plain.endswith("/?"):
        return [plain[:-2], plain[:-1]]
    return [plain]
