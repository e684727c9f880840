"""What the person who loads a file says about it, and about how it meets the catalogue."""

from dataclasses import dataclass, field

from biblioteca.loading.records import WORKS


@dataclass(frozen=True)
class ReadingOptions:
    """How to read a file, where that is not to be found out from its content.

    ``source`` names where the file comes from, ``mapping`` what the columns of a table hold: the
    column's name (or its number, from 1) to the field's.
    """

    format: str | None = None
    resource: str | None = None
    source: str | None = None
    mapping: dict[str, str] = field(default_factory=dict)

    @property
    def wanted(self) -> str:
        """The resource that the records are of."""
        return self.resource or WORKS


@dataclass(frozen=True)
class LoadOptions:
    """How the records of a file meet the catalogue.

    ``simulate`` writes nothing for good; ``overwrite`` changes what a person edited, too;
    ``recreate`` brings back what was deleted; ``by_id`` believes the ids of any file.
    """

    simulate: bool = False
    overwrite: bool = False
    recreate: bool = False
    by_id: bool = False
