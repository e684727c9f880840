"""From evidence to caller, in the mode in force. Whatever is missing or strange fails closed."""

import re

from django.conf import settings

from biblioteca.gateway.callers import ANYBODY, PUBLIC, READ, WRITE, Caller
from biblioteca.gateway.evidence import AUTHORIZATION, Evidence, has_secret
from biblioteca.gateway.tokens import verifier
from biblioteca.gateway.trust import Mode

BEARER = re.compile(rb"[Bb]earer +([A-Za-z0-9._~+/=-]+)")
CONSUMER_NAMES = (b"x-consumer-username", b"x-consumer-custom-id", b"x-consumer-id")
# A comma would be two headers that something on the way made one.
NAME = re.compile(r"[^,\x00-\x1f\x7f]{1,200}")


def caller_by(evidence: Evidence | None, mode: Mode, *, remembered_only: bool) -> Caller | None:
    """Return who calls, None where that is not proved.

    With ``remembered_only`` a token that was not verified before proves nothing: the event loop
    does not wait for an issuer.
    """
    if mode is Mode.OPEN:
        return ANYBODY
    if evidence is None or mode is Mode.CLOSED:
        return None
    if mode in (Mode.GATEWAY, Mode.BOTH) and not has_secret(evidence, settings.GATEWAY_SECRETS):
        return None
    if mode is Mode.GATEWAY:
        return caller_in_headers(evidence)
    return caller_in_token(evidence, remembered_only=remembered_only)


def caller_in_headers(evidence: Evidence) -> Caller | None:
    """Return the consumer whom the gateway names."""
    is_anonymous = evidence.get(b"x-anonymous-consumer", b"").lower() not in (b"", b"false")
    names = [evidence[name].decode("ascii") for name in CONSUMER_NAMES if name in evidence]
    if is_anonymous or not names:
        return PUBLIC if settings.PUBLIC_READING else None
    if not all(NAME.fullmatch(name) for name in names):
        return None
    named = evidence.get(b"x-authenticated-scope", b"").decode("ascii").split()
    groups = evidence.get(b"x-consumer-groups", b"").decode("ascii").split(",")
    scopes = {READ, WRITE} & {*named, *(group.strip() for group in groups)}
    return Caller(names[0], frozenset(scopes | ({READ} if settings.PUBLIC_READING else set())))


def caller_in_token(evidence: Evidence, *, remembered_only: bool) -> Caller | None:
    """Return the client of the bearer token."""
    header = evidence.get(AUTHORIZATION)
    if header is None:
        return PUBLIC if settings.PUBLIC_READING else None
    bearer = BEARER.fullmatch(header)
    if bearer is None:
        return None
    known = verifier()
    caller = known.remembered(bearer[1]) if remembered_only else known.verify(bearer[1])
    if caller is not None and settings.PUBLIC_READING:
        return Caller(caller.name, caller.scopes | {READ})
    return caller
