"""What things of the admin are called, and where they are."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.urls import reverse
from django.utils.functional import Promise

Text = str | Promise


def capitalized(text: Text | None) -> str:
    """Return ``text`` with a capital first letter."""
    plain = str(text or "")
    return plain[:1].upper() + plain[1:]


def list_address(admin: ModelAdmin) -> str:
    """Return the address of the list of a model."""
    options = admin.model._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_changelist")


def change_address(record: Any) -> str:
    """Return the address of the form of ``record``."""
    options = record._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[record.pk])
