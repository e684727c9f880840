"""Where the ids of records that were merged away lead."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from biblioteca.records.models import Record, Redirect
from biblioteca.records.statements import select_in


def resolve(resource: str, ids: Iterable[int]) -> dict[int, int]:
    """Return, for each of ``ids``, the id of the record that stands for it now.

    An id that was not merged away stands for itself, whether a record has it or not. One query
    for each link of the longest chain, and one more.
    """
    final = {key: key for key in ids}
    links: dict[int, int] = {}
    frontier: Collection[int] = set(final)
    while frontier:
        found: dict[int, int] = dict(
            select_in(Redirect, ["de_id", "para_id"], "de_id", frontier, recurso=resource)
        )
        links |= found
        frontier = set(found.values()) - links.keys()
    return {key: end_of(key, links) for key in final}


def end_of(key: int, links: Mapping[int, int]) -> int:
    """Return where ``links`` lead from ``key``; a loop, which nobody writes, ends too."""
    seen = {key}
    while key in links and links[key] not in seen:
        key = links[key]
        seen.add(key)
    return key


def living(model: type[Record], ids: Iterable[int]) -> dict[int, int]:
    """Return, for each of ``ids``, the id of the record that it means today, if there is one.

    Itself, or the survivor of the merges that it went through.
    """
    final = resolve(model.RESOURCE, ids)
    there = {key for (key,) in select_in(model, ["id"], "id", final.values())}
    return {key: now for key, now in final.items() if now in there}


def survivors(resource: str, keys: Iterable[int]) -> dict[int, int]:
    """Return what each of ``keys`` that was merged away was merged into in the end."""
    return {key: final for key, final in resolve(resource, keys).items() if final != key}


def survivor_of(model: type[Record], key: int) -> int | None:
    """Return the id of the record that ``key``, which no record has, was merged into.

    None when it was merged into none, or when that one is deleted.
    """
    final = resolve(model.RESOURCE, [key])[key]
    if final == key or not model._default_manager.filter(pk=final).exists():
        return None
    return final


def replaced(held: Any, final: Mapping[int, int]) -> Any:
    """Return an id, or ids in order, with those in ``final`` replaced; none stands twice."""
    if isinstance(held, list):
        return list(dict.fromkeys(final.get(key, key) for key in held))
    return final.get(held, held)
