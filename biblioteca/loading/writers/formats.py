"""The formats of exports by name, and by the endings of files' names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from biblioteca.loading.exporting import Export
from biblioteca.loading.writers.base import Writer
from biblioteca.loading.writers.lines import JsonLinesWriter
from biblioteca.loading.writers.marc import MarcWriter, MarcXmlWriter
from biblioteca.loading.writers.tables import CsvWriter, XlsxWriter


@dataclass(frozen=True)
class Format:
    """A format: its writer, and what is to be known before it is used."""

    writer: Callable[[BinaryIO, Export], Writer]
    endings: tuple[str, ...]
    is_marc: bool = False
    is_binary: bool = False


FORMATS = {
    "csv": Format(CsvWriter, (".csv",)),
    "xlsx": Format(XlsxWriter, (".xlsx",), is_binary=True),
    "jsonl": Format(JsonLinesWriter, (".jsonl", ".ndjson")),
    "marcxml": Format(MarcXmlWriter, (".marcxml", ".xml"), is_marc=True),
    "marc": Format(MarcWriter, (".marc", ".mrc"), is_marc=True, is_binary=True),
}


def format_of(file_name: str) -> str | None:
    """Return the format that a file's name asks for, None when it asks for none."""
    lowered = file_name.lower()
    for name, known in FORMATS.items():
        if lowered.endswith(known.endings):
            return name
    return None
