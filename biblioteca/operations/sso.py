"""Single sign-on of the back office, as the environment describes it."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from biblioteca.operations import environment

# The groups of the back office, from the least to the most that they may do.
ROLES = ("Leitores", "Editores", "Administradores")
# What the provider is called in settings, and the name of its back-end in addresses.
PROVIDERS = {"oidc": "oidc", "auth0": "auth0_openidconnect"}
NEEDED = ("SSO_ISSUER", "SSO_CLIENT_ID", "SSO_CLIENT_SECRET")
EXAMPLE_ROLES = "bibliotecaria=Editores,chefe=Administradores"


@dataclass(frozen=True)
class SingleSignOn:
    """An OpenID provider, and what its roles mean here. Without an issuer there is none."""

    issuer: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    backend: str = "oidc"
    # The claim that names a person's roles, and the group that each is.
    claim: str = "roles"
    roles: dict[str, str] = field(default_factory=dict)
    name: str = ""
    scopes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.issuer)


def single_sign_on() -> SingleSignOn:
    """Return what ``SSO_*`` says. Raises ImproperlyConfigured for half of it, or for nonsense."""
    given = {name: environment.text(name) for name in NEEDED}
    if not any(given.values()):
        return SingleSignOn()
    for name, value in given.items():
        if not value:
            fault = f"{', '.join(NEEDED)} go together"
            raise environment.refuse(name, value, fault, "https://login.example.org/realms/acervo")
    issuer = environment.origin("SSO_ISSUER")
    host = urlsplit(issuer).hostname or ""
    usual = "auth0" if host.endswith(".auth0.com") else "oidc"
    provider = environment.choice("SSO_PROVIDER", usual, tuple(PROVIDERS))
    claim = environment.text("SSO_ROLES_CLAIM", "roles").strip()
    if not claim:
        fault = "name the claim that carries the roles"
        raise environment.refuse("SSO_ROLES_CLAIM", claim, fault, "https://example.org/roles")
    scopes = tuple(environment.text("SSO_SCOPES", "openid profile email").split())
    if not {"openid", "email"} <= {*scopes}:
        fault = "openid and email are needed"
        raise environment.refuse("SSO_SCOPES", " ".join(scopes), fault, "openid profile email")
    return SingleSignOn(
        issuer=issuer,
        client_id=given["SSO_CLIENT_ID"],
        client_secret=given["SSO_CLIENT_SECRET"],
        backend=PROVIDERS[provider],
        claim=claim,
        roles=roles_in("SSO_ROLES"),
        name=environment.text("SSO_NAME", "Auth0" if provider == "auth0" else host),
        scopes=scopes,
    )


def roles_in(name: str) -> dict[str, str]:
    """Return which group each of the provider's roles is; unless said, those of the same name."""
    pairs = environment.names(name, tuple(f"{role}={role}" for role in ROLES))
    found: dict[str, str] = {}
    for pair in pairs:
        theirs, separator, ours = (part.strip() for part in pair.rpartition("="))
        if not separator or not theirs or ours not in ROLES:
            fault = f"write role=group, the group one of {', '.join(ROLES)}"
            raise environment.refuse(name, pair, fault, EXAMPLE_ROLES)
        if found.setdefault(theirs, ours) != ours:
            raise environment.refuse(name, pair, f"{theirs} is two groups", EXAMPLE_ROLES)
    return found
