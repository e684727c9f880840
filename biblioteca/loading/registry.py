"""What can be loaded and exported: the resource apps say it when they are ready."""

from collections.abc import Mapping

from biblioteca.loading.exporting import Export
from biblioteca.loading.writer import RecordWriter

_writers: dict[str, type[RecordWriter]] = {}
_exports: dict[str, Export] = {}


def register(writers: Mapping[str, type[RecordWriter]], exports: Mapping[str, Export]) -> None:
    """Make resources known: who writes what files say of them, and how they are exported.

    The writers are in the order in which the records of a file are written.
    """
    _writers.update(writers)
    _exports.update(exports)


def writers() -> Mapping[str, type[RecordWriter]]:
    """Return who writes each resource."""
    return _writers


def export_of(resource: str) -> Export:
    """Return how a resource is exported. Raises KeyError for one that nobody registered."""
    return _exports[resource]
