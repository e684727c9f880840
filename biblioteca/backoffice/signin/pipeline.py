"""What becomes of a person whom the provider has vouched for: an account with its roles, or none.

An account is known by the provider's ``sub`` and by nothing else: an e-mail address moves from one
person to another, and takes over nobody's account.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from social_core.exceptions import AuthPolicyError

from biblioteca.operations.requests import current_request_id
from biblioteca.operations.sso import ROLES
from biblioteca.records.origins import Origin, writing_as

ID_TOKEN = "sso_id_token"  # noqa: S105 (where the session keeps it)


class RefusedError(AuthPolicyError):
    """The provider vouches for a person who is not let in; ``code`` says why."""

    def __init__(self, backend: Any, code: str, who: str) -> None:
        super().__init__(backend, code=code, stage="pipeline")
        self.who = who


def look_at_claims(
    backend: Any, details: dict, response: dict, user: User | None = None, **_: Any
) -> dict[str, Any]:
    """Let in whom the claims give a role; take the roles of anybody else away.

    Raises RefusedError. Nobody gets an account by being refused.
    """
    email = backend.claim("email", response)
    email = email if isinstance(email, str) else ""
    # Some providers write booleans as text.
    is_verified = bool(email) and backend.claim("email_verified", response) in (True, "true")
    groups = groups_in(backend.claim(settings.SSO.claim, response))
    who = user.get_username() if user else str(details.get("username") or email)
    if not is_verified or not groups:
        if user is not None:
            give(user, [])
        raise RefusedError(backend, "no_role" if is_verified else "email_unverified", who)
    if user is not None and not user.is_active:
        raise RefusedError(backend, "account_disabled", who)
    told = {"username": details.get("username") or email, "email": email}
    return {"details": details | told, "roles": groups}


def groups_in(claim: Any) -> list[str]:
    """Return the groups that a claim means: a list of roles, or one of them alone."""
    roles = [claim] if isinstance(claim, str) else claim if isinstance(claim, list) else []
    meant = {settings.SSO.roles.get(role) for role in roles if isinstance(role, str)}
    return [group for group in ROLES if group in meant]


def apply_roles(user: User, roles: list[str], details: dict, **_: Any) -> None:
    """Give an account exactly what its claims say, at every sign-in."""
    if user.has_usable_password():
        user.set_unusable_password()
    user.email = details["email"]
    give(user, roles)


def give(user: User, roles: list[str]) -> None:
    """Make ``roles`` all that an account may do; without any it does not get in."""
    with writing_as(Origin(user.get_username(), "sso", current_request_id.get())):
        user.is_staff, user.is_superuser = bool(roles), False
        user.save()
        user.groups.set(Group.objects.filter(name__in=roles))
        user.user_permissions.set([])


def keep_id_token(backend: Any, response: dict, **_: Any) -> None:
    """Keep what the provider wants to see when the person signs out; tokens are not stored."""
    backend.strategy.session_set(ID_TOKEN, response.get("id_token", ""))
