"""Who a person is: by a local password, or by what an OpenID provider says."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import User
from django.http import HttpRequest
from social_core.backends.auth0_openidconnect import Auth0OpenIdConnectAuth
from social_core.backends.open_id_connect import OpenIdConnectAuth
from social_core.exceptions import AuthConfigurationError
from social_django.utils import load_strategy

# In the start of a sign-in: the provider asks who it is, although somebody is signed in there.
ANOTHER_ACCOUNT = "outra"


def comes_by_sso(user: AbstractBaseUser) -> bool:
    """Tell whether a provider vouches for an account."""
    found: Any = apps.get_model("social_django", "UserSocialAuth")
    return bool(found.objects.filter(user_id=user.pk).exists())


class LocalAccounts(ModelBackend):
    """Names and passwords kept here.

    Who comes by single sign-on has no second door: what the provider takes away is gone.
    """

    def authenticate(  # type: ignore[override]
        self, request: HttpRequest | None, **credentials: Any
    ) -> User | None:
        """Return the account of a name and password, None when there is no such one."""
        user = super().authenticate(request, **credentials)
        if user is None or comes_by_sso(user):
            return None
        return user


class Configured:
    """Mixed into a back-end: everything comes from ``SSO_*``."""

    # No algorithm that a secret verifies.
    JWT_ALGORITHMS = ("RS256", "ES256", "PS256")
    DEFAULT_USE_PKCE = True

    def oidc_endpoint(self) -> str:
        """Return the issuer; what it is configured by lies below it."""
        return settings.SSO.issuer

    def get_key_and_secret(self) -> tuple[str, str]:
        """Return who we are to the provider."""
        return settings.SSO.client_id, settings.SSO.client_secret

    def get_scope(self) -> list[str]:
        """Return what we ask for."""
        return list(settings.SSO.scopes)

    def id_token_issuer(self) -> str:
        """Return who signs, as the provider writes it: with a slash at the end, or without.

        Raises AuthConfigurationError when the document at our issuer is another's.
        """
        said = self.oidc_config().get("issuer")  # type: ignore[attr-defined]
        if not isinstance(said, str) or said.rstrip("/") != settings.SSO.issuer:
            raise AuthConfigurationError(self, parameter="issuer", stage="token_validation")
        return said

    def auth_params(self, state: Any = None) -> dict[str, Any]:
        """Let a person who was refused name another account."""
        params = super().auth_params(state)  # type: ignore[misc]
        if self.strategy.request_data().get(ANOTHER_ACCOUNT):  # type: ignore[attr-defined]
            params["prompt"] = "login"
        return params

    def claim(self, name: str, response: dict[str, Any]) -> Any:
        """Return a claim of the id token, or else of what the provider says of its subject.

        ``a.b`` is that claim, or the ``b`` inside the claim ``a``. None when nobody says it.
        """
        token = self.id_token or {}  # type: ignore[attr-defined]
        sources = [token]
        if response.get("sub") == token.get("sub"):
            sources.append(response)
        for source in sources:
            found = source.get(name)
            if found is None:
                found = source
                for part in name.split("."):
                    found = found.get(part) if isinstance(found, dict) else None
            if found is not None:
                return found
        return None


class OpenIdConnect(Configured, OpenIdConnectAuth):
    """Any OpenID provider."""


class Auth0(Configured, Auth0OpenIdConnectAuth):
    """Auth0."""


def backend_for(request: HttpRequest) -> Any:
    """Return the configured back-end, ready to talk to its provider on behalf of ``request``."""
    kind = Auth0 if settings.SSO.backend == Auth0.name else OpenIdConnect
    return kind(load_strategy(request))
