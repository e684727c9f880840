"""Reading and loading the demonstration catalogue."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import resources

from django.db import transaction

from autores.models import Autor
from biblioteca.cache.announcements import check_age
from biblioteca.photos.pictures import Picture
from biblioteca.photos.storage import store
from biblioteca.records import writing
from biblioteca.records.models import HistoryEntry, NamedRecord
from biblioteca.records.origins import Origin, writing_as
from editoras.models import Editora
from obras.demonstracao import covers
from obras.models import Obra

SEPARATOR = " ; "
SOURCE = "demonstracao"


@dataclass(frozen=True)
class DemonstrationWork:
    """One line of the demonstration: a title, its authors in order, a publisher or None."""

    titulo: str
    autores: tuple[str, ...]
    editora: str | None


def read_demonstration() -> list[DemonstrationWork]:
    """Return the works of the demonstration, in the order of the file."""
    file = resources.files(__package__) / "obras.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    return [
        DemonstrationWork(
            line["titulo"],
            tuple(name for name in line["autores"].split(SEPARATOR) if name),
            line["editora"] or None,
        )
        for line in csv.DictReader(lines)
    ]


def load_demonstration() -> int:
    """Write the demonstration into a catalogue in which nobody has written yet.

    Returns the number of works written: none when anything was ever written, so that what a
    person deleted does not come back.
    """
    works = read_demonstration()
    with writing_as(Origin("demonstração", "comando", SOURCE)), transaction.atomic():
        if HistoryEntry.objects.exists():
            return 0
        authors = create_named(
            Autor, (name for work in works for name in work.autores), covers.draw_portrait
        )
        publishers = create_named(
            Editora, (work.editora for work in works if work.editora), covers.draw_emblem
        )
        values = [
            {
                "titulo": work.titulo,
                "foto": store(
                    covers.draw_cover(work.titulo, ", ".join(work.autores), work.editora or "")
                ),
                "editora_id": publishers[work.editora] if work.editora else None,
                "autores": [authors[name] for name in work.autores],
            }
            for work in works
        ]
        writing.create_many([Obra() for _work in works], values)
        check_age()
    return len(works)


def create_named(
    model: type[NamedRecord], names: Iterable[str], draw: Callable[[str], Picture]
) -> dict[str, int]:
    """Create a record with a picture for each distinct name; return the ids by name."""
    distinct = list(dict.fromkeys(names))
    records = writing.create_many(
        [model() for _name in distinct],
        [{"nome": name, "foto": store(draw(name))} for name in distinct],
    )
    return {name: record.pk for name, record in zip(distinct, records, strict=True)}
