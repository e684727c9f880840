"""Settings that would leave a door open: each is an error of ``check --deploy``."""

import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from biblioteca.gateway import development

EXAMPLE_SECRETS = ("changeme", "change-me", "example", "secret", "only-for-tests")
NEW_SECRET = "python -c 'import secrets; print(secrets.token_urlsafe(50))'"  # noqa: S105 (a command)


def is_weak(secret: str, length: int) -> bool:
    """Tell whether a secret is shorter than ``length`` or stands in an example."""
    return len(secret) < length or any(word in secret.lower() for word in EXAMPLE_SECRETS)


@register(Tags.security, deploy=True)
def check_open_doors(app_configs: Any, **_options: Any) -> list[CheckMessage]:
    """Return an error for each door that the settings leave open."""
    names_nobody = not settings.GATEWAY_SECRETS and not settings.OAUTH_ISSUER
    doors = (
        (
            "E001",
            settings.TRUST == "open" and names_nobody,
            "Whoever reaches the service reads and writes (open mode).",
            "Unset DJANGO_DEBUG and TRUST, and put the service behind its gateway.",
        ),
        (
            "E002",  # DEBUG shows the inside of the service to whoever meets an error
            settings.DEBUG,
            "DJANGO_DEBUG is on.",
            "Unset it.",
        ),
        (
            "E003",
            is_weak(settings.SECRET_KEY, 40),
            "DJANGO_SECRET_KEY is short or taken from an example.",
            NEW_SECRET,
        ),
        (
            "E004",  # links would be made from a forged Host
            "*" in settings.ALLOWED_HOSTS or not settings.ALLOWED_HOSTS,
            "DJANGO_ALLOWED_HOSTS is empty or lets every host pass.",
            "DJANGO_ALLOWED_HOSTS=catalogo.example.org",
        ),
        (
            "E005",
            any(is_weak(secret, 32) for secret in settings.GATEWAY_SECRETS),
            "GATEWAY_SECRET is short or taken from an example.",
            NEW_SECRET,
        ),
        (
            "E006",  # anybody on the way could put keys of their own in
            "http://" in (settings.OAUTH_JWKS[:7], settings.OAUTH_ISSUER[:7]),
            "OAUTH_ISSUER or OAUTH_JWKS is not https.",
            "OAUTH_JWKS=https://issuer.example.org/.well-known/jwks.json",
        ),
        (
            "E007",
            settings.OAUTH_ISSUER == development.ISSUER and not settings.DEMO,
            "OAUTH_ISSUER is the one of development, whose key lies on a developer's machine.",
            "Name the issuer of your organisation.",
        ),
        (
            "E008",
            names_nobody and settings.TRUST == "closed",
            "Neither GATEWAY_SECRET nor OAUTH_ISSUER is set: everybody is refused.",
            "Set them as the operators' guide (deploy/README.md) says.",
        ),
        (
            "E009",  # whoever reaches the port would say by which scheme, from where, he came
            os.environ.get("FORWARDED_ALLOW_IPS") == "*" and not settings.GATEWAY_SECRETS,
            "FORWARDED_ALLOW_IPS=* believes every client's X-Forwarded headers.",
            "FORWARDED_ALLOW_IPS=<address or network of the gateway>",
        ),
        (
            "E010",  # its tokens are signed by whoever may run a command here
            settings.DEMO and not set(settings.ALLOWED_HOSTS) <= {"localhost", "127.0.0.1"},
            "DEMO is on, and the service answers to more than localhost.",
            "Unset DEMO, and name the issuer of your organisation.",
        ),
        (
            "E011",  # anybody on the way could say who an editor is
            settings.SSO.issuer.startswith("http://"),
            "SSO_ISSUER is not https.",
            "SSO_ISSUER=https://login.example.org/realms/acervo",
        ),
        (
            "E012",
            bool(settings.SSO) and is_weak(settings.SSO.client_secret, 16),
            "SSO_CLIENT_SECRET is short or taken from an example.",
            "Copy it from the provider's page of this application.",
        ),
        (
            "E013",  # a request's Host would say where the provider sends people back to
            bool(settings.SSO) and not settings.PUBLIC_URL.startswith("https://"),
            "Single sign-on is on, and PUBLIC_URL is no https address.",
            "PUBLIC_URL=https://catalogo.example.org",
        ),
        (
            "E014",  # a request's Host would say where a link in a mail leads
            settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") and not settings.PUBLIC_URL,
            "EMAIL_URL is set, and PUBLIC_URL is not.",
            "PUBLIC_URL=https://catalogo.example.org",
        ),
    )
    return [
        Error(message, hint=hint, id=f"biblioteca.{number}")
        for number, is_open, message, hint in doors
        if is_open
    ]
