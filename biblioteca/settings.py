"""Django settings: one module, differences only through the environment (see .env.example)."""

import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from biblioteca.operations import environment
from biblioteca.operations.databases import database_settings
from biblioteca.operations.mail import mail_settings
from biblioteca.operations.sso import single_sign_on
from biblioteca.operations.storages import private_storage_settings, storage_settings

BASE_DIR = Path(__file__).resolve().parent.parent

# Where the embedded default keeps what it writes: SQLite file, pictures, development key.
DATA_DIR = Path(environment.text("DATA_DIR", str(BASE_DIR / "var")))

DEBUG = environment.boolean("DJANGO_DEBUG")


def development_secret_key() -> str:
    """Return this checkout's own key, made once, so that sessions and cursors survive a restart."""
    path = DATA_DIR / "secret_key"
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50), encoding="ascii")
    return path.read_text(encoding="ascii")


SECRET_KEY = environment.text("DJANGO_SECRET_KEY") or (development_secret_key() if DEBUG else "")
ALLOWED_HOSTS = environment.names("DJANGO_ALLOWED_HOSTS")

# --- Who may call, and under which address -------------------------------------------------------
TRUST = environment.choice("TRUST", "closed", ("closed", "open"))
if DEBUG:
    TRUST = "open"
# The header X-Gateway-Secret carries one of these (two while one follows the other).
GATEWAY_SECRETS = environment.names("GATEWAY_SECRET")
# Tokens are verified here too when an issuer is named; OAUTH_JWKS is an address or a file, and
# without one the issuer's discovery document says where its keys are.
OAUTH_ISSUER = environment.text("OAUTH_ISSUER")
OAUTH_AUDIENCE = environment.text("OAUTH_AUDIENCE")
OAUTH_JWKS = environment.text("OAUTH_JWKS")
if bool(OAUTH_ISSUER) != bool(OAUTH_AUDIENCE):
    raise environment.refuse(
        "OAUTH_AUDIENCE", OAUTH_AUDIENCE, "OAUTH_ISSUER and OAUTH_AUDIENCE go together",
        "https://catalogo.example.org",
    )  # fmt: skip
# Trusts the tokens of this machine's own issuer (manage.py token), for a look at the whole stack.
DEMO = environment.boolean("DEMO")
PUBLIC_READING = environment.boolean("PUBLIC_READING")
PUBLIC_URL = environment.origin("PUBLIC_URL")
REQUIRE_IF_MATCH = environment.boolean("REQUIRE_IF_MATCH")

# --- Composition ---------------------------------------------------------------------------------
INSTALLED_APPS = [
    # Before our own admin, which takes the queue's table out again (biblioteca.backoffice.admin).
    "django_tasks_db",
    "biblioteca",
    "biblioteca.backoffice",
    "biblioteca.loading",
    "biblioteca.api",
    "biblioteca.operations",
    "biblioteca.records",
    "biblioteca.cache",
    "biblioteca.photos",
    "obras",
    "autores",
    "editoras",
    "unfold.apps.BasicAppConfig",
    "biblioteca.backoffice.apps.CatalogueAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "axes",
    "social_django",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "biblioteca.operations.health.HealthMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "biblioteca.api.middleware.ProblemMiddleware",
    "biblioteca.operations.requests.RequestIdMiddleware",
    "biblioteca.gateway.middleware.GatewayDoorMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "biblioteca.backoffice.middleware.EditorSessionMiddleware",
    "biblioteca.backoffice.middleware.LanguageMiddleware",
    "biblioteca.backoffice.middleware.EditorCommonMiddleware",
    "biblioteca.backoffice.middleware.EditorCsrfMiddleware",
    "biblioteca.backoffice.middleware.EditorAuthenticationMiddleware",
    "biblioteca.backoffice.middleware.EditorMessageMiddleware",
    "biblioteca.backoffice.middleware.EditorFrameMiddleware",
    "biblioteca.backoffice.origin.EditorOriginMiddleware",
    "biblioteca.backoffice.signin.middleware.LockOutMiddleware",
    "biblioteca.backoffice.signin.middleware.SingleSignOnMiddleware",
]

ROOT_URLCONF = "biblioteca.urls"
WSGI_APPLICATION = "biblioteca.wsgi.application"
ASGI_APPLICATION = "biblioteca.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- The editors' back office --------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Biblioteca",
    "SITE_HEADER": "Biblioteca",
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": "/admin/idioma/"},
    "BORDER_RADIUS": "8px",
    # Teal, dark enough for white text on 600 and light enough on dark pages from 400.
    "COLORS": {
        "primary": {
            "50": "#f0fdfa", "100": "#ccfbf1", "200": "#99f6e4", "300": "#5eead4",
            "400": "#2dd4bf", "500": "#14b8a6", "600": "#0f766e", "700": "#115e59",
            "800": "#134e4a", "900": "#12413d", "950": "#042f2e",
        },
        # The theme's own greys are too pale for small print.
        "font": {
            "subtle-light": "#4b5563", "subtle-dark": "#b6bdc9",
            "default-light": "#374151", "default-dark": "#d6dae1",
            "important-light": "#111827", "important-dark": "#f3f4f6",
        },
    },
}  # fmt: skip

