"""The paths of the service as the gateway has them: exactly these, and nothing beside them."""

from dataclasses import dataclass
from enum import StrEnum

# "~" makes a path a regular expression, which Kong anchors at its start only.
CATALOGUE = (
    "~/obras/?$",
    "~/obras/[^/]+/?$",
    "~/obras/[^/]+/identificadores/?$",
    "~/autores/?$",
    "~/autores/[^/]+/?$",
    "~/autores/[^/]+/obras/?$",
    "~/autores/[^/]+/fundir/?$",
    "~/editoras/?$",
    "~/editoras/[^/]+/?$",
    "~/editoras/[^/]+/obras/?$",
    "~/editoras/[^/]+/fundir/?$",
    "~/fusoes/?$",
    "~/fusoes/[^/]+/?$",
    "~/fusoes/[^/]+/desfazer/?$",
)
DOCUMENTS = ("~/$", "~/schema/?$", "~/docs/?$", "~/redoc/?$")
# Without "~" a path is a prefix: the slash at its end is its boundary.
FILES = ("/static/", "/media/")
PAGES = ("~/admin$", "/admin/")
# Where passwords are tried, mail is sent, or another server is asked.
LOGIN = ("~/admin/login/?$", "~/admin/password_reset/?$", "~/admin/sso/login/[^/]+/?$")
# Files of records, longer than anything else (UPLOAD_PATH of the settings).
UPLOADS = ("~/admin/cargas/nova/?$",)
TOKENS = ("~/oauth2/token/?$",)
# Answered by the gateway itself.
ACME_PATH = "/.well-known/acme-challenge/"

# Where a client that came by http goes on by https …
REDIRECTED = 308
# … and the answer to one that has something to lose on the way.
REFUSED = 426


class Kind(StrEnum):
    """What the gateway asks before it lets a request pass."""

    READ = "read"  # credentials, unless reading is public
    WRITE = "write"  # credentials, always
    OPEN = "open"  # nothing
    LOGIN = "login"  # nothing, but seldom
    UPLOAD = "upload"  # nothing, but seldom: it may be long
    TOKENS = "tokens"  # the client's own credentials, for a token


@dataclass(frozen=True)
class Route:
    """Paths that are alike in what is asked of a request, for some methods."""

    name: str
    paths: tuple[str, ...]
    methods: tuple[str, ...]
    kind: Kind

    @property
    def plain_http(self) -> int:
        """Return the status for a request that comes without TLS."""
        return REDIRECTED if "GET" in self.methods else REFUSED


ROUTES = (
    Route("catalogue-read", CATALOGUE, ("GET", "HEAD"), Kind.READ),
    Route("catalogue-write", CATALOGUE, ("POST", "PUT", "PATCH", "DELETE"), Kind.WRITE),
    # Preflights carry no credentials; the service answers other OPTIONS to everybody too.
    Route("catalogue-options", CATALOGUE, ("OPTIONS",), Kind.OPEN),
    Route("documents", DOCUMENTS, ("GET", "HEAD", "OPTIONS"), Kind.OPEN),
    Route("files", FILES, ("GET", "HEAD"), Kind.OPEN),
    Route("admin-read", PAGES, ("GET", "HEAD"), Kind.OPEN),
    Route("admin-write", PAGES, ("POST",), Kind.OPEN),
    Route("admin-login", LOGIN, ("POST",), Kind.LOGIN),
    Route("admin-upload", UPLOADS, ("POST",), Kind.UPLOAD),
)
TOKEN_ROUTE = Route("oauth2-token", TOKENS, ("POST",), Kind.TOKENS)
