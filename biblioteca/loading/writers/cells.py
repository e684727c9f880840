"""How the tables of an export spell what is no single text."""

from collections.abc import Iterable

SEPARATOR = " | "
# A spreadsheet runs a cell that begins so; the apostrophe itself, so that the mark can be undone.
DANGEROUS = frozenset("=+-@'\t\r")
MARK = "'"


def joined(texts: Iterable[str]) -> str:
    r"""Return several texts as one cell: ``|`` and ``\`` inside a text stand behind a ``\``."""
    return SEPARATOR.join(text.replace("\\", "\\\\").replace("|", "\\|") for text in texts)


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet runs: a reader takes one leading apostrophe away."""
    return MARK + cell if cell[:1] in DANGEROUS else cell
