"""Settings that would leave a door open: each is an error of ``check --deploy``."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from biblioteca.gateway import development

EXAMPLE_SECRETS = ("changeme", "change-me", "example", "secret", "only-for-tests")


@register(Tags.security, deploy=True)
def check_trust(app_configs: Any, **_options: Any) -> list[CheckMessage]:
    """Refuse the open mode."""
    if settings.TRUST != "open" or settings.GATEWAY_SECRETS or settings.OAUTH_ISSUER:
        return []
    return [
        Error(
            "Whoever reaches the service reads and writes (open mode).",
            hint="Unset DJANGO_DEBUG and TRUST, and put the service behind its gateway.",
            id="biblioteca.E001",
        )
    ]


@register(Tags.security, deploy=True)
def check_debug(app_configs: Any, **_options: Any) -> list[CheckMessage]:
    """Refuse DEBUG, which shows the inside of the service to whoever meets an error."""
    if not settings.DEBUG:
        return []
    return [Error("DJANGO_DEBUG is on.", hint="Unset it.", id="biblioteca.E002")]


@register(Tags.security, deploy=True)
def check_secret_key(app_configs: Any, **_options: Any) -> list[CheckMessage]:
    """Refuse a key that stands in an example, or is short."""
    key = settings.SECRET_KEY
    weak = len(key) < 40 or any(word in key.lower() for word in EXAMPLE_SECRETS)
    if not weak:
        return []
    return [
        Error(
            "DJANGO_SECRET_KEY is short or taken from an example.",
            hint="python -c 'import secrets; print(secrets.token_urlsafe(50))'",
            id="biblioteca.E003",
        )
    ]


@register(Tags.security, deploy=True)
def check_hosts(app_configs: Any, **_options: Any) -> list[CheckMessage]:
    """Refuse a service that answers to any Host: links would be made from a forged one."""
    if "*" not in settings.ALLOWED_HOSTS and settings.ALLOWED_HOSTS:
        return []
    return [
        Error(
            "DJANGO_ALLOWED_HOSTS is empty or lets every host pass.",
            hint="DJANGO_ALLOWED_HOSTS=catalogo.example.org",
            id="biblioteca.E004",
        )
    ]


@register(Tags.security, deploy=True)
def check_gateway_secret(app_configs: Any, **_options: Any) -> list[CheckMessage]:
    """Refuse a gateway's secret that can be guessed."""
    weak = [
        secret
        for secret in settings.GATEWAY_SECRETS
        if len(secret) < 32 or any(word in secret.lower() for word in EXAMPLE_SECRETS)
    ]
    if not weak:
        return []
    return [
        Error(
            "GATEWAY_SECRET is short or taken from an example.",
            hint="python -c 'import secrets; print(secrets.token_urlsafe(32))'",
            id="biblioteca.E005",
        )
    ]


@register(Tags.security, deploy=True)
def check_issuer(app_configs: Any, **_options: Any) -> list[CheckMessage]:
    """Refuse keys that come over a wire on which anybody may change them."""
    if not settings.OAUTH_JWKS.startswith("http://"):
        return []
    return [Error("OAUTH_JWKS is not https.", hint="https://…", id="biblioteca.E006")]


@register(Tags.security, deploy=True)
def check_development_issuer(app_configs: Any, **_options: Any) -> list[CheckMessage]:
    """Refuse the issuer whose key lies on a developer's machine."""
    if settings.OAUTH_ISSUER != development.ISSUER:
        return []
    return [
        Error("OAUTH_ISSUER is the one of development.", hint="Name yours.", id="biblioteca.E007")
    ]