# --- Data ----------------------------------------------------------------------------------------
DATABASES = {"default": database_settings(default_directory=DATA_DIR)}

# One process thread holds one database connection for good (biblioteca.serving).
SERVING_THREADS = environment.integer("SERVING_THREADS", 8, minimum=1, maximum=256)
# So many requests wait for a thread; more are refused with 503.
SERVING_QUEUE = environment.integer("SERVING_QUEUE", 200, minimum=0, maximum=100_000)

# --- Cache ---------------------------------------------------------------------------------------
# Reads are answered from memory as long as nothing was written (biblioteca.cache).
REDIS_URL = environment.text("REDIS_URL")
REDIS_PREFIX = environment.text("REDIS_PREFIX", "biblioteca")
CACHED_RESOURCES = ["obras", "autores", "editoras"]
# The greatest age of a stored answer; 0 stores none.
CACHE_SECONDS = environment.integer("CACHE_SECONDS", 30, minimum=0, maximum=3600)
CACHE_MEMORY_MB = environment.integer("CACHE_MEMORY_MB", 64, minimum=1, maximum=65536)
# Refuse a write that Redis cannot be told of, rather than let others read the old for a while.
CACHE_STRICT = environment.boolean("CACHE_STRICT")
# Read by ``manage.py kong`` alone: where the gateway keeps the certificates that it fetches.
CERTIFICATES_REDIS_URL = environment.text("CERTIFICATES_REDIS_URL")
# Everything else that caches; sessions are in the database.
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": f"{REDIS_PREFIX}:django",
        "OPTIONS": {
            "SOCKET_CONNECT_TIMEOUT": 0.25,
            "SOCKET_TIMEOUT": 0.25,
            "IGNORE_EXCEPTIONS": True,
            "LOG_IGNORED_EXCEPTIONS": True,
        },
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- Pictures and static files -------------------------------------------------------------------
MEDIA_ROOT = environment.text("MEDIA_ROOT", str(DATA_DIR / "media"))
# A catalogue that is gone when the process ends leaves no pictures behind either.
KEEPS_NOTHING = DATABASES["default"]["NAME"] == ":memory:"
MEDIA_URL = "/media/"
STATIC_ROOT = environment.text("STATIC_ROOT", str(DATA_DIR / "static"))
STATIC_URL = "/static/"
if DEBUG:
    Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = False
# Pictures in a bucket (s3://bucket/prefix) instead of MEDIA_ROOT: several machines share them.
MEDIA_STORAGE = environment.text("MEDIA_STORAGE")
STORAGES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.files.storage.InMemoryStorage"
        if KEEPS_NOTHING
        else "django.core.files.storage.FileSystemStorage"
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

if MEDIA_STORAGE:
    STORAGES["default"] = storage_settings(MEDIA_STORAGE)

# Files of records that editors send, which nobody is served: a directory that the service and its
# workers share, or a bucket of their own.
UPLOADS_STORAGE = environment.text("UPLOADS_STORAGE", str(DATA_DIR / "uploads"))
STORAGES["uploads"] = (
    {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    if KEEPS_NOTHING
    else private_storage_settings(UPLOADS_STORAGE, MEDIA_STORAGE)
)

# A 10 MB picture in base64 fits; the same bound everywhere (gateway included).
REQUEST_MAX_BYTES = 16 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = REQUEST_MAX_BYTES
# Files of records are longer: where editors load them, and nowhere else.
UPLOAD_PATH = "/admin/cargas/nova/"
UPLOAD_MAX_MB = environment.integer("UPLOAD_MAX_MB", 256, minimum=16, maximum=4096)

# --- Background work -----------------------------------------------------------------------------
# The queue is a table; manage.py trabalhar works through it.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
# A load whose worker was not heard of for so many seconds is taken up by another.
LOADS_HELD_SECONDS = environment.integer("LOADS_HELD_SECONDS", 30, minimum=2, maximum=3600)

# --- Language and time ---------------------------------------------------------------------------
LANGUAGE_CODE = environment.choice("LANGUAGE_CODE", "pt-br", ("pt-br", "en"))
LANGUAGES = [("pt-br", "Português (Brasil)"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "biblioteca" / "locale"]
TIME_ZONE = environment.text("TIME_ZONE", "America/Sao_Paulo")
USE_TZ = True

# --- REST ----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["biblioteca.gateway.authentication.CallerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["biblioteca.gateway.permissions.ScopePermission"],
    "DEFAULT_RENDERER_CLASSES": ["biblioteca.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "biblioteca.api.parsers.StrictJSONParser",
        "biblioteca.api.parsers.StrictMultiPartParser",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "biblioteca.api.renderers.AlwaysJSON",
    "DEFAULT_METADATA_CLASS": "biblioteca.api.metadata.MethodsMetadata",
    "DEFAULT_SCHEMA_CLASS": "biblioteca.api.schema.ContractSchema",
    "EXCEPTION_HANDLER": "biblioteca.api.exceptions.problem_response",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "URL_FORMAT_OVERRIDE": None,
    "FORMAT_SUFFIX_KWARG": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Biblioteca",
    "DESCRIPTION": "Catalogue of works (obras), authors (autores) and publishers (editoras).",
    "VERSION": "1.0.0",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVERS": [{"url": PUBLIC_URL or "/"}],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "PREPROCESSING_HOOKS": ["biblioteca.api.schema.contract_paths"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "biblioteca.api.schema.finish_document",
    ],
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "displayRequestDuration": True},
}

