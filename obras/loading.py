"""Matching records of a file against the catalogue, and writing the works that are new."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from autores.models import Autor
from biblioteca.loading.records import CleanRecord, Outcome, Verdict
from biblioteca.loading.report import Report
from biblioteca.records import writing
from biblioteca.records.models import Identificador, NamedRecord
from biblioteca.records.text import sort_key
from editoras.models import Editora
from obras.models import Obra

# Title, authors in order and publisher, each as its key: what two spellings of a work share.
Likeness = tuple[str, tuple[str, ...], str | None]


def likeness(record: CleanRecord) -> Likeness:
    """Return what a record without an identifier is matched by."""
    authors = tuple(sort_key(author.name) for author in record.authors)
    publisher = sort_key(record.publisher.name) if record.publisher else None
    return sort_key(record.text), authors, publisher


class WorkWriter:
    """Writes works; with an identifier a record is matched by it and by nothing else."""

    def write(self, batch: list[CleanRecord], report: Report) -> list[Outcome]:
        """Write what is new in ``batch`` in one transaction; return a verdict for each record."""
        outcomes, created = writing.in_transaction(lambda: self.write_batch(batch))
        for resource, count in created.items():
            report.created[resource] += count
        return outcomes

    def write_batch(self, batch: list[CleanRecord]) -> tuple[list[Outcome], dict[str, int]]:
        """Match and write; runs inside the transaction."""
        by_identifier = works_by_identifier(batch)
        by_likeness = works_by_likeness(batch)
        outcomes: list[Outcome] = []
        new: dict[Any, CleanRecord] = {}
        for record in batch:
            key: Any = record.identifiers[0] if record.identifiers else likeness(record)
            known = by_identifier if record.identifiers else by_likeness
            if key in known:
                outcomes.append(compare(record, known[key]))
                continue
            new[key] = record
            known[key] = likeness(record)
            by_likeness.setdefault(likeness(record), likeness(record))
            outcomes.append(Outcome(record.line, Verdict.CREATED))
        return outcomes, write_works(list(new.values()))


def compare(record: CleanRecord, stored: Likeness) -> Outcome:
    """Return the verdict on a record whose work is there already."""
    mine = likeness(record)
    if mine == stored:
        return Outcome(record.line, Verdict.SAME)
    names = (_("title"), _("authors"), _("publisher"))
    differing = [
        name for name, here, there in zip(names, mine, stored, strict=True) if here != there
    ]
    reason = _("the work with this identifier has another %s") % ", ".join(differing)
    return Outcome(record.line, Verdict.CONFLICT, reason, record.raw)


def works_by_identifier(batch: list[CleanRecord]) -> dict[tuple[str, str], Likeness]:
    """Return the likeness of the stored works that have an identifier of the batch."""
    wanted = {pair for record in batch for pair in record.identifiers}
    rows = Identificador.objects.filter(
        recurso=Obra.RESOURCE, valor__in={value for _scheme, value in wanted}
    ).values_list("esquema", "valor", "registro_id")
    found = {(scheme, value): key for scheme, value, key in rows if (scheme, value) in wanted}
    likenesses = stored_likenesses(Obra.objects.filter(pk__in=found.values()))
    return {pair: likenesses[key] for pair, key in found.items() if key in likenesses}


def works_by_likeness(batch: list[CleanRecord]) -> dict[Likeness, Likeness]:
    """Return the stored works that are like a record of the batch without an identifier."""
    titles = {sort_key(record.text) for record in batch if not record.identifiers}
    found = stored_likenesses(Obra.objects.filter(chave__in=titles)).values() if titles else ()
    return {stored: stored for stored in found}


def stored_likenesses(works: Any) -> dict[int, Likeness]:
    """Return the likeness of each of ``works`` by id, in two queries."""
    found = list(works.select_related("editora").with_author_ids())
    wanted = {key for work in found for key in work.author_ids}
    names = dict(Autor.objects.filter(pk__in=wanted).values_list("pk", "chave"))
    return {
        work.pk: (
            work.chave,
            tuple(names[key] for key in work.author_ids if key in names),
            work.editora.chave if work.editora else None,
        )
        for work in found
    }


def write_works(records: list[CleanRecord]) -> dict[str, int]:
    """Create the works with their authors and publishers; return how many of each were new."""
    authors, new_authors = named(
        Autor, (author.name for record in records for author in record.authors)
    )
    publishers, new_publishers = named(
        Editora, (record.publisher.name for record in records if record.publisher)
    )
    values = [
        {
            "titulo": record.text,
            "foto": record.photo,
            "editora_id": publishers[sort_key(record.publisher.name)] if record.publisher else None,
            "autores": [authors[sort_key(author.name)] for author in record.authors],
            "identificadores": [list(pair) for pair in record.identifiers],
        }
        for record in records
    ]
    writing.create_many([Obra() for _record in records], values)
    return {"autores": new_authors, "editoras": new_publishers, "obras": len(records)}


def named(model: type[NamedRecord], names: Iterable[str]) -> tuple[dict[str, int], int]:
    """Return the ids by key of the records with ``names``, creating those that are not there.

    The oldest record with a key stands for the name: which of two homonyms is meant, no file says.
    """
    wanted: dict[str, str] = {}
    for name in names:
        wanted.setdefault(sort_key(name), name)
    rows = (
        model._default_manager.filter(chave__in=wanted).order_by("-pk").values_list("chave", "pk")
    )
    found = dict(rows)
    missing = [(key, name) for key, name in wanted.items() if key not in found]
    created = writing.create_many(
        [model() for _pair in missing], [{"nome": name, "foto": ""} for _key, name in missing]
    )
    found |= {record.chave: record.pk for record in created}
    return found, len(created)
