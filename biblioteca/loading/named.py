"""Authors and publishers that the records of a file name: found, or made."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from biblioteca.loading.options import LoadOptions
from biblioteca.loading.records import CleanName, CleanRecord
from biblioteca.photos.storage import stored_value_of
from biblioteca.records import bulk, traces
from biblioteca.records.models import Alias, NamedRecord, Trace
from biblioteca.records.redirects import living
from biblioteca.records.statements import select_in
from biblioteca.records.text import digest, sort_key


def understood(record: CleanRecord, options: LoadOptions, catalogue: str) -> CleanRecord:
    """Return ``record`` with only the ids that may be believed, and with our own pictures.

    Believed are the ids of a file that this very ``catalogue`` exported, and with ``by_id`` those
    of any file; those of another catalogue are its keys. An author's or publisher's id without a
    name is what the API writes: believed too.
    """
    named = (*record.authors, record.publisher) if record.publisher else record.authors
    if record.id is None and not any(name.id is not None or name.photo for name in named):
        photo = own_photo(record.photo)
        return record if photo == record.photo else replace(record, photo=photo)
    believed = options.by_id or bool(record.catalogue and record.catalogue == catalogue)

    def own(name: CleanName) -> CleanName:
        photo = own_photo(name.photo)
        if believed or name.id is None or not (name.name or record.catalogue):
            return name._replace(photo=photo)
        key = (record.catalogue, str(name.id)) if record.catalogue else name.key
        return name._replace(id=None, key=key, photo=photo)

    known_elsewhere = not believed and record.catalogue and record.id is not None
    return replace(
        record,
        authors=tuple(own(name) for name in record.authors),
        publisher=own(record.publisher) if record.publisher else None,
        photo=own_photo(record.photo),
        key=(record.catalogue, str(record.id)) if known_elsewhere else record.key,
        id=record.id if believed else None,
    )


def own_photo(address: str) -> str:
    """Return what a record keeps for ``address``: of a picture stored here, its storage key."""
    return stored_value_of(address) or address


class Names:
    """What the names of one batch mean; good for one transaction.

    A name means the record with the id or the source's key that stands with it, or else the oldest
    one of that name: which of two homonyms is meant, no file says. A record that a source has given
    one key is not the one that it calls by another key.
    """

    def __init__(self, model: type[NamedRecord]) -> None:
        self.model = model
        self.ids: dict[CleanName, int] = {}
        self.created = 0
        self.claimed: dict[str, set[int]] = defaultdict(set)
        self.new_traces: list[tuple[str, str, str, int]] = []

    def find(self, names: Iterable[CleanName]) -> None:
        """Look the names up."""
        wanted = set(names)
        self.find_ids({name for name in wanted if name.id is not None})
        self.find_keys({name for name in wanted if name.key and name not in self.ids})
        self.find_names({name for name in wanted if name.name and name not in self.ids})

    def find_ids(self, names: set[CleanName]) -> None:
        """Take the ids that exist, or did before a merge."""
        found = living(self.model, {name.id for name in names if name.id is not None})
        self.ids.update({name: found[name.id] for name in names if name.id in found})

    def find_keys(self, names: set[CleanName]) -> None:
        """Look the sources' keys up."""
        by_source: dict[str, dict[str, CleanName]] = defaultdict(dict)
        for name in names:
            if name.key:
                by_source[name.key[0]][name.key[1]] = name
        for source, by_key in by_source.items():
            rows = self.traces(traces.source_scheme(source), by_key)
            now = living(self.model, {key for _value, key in rows})
            for value, key in rows:
                if key in now:
                    self.ids[by_key[value]] = now[key]

    def find_names(self, names: set[CleanName]) -> None:
        """Look the names themselves up: of records, aliases, and what people renamed."""
        by_key: dict[str, list[CleanName]] = defaultdict(list)
        # Those without a key of their own come first: they mean the oldest record in any case.
        for name in sorted(names, key=lambda name: (name.key or ("", ""), name.name)):
            by_key[sort_key(name.name)].append(name)
        candidates: dict[str, list[int]] = defaultdict(list)
        for key, record_id in sorted(select_in(self.model, ["chave", "id"], "chave", by_key)):
            candidates[key].append(record_id)
        missing = [key for key in by_key if key not in candidates]
        if missing:
            aliases = select_in(
                Alias, ["id", "chave", "registro_id"], "chave", missing, recurso=self.model.RESOURCE
            )
            for _alias_id, key, record_id in sorted(aliases):
                candidates[key].append(record_id)
            former = {digest(key): key for key in missing if key not in candidates}
            rows = self.traces("nome", former)
            now = living(self.model, {record_id for _value, record_id in rows})
            for value, record_id in rows:
                if record_id in now:
                    candidates[former[value]].append(now[record_id])
        self.take_claims(names, {key for ids in candidates.values() for key in ids})
        for key, same in by_key.items():
            for name in same:
                self.choose(name, candidates.get(key, []))

    def choose(self, name: CleanName, candidates: list[int]) -> None:
        """Let ``name`` mean the first of ``candidates`` that its source calls by no other key."""
        claimed = self.claimed[name.key[0]] if name.key else set()
        record_id = next((key for key in candidates if key not in claimed), None)
        if record_id is not None:
            self.mean(name, record_id)

    def mean(self, name: CleanName, record_id: int) -> None:
        """Let ``name`` mean the record, and its source's key too."""
        self.ids[name] = record_id
        if name.key:
            self.claimed[name.key[0]].add(record_id)
            scheme = traces.source_scheme(name.key[0])
            self.new_traces.append((self.model.RESOURCE, scheme, name.key[1], record_id))

    def take_claims(self, names: set[CleanName], record_ids: set[int]) -> None:
        """Read which records the sources of ``names`` have given a key."""
        for source in {name.key[0] for name in names if name.key}:
            rows = Trace.objects.filter(
                recurso=self.model.RESOURCE,
                esquema=traces.source_scheme(source),
                registro_id__in=record_ids,
            )
            self.claimed[source].update(rows.values_list("registro_id", flat=True))

    def traces(self, scheme: str, values: Iterable[str]) -> list[tuple[str, int]]:
        """Return value and record of the traces with ``values``, oldest record first."""
        rows = select_in(
            Trace, ["valor", "registro_id"], "valor", values,
            recurso=self.model.RESOURCE, esquema=scheme,
        )  # fmt: skip
        return sorted(rows, key=lambda row: -row[1])

    def make(self, names: Iterable[CleanName]) -> None:
        """Create a record for each of ``names`` that means none yet and says what it is called."""
        new: dict[Any, list[CleanName]] = {}
        for name in names:
            if name.name and name not in self.ids:
                new.setdefault(name.key or name.id or sort_key(name.name), []).append(name)
        # Two spellings in one batch are one record; two keys of a source are two.
        for keyed in (False, True):
            some = [same for same in new.values() if (same[0].id is not None) is keyed]
            states = [{"nome": same[0].name, "foto": same[0].photo} for same in some]
            keys = [same[0].id or 0 for same in some] if keyed else None
            ids = bulk.create(self.model, states, keys)
            self.created += len(ids)
            for same, record_id in zip(some, ids, strict=True):
                for name in same:
                    self.mean(name, record_id)

    def keep_traces(self) -> None:
        """Store the sources' keys of what was found or made, so that they are known next time."""
        traces.add(dict.fromkeys(self.new_traces))
        self.new_traces = []
