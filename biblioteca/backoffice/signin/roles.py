"""The three roles, as groups with ordinary permissions: what each may do is said here and once."""

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from biblioteca.operations.sso import ROLES
from biblioteca.records.registry import record_models

READERS, EDITORS, ADMINISTRATORS = ROLES

# Permissions of the shared tables, as ``app.action_model``; those of the records are in
# :func:`permissions_of`. To undo a load or a merge is to change it.
SHARED = {
    READERS: {"records.view_identificador"},
    EDITORS: {
        "records.add_identificador", "records.change_identificador",
        "records.delete_identificador", "records.view_historyentry",
        "records.view_merge", "records.add_merge", "records.change_merge",
        "loading.view_batch", "loading.add_batch", "loading.change_batch",
        "loading.view_batchitem",
    },
    ADMINISTRATORS: {
        "auth.view_user", "auth.add_user", "auth.change_user", "auth.delete_user",
        "auth.view_group", "backoffice.view_accessentry",
    },
}  # fmt: skip
# What a role may do with the records themselves.
ACTIONS = {READERS: {"view"}, EDITORS: {"add", "change", "delete"}, ADMINISTRATORS: set()}


def permissions_of(role: str) -> set[str]:
    """Return all that ``role`` may do, as ``app.action_model``, the lesser roles' included."""
    labels = {model._meta.app_label for model in record_models().values()}
    models = [model for label in labels for model in apps.get_app_config(label).get_models()]
    found: set[str] = set()
    for lesser in ROLES[: ROLES.index(role) + 1]:
        found |= SHARED[lesser]
        found |= {
            f"{model._meta.app_label}.{action}_{model._meta.model_name}"
            for model in models
            for action in ACTIONS[lesser]
        }
    return found


def named(permissions: Iterable[str], using: str) -> dict[str, Permission]:
    """Return those of ``permissions`` that the database has."""
    wanted = [name.split(".") for name in permissions]
    which = Q(content_type__app_label__in={app for app, _codename in wanted})
    which &= Q(codename__in={codename for _app, codename in wanted})
    rows = Permission.objects.using(using).filter(which).select_related("content_type")
    every = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    return {name: every[name] for name in permissions if name in every}


def ensure_roles(using: str = "default") -> None:
    """Make the groups, and give each exactly what its role says."""
    for role in ROLES:
        group, _is_new = Group.objects.using(using).get_or_create(name=role)
        wanted = named(permissions_of(role), using).values()
        if {*group.permissions.using(using).all()} != {*wanted}:
            group.permissions.set(wanted)


def after_migrate(app_config: AppConfig, using: str, **options: Any) -> None:
    """Bring the roles up to date, once the last application has been migrated."""
    with_models = [app for app in apps.get_app_configs() if app.models_module]
    if app_config is not with_models[-1]:
        return
    try:  # the models as far as they have been migrated
        options.get("apps", apps).get_model("auth", "Group")
    except LookupError:
        return
    # Django's own handler may come after this one.
    create_permissions(app_config, verbosity=0, interactive=False, using=using)
    ensure_roles(using)
