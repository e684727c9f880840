import secrets

import pytest
from django.core.checks import run_checks


@pytest.fixture
def safe(settings):
    """Settings that a production deployment could have."""
    settings.DEBUG = False
    settings.TRUST = "closed"
    settings.SECRET_KEY = secrets.token_urlsafe(50)
    settings.ALLOWED_HOSTS = ["catalogo.example.org"]
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
        ("OAUTH_JWKS", "http://issuer.example/jwks.json", "biblioteca.E006"),
    ],
)
def test_an_open_door_is_an_error(safe, name, value, check):
    setattr(safe, name, value)
    assert check in found()
