"""One log over everything that happened: changes of records, sign-ins, removals of personal data.

Each table is a source whose lines have moment, person, door and kind; a page takes the newest lines
of all sources after a position, and so costs the same at any depth.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.models import User as Account
from django.db import connections
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from biblioteca.backoffice.dates import Period
from biblioteca.records import fitting, versions
from biblioteca.records.models import Expunging, HistoryEntry
from biblioteca.records.registry import record_models

User = Account | AnonymousUser


@dataclass(frozen=True)
class Position:
    """Where a walk through the log stands: after this line."""

    moment: datetime
    rank: int
    key: int

    def __str__(self) -> str:
        return f"{self.moment.isoformat()}~{self.rank}~{self.key}"

    @classmethod
    def parse(cls, text: str | None) -> "Position | None":
        """Return the position that an address names, None for what is none."""
        try:
            moment, rank, key = (text or "").split("~")
            position = cls(datetime.fromisoformat(moment), int(rank), int(key))
        except ValueError:
            return None
        bounded = 0 <= position.rank < 100 and 0 <= position.key < 2**63
        return position if position.moment.tzinfo and bounded else None


@dataclass(frozen=True)
class Filters:
    """Which lines are asked for; the empty text asks for all."""

    who: str = ""
    period: Period = field(default_factory=Period)
    door: str = ""
    kind: str = ""
    resource: str = ""
    group: str = ""


@dataclass(frozen=True)
class Line:
    """One line of the log."""

    position: Position
    who: str
    door: str
    kind: str
    kind_label: str
    about: str
    address: str = ""
    detail: str = ""
    group: str = ""
    origin: str = ""
    resource: str = ""
    key: int | None = None
    before: Any = None
    after: Any = None


@dataclass(frozen=True)
class Source:
    """A table with the columns ``momento``, ``quem`` and ``porta``, newest lines first.

    ``limit`` narrows its rows to the filters that are its own (None: nothing of it is asked for),
    ``line`` makes a line of a row. ``model`` is the label of a table that may not be there.
    """

    model: str
    permission: str
    kinds: Callable[[], list[tuple[str, Any]]]
    limit: Callable[[QuerySet, Filters], QuerySet | None]
    line: Callable[[Any, Position], Line]

    @cached_property
    def table(self) -> type[Model] | None:
        """The table, None when this catalogue has none."""
        try:
            return apps.get_model(self.model)
        except LookupError:
            return None

    def lines(self, filters: Filters, rank: int, after: Position | None, most: int) -> list[Line]:
        """Return at most ``most`` lines after a position, newest first."""
        if self.table is None:
            return []
        rows = self.limit(self.table._default_manager.all(), filters)
        if rows is None:
            return []
        columns = {"quem": filters.who, "porta": filters.door}
        asked = {column: value for column, value in columns.items() if value}
        ordered = ["-momento", "-id"]
        if len(asked) == 1 and not filters.kind and connections[rows.db].vendor == "mysql":
            # Looking for equal values, MariaDB walks its index from the newest row on, however far
            # back the position is (2 s at a million rows); a range it enters where it should.
            ((column, value),) = asked.items()
            rows = rows.filter(**{f"{column}__gte": value, f"{column}__lte": value})
            ordered.insert(0, f"-{column}")
        else:
            rows = rows.filter(**asked)
        rows = filters.period.limit(rows)
        if after is not None:
            rows = self.after(rows, rank, after)
        found = rows.order_by(*ordered)[:most]
        return [self.line(row, Position(row.momento, rank, row.pk)) for row in found]

    @staticmethod
    def after(rows: QuerySet, rank: int, position: Position) -> QuerySet:
        """Return the rows after a position; of one moment, the sources come in their order."""
        if rank < position.rank:
            return rows.filter(momento__lt=position.moment)
        rows = rows.filter(momento__lte=position.moment)
        if rank == position.rank:
            # A range of the index, and then what of the same moment was seen already.
            rows = rows.exclude(momento=position.moment, id__gte=position.key)
        return rows


def order(line: Line) -> tuple[float, int, int]:
    """Return what sorts lines newest first."""
    position = line.position
    return (-position.moment.timestamp(), position.rank, -position.key)


# --- The sources -----------------------------------------------------------------------------


def history_rows(rows: QuerySet, filters: Filters) -> QuerySet | None:
    """Return the changes of records that are asked for."""
    if filters.kind and filters.kind not in HistoryEntry.Action.values:
        return None
    if filters.kind:
        rows = rows.filter(acao=filters.kind)
        if not filters.resource:  # lets the index of kinds be walked
            rows = rows.filter(recurso__in=list(record_models()))
    if filters.resource:
        rows = rows.filter(recurso=filters.resource)
    return rows.filter(grupo=filters.group) if filters.group else rows


def history_line(entry: HistoryEntry, position: Position) -> Line:
    """Return the line of a change of a record."""
    model = record_models().get(entry.recurso)
    name, address, fields = "", "", ""
    if model is not None:
        state = versions.state_at(entry)
        expunged = versions.is_expunged(state)
        name = _("(removed)") if expunged else fitting.name_in(model, state)
        meta = model._meta
        route = f"admin:{meta.app_label}_{meta.model_name}_history"
        address = reverse(route, args=[entry.registro_id])
        if entry.antes and entry.depois and not expunged:
            changed = [key for key in entry.depois if entry.antes.get(key) != entry.depois[key]]
            fields = ", ".join(fitting.label_of(model, key) for key in changed)
    return Line(
        position, entry.quem, entry.porta, entry.acao, entry.get_acao_display(),
        f"{entry.recurso}/{entry.registro_id} {name}".strip(), address, fields, entry.grupo,
        entry.origem, entry.recurso, entry.registro_id, entry.antes, entry.depois,
    )  # fmt: skip


def others_rows(own_kinds: Callable[[], list[tuple[str, Any]]]) -> Callable[..., QuerySet | None]:
    """Return how a table that is about no records is narrowed."""

    def limit(rows: QuerySet, filters: Filters) -> QuerySet | None:
        kinds = [kind for kind, _label in own_kinds()]
        asked = filters.kind and filters.kind not in kinds
        if asked or filters.resource or filters.group:
            return None
        column = "acao" if hasattr(rows.model, "acao") else None
        return rows.filter(acao=filters.kind) if filters.kind and column else rows

    return limit


def access_kinds() -> list[tuple[str, Any]]:
    """Return the kinds of sign-ins, failures and changes of roles."""
    table = access_source.table
    return list(table._meta.get_field("acao").choices or []) if table else []  # type: ignore[union-attr]


def access_line(entry: Any, position: Position) -> Line:
    """Return the line of a sign-in, a failure or a change of roles."""
    return Line(
        position, entry.quem, entry.porta, entry.acao, entry.get_acao_display(), entry.alvo,
        detail=entry.detalhe, origin=entry.origem,
    )  # fmt: skip


EXPUNGED = "expurgo"


def expunging_kinds() -> list[tuple[str, Any]]:
    """Return the kind of removals."""
    return [(EXPUNGED, _("personal data removed"))]


def expunging_line(row: Expunging, position: Position) -> Line:
    """Return the line of a removal of personal data."""
    counts = ", ".join(f"{name} {count}" for name, count in sorted(row.contagens.items()))
    return Line(
        position, row.quem, row.porta, EXPUNGED, str(expunging_kinds()[0][1]), row.alvo,
        detail=counts,
    )  # fmt: skip


history_source = Source(
    "records.HistoryEntry",
    "records.view_historyentry",
    lambda: list(HistoryEntry.Action.choices),
    history_rows,
    history_line,
)
access_source = Source(
    "backoffice.AccessEntry",
    "backoffice.view_accessentry",
    access_kinds,
    others_rows(access_kinds),
    access_line,
)
expunging_source = Source(
    "records.Expunging",
    "records.view_historyentry",
    expunging_kinds,
    others_rows(expunging_kinds),
    expunging_line,
)

# In the order in which lines of one moment are shown; more may be added at the end.
sources: list[Source] = [history_source, access_source, expunging_source]


# --- Reading ---------------------------------------------------------------------------------


def open_to(user: User) -> list[int]:
    """Return the places of the sources that ``user`` may see."""
    return [rank for rank, source in enumerate(sources) if user.has_perm(source.permission)]


def read(ranks: list[int], filters: Filters, after: Position | None, most: int) -> list[Line]:
    """Return at most ``most`` lines of the sources at ``ranks`` after a position, newest first."""
    streams = [sources[rank].lines(filters, rank, after, most) for rank in ranks]
    return list(islice(heapq.merge(*streams, key=order), most))


def walk(ranks: list[int], filters: Filters, chunk: int = 1000) -> Iterator[Line]:
    """Yield all lines, newest first, a chunk at a time."""
    after: Position | None = None
    while lines := read(ranks, filters, after, chunk):
        yield from lines
        if len(lines) < chunk:
            return
        after = lines[-1].position


def kinds_of(ranks: list[int]) -> list[tuple[str, str]]:
    """Return the kinds of lines that the sources at ``ranks`` have."""
    return [(kind, str(label)) for rank in ranks for kind, label in sources[rank].kinds()]
