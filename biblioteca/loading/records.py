"""What passes through the pipeline, from the file to the report."""

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True)
class RawRecord:
    """A record as the file has it: the fields that were recognised, and every cell."""

    line: int
    values: dict[str, str]
    raw: dict[str, str]


@dataclass(frozen=True)
class Fault:
    """A place in the file that holds no record, and why."""

    line: int
    reason: str
    raw: dict[str, str]


@dataclass(frozen=True)
class CleanRecord:
    """A work as it can be written: names in natural order, None for an unknown publisher."""

    line: int
    titulo: str
    autores: tuple[str, ...]
    editora: str | None
    foto: str
    identificadores: tuple[tuple[str, str], ...]
    raw: dict[str, str]
    warnings: tuple[str, ...] = ()


class Verdict(StrEnum):
    """What became of one record."""

    CREATED = "criado"
    SAME = "igual"
    CONFLICT = "conflito"
    REJECTED = "rejeitado"


@dataclass(frozen=True)
class Outcome:
    """The verdict on one record, with its reason where there is one."""

    line: int
    verdict: Verdict
    reason: str = ""
    raw: dict[str, str] = field(default_factory=dict)
