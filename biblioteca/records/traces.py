"""What is left of records that are gone or renamed, so that a file's records are known again."""

from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from biblioteca.records.models import NamedRecord, Record, Trace
from biblioteca.records.text import digest, sort_key

# The key that a source gave to a record: ``fonte:openlibrary``.
SOURCE = "fonte:"


def source_scheme(name: str) -> str:
    """Return the scheme under which the keys of the source ``name`` are kept."""
    return f"{SOURCE}{name}"[: Trace._meta.get_field("esquema").max_length]


def leave(record: Record) -> None:
    """Write down by what a file could know ``record``, which is about to be deleted."""
    add((record.RESOURCE, scheme, value, record.pk) for scheme, value in record.traces())


def leave_name(record: Record, name: str) -> None:
    """Write down a name that ``record``, an author or a publisher, was known by until now."""
    if isinstance(record, NamedRecord):
        add([(record.RESOURCE, "nome", digest(sort_key(name)), record.pk)])


def add(rows: Iterable[tuple[str, str, str, int]]) -> None:
    """Store rows of resource, scheme, value and record; those that are there already stay."""
    Trace.objects.bulk_create(
        (
            Trace(recurso=resource, esquema=scheme, valor=value, registro_id=key)
            for resource, scheme, value, key in rows
        ),
        ignore_conflicts=True,
    )


def forget_deletion(*records: Record) -> None:
    """Drop what the deletions of ``records``, which are there again, left; sources' keys stay."""
    traces_of(records).exclude(esquema__startswith=SOURCE).delete()


def forget(records: Sequence[Record]) -> None:
    """Drop every trace of ``records``: a load that was taken back may be loaded again."""
    traces_of(records).delete()


def traces_of(records: Sequence[Record]) -> QuerySet[Trace]:
    """Return the traces of ``records``, which are of one model."""
    keys = [record.pk for record in records]
    return Trace.objects.filter(recurso=records[0].RESOURCE, registro_id__in=keys)
