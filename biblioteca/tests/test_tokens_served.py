"""The way of tokens on one's own machine, in a real server."""

import subprocess
import sys

import pytest
import requests

from biblioteca.gateway import development
from biblioteca.tests.servers import ROOT, environment_for, serving

pytestmark = pytest.mark.served


def token(directory, *options, **environment):
    """Run ``manage.py token``."""
    return subprocess.run(
        [sys.executable, "manage.py", "token", *options],
        cwd=ROOT,
        env=environment_for(directory, **environment),
        capture_output=True,
        text=True,
    )


def bearer(done):
    assert done.returncode == 0, done.stderr
    return {"Authorization": f"Bearer {done.stdout.strip()}"}


def test_tokens_open_what_their_scope_names_and_cached_answers_too(tmp_path):
    reader = bearer(token(tmp_path))
    writer = bearer(token(tmp_path, "--escopo", "catalogo:escrever", "--cliente", "app"))
    expired = bearer(token(tmp_path, "--segundos", "-60"))
    assert (tmp_path / "issuer" / "key.pem").stat().st_mode & 0o777 == 0o600
    environment = {
        "OAUTH_ISSUER": development.ISSUER,
        "OAUTH_AUDIENCE": development.AUDIENCE,
        "OAUTH_JWKS": str(tmp_path / "issuer" / "jwks.json"),
    }
    with serving(tmp_path, "--vazio", **environment) as server:
        address = f"{server}/autores/"
        body = {"nome": "Machado de Assis"}
        assert requests.post(address, json=body).status_code == 401
        assert requests.post(address, json=body, headers=reader).status_code == 403
        assert requests.post(address, json=body, headers=writer).status_code == 201
        for _ in range(3):
            answer = requests.get(address, headers=reader)
            assert answer.json()["count"] == 1
            assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["Cache-Status"] == "biblioteca; hit"
        for refused in ({}, expired, {"Authorization": "Bearer abc"}):
            answer = requests.get(address, headers=refused)
            assert answer.status_code == 401, refused
            assert "hit" not in answer.headers["Cache-Status"]
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_outside_development_the_key_is_nobodys(tmp_path):
    production = {"DJANGO_DEBUG": "0", "DJANGO_SECRET_KEY": "x" * 50}
    refused = token(tmp_path, **production)
    assert refused.returncode == 1
    assert "DJANGO_DEBUG" in refused.stderr
    trusting = production | {
        "OAUTH_ISSUER": development.ISSUER,
        "OAUTH_AUDIENCE": development.AUDIENCE,
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"],
        cwd=ROOT,
        env=environment_for(tmp_path, **trusting),
        capture_output=True,
        text=True,
    )
    assert "biblioteca.E007" in done.stderr


def test_a_service_outside_development_trusts_no_development_issuer(client, settings):
    settings.TRUST, settings.DEBUG = "closed", False
    settings.OAUTH_ISSUER, settings.OAUTH_AUDIENCE = development.ISSUER, development.AUDIENCE
    from biblioteca.gateway.trust import Mode, current_mode

    assert current_mode() is Mode.CLOSED
    settings.DEBUG = True
    assert current_mode() is Mode.TOKEN
