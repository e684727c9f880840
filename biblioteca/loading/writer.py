"""Matching records of a file against the catalogue, and writing what is new or differs.

The order of evidence: the catalogue's own id where it may be believed, then identifiers and the
source's key, and only for a record with none of these what it looks like.
"""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from biblioteca.loading.edits import edited_fields
from biblioteca.loading.named import understood
from biblioteca.loading.options import LoadOptions
from biblioteca.loading.records import CleanRecord, Outcome, Verdict
from biblioteca.records import bulk, traces, writing
from biblioteca.records.models import Identificador, Record, Trace
from biblioteca.records.redirects import living
from biblioteca.records.statements import select_in

ID = "id"

# One piece of evidence: its scheme and value.
Handle = tuple[str, str]
State = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """The load under way, as far as writing its records needs to know it."""

    options: LoadOptions = field(default_factory=LoadOptions)
    catalogue: str = ""
    # Which records of a resource an earlier record of the same file was, with its line and digest.
    seen: Callable[[str, Iterable[int]], Mapping[int, tuple[int, str]]] = lambda *_nothing: {}
    # How a place in the file is called: "line 5", "record 5".
    place: Callable[[int], str] = str


@dataclass(frozen=True)
class Evidence:
    """A record with what it is known by, whatever the catalogue holds.

    ``digest`` is what two records of one file share when they say the same; ``handles`` are
    identifiers and keys, the strongest first, or else the likeness alone.
    """

    record: CleanRecord
    digest: str
    handles: tuple[Handle, ...]
    likeness: Handle


@dataclass
class Draft:
    """One record on its way: what it is known by, what it turned out to be, and the verdict."""

    record: CleanRecord
    digest: str
    handles: tuple[Handle, ...]
    # What a later record without identifiers is compared with, where it can be.
    likeness: Handle | None
    target: int | None = None
    is_new: bool = False
    # The new record of the same batch that this one is too.
    repeats: "Draft | None" = None
    verdict: Verdict | None = None
    reason: str = ""

    def judge(self, verdict: Verdict, reason: str = "") -> None:
        """Settle the verdict."""
        self.verdict, self.reason = verdict, reason


