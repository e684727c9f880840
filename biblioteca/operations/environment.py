"""Typed readers of the process environment: nonsense stops the start, in words.

Every setting can come from the variable ``NAME`` or from the file named by ``NAME_FILE``
(container secrets). An empty variable counts as not set.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

BOOLEANS = {"1": True, "true": True, "0": False, "false": False}


def refuse(name: str, value: str, fault: str, example: str) -> ImproperlyConfigured:
    """Return the error that names the setting, what is wrong with it and a value that works."""
    return ImproperlyConfigured(f"{name}={value!r}: {fault}. Example: {name}={example}")


def text(name: str, default: str = "") -> str:
    """Return the setting as it stands, from ``name`` or the file in ``name_FILE``.

    Raises ImproperlyConfigured when both are given or the file cannot be read.
    """
    value = os.environ.get(name, "")
    path = os.environ.get(f"{name}_FILE", "")
    if not path:
        return value or default
    if value:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: keep one of them")
    try:
        return Path(path).read_text(encoding="utf-8").strip() or default
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE={path!r}: cannot be read ({error})") from error


def boolean(name: str, default: bool = False) -> bool:
    """Return a yes-or-no setting, written ``1``, ``0``, ``true`` or ``false``."""
    value = text(name)
    if not value:
        return default
    if value.lower() not in BOOLEANS:
        raise refuse(name, value, "use 1, 0, true or false", "1")
    return BOOLEANS[value.lower()]


def integer(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Return a whole number between ``minimum`` and ``maximum``, both included."""
    value = text(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not minimum <= int(value) <= maximum:
        raise refuse(name, value, f"use a whole number from {minimum} to {maximum}", str(default))
    return int(value)


def choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    """Return one of ``choices``."""
    value = text(name, default)
    if value not in choices:
        raise refuse(name, value, f"use one of {', '.join(choices)}", choices[0])
    return value


def names(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Return a comma-separated list without blanks around its items."""
    value = text(name)
    return [item.strip() for item in value.split(",") if item.strip()] or list(default)


def origin(name: str) -> str:
    """Return an ``http(s)://host[:port][/path]`` address without the slash at its end, or ""."""
    value = text(name).rstrip("/")
    if value:
        check_origin(name, value)
    return value


def origins(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Return a comma-separated list of ``http(s)://host[:port]`` addresses."""
    found = names(name, default)
    for value in found:
        check_origin(name, value)
    return found


def check_origin(name: str, value: str) -> None:
    """Raise ImproperlyConfigured unless ``value`` is an absolute http or https address."""
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or parts.query or parts.fragment:
        raise refuse(name, value, "not an http(s) address", "https://catalogo.example.org")
