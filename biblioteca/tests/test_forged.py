"""Who gets in, in every mode: each case reads and writes; nothing is written by who may not."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from autores.models import Autor
from biblioteca.gateway.authentication import reading_rule
from biblioteca.gateway.evidence import RAW_HEADERS
from biblioteca.gateway.tests.issuer import AUDIENCE, ISSUER, Issuer
from biblioteca.gateway.tokens import Keys, Verifier, verifier_for

pytestmark = [pytest.mark.django_db, pytest.mark.once]

SECRET, NEXT_SECRET = "s" * 40, "n" * 40
KONG = [
    ("X-Gateway-Secret", SECRET), ("X-Consumer-Username", "leitor"), ("X-Consumer-ID", "7"),
]  # fmt: skip
WRITES = [("X-Authenticated-Scope", "catalogo:escrever")]
READS = [("X-Authenticated-Scope", "outra catalogo:ler")]

# Headers, the status of a read, the status of a write.
GATEWAY = {
    "as Kong forwards a writer": (KONG + WRITES, 200, 201),
    "as Kong forwards a reader": (KONG + READS, 200, 403),
    "a group for a scope": ([*KONG, ("X-Consumer-Groups", "x, catalogo:escrever")], 200, 201),
    "the next secret": ([("X-Gateway-Secret", NEXT_SECRET), *KONG[1:], *WRITES], 200, 201),
    "no scope": (KONG, 403, 403),
    "a scope of another API": ([*KONG, ("X-Authenticated-Scope", "outra:escrever")], 403, 403),
    "a scope that only looks like ours": (
        [*KONG, ("X-Authenticated-Scope", "catalogo:escrever2")], 403, 403),
    "nothing": ([], 401, 401),
    "no secret": (KONG[1:] + WRITES, 401, 401),
    "a wrong secret": ([("X-Gateway-Secret", "x" * 40), *KONG[1:], *WRITES], 401, 401),
    "an empty secret": ([("X-Gateway-Secret", ""), *KONG[1:], *WRITES], 401, 401),
    "a part of the secret": ([("X-Gateway-Secret", SECRET[:-1]), *KONG[1:], *WRITES], 401, 401),
    "the secret twice": ([*KONG, KONG[0], *WRITES], 401, 401),
    "both secrets": ([*KONG, ("X-Gateway-Secret", NEXT_SECRET), *WRITES], 401, 401),
    "a folded secret": ([("X_Gateway_Secret", SECRET), *KONG[1:], *WRITES], 401, 401),
    "a folded name beside ours": ([*KONG, ("X_Consumer_Username", "root"), *WRITES], 401, 401),
    "a half folded name": ([*KONG, ("X-Consumer_Username", "root"), *WRITES], 401, 401),
    "a folded scope": ([*KONG, ("X_Authenticated_Scope", "catalogo:escrever")], 401, 401),
    "a folded group": ([*KONG, ("X_Consumer_Groups", "catalogo:escrever")], 401, 401),
    "the name twice": ([*KONG, ("X-Consumer-Username", "root"), *WRITES], 401, 401),
    "the name twice, spelled otherwise": (
        [*KONG, ("x-consumer-username", "root"), *WRITES], 401, 401),
    "the scope twice": ([*KONG, *READS, *WRITES], 401, 401),
    "two names in one": (
        [KONG[0], ("X-Consumer-Username", "leitor, root"), *WRITES], 401, 401),
    "an empty name": ([KONG[0], ("X-Consumer-Username", ""), *WRITES], 401, 401),
    "a name that no header can have": (
        [KONG[0], ("X-Consumer-Username", "leit\x00or"), *WRITES], 401, 401),
    "a name beyond ASCII": ([KONG[0], ("X-Consumer-Username", "jos\xe9"), *WRITES], 401, 401),
    "a name without end": ([KONG[0], ("X-Consumer-Username", "a" * 9000), *WRITES], 401, 401),
    "no name": ([KONG[0], *WRITES], 401, 401),
    "the anonymous consumer": ([*KONG, ("X-Anonymous-Consumer", "true"), *WRITES], 401, 401),
    "Connection strips the secret": (
        [("Connection", "close, X-Gateway-Secret"), *KONG[1:], *WRITES], 401, 401),
    "a token and no secret": ([("Authorization", "Bearer abc"), *KONG[1:], *WRITES], 401, 401),
}  # fmt: skip


def bearer(token):
    return [("Authorization", f"Bearer {token}")]


def unsigned(issuer):
    """Return a token with the algorithm ``none``."""
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    parts = [{"alg": "none", "kid": "one", "typ": "JWT"}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    return b".".join([*encoded, b""]).decode()


def signed_with_the_public_key(issuer):
    """Return a token whose HMAC secret is the issuer's public key."""
    public = (
        issuer.keys["one"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    head, claims, _signature = issuer.token().split(".")
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').rstrip(b"=").decode()
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = algorithm.sign(f"{head}.{claims}".encode(), public)
    return f"{head}.{claims}." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


def by_another_key(issuer):
    """Return a token that names the issuer's key and is signed with another one."""
    ours = issuer.keys["one"]
    issuer.keys["one"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    try:
        return issuer.token()
    finally:
        issuer.keys["one"] = ours


def with_other_claims(issuer):
    """Return a token whose claims were changed after it was signed."""
    head, _claims, signature = issuer.token(scope="catalogo:ler").split(".")
    return f"{head}.{issuer.token().split('.')[1]}.{signature}"


def by_unknown_key(issuer):
    """Return a token of a key that is not published."""
    issuer.add("hidden")
    token = issuer.token("hidden")
    del issuer.keys["hidden"]
    issuer.publish()
    return token


NOW = int(time.time())
TOKENS = {
    "a writer's": (lambda i: bearer(i.token()), 200, 201),
    "a reader's": (lambda i: bearer(i.token(scope="catalogo:ler")), 200, 403),
    "permissions of Auth0": (
        lambda i: bearer(i.token(scope=None, permissions=["catalogo:escrever"])), 200, 201),
    "several audiences": (lambda i: bearer(i.token(aud=["x", AUDIENCE])), 200, 201),
    "valid from a minute ago": (lambda i: bearer(i.token(nbf=NOW - 60)), 200, 201),
    "no scope": (lambda i: bearer(i.token(scope=None)), 403, 403),
    "a scope of another API": (lambda i: bearer(i.token(scope="outra:escrever")), 403, 403),
    "scopes as a list": (lambda i: bearer(i.token(scope=["catalogo:escrever"])), 403, 403),
    "none": (lambda i: [], 401, 401),
    "expired": (lambda i: bearer(i.token(exp=NOW - 60)), 401, 401),
    "without an end": (lambda i: bearer(i.token(exp=None)), 401, 401),
    "not yet valid": (lambda i: bearer(i.token(nbf=NOW + 600)), 401, 401),
    "for another audience": (lambda i: bearer(i.token(aud="https://other.test")), 401, 401),
    "for no audience": (lambda i: bearer(i.token(aud=None)), 401, 401),
    "of another issuer": (lambda i: bearer(i.token(iss="https://demo.test/")), 401, 401),
    "of no issuer": (lambda i: bearer(i.token(iss=None)), 401, 401),
    "unsigned": (lambda i: bearer(unsigned(i)), 401, 401),
    "HS256 with the public key": (lambda i: bearer(signed_with_the_public_key(i)), 401, 401),
    "signed with another key": (lambda i: bearer(by_another_key(i)), 401, 401),
    "of an unknown key": (lambda i: bearer(by_unknown_key(i)), 401, 401),
    "changed on the way": (lambda i: bearer(with_other_claims(i)), 401, 401),
    "cut": (lambda i: bearer(i.token()[:-9]), 401, 401),
    "garbage": (lambda i: bearer("abc"), 401, 401),
    "two in one": (lambda i: bearer(f"{i.token()}, Bearer {i.token()}"), 401, 401),
    "twice": (lambda i: bearer(i.token()) * 2, 401, 401),
    "in Basic": (lambda i: [("Authorization", f"Basic {i.token()}")], 401, 401),
    "folded beside": (lambda i: [*bearer(i.token()), ("X_Consumer_ID", "1")], 401, 401),
    "headers of a gateway alone": (lambda i: KONG + WRITES, 401, 401),
}  # fmt: skip


@pytest.fixture
def issuer(tmp_path, settings):
    settings.TRUST = "closed"
    made = Issuer(tmp_path)
    settings.OAUTH_ISSUER, settings.OAUTH_AUDIENCE = ISSUER, AUDIENCE
    settings.OAUTH_JWKS = str(made.file)
    verifier_for.cache_clear()
    return made


def statuses(client, headers):
    """Read and write with ``headers`` as they came; return both statuses."""
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    extra = {RAW_HEADERS: raw}
    before = Autor.objects.count()
    read = client.get("/autores/", **extra)
    body = {"nome": "Nova"}
    write = client.post("/autores/", body, content_type="application/json", **extra)
    written = Autor.objects.count() - before
    assert written == (1 if write.status_code == 201 else 0)
    for answer in (read, write):
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json"
        if answer.status_code == 401:
            assert answer["WWW-Authenticate"].startswith("Bearer")
    # The read cache lets nobody pass whom the views refuse.
    given = {name.lower(): value for name, value in raw}
    if len(given) == len(raw) and read.status_code != 200:
        assert not reading_rule()(given)
    return read.status_code, write.status_code


@pytest.mark.parametrize("case", GATEWAY)
def test_gateway_mode(client, settings, case):
    settings.TRUST, settings.GATEWAY_SECRETS = "closed", [SECRET, NEXT_SECRET]
    headers, read, write = GATEWAY[case]
    assert statuses(client, headers) == (read, write)


@pytest.mark.parametrize("case", TOKENS)
def test_token_mode(client, issuer, case):
    make, read, write = TOKENS[case]
    assert statuses(client, make(issuer)) == (read, write)


@pytest.mark.parametrize(
    ("headers", "with_token", "expected"),
    [
        (KONG + WRITES, False, (401, 401)),
        ([], True, (401, 401)),
        ([KONG[0]], True, (200, 201)),
        ([("X-Gateway-Secret", "x" * 40)], True, (401, 401)),
    ],
)
def test_secret_and_issuer_are_both_demanded(
    client, issuer, settings, headers, with_token, expected
):
    settings.GATEWAY_SECRETS = [SECRET]
    given = headers + (bearer(issuer.token()) if with_token else [])
    assert statuses(client, given) == expected


def test_a_token_known_to_be_good_opens_no_stored_answer_without_the_secret(
    client, issuer, settings
):
    settings.GATEWAY_SECRETS = [SECRET]
    token = issuer.token()
    assert statuses(client, [KONG[0], *bearer(token)]) == (200, 201)
    given = {b"authorization": f"Bearer {token}".encode()}
    assert not reading_rule()(given)
    assert not reading_rule()(given | {b"x-gateway-secret": b"x" * 40})
    assert reading_rule()(given | {b"x-gateway-secret": SECRET.encode()})


def test_with_an_issuer_scopes_come_from_the_token_alone(client, issuer, settings):
    settings.GATEWAY_SECRETS = [SECRET]
    headers = KONG + WRITES + bearer(issuer.token(scope="catalogo:ler"))
    assert statuses(client, headers) == (200, 403)


@pytest.mark.parametrize("mode", ["gateway", "token"])
def test_public_reading_is_reading(client, issuer, settings, mode):
    settings.PUBLIC_READING = True
    if mode == "gateway":
        settings.OAUTH_ISSUER, settings.GATEWAY_SECRETS = "", [SECRET]
        assert statuses(client, [KONG[0]]) == (200, 403)
        assert statuses(client, []) == (401, 401)
        assert statuses(client, [*KONG, ("X-Anonymous-Consumer", "true")]) == (200, 403)
    else:
        assert statuses(client, []) == (200, 403)
        assert statuses(client, bearer(issuer.token(exp=NOW - 60))) == (401, 401)
        assert statuses(client, bearer(issuer.token(scope=None))) == (200, 403)


@pytest.mark.parametrize("path", ["/docs/", "/schema/", "/admin/login/", "/media/x.jpg", "/"])
def test_pages_and_files_need_the_secret_and_no_scope(client, settings, path):
    settings.TRUST, settings.GATEWAY_SECRETS = "closed", [SECRET]
    assert client.get(path, **{RAW_HEADERS: []}).status_code == 401
    through = {RAW_HEADERS: [(b"x-gateway-secret", SECRET.encode())]}
    assert client.get(path, **through).status_code in (200, 404)


def test_the_caller_stands_in_the_history(client, issuer):
    from biblioteca.records.models import HistoryEntry

    statuses(client, bearer(issuer.token(azp="aplicativo")))
    assert HistoryEntry.objects.latest("pk").quem == "aplicativo"


def test_a_rotation_refuses_no_token(issuer, monkeypatch):
    keys = Keys(str(issuer.file))
    verifier = Verifier(ISSUER, AUDIENCE, keys)
    assert verifier.verify(issuer.token().encode())
    issuer.add("two", "ES256")
    keys.tried -= 61
    for key_id, algorithm in (("one", "RS256"), ("two", "ES256")):
        assert verifier.verify(issuer.token(key_id, algorithm).encode()), key_id


def test_an_issuer_out_of_reach_keeps_its_keys_in_force(issuer):
    keys = Keys(str(issuer.file))
    verifier = Verifier(ISSUER, AUDIENCE, keys)
    assert verifier.verify(issuer.token().encode())
    issuer.file.unlink()
    keys.tried -= 3600
    keys.fetched -= 3 * 3600
    assert verifier.verify(issuer.token(azp="outro").encode())


def test_whoever_comes_during_the_first_fetch_waits_for_it(issuer, monkeypatch):
    keys = Keys(str(issuer.file))
    read, reads = keys.read, []

    def slow():
        reads.append(1)
        time.sleep(0.2)
        return read()

    monkeypatch.setattr(keys, "read", slow)
    verifier, token = Verifier(ISSUER, AUDIENCE, keys), issuer.token().encode()
    with ThreadPoolExecutor(8) as crowd:
        callers = list(crowd.map(lambda _number: verifier.verify(token), range(8)))
    assert all(callers)
    assert len(reads) == 1


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"keys": [1]}', '{"keys": [{"kty": "oct"}]}'])
def test_a_broken_key_set_leaves_the_known_keys(issuer, content):
    keys = Keys(str(issuer.file))
    assert keys.get("one")
    issuer.file.write_text(content)
    keys.tried -= 61
    assert keys.get("unknown") is None
    assert keys.get("one")


def test_unknown_keys_make_one_fetch_a_minute(issuer, monkeypatch):
    keys = Keys(str(issuer.file))
    reads = []
    read = keys.read
    monkeypatch.setattr(keys, "read", lambda: reads.append(1) or read())
    verifier = Verifier(ISSUER, AUDIENCE, keys)
    for number in range(50):
        token = jwt.encode({}, "k" * 32, "HS256", headers={"kid": f"k{number}"})
        assert verifier.verify(token.encode()) is None
        assert keys.get(f"unknown-{number}") is None
    assert len(reads) == 1


def test_verified_tokens_are_remembered_until_they_expire(issuer):
    verifier = Verifier(ISSUER, AUDIENCE, Keys(str(issuer.file)))
    lasting = issuer.token().encode()
    end = int(time.time()) + 5
    brief = issuer.token(exp=end).encode()
    assert verifier.remembered(lasting) is None
    assert verifier.verify(lasting)
    assert verifier.verify(brief)
    assert verifier.remembered(lasting)
    time.sleep(max(0, end + 0.1 - time.time()))
    assert verifier.remembered(brief) is None
    assert verifier.verify(brief) is None
