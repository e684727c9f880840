"""What a run of the loader was asked to do."""

from dataclasses import dataclass


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
