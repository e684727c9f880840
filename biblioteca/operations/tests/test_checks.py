import secrets
from dataclasses import replace

import pytest
from django.core.checks import run_checks

from biblioteca.gateway import development
from biblioteca.operations.sso import SingleSignOn

SSO = SingleSignOn("https://login.example.org", "acervo", secrets.token_urlsafe(32))


@pytest.fixture
def safe(settings):
    """Settings that a production deployment could have."""
    settings.DEBUG = False
    settings.TRUST = "closed"
    settings.SECRET_KEY = secrets.token_urlsafe(50)
    settings.ALLOWED_HOSTS = ["catalogo.example.org"]
    settings.GATEWAY_SECRETS = [secrets.token_urlsafe(32)]
    return settings


def found():
    messages = run_checks(include_deployment_checks=True)
    return {message.id for message in messages if str(message.id).startswith("biblioteca.")}


def test_safe_settings_pass(safe):
    assert found() == set()


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("TRUST", "open", "biblioteca.E001"),
        ("DEBUG", True, "biblioteca.E002"),
        ("SECRET_KEY", "changeme" * 8, "biblioteca.E003"),
        ("SECRET_KEY", "short", "biblioteca.E003"),
        ("ALLOWED_HOSTS", ["*"], "biblioteca.E004"),
        ("ALLOWED_HOSTS", [], "biblioteca.E004"),
        ("GATEWAY_SECRETS", ["short"], "biblioteca.E005"),
        ("GATEWAY_SECRETS", [secrets.token_urlsafe(32), "changeme" * 8], "biblioteca.E005"),
        ("GATEWAY_SECRETS", [], "biblioteca.E008"),
        ("DEMO", True, "biblioteca.E010"),
        ("OAUTH_ISSUER", development.ISSUER, "biblioteca.E007"),
        ("OAUTH_ISSUER", "http://issuer.example/", "biblioteca.E006"),
        ("OAUTH_JWKS", "http://issuer.example/jwks.json", "biblioteca.E006"),
        ("SSO", replace(SSO, issuer="http://login.example.org"), "biblioteca.E011"),
        ("SSO", replace(SSO, client_secret="changeme" * 8), "biblioteca.E012"),
        ("SSO", replace(SSO, client_secret="curto"), "biblioteca.E012"),
        ("SSO", SSO, "biblioteca.E013"),
        ("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend", "biblioteca.E014"),
    ],
)
def test_an_open_door_is_an_error(safe, name, value, check):
    setattr(safe, name, value)
    if name == "TRUST":
        safe.GATEWAY_SECRETS = []
    assert check in found()


def test_a_demonstration_answers_on_its_own_machine_only(safe):
    safe.DEMO, safe.OAUTH_ISSUER = True, development.ISSUER
    safe.ALLOWED_HOSTS = ["localhost"]
    assert found() == set()


@pytest.mark.parametrize(("secrets_set", "expected"), [(True, set()), (False, {"biblioteca.E009"})])
def test_headers_of_anybody_are_believed_behind_a_secret_only(
    safe, monkeypatch, secrets_set, expected
):
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    safe.OAUTH_ISSUER = "https://issuer.example.org/"
    if not secrets_set:
        safe.GATEWAY_SECRETS = []
    assert found() == expected


def test_single_sign_on_and_mail_below_a_public_address_pass(safe):
    safe.SSO, safe.PUBLIC_URL = SSO, "https://catalogo.example.org"
    safe.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert found() == set()
    safe.PUBLIC_URL = "http://catalogo.example.org"
    assert found() == {"biblioteca.E013"}
