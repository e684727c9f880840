"""Exports: the records of a list, row by row, to a file of any of the formats."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from biblioteca.loading.writers.base import UnwritableRecordError, Writer
from biblioteca.photos.storage import public_url
from biblioteca.records.listing import order_columns
from biblioteca.records.models import NamedRecord, Record

if TYPE_CHECKING:
    from pymarc import Record as MarcRecord

BATCH = 500


class ExportError(Exception):
    """The export cannot be written; the message says why."""


@dataclass(frozen=True)
class Export:
    """How the records of one resource are exported.

    ``prepare`` adds to a list's query what ``rows`` needs; ``rows`` turns a batch of records of the
    catalogue with this code into JSON objects; ``cells`` turns such an object into the cells of
    ``columns``, ``marc`` into a record (None where MARC has none).
    """

    model: type[Record]
    prepare: Callable[[QuerySet], QuerySet]
    rows: Callable[[Sequence[Any], str], list[dict[str, Any]]]
    columns: tuple[str, ...]
    cells: Callable[[dict[str, Any]], list[str]]
    marc: "Callable[[dict[str, Any]], MarcRecord] | None" = None

    @property
    def order_columns(self) -> dict[str, tuple[str, ...]]:
        """The orders of the list and the columns behind each, as the API has them."""
        return order_columns(self.model)


def named_rows(records: Sequence[NamedRecord], catalogue: str) -> list[dict[str, Any]]:
    """Return authors or publishers as objects."""
    return [named_row(record) | {"catalogo": catalogue} for record in records]


def named_row(record: NamedRecord) -> dict[str, Any]:
    """Return an author or a publisher as it stands inside another record."""
    return {"id": record.pk, "nome": record.nome, "foto": public_url(record.foto)}


def named_export(model: type[NamedRecord]) -> Export:
    """Return the export of a resource that has names."""
    columns = ("id", "nome", "foto", "catalogo")
    return Export(
        model=model,
        prepare=lambda queryset: queryset,
        rows=named_rows,
        columns=columns,
        cells=lambda row: [str(row[name]) for name in columns],
    )


def write_rows(
    export: Export,
    batches: Iterable[Sequence[Any]],
    writer: Writer,
    catalogue: str,
    *,
    unwritable: Callable[[dict[str, Any], str], None],
    progress: Callable[[int], object],
) -> int:
    """Write the records of ``batches``; return how many were written.

    ``unwritable`` is told of each row that the format cannot hold, and why; ``progress`` how many
    more records were dealt with.
    """
    written = 0
    for batch in batches:
        for row in export.rows(batch, catalogue):
            try:
                writer.write(row)
                written += 1
            except UnwritableRecordError as error:
                unwritable(row, str(error))
        progress(len(batch))
    writer.finish()
    return written
