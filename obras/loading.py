"""Loading works: what a work is known by, and what a file says of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from autores.loading import AutorWriter
from autores.models import Autor
from biblioteca.loading.named import Names
from biblioteca.loading.records import AUTHORS, PHOTO, PUBLISHER, CleanName, CleanRecord, Verdict
from biblioteca.loading.writer import Draft, Handle, RecordWriter, Run, State
from biblioteca.records import traces
from biblioteca.records.models import Identificador, Record, Trace
from biblioteca.records.redirects import living
from biblioteca.records.text import digest, sort_key
from editoras.loading import EditoraWriter
from editoras.models import Editora
from obras.models import Obra, likeness

# Of which work of the same source a work is an edition.
EDITION_OF = "edicao:"


class WorkWriter(RecordWriter):
    """Writes works, and the authors and publishers that they name."""

    model = Obra
    LABELS = {
        "titulo": gettext_lazy("title"),
        "editora_id": gettext_lazy("publisher"),
        "foto": gettext_lazy("picture"),
        "autores": gettext_lazy("authors"),
        "identificadores": gettext_lazy("identifiers"),
    }
    LIKENESS = "semelhanca"

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.authors = Names(Autor)
        self.publishers = Names(Editora)

    # --- What the file says ----------------------------------------------------------------------

    def prepare(self, records: Sequence[CleanRecord]) -> None:
        """Look up the authors and publishers that are named."""
        self.authors, self.publishers = Names(Autor), Names(Editora)
        self.authors.find(name for record in records for name in record.authors)
        self.publishers.find(record.publisher for record in records if record.publisher)

    def make_references(self, records: Sequence[CleanRecord]) -> None:
        """Create the authors and publishers that are not there."""
        self.authors.make(name for record in records for name in record.authors)
        self.publishers.make(record.publisher for record in records if record.publisher)

    def finish(self) -> None:
        """Keep the sources' keys of authors and publishers."""
        for names in (self.authors, self.publishers):
            names.keep_traces()
            self.created[names.model.RESOURCE] += names.created

    def refuse(self, record: CleanRecord) -> str:
        """Return which author or publisher is named by an id alone, and is not there."""
        for name in record.authors:
            if name.id is not None and not name.name and name not in self.authors.ids:
                return _("there is no author with the id %d") % name.id
        publisher = record.publisher
        if publisher and not publisher.name and publisher not in self.publishers.ids:
            return _("there is no publisher with the id %s") % publisher.id
        return ""

    def digest(self, record: CleanRecord) -> str:
        """Return what title, authors, publisher, picture and identifiers are."""
        identifiers = [":".join(pair) for pair in sorted(record.identifiers)]
        names = [mark_of(name) for name in record.authors]
        publisher = mark_of(record.publisher) if record.publisher else None
        return digest(record.text, record.photo, publisher, *names, None, *identifiers)

    def likeness(self, record: CleanRecord) -> str:
        """Return the mark of title, authors and publisher, as traces of deleted works have it."""
        authors = [sort_key(name.name) for name in record.authors]
        publisher = sort_key(record.publisher.name) if record.publisher else None
        return likeness(sort_key(record.text), authors, publisher)

    def author_ids(self, record: CleanRecord) -> list[int | None]:
        """Return the ids of the authors in order, each once; None for one who is not there yet.

        Somebody of whom the file gives no more than a key that nobody knows is left out.
        """
        known = (
            self.authors.ids.get(name)
            for name in record.authors
            if name.name or name in self.authors.ids
        )
        found: list[int | None] = []
        for key in known:
            if key is None or key not in found:
                found.append(key)
        return found

    # --- What the catalogue has ------------------------------------------------------------------

    def stored(self, ids: Iterable[int], *, locked: bool = False) -> dict[int, Record]:
        """Return the works with their authors' ids and identifiers, in two queries."""
        rows: Any = Obra.objects.filter(pk__in=list(ids)).order_by("pk").with_author_ids()
        found = {work.pk: work for work in (rows.select_for_update() if locked else rows)}
        pairs: dict[int, list[list[str]]] = {key: [] for key in found}
        identifiers = Identificador.objects.filter(
            recurso=Obra.RESOURCE, registro_id__in=list(found)
        ).order_by("esquema", "valor")
        for key, scheme, value in identifiers.values_list("registro_id", "esquema", "valor"):
            pairs[key].append([scheme, value])
        for key, work in found.items():
            work.identifiers = pairs[key]
        return found

    def alike(self, records: Sequence[CleanRecord]) -> dict[str, int]:
        """Return the works with the title, the authors and the publisher of a record.

        Authors and publishers are compared by who they are: another name of the same one is one.
        """
        works: QuerySet[Any] = Obra.objects.filter(
            chave__in={sort_key(record.text) for record in records}
        )
        by_content = {
            (work.chave, tuple(work.author_ids), work.editora_id): work.pk
            for work in works.order_by("-pk").with_author_ids()  # type: ignore[attr-defined]
        }
        found = {}
        for record in records:
            publisher = self.publishers.ids.get(record.publisher) if record.publisher else None
            if record.publisher and publisher is None:
                continue
            content = (sort_key(record.text), tuple(self.author_ids(record)), publisher)
            if content in by_content:
                found[self.likeness(record)] = by_content[content]
        return found

    def wanted(self, record: CleanRecord, state: State) -> State:
        """Return the fields in which the file differs from ``state``."""
        found: State = {}
        if record.text != state["titulo"] and has_evidence(record):
            found["titulo"] = record.text
        if (record.photo or PHOTO in record.blank) and record.photo != state["foto"]:
            found["foto"] = record.photo
        if record.publisher or PUBLISHER in record.blank:
            publisher = self.publishers.ids.get(record.publisher) if record.publisher else None
            if publisher != state["editora_id"] or (record.publisher and publisher is None):
                found["editora_id"] = publisher
        authors = self.author_ids(record)
        if (authors or AUTHORS in record.blank) and authors != state["autores"]:
            found["autores"] = authors
        stored = [tuple(pair) for pair in state["identificadores"]]
        if more := [pair for pair in record.identifiers if pair not in stored]:
            found["identificadores"] = [list(pair) for pair in sorted([*stored, *more])]
        return found

    def taken(self, record: Record, values: State) -> str:
        """Return who has an identifier that would be added, "" when nobody has."""
        for scheme, value in values.get("identificadores", ()):
            holder = self.recognised.get((scheme, value))
            if holder not in (None, record.pk):
                return _("%(identifier)s belongs to work %(holder)d") % {
                    "identifier": f"{scheme}:{value}", "holder": holder,
                }  # fmt: skip
        return ""

    def new_state(self, record: CleanRecord) -> State:
        """Return the state of a new work."""
        return {
            "titulo": record.text,
            "foto": record.photo,
            "editora_id": self.publishers.ids.get(record.publisher) if record.publisher else None,
            "autores": self.author_ids(record),
            "identificadores": [list(pair) for pair in sorted(record.identifiers)],
        }

    # --- Editions and their works ----------------------------------------------------------------

    def match(self, drafts: Sequence[Draft]) -> None:
        """Match; a work of which an edition is there needs no record of its own."""
        self.borrow_authors(drafts)
        super().match(drafts)
        self.represent(drafts)

    def borrow_authors(self, drafts: Sequence[Draft]) -> None:
        """Give editions that name no author those of their work, where it is there."""
        orphans = [draft for draft in drafts if draft.record.parent and not draft.record.authors]
        by_key: dict[Handle, list[Draft]] = {}
        for draft in orphans:
            if parent := draft.record.parent:
                by_key.setdefault((traces.source_scheme(parent[0]), parent[1]), []).append(draft)
        works = self.by_trace(by_key)
        stored = self.stored(works.values())
        for handle, work_id in works.items():
            ids = stored[work_id].state()["autores"]
            names = tuple(CleanName("", id=key) for key in ids)
            self.authors.ids.update(zip(names, ids, strict=True))
            for draft in by_key[handle]:
                draft.record = replace(draft.record, authors=names)
                draft.likeness = None  # it says what the file says

    def represent(self, drafts: Sequence[Draft]) -> None:
        """Let works that are new, and of which an edition is there, be that edition."""
        works = {
            (f"{traces.SOURCE}{EDITION_OF}{draft.record.key[0]}", draft.record.key[1]): draft
            for draft in drafts
            if draft.is_new and draft.record.key and not draft.record.publisher
        }
        for handle, key in self.by_trace(works).items():
            draft = works[handle]
            draft.is_new, draft.target = False, key
            draft.judge(Verdict.SAME, _("an edition of it is there"))
        missing = {
            draft.target: draft
            for draft in works.values()
            if draft.target is not None and draft.record.authors
        }
        for key, work in self.stored(missing).items():
            if not work.state()["autores"]:
                draft = missing[key]
                draft.verdict = None
                draft.record = CleanRecord(
                    line=draft.record.line, text=work.display_text, authors=draft.record.authors,
                    raw=draft.record.raw, key=draft.record.key,
                )  # fmt: skip

    def by_trace(self, handles: Iterable[Handle]) -> dict[Handle, int]:
        """Return the living works that these traces lead to."""
        by_scheme: dict[str, list[str]] = {}
        for scheme, value in handles:
            by_scheme.setdefault(scheme, []).append(value)
        rows = [
            ((scheme, value), key)
            for scheme, values in by_scheme.items()
            for value, key in Trace.objects.filter(
                recurso=Obra.RESOURCE, esquema=scheme, valor__in=values
            ).values_list("valor", "registro_id")
        ]
        now = living(Obra, {key for _handle, key in rows})
        return {handle: now[key] for handle, key in rows if key in now}

    def keep_keys(self, drafts: Sequence[Draft]) -> None:
        """Remember also of which work each new work is an edition."""
        super().keep_keys(drafts)
        traces.add(
            (
                Obra.RESOURCE,
                f"{traces.SOURCE}{EDITION_OF}{draft.record.parent[0]}",
                draft.record.parent[1],
                draft.target,
            )
            for draft in drafts
            if draft.record.parent and draft.target and draft.verdict is Verdict.CREATED
        )


WRITERS: Mapping[str, type[RecordWriter]] = {
    writer.model.RESOURCE: writer for writer in (AutorWriter, EditoraWriter, WorkWriter)
}


def has_evidence(record: CleanRecord) -> bool:
    """Tell whether a record is known by more than what it looks like."""
    return bool(record.identifiers or record.key or record.id is not None)


def mark_of(name: CleanName) -> str:
    """Return what two spellings of a name share."""
    return sort_key(name.name) if name.name else f"{name.key} {name.id}"
