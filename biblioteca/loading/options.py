"""What the person who loads a file says about it."""

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
