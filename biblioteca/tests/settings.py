"""The settings under which the tests run: the product's own, whatever the shell's environment."""

import os

CONFIGURED = (
    "DJANGO_ALLOWED_HOSTS", "PUBLIC_READING", "REQUIRE_IF_MATCH", "PUBLIC_URL", "LANGUAGE_CODE",
    "CORS_ORIGINS", "GATEWAY_SECRET", "OAUTH_ISSUER", "OAUTH_AUDIENCE", "OAUTH_JWKS", "MEDIA_ROOT",
    "STATIC_ROOT", "SERVING_THREADS", "SERVING_QUEUE", "REDIS_URL", "REDIS_PREFIX", "CACHE_SECONDS",
    "CACHE_MEMORY_MB", "CACHE_STRICT", "MEDIA_STORAGE", "MEDIA_ENDPOINT", "MEDIA_REGION",
    "MEDIA_PUBLIC_HOST", "DEMO", "FORWARDED_ALLOW_IPS", "UPLOAD_MAX_MB", "CERTIFICATES_REDIS_URL",
    "UPLOADS_STORAGE", "LOADS_HELD_SECONDS", "EMAIL_URL", "EMAIL_FROM",
    "SSO_ISSUER", "SSO_CLIENT_ID", "SSO_CLIENT_SECRET", "SSO_PROVIDER", "SSO_ROLES_CLAIM",
    "SSO_ROLES", "SSO_NAME", "SSO_SCOPES",
)  # fmt: skip

for name in CONFIGURED:
    os.environ.pop(name, None)
os.environ |= {"DJANGO_DEBUG": "0", "DJANGO_SECRET_KEY": "only-for-tests", "TRUST": "open"}

from biblioteca.settings import *  # noqa: E402, F403 (settings are read when imported)
from biblioteca.settings import STORAGES  # noqa: E402

ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Production's static files are collected and named by hash first; the tests collect nothing.
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
