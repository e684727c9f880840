"""Writing the access log, from what Django, django-axes and the sign-in pages tell."""

from typing import Any

from django.contrib.auth.models import AbstractUser, Group, Permission, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.http import HttpRequest

from biblioteca.backoffice.models import WHO_LENGTH, AccessEntry
from biblioteca.backoffice.signin.addresses import client_address
from biblioteca.records.origins import current_origin

Action = AccessEntry.Action
FLAGS = ("is_active", "is_staff", "is_superuser")
# What a change of an account's links is called: the sign is added by the caller.
LINKED = {"post_add": "+", "post_remove": "-"}


def note(
    action: Action,
    *,
    who: str | None = None,
    request: HttpRequest | None = None,
    account: str = "",
    detail: str = "",
) -> AccessEntry:
    """Write one entry; ``who`` is the one who is acting now unless said."""
    origin = current_origin()
    door, source = origin.door, origin.source
    if request is not None:
        door, source = door_of(request), client_address(request)
    return AccessEntry.objects.create(
        acao=action,
        quem=(origin.who if who is None else who)[:WHO_LENGTH],
        porta=door,
        origem=source,
        alvo=account[:WHO_LENGTH],
        detalhe=detail,
    )


def door_of(request: HttpRequest) -> str:
    """Return through which door a person comes: the local form, or single sign-on."""
    return "sso" if hasattr(request, "social_strategy") else "admin"


def signed_in(request: HttpRequest, user: AbstractUser, **_signal: Any) -> None:
    """Note who signed in."""
    note(Action.SIGNED_IN, who=user.get_username(), request=request)


def signed_out(request: HttpRequest, user: AbstractUser | None, **_signal: Any) -> None:
    """Note who signed out."""
    if user is not None and user.is_authenticated:
        note(Action.SIGNED_OUT, who=user.get_username(), request=request)


def failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Note a wrong name or password; one that is not even looked at is noted as locked out."""
    name = credentials.get("username")
    if name and not getattr(request, "axes_locked_out", False):
        note(Action.FAILED, who=str(name), request=request)


def locked(request: HttpRequest, username: str | None, **_signal: Any) -> None:
    """Note that somebody tried too often."""
    note(Action.LOCKED, who=username or "", request=request)


def account_changing(instance: User, update_fields: Any = None, **_signal: Any) -> None:
    """Note what is about to change in an account: its flags, its password."""
    if instance.pk is None or (update_fields is not None and not {*FLAGS} & {*update_fields}):
        return
    before = User.objects.filter(pk=instance.pk).values(*FLAGS).first() or {}
    changes = [
        f"{'+' if getattr(instance, flag) else '-'}{flag}"
        for flag in FLAGS
        if flag in before and before[flag] != getattr(instance, flag)
    ]
    name = instance.get_username()
    if changes:
        note(Action.ROLE, account=name, detail=" ".join(changes))
    # Set by set_password() until it is stored; a hash that is only renewed is no new password.
    if before and getattr(instance, "_password", None) is not None:
        note(Action.PASSWORD, account=name)


def account_made(instance: User, created: bool, **_signal: Any) -> None:
    """Note a new account, with what it may do from the start."""
    if created:
        flags = [f"+{flag}" for flag in FLAGS if getattr(instance, flag)]
        note(Action.ROLE, account=instance.get_username(), detail=" ".join(["created", *flags]))


def account_deleted(instance: User, **_signal: Any) -> None:
    """Note that an account is gone."""
    note(Action.ROLE, account=instance.get_username(), detail="deleted")


def links_changed(
    instance: Model,
    action: str,
    model: type[Model],
    pk_set: set[int] | None,
    using: str,
    **_signal: Any,
) -> None:
    """Note the groups or permissions that an account, or the permissions that a group, was given.

    ``clear()`` tells no keys; what goes is read before.
    """
    if isinstance(instance, Group) and not current_origin().who:
        return  # the roles themselves, made by a migration
    if action == "pre_clear":
        sign, rows = "-", [*linked_to(instance, model)]
    elif action in LINKED:
        named = model._default_manager.using(using).filter(pk__in=pk_set or ())
        sign, rows = LINKED[action], [*named]
    else:
        return
    if rows:
        what = " ".join(sorted(f"{sign}{name_of(row)}" for row in rows))
        note(Action.ROLE, account=name_of(instance), detail=what)


def linked_to(instance: Model, model: type[Model]) -> Any:
    """Return what ``clear()`` is about to take from an account or a group."""
    if model is Group:
        return instance.groups.all()  # type: ignore[attr-defined]
    if isinstance(instance, Group) and model is Permission:
        return instance.permissions.all()
    if model is Permission:
        return instance.user_permissions.all()  # type: ignore[attr-defined]
    return instance.user_set.all()  # type: ignore[attr-defined]


def name_of(row: Model) -> str:
    """Return what the log calls an account, a group or a permission."""
    if isinstance(row, Permission):
        return f"{row.content_type.app_label}.{row.codename}"
    return row.get_username() if isinstance(row, AbstractUser) else str(row)


def connect() -> None:
    """Listen to everything that belongs in the log."""
    from axes.signals import user_locked_out

    user_logged_in.connect(signed_in)
    user_logged_out.connect(signed_out)
    user_login_failed.connect(failed)
    user_locked_out.connect(locked)
    pre_save.connect(account_changing, sender=User)
    post_save.connect(account_made, sender=User)
    post_delete.connect(account_deleted, sender=User)
    for through in (User.groups.through, User.user_permissions.through, Group.permissions.through):
        m2m_changed.connect(links_changed, sender=through)
