"""Ids that no record has: unknown, or merged away, which leads to the survivor."""

from collections.abc import Sequence
from typing import Any

from rest_framework import exceptions
from rest_framework.request import Request

from biblioteca.api import links
from biblioteca.api.exceptions import Moved
from biblioteca.api.parameters import MAX_ID, Filter
from biblioteca.records.models import Record
from biblioteca.records.redirects import resolve, survivor_of


def read_item_id(text: str) -> int:
    """Return the id that a path names. Raises NotFound for what cannot be one."""
    if not (text.isascii() and text.isdigit() and len(text) < 40 and int(text) <= MAX_ID):
        raise exceptions.NotFound
    return int(text)


def absent(request: Request, model: type[Record], key: int) -> exceptions.APIException:
    """Return the answer to a path with the id ``key`` of ``model``, which no record has."""
    survivor = survivor_of(model, key)
    if survivor is None:
        return exceptions.NotFound()
    return Moved(moved_address(request, survivor))


def moved_address(request: Request, survivor: int) -> str:
    """Return the address of the request with the survivor's id in its path; its query is kept."""
    # Below a collection: /autores/8, /autores/8/obras/.
    parts = request.path.split("/")
    parts[2] = str(survivor)
    query = request.META.get("QUERY_STRING", "")
    return links.absolute(request, "/".join(parts)) + (f"?{query}" if query else "")


def follow_merges(filters: Sequence[Filter], own: str, given: dict[str, Any]) -> bool:
    """Put survivors in the place of merged ids among the filters ``given``; tell if there were any.

    ``own`` is the resource of the list.
    """
    changed = False
    for declared in filters:
        value = given.get(declared.name)
        if declared.resource is None or value is None:
            continue
        ids = [key for key in (value if isinstance(value, list) else [value]) if key <= MAX_ID]
        final = resolve(declared.resource or own, ids)
        if any(final[key] != key for key in ids):
            changed = True
            new = [final.get(key, key) for key in (value if isinstance(value, list) else [value])]
            given[declared.name] = new if isinstance(value, list) else new[0]
    return changed


def may_name_merged(filters: Sequence[Filter], given: dict[str, Any], count: int | None) -> bool:
    """Tell whether a list of ``count`` records may be short because a filter names a merged id."""
    if count is None:
        return False
    for declared in filters:
        value = given.get(declared.name)
        if declared.resource is None or value is None:
            continue
        if count < (len(set(value)) if isinstance(value, list) else 1):
            return True
    return False
