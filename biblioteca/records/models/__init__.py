"""The abstract record, and the tables that the records of all resources share."""

from biblioteca.records.models.base import (
    PHOTO_LENGTH,
    Identificador,
    LinkRows,
    NamedRecord,
    Record,
    SearchWord,
)
from biblioteca.records.models.history import Expunging, HistoryEntry, Undoing
from biblioteca.records.models.merges import Alias, Merge, Redirect, Trace
from biblioteca.records.models.requests import IdempotencyKey

__all__ = [
    "PHOTO_LENGTH",
    "Alias",
    "Expunging",
    "HistoryEntry",
    "IdempotencyKey",
    "Identificador",
    "LinkRows",
    "Merge",
    "NamedRecord",
    "Record",
    "Redirect",
    "SearchWord",
    "Trace",
    "Undoing",
]
