"""Bearer tokens (RFC 6750, RFC 9068), verified again behind the gateway.

Keys come from a JWKS (RFC 7517), by URL or from a file. A rotation is followed by ``kid``; an
issuer that cannot be reached leaves the keys that are known in force.
"""

import hashlib
import json
import logging
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import jwt
from cachetools import LRUCache
from django.conf import settings

from biblioteca.gateway.callers import READ, WRITE, Caller

logger = logging.getLogger(__name__)

ALGORITHMS = ["RS256", "ES256"]
REFRESH_SECONDS = 3600
# An unknown key makes one request to the issuer in so many seconds, however many ask.
PATIENCE_SECONDS = 60
FETCH_TIMEOUT_SECONDS = 5
REMEMBERED = 10_000
# What a source that is away, or a document that is no key set, ends in.
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, jwt.PyJWTError)


class Keys:
    """The issuer's public keys by ``kid``.

    ``source`` is the address or the file of the key set; with ``is_issuer`` it is the issuer, whose
    discovery document names it.
    """

    def __init__(self, source: str, *, is_issuer: bool = False) -> None:
        self.source, self.is_issuer = source, is_issuer
        self.lock = threading.Lock()
        self.keys: dict[str, jwt.PyJWK] = {}
        self.tried = self.fetched = -float("inf")

    def get(self, key_id: str) -> jwt.PyJWK | None:
        """Return the key, fetching the set when it is old or does not have it.

        Whoever needs a key that is not there waits for a fetch under way; the others do not.
        """
        is_missing = key_id not in self.keys
        if is_missing or time.monotonic() - self.fetched > REFRESH_SECONDS:
            if not self.lock.acquire(blocking=is_missing):
                return self.keys.get(key_id)
            try:
                has_come = is_missing and key_id in self.keys
                if not has_come and time.monotonic() - self.tried > PATIENCE_SECONDS:
                    self.fetch()
            finally:
                self.lock.release()
        return self.keys.get(key_id)

    def fetch(self) -> None:
        """Replace the keys by what the source has now, if it can be read."""
        self.tried = time.monotonic()
        try:
            keys = usable_keys(json.loads(self.read()))
        except UNREADABLE as error:
            logger.warning("the keys of %s cannot be read: %s", self.source, error)
            return
        if keys:
            self.keys, self.fetched = keys, self.tried

    def read(self) -> bytes:
        """Return the key set as it stands."""
        place = jwks_address(self.source) if self.is_issuer else self.source
        if not place.startswith(("http://", "https://")):
            return Path(place).read_bytes()
        with urlopen(place, timeout=FETCH_TIMEOUT_SECONDS) as answer:  # noqa: S310 (http)
            return answer.read(1024 * 1024)


def jwks_address(issuer: str) -> str:
    """Return where an issuer publishes its keys: what its discovery document says, or the usual.

    OpenID Connect Discovery 1.0, section 4; an issuer without one has /.well-known/jwks.json.
    """
    base = issuer.rstrip("/")
    try:
        found = json.loads(Keys(f"{base}/.well-known/openid-configuration").read())["jwks_uri"]
    except UNREADABLE:
        found = ""
    return found if isinstance(found, str) and found else f"{base}/.well-known/jwks.json"


def usable_keys(document: Any) -> dict[str, jwt.PyJWK]:
    """Return the signature keys of a JWKS by ``kid``; others are left out."""
    found = {}
    for entry in document["keys"]:
        is_public = entry.get("kty") in ("RSA", "EC") and entry.get("use", "sig") == "sig"
        if is_public and isinstance(entry.get("kid"), str):
            algorithm = entry.get("alg") or ("RS256" if entry["kty"] == "RSA" else "ES256")
            if algorithm in ALGORITHMS:
                found[entry["kid"]] = jwt.PyJWK(entry, algorithm)
    return found


class Verifier:
    """Verifies tokens of one issuer for one audience, and remembers those that are good."""

    def __init__(self, issuer: str, audience: str, keys: Keys) -> None:
        self.issuer, self.audience, self.keys = issuer, audience, keys
        self.lock = threading.Lock()
        self.good: LRUCache[bytes, tuple[float, Caller]] = LRUCache(REMEMBERED)

    def remembered(self, token: bytes) -> Caller | None:
        """Return the caller of a token that was verified before and has not expired."""
        with self.lock:
            found = self.good.get(hashlib.sha256(token).digest())
        return found[1] if found is not None and found[0] > time.time() else None

    def verify(self, token: bytes) -> Caller | None:
        """Return the caller whom a token names, None for one that is not good."""
        caller = self.remembered(token)
        if caller is not None:
            return caller
        try:
            claims = self.claims_of(token.decode("ascii"))
        except (jwt.PyJWTError, ValueError) as error:
            logger.info("a token was refused: %s", error)
            return None
        caller = Caller(name_in(claims), scopes_in(claims))
        with self.lock:
            self.good[hashlib.sha256(token).digest()] = (float(claims["exp"]), caller)
        return caller

    def claims_of(self, token: str) -> dict[str, Any]:
        """Return the claims of a good token. Raises jwt.PyJWTError for another one."""
        header = jwt.get_unverified_header(token)
        key_id, algorithm = header.get("kid"), header.get("alg")
        if algorithm not in ALGORITHMS or not isinstance(key_id, str):
            raise jwt.InvalidTokenError("no algorithm or key of ours")
        key = self.keys.get(key_id)
        if key is None or key.algorithm_name != algorithm:
            raise jwt.InvalidTokenError("not signed with a key of the issuer")
        return jwt.decode(
            token, key, algorithms=[algorithm], audience=self.audience, issuer=self.issuer,
            options={"require": ["exp", "iss", "aud"]},
        )  # fmt: skip


def name_in(claims: dict[str, Any]) -> str:
    """Return the client that a token was issued to: ``azp``, ``client_id`` or ``sub``."""
    names = (claims.get(claim) for claim in ("azp", "client_id", "sub"))
    return next((name for name in names if isinstance(name, str) and name), "?")[:200]


def scopes_in(claims: dict[str, Any]) -> frozenset[str]:
    """Return those of our scopes that stand in ``scope`` or ``permissions``."""
    scope, permissions = claims.get("scope"), claims.get("permissions")
    named = scope.split() if isinstance(scope, str) else []
    named += permissions if isinstance(permissions, list) else []
    return frozenset({READ, WRITE} & {name for name in named if isinstance(name, str)})


@cache
def verifier_for(issuer: str, audience: str, source: str) -> Verifier:
    """Return the process's verifier of these settings."""
    keys = Keys(source) if source else Keys(issuer, is_issuer=True)
    return Verifier(issuer, audience, keys)


def verifier() -> Verifier:
    """Return the verifier that the settings name."""
    return verifier_for(settings.OAUTH_ISSUER, settings.OAUTH_AUDIENCE, settings.OAUTH_JWKS)
