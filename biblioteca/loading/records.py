"""What passes through the pipeline, from the file to the report."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

# The fields of a record that a file can say something about.
TEXT, AUTHORS, PUBLISHER, PHOTO, IDENTIFIERS = (
    "titulo", "autores", "editora", "foto", "identificadores",
)  # fmt: skip
WORKS = "obras"

# The key that a source gave to a record: the source's name and the key.
SourceKey = tuple[str, str]


@dataclass(frozen=True)
class RawName:
    """An author or a publisher as a file names it.

    ``inverted`` says whether the surname comes first, None where the file does not tell; ``role``
    is what the person did, in the file's own words or codes ("" where it does not say); ``id`` is
    an id, and ``key`` the source's own key, that the file gives beside or instead of the name.
    """

    text: str
    inverted: bool | None = None
    role: str = ""
    key: SourceKey | None = None
    id: int | None = None
    photo: str = ""


@dataclass(frozen=True)
class RawRecord:
    """A record as the file has it: the fields that were recognised, and everything there is.

    ``parent`` is the key of the record of the same source that this one is an edition of.

    ``line`` is the line of the file where people count lines (tables, JSON Lines), otherwise the
    number of the record, both from 1. ``authors`` is a whole cell, to be taken apart in the style
    of its column, or persons one by one. ``blank`` names the fields that the file says are empty,
    as an explicit null or a blank cell of our own export does; of other empty ones it is silent.
    """

    line: int
    text: str
    resource: str = WORKS
    authors: str | tuple[RawName, ...] = ()
    publisher: RawName | None = None
    photo: str = ""
    identifiers: tuple[tuple[str, str], ...] = ()
    key: SourceKey | None = None
    parent: SourceKey | None = None
    id: int | None = None
    # The code of the catalogue that exported the file, "" where it does not name one.
    catalogue: str = ""
    blank: frozenset[str] = frozenset()
    raw: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:
    """A place in the file that holds no record, and why."""

    line: int
    reason: str
    raw: dict[str, Any]


class CleanName(NamedTuple):
    """An author's or publisher's name as the catalogue writes it, and by what else it is known.

    ``name`` is "" only where ``id`` or ``key`` stands for the record.
    """

    name: str
    key: SourceKey | None = None
    id: int | None = None
    photo: str = ""


@dataclass(frozen=True)
class CleanRecord:
    """A record as it can be written: names in natural order, None for an unknown publisher.

    ``text`` is the title or name. Identifiers are checked and normalised, each once.
    """

    line: int
    text: str
    resource: str = WORKS
    authors: tuple[CleanName, ...] = ()
    publisher: CleanName | None = None
    photo: str = ""
    identifiers: tuple[tuple[str, str], ...] = ()
    key: SourceKey | None = None
    parent: SourceKey | None = None
    id: int | None = None
    catalogue: str = ""
    blank: frozenset[str] = frozenset()
    raw: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class Verdict(StrEnum):
    """What became of one record."""

    CREATED = "criado"
    UPDATED = "atualizado"
    SAME = "igual"
    CONFLICT = "conflito"
    REJECTED = "rejeitado"


@dataclass(frozen=True)
class Outcome:
    """The verdict on one record, with its reason where there is one.

    ``record_id`` is the record of the catalogue that it is, ``digest`` stands for what it says.
    """

    line: int
    verdict: Verdict
    reason: str = ""
    raw: dict[str, Any] = field(default_factory=dict)
    resource: str = WORKS
    record_id: int | None = None
    digest: str = ""
    record: CleanRecord | None = None