# --- Browsers on other origins -------------------------------------------------------------------
# Set here or at the gateway, never at both: two answers would be one too many.
CORS_ALLOWED_ORIGINS = environment.origins("CORS_ORIGINS")
CORS_ALLOWED_ORIGIN_REGEXES = (
    [r"^http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?$"] if DEBUG else []
)
CORS_URLS_REGEX = r"^/(?!admin(/|$))"
CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
CORS_ALLOW_HEADERS = [
    "authorization", "if-match", "if-none-match", "idempotency-key", "content-type",
]  # fmt: skip
CORS_EXPOSE_HEADERS = [
    "ETag", "Location", "Retry-After", "Allow", "Cache-Status", "X-Request-Id",
]  # fmt: skip
CORS_PREFLIGHT_MAX_AGE = 600

# --- Security ------------------------------------------------------------------------------------
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
# These look for Django's own classes (and axes') by name; ours are subclasses of them
# (biblioteca.backoffice), and a test looks at what they do.
# HSTS and the way from http to https are the gateway's, where TLS ends (W004, W008).
SILENCED_SYSTEM_CHECKS = [
    "security.W002", "security.W003", "security.W004", "security.W008", "axes.W002",
]  # fmt: skip
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# --- Editors' sign-in ----------------------------------------------------------------------------
# A working day: what a provider or an administrator took away is gone the next morning at latest.
SESSION_COOKIE_AGE = 12 * 60 * 60
LOGIN_URL, LOGIN_REDIRECT_URL = "admin:login", "admin:index"
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60
# Links to choose a new password go out by mail, where there is a server for it.
mail = mail_settings()
EMAIL_BACKEND = mail["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = mail.get("EMAIL_HOST", "localhost"), mail.get("EMAIL_PORT", 25)
EMAIL_HOST_USER = mail.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = mail.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS, EMAIL_USE_SSL = mail.get("EMAIL_USE_TLS", False), mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = environment.text("EMAIL_FROM", "biblioteca@localhost")

# Who guesses passwords waits. A name is locked for one address: neither does a stranger lock an
# editor out, nor does everybody wait who comes through the same gateway.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "biblioteca.backoffice.signin.addresses.address_for_locks"
AXES_LOCKOUT_CALLABLE = "biblioteca.backoffice.signin.pages.locked_out"
# The access log (biblioteca.backoffice) has all of it, for editors to read.
AXES_ENABLE_ADMIN, AXES_DISABLE_ACCESS_LOG, AXES_VERBOSE = False, True, False

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "biblioteca.backoffice.signin.backends.LocalAccounts",
]
SSO = single_sign_on()
if SSO:
    AUTHENTICATION_BACKENDS.append(
        "biblioteca.backoffice.signin.backends.Auth0"
        if SSO.backend == "auth0_openidconnect"
        else "biblioteca.backoffice.signin.backends.OpenIdConnect"
    )
SOCIAL_AUTH_STRATEGY = "biblioteca.backoffice.signin.strategy.Strategy"
SOCIAL_AUTH_PIPELINE = (
    "social_core.pipeline.social_auth.social_details",
    "social_core.pipeline.social_auth.social_names",
    "social_core.pipeline.social_auth.social_uid",
    "social_core.pipeline.social_auth.auth_allowed",
    "social_core.pipeline.social_auth.social_user",
    "biblioteca.backoffice.signin.pipeline.look_at_claims",
    "social_core.pipeline.user.get_username",
    "social_core.pipeline.user.create_user",
    "social_core.pipeline.social_auth.associate_user",
    "social_core.pipeline.user.user_details",
    "biblioteca.backoffice.signin.pipeline.apply_roles",
    "biblioteca.backoffice.signin.pipeline.keep_id_token",
)
SOCIAL_AUTH_REDIRECT_IS_HTTPS = PUBLIC_URL.startswith("https://")
SOCIAL_AUTH_REQUESTS_TIMEOUT = 5

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "biblioteca.operations.requests.RequestIdFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s %(caller)s] %(message)s",
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # It says every second that there was nothing to do.
        "django_tasks_db": {"level": "WARNING"},
        # Each of its steps is a line; what it decides is in the access log.
        "axes": {"level": "WARNING"},
    },
}
