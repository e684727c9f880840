"""What a request says of its caller, taken from its headers as they came."""

from collections.abc import Iterable
from hmac import compare_digest

from django.http import HttpRequest

# Set by the layer that serves: the request's headers as they came, doubled and folded ones too.
RAW_HEADERS = "biblioteca.headers"

SECRET = b"x-gateway-secret"
AUTHORIZATION = b"authorization"
# All that the gateway, or somebody in its place, may say about a caller.
IDENTITY = frozenset({
    SECRET, AUTHORIZATION, b"x-consumer-id", b"x-consumer-username", b"x-consumer-custom-id",
    b"x-consumer-groups", b"x-credential-identifier", b"x-credential-username",
    b"x-anonymous-consumer", b"x-authenticated-scope", b"x-authenticated-userid",
    b"x-authenticated-groups",
})  # fmt: skip
LONGEST = 8192

Evidence = dict[bytes, bytes]


def evidence_in(headers: Iterable[tuple[bytes, bytes]]) -> Evidence | None:
    """Return the identity headers; None when one is doubled, folded or cannot be one.

    Django knows ``X_Consumer_Username`` and ``X-Consumer-Username`` by one name, and a gateway
    cleans only the second one: a request with the first is not believed at all.
    """
    found: Evidence = {}
    for name, value in headers:
        plain = name
        if name not in IDENTITY:
            if b"_" not in name and name.islower():
                continue  # most headers, quickly: this stands before every cached read
            plain = name.lower().replace(b"_", b"-")
            if plain not in IDENTITY:
                continue
        if b"_" in name or plain in found or len(value) > LONGEST or not value.isascii():
            return None
        found[plain] = value.strip()
    return found


def raw_headers(request: HttpRequest) -> list[tuple[bytes, bytes]]:
    """Return the headers of a request as they came, or as far as WSGI still tells them."""
    raw = request.META.get(RAW_HEADERS)
    if raw is not None:
        return list(raw)
    return [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in request.headers.items()
    ]


def has_secret(evidence: Evidence, secrets: Iterable[str]) -> bool:
    """Tell whether one of ``secrets`` came along, without telling how much of it was right."""
    given = evidence.get(SECRET, b"")
    matches = [compare_digest(given, secret.encode()) for secret in secrets]
    return bool(given) and any(matches)
