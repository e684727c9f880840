"""What SSO_* and EMAIL_URL say, and what stops the start."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from biblioteca.operations.mail import mail_settings
from biblioteca.operations.sso import ROLES, single_sign_on

GIVEN = {
    "SSO_ISSUER": "https://login.example.org/realms/acervo/",
    "SSO_CLIENT_ID": "acervo",
    "SSO_CLIENT_SECRET": "um segredo",
}


@pytest.fixture
def given(monkeypatch):
    def set_all(**more):
        for name, value in (GIVEN | more).items():
            monkeypatch.setenv(name, value)
        return single_sign_on()

    return set_all


def test_without_settings_there_is_none():
    assert not single_sign_on()


def test_three_settings_are_enough(given):
    sso = given()
    assert sso
    assert sso.issuer == "https://login.example.org/realms/acervo"
    assert (sso.backend, sso.claim, sso.name) == ("oidc", "roles", "login.example.org")
    assert sso.roles == dict(zip(ROLES, ROLES, strict=True))
    assert sso.scopes == ("openid", "profile", "email")
    assert "segredo" not in repr(sso)


def test_auth0_is_known_by_its_address_or_by_name(given):
    assert given(SSO_ISSUER="https://acervo.eu.auth0.com/").backend == "auth0_openidconnect"
    assert given(SSO_ISSUER="https://acervo.eu.auth0.com/").name == "Auth0"
    own = given(SSO_ISSUER="https://entrar.example.org", SSO_PROVIDER="auth0", SSO_NAME="Casa")
    assert (own.backend, own.name) == ("auth0_openidconnect", "Casa")


def test_roles_may_have_any_name(given):
    roles = given(SSO_ROLES="a=b=Editores, chefe = Administradores,x=Editores").roles
    assert roles == {"a=b": "Editores", "chefe": "Administradores", "x": "Editores"}


def test_a_secret_comes_from_a_file(given, monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("de um arquivo\n")
    monkeypatch.setenv("SSO_CLIENT_SECRET_FILE", str(tmp_path / "secret"))
    assert given(SSO_CLIENT_SECRET="").client_secret == "de um arquivo"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSO_ISSUER", ""),
        ("SSO_ISSUER", "login.example.org"),
        ("SSO_CLIENT_ID", ""),
        ("SSO_CLIENT_SECRET", ""),
        ("SSO_PROVIDER", "google"),
        ("SSO_ROLES_CLAIM", "  "),
        ("SSO_ROLES", "bibliotecaria"),
        ("SSO_ROLES", "bibliotecaria=Donos"),
        ("SSO_ROLES", "=Editores"),
        ("SSO_ROLES", "a=Editores,a=Leitores"),
        ("SSO_SCOPES", "profile email"),
    ],
)
def test_nonsense_stops_the_start_by_name(given, name, value):
    with pytest.raises(ImproperlyConfigured, match=f"^{name}="):
        given(**{name: value})


def test_mail_is_off_without_an_address():
    assert mail_settings() == {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://mail.example.org", 25, False, False),
        ("smtp+tls://eu:a%40b@mail.example.org", 587, True, False),
        ("smtps://eu:a%40b@mail.example.org:4650", 4650, False, True),
    ],
)
def test_mail_by_one_address(monkeypatch, url, port, tls, ssl):
    monkeypatch.setenv("EMAIL_URL", url)
    found = mail_settings()
    assert found["EMAIL_HOST"] == "mail.example.org"
    assert (found["EMAIL_PORT"], found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (port, tls, ssl)
    assert found["EMAIL_HOST_PASSWORD"] == ("a@b" if "eu" in url else "")


@pytest.mark.parametrize("url", ["mail.example.org", "http://mail", "smtp://", "smtp://m:x"])
def test_nonsense_for_mail_stops_the_start_and_keeps_the_password(monkeypatch, url):
    monkeypatch.setenv("EMAIL_URL", url)
    with pytest.raises(ImproperlyConfigured, match=r"^EMAIL_URL='…'"):
        mail_settings()