class RecordWriter(ABC):
    """Writes the records of one resource; subclasses say what a record is known by and holds."""

    model: ClassVar[type[Record]]
    # What the fields of a state are called to people.
    LABELS: ClassVar[Mapping[str, Any]]
    # The scheme of the evidence that is looked for when there is no other.
    LIKENESS: ClassVar[str]

    def __init__(self, run: Run) -> None:
        self.run = run
        self.created: dict[str, int] = defaultdict(int)
        self.recognised: dict[Handle, int] = {}

    # --- What a resource says of its records -----------------------------------------------------

    def prepare(self, records: Sequence[CleanRecord]) -> None:  # noqa: B027 (some refer to nothing)
        """Look up what the records refer to."""

    @abstractmethod
    def digest(self, record: CleanRecord) -> str:
        """Return what two records of one file share when they say the same."""

    @abstractmethod
    def likeness(self, record: CleanRecord) -> str:
        """Return the value of the evidence of the scheme ``LIKENESS``."""

    @abstractmethod
    def alike(self, records: Sequence[CleanRecord]) -> dict[str, int]:
        """Return the living records by their likeness to one of ``records``."""

    def stored(self, ids: Iterable[int], *, locked: bool = False) -> dict[int, Record]:
        """Return the records with ``ids``, ready for :meth:`Record.state`."""
        rows: Any = self.model._default_manager.filter(pk__in=list(ids)).order_by("pk")
        return {record.pk: record for record in (rows.select_for_update() if locked else rows)}

    @abstractmethod
    def wanted(self, record: CleanRecord, state: State) -> State:
        """Return the fields of ``state`` that the file would have otherwise, with its values.

        What the file is silent about is not among them; a value may hold references that have no
        record yet (None in their place).
        """

    def refuse(self, record: CleanRecord) -> str:
        """Return why ``record`` cannot be written at all, "" when it can."""
        return ""

    def make_references(self, records: Sequence[CleanRecord]) -> None:  # noqa: B027
        """Create what ``records``, which will be written, refer to and is not there."""

    @abstractmethod
    def new_state(self, record: CleanRecord) -> State:
        """Return the whole state of a new record; its references exist."""

    def finish(self) -> None:  # noqa: B027
        """Keep what the next load should know of the references."""

    # --- The way of a batch ----------------------------------------------------------------------

    def evidence(self, record: CleanRecord) -> Evidence:
        """Return by what ``record`` is known; asks nothing of the database."""
        own = understood(record, self.run.options, self.run.catalogue)
        found: list[Handle] = []
        if own.id is not None:
            found.append((ID, str(own.id)))
        if own.key:
            found.append((traces.source_scheme(own.key[0]), own.key[1]))
        found += own.identifiers
        likeness = (self.LIKENESS, self.likeness(own))
        return Evidence(own, self.digest(own), tuple(found) or (likeness,), likeness)

    def write(self, evidence: Sequence[Evidence]) -> list[Outcome]:
        """Match and write records, in the caller's transaction; return a verdict for each."""
        self.created = defaultdict(int)
        self.prepare([one.record for one in evidence])
        drafts = [Draft(one.record, one.digest, one.handles, one.likeness) for one in evidence]
        self.match(drafts)
        self.compare([draft for draft in drafts if draft.verdict is None and not draft.is_new])
        self.create([draft for draft in drafts if draft.is_new and draft.verdict is None])
        for draft in drafts:
            if draft.repeats:
                draft.target = draft.repeats.target
        self.keep_keys(drafts)
        self.finish()
        return [self.outcome(draft) for draft in drafts]

    def outcome(self, draft: Draft) -> Outcome:
        """Return what the report keeps of ``draft``."""
        return Outcome(
            line=draft.record.line,
            verdict=draft.verdict or Verdict.REJECTED,
            reason=draft.reason,
            raw=draft.record.raw,
            resource=self.model.RESOURCE,
            record_id=draft.target,
            digest=draft.digest,
            record=draft.record,
        )

    def match(self, drafts: Sequence[Draft]) -> None:
        """Find which record of the catalogue each draft is, or that it is a new one."""
        alive, gone = self.known(drafts)
        seen = dict(self.run.seen(self.model.RESOURCE, set(alive.values())))
        self.recognised = alive
        new: dict[Handle, Draft] = {}
        for draft in drafts:
            if reason := self.refuse(draft.record):
                draft.judge(Verdict.REJECTED, reason)
                continue
            targets = {alive[handle] for handle in draft.handles if handle in alive}
            if len(targets) > 1:
                names = ", ".join(str(key) for key in sorted(targets))
                draft.judge(
                    Verdict.CONFLICT, _("its identifiers belong to different records: %s") % names
                )
                continue
            if targets:
                draft.target = targets.pop()
                if draft.target in seen:
                    self.repeat(draft, *seen[draft.target])
                else:
                    seen[draft.target] = (draft.record.line, draft.digest)
                continue
            first = next((new[handle] for handle in draft.handles if handle in new), None)
            if first is not None:
                draft.repeats = first
                self.repeat(draft, first.record.line, first.digest)
                continue
            if not self.run.options.recreate and any(handle in gone for handle in draft.handles):
                draft.target = next(gone[handle] for handle in draft.handles if handle in gone)
                draft.judge(Verdict.CONFLICT, _("was deleted here (--recriar brings it back)"))
                continue
            draft.is_new = True
            new.update(dict.fromkeys(draft.handles, draft))
            if draft.likeness:
                new[draft.likeness] = draft

    def repeat(self, draft: Draft, line: int, digest: str) -> None:
        """Judge a draft whose record stood in the file before, at ``line``."""
        by_likeness = draft.handles[0][0] == self.LIKENESS
        if by_likeness or draft.digest == digest:
            draft.judge(Verdict.SAME, _("the same as %s") % self.run.place(line))
            return
        places = {"here": self.run.place(draft.record.line), "first": self.run.place(line)}
        reason = _("%(here)s differs from %(first)s, which has the same identifier")
        draft.judge(Verdict.CONFLICT, reason % places)

    def known(self, drafts: Sequence[Draft]) -> tuple[dict[Handle, int], dict[Handle, int]]:
        """Return the living records by evidence, and those that a person deleted."""
        by_scheme: dict[str, set[str]] = defaultdict(set)
        for draft in drafts:
            for scheme, value in draft.handles:
                by_scheme[scheme].add(value)
        alive: dict[Handle, int] = {}
        former: list[tuple[Handle, int]] = []
        if self.LIKENESS in by_scheme:
            unnamed = [d.record for d in drafts if d.handles[0][0] == self.LIKENESS]
            for value, key in self.alike(unnamed).items():
                alive[self.LIKENESS, value] = key
        for scheme, values in by_scheme.items():
            if scheme == ID:
                former += [((ID, value), int(value)) for value in values]
                continue
            if scheme != self.LIKENESS and not scheme.startswith(traces.SOURCE):
                alive.update(self.holders(scheme, values))
            missing = [value for value in values if (scheme, value) not in alive]
            rows = select_in(
                Trace, ["valor", "registro_id"], "valor", missing,
                recurso=self.model.RESOURCE, esquema=scheme,
            )  # fmt: skip
            former += [((scheme, value), key) for value, key in rows]
        return self.sort_out(alive, former)

    def holders(self, scheme: str, values: Iterable[str]) -> dict[Handle, int]:
        """Return the records that have an identifier of one scheme."""
        rows = select_in(
            Identificador, ["valor", "registro_id"], "valor", values,
            recurso=self.model.RESOURCE, esquema=scheme,
        )  # fmt: skip
        return {(scheme, value): key for value, key in rows}

    def sort_out(
        self, alive: dict[Handle, int], former: Sequence[tuple[Handle, int]]
    ) -> tuple[dict[Handle, int], dict[Handle, int]]:
        """Tell what ``former`` evidence leads to a living record from what leads to a deleted one.

        A record without a row and without a trace of its deletion never was, or came by a load that
        was taken back.
        """
        now = living(self.model, {key for _handle, key in former})
        absent = {key for _handle, key in former if key not in now}
        deleted = set(
            Trace.objects.filter(recurso=self.model.RESOURCE, registro_id__in=absent)
            .exclude(esquema__startswith=traces.SOURCE)
            .values_list("registro_id", flat=True)
        )
        gone: dict[Handle, int] = {}
        for handle, key in former:
            if key in now and (handle[0] == ID or handle[0].startswith(traces.SOURCE)):
                alive.setdefault(handle, now[key])
            elif key in deleted:
                gone[handle] = key
        return alive, gone

    def compare(self, drafts: Sequence[Draft]) -> None:
        """Judge the drafts that are records of the catalogue, and write what differs in them."""
        if not drafts:
            return
        targets = {draft.target: draft for draft in drafts if draft.target is not None}
        records = self.stored(targets)
        differing = {}
        for key, draft in targets.items():
            if key not in records:  # deleted a moment ago
                draft.judge(Verdict.CONFLICT, _("was deleted here (--recriar brings it back)"))
            elif wanted := self.wanted(draft.record, records[key].state()):
                differing[key] = (draft, wanted)
            else:
                draft.judge(Verdict.SAME)
        if differing:
            self.change(differing)

    def change(self, differing: Mapping[int, tuple[Draft, State]]) -> None:
        """Change the fields that nobody edited; tell of those that somebody did."""
        edited: Mapping[int, frozenset[str]] = {}
        if not self.run.options.overwrite:
            fields = {key: frozenset(wanted) for key, (_draft, wanted) in differing.items()}
            edited = edited_fields(self.model, fields)
        free = {
            key: draft
            for key, (draft, wanted) in differing.items()
            if set(wanted) - edited.get(key, frozenset())
        }
        self.make_references([draft.record for draft in free.values()])
        locked = self.stored(free, locked=True) if free else {}
        changes: list[tuple[Record, State]] = []
        for key, (draft, wanted) in differing.items():
            kept = edited.get(key, frozenset())
            if key in locked:
                values = self.wanted(draft.record, locked[key].state())
                values = {name: value for name, value in values.items() if name not in kept}
                if holder := self.taken(locked[key], values):
                    draft.judge(Verdict.CONFLICT, holder)
                    continue
                changes.append((locked[key], values))
            names = ", ".join(str(self.LABELS[name]) for name in wanted if name in kept)
            if names:
                draft.judge(Verdict.CONFLICT, _("edited here since, left as it is: %s") % names)
            else:
                changed = ", ".join(str(self.LABELS[name]) for name in wanted)
                draft.judge(Verdict.UPDATED, _("changed: %s") % changed)
        writing.update_many(changes, leave_traces=False)

    def taken(self, record: Record, values: State) -> str:
        """Return why ``values`` cannot be written, "" when nothing stands in their way."""
        return ""

    def create(self, drafts: Sequence[Draft]) -> None:
        """Write the new records."""
        self.make_references([draft.record for draft in drafts])
        for keyed in (False, True):
            some = [draft for draft in drafts if (draft.record.id is not None) is keyed]
            keys = [draft.record.id or 0 for draft in some] if keyed else None
            ids = bulk.create(self.model, [self.new_state(draft.record) for draft in some], keys)
            self.created[self.model.RESOURCE] += len(ids)
            for draft, key in zip(some, ids, strict=True):
                draft.target = key
                draft.judge(Verdict.CREATED)

    def keep_keys(self, drafts: Sequence[Draft]) -> None:
        """Remember which record each of the source's keys means, where that was not known."""
        written = (Verdict.CREATED, Verdict.UPDATED, Verdict.SAME)
        traces.add(
            (self.model.RESOURCE, scheme, value, draft.target)
            for draft in drafts
            if draft.target is not None and draft.verdict in written
            for scheme, value in draft.handles
            if scheme.startswith(traces.SOURCE) and (scheme, value) not in self.recognised
        )
