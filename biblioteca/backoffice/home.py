"""The home page: how much there is, what is new, what needs care, how the catalogue grew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from biblioteca.backoffice.growth import Growth, growth_of
from biblioteca.backoffice.images import image
from biblioteca.backoffice.kept import kept, last_change
from biblioteca.backoffice.naming import Text, capitalized, change_address, list_address
from biblioteca.loading.models import Batch, BatchItem
from biblioteca.loading.records import Verdict
from biblioteca.records.found import number_of
from biblioteca.records.listing import MAX_COUNTED
from biblioteca.records.models import HistoryEntry, Record
from biblioteca.records.registry import record_models

CARDS = 6
# Loads that put something into the catalogue.
LOADED = (Batch.State.RUNNING, Batch.State.DONE, Batch.State.STOPPED)
CARD_COVER = (72, 100)
# The last edited records are looked for among so many last changes of the catalogue.
CHANGES = 300


@dataclass(frozen=True)
class Card:
    """A record as the home page shows it."""

    title: str
    subtitle: str
    address: str
    cover: SafeString


@dataclass(frozen=True)
class Shelf:
    """A row of records; ``cards`` reads them anew for each page."""

    title: Text
    cards: Callable[[], Sequence[Card]]
    permission: str


@dataclass(frozen=True)
class Care:
    """Something that needs care: how many there are, and where they are put right."""

    title: Text
    count: Callable[[], int]
    address: Callable[[], str]
    permission: str


@dataclass(frozen=True)
class Figure:
    """A number on the home page."""

    title: str
    number: int
    address: str
    is_more: bool = False


_shelves: list[Shelf] = []
_cares: list[Care] = []
# The model whose growth is plotted; a resource app says which.
growing: type[Record] | None = None


def register_shelf(title: Text, cards: Callable[[], Sequence[Card]], permission: str) -> None:
    """Show a row of records to those who have ``permission``."""
    _shelves.append(Shelf(title, cards, permission))


def register_care(
    title: Text, count: Callable[[], int], address: Callable[[], str], permission: str
) -> None:
    """Show among what needs care how many ``count`` gives, with a link to ``address``.

    The count is kept for a minute or more; it should give up at some bound.
    """
    _cares.append(Care(title, count, address, permission))


def card(record: Record, subtitle: str) -> Card:
    """Return ``record`` as a card."""
    cover = image(record.foto, *CARD_COVER)
    return Card(record.display_text, subtitle, change_address(record), cover)


def last_changed(model: type[Record]) -> list[int]:
    """Return the ids of the records of ``model`` that were changed last, the latest first.

    They are looked for among the last changes of the whole catalogue, which are read by their id.
    """
    rows = HistoryEntry.objects.order_by("-pk").values_list("recurso", "registro_id", "acao")
    edited = (HistoryEntry.Action.CHANGED, HistoryEntry.Action.RESTORED)
    ids = [
        key
        for resource, key, action in rows[:CHANGES]
        if resource == model.RESOURCE and action in edited
    ]
    return list(dict.fromkeys(ids))[:CARDS]


def context_of(request: HttpRequest, admins: Sequence[ModelAdmin]) -> dict[str, Any]:
    """Return what the page shows to whoever asks."""
    version = last_change()
    shelves = [
        (shelf.title, cards)
        for shelf in _shelves
        if request.user.has_perm(shelf.permission) and (cards := shelf.cards())
    ]
    return {
        "figures": counts(request, admins, version),
        "cares": cares(request, admins, version),
        "shelves": shelves,
        "growth": growth(request, version),
    }


def record_admins(admins: Sequence[Any]) -> list[Any]:
    """Return the admins of records in the order of the navigation."""
    known = set(record_models().values())
    found = [admin for admin in admins if admin.model in known]
    return sorted(found, key=lambda admin: admin.navigation_place or 0)


def counts(request: HttpRequest, admins: Sequence[Any], version: int) -> list[Figure]:
    """Return how many records there are of each kind that ``request`` may see."""
    return [
        Figure(
            capitalized(admin.model._meta.verbose_name_plural),
            count_of(admin.model, version),
            list_address(admin),
        )
        for admin in record_admins(admins)
        if admin.has_view_or_change_permission(request)
    ]


def count_of(model: type[Record], version: int) -> int:
    """Return how many records of ``model`` there are, as of a short while ago."""
    name = f"home:count:{model.RESOURCE}"
    return kept(name, version, model._default_manager.count)


def cares(request: HttpRequest, admins: Sequence[Any], version: int) -> list[Figure]:
    """Return what needs care and is there."""
    wanted = [*lacking(admins), *_cares]
    figures = [rejected(request, version)] if request.user.has_perm("loading.view_batch") else []
    for care in wanted:
        if request.user.has_perm(care.permission):
            name = f"home:care:{care.address()}"
            number = kept(name, version, care.count)
            is_more = number > MAX_COUNTED
            figures.append(
                Figure(str(care.title), min(number, MAX_COUNTED), care.address(), is_more)
            )
    return [figure for figure in figures if figure is not None and figure.number]


def lacking(admins: Sequence[Any]) -> list[Care]:
    """Return what the records themselves lack, as their admins declare it."""
    return [
        Care(
            f"{capitalized(admin.model._meta.verbose_name_plural)} {admin.missing[name][0]}",
            bounded(admin.model, admin.missing[name][1]),
            narrowed(admin, name),
            f"{admin.model._meta.app_label}.view_{admin.model._meta.model_name}",
        )
        for admin in record_admins(admins)
        for name in admin.care
    ]


def bounded(model: type[Record], condition: Any) -> Callable[[], int]:
    """Return the count of what fulfils ``condition``, one more than is shown at most."""
    return lambda: number_of(model._default_manager.filter(condition), MAX_COUNTED)


def narrowed(admin: Any, name: str) -> Callable[[], str]:
    """Return the address of the list of what lacks ``name``."""
    return lambda: f"{list_address(admin)}?{urlencode({'falta': name})}"


def rejected(request: HttpRequest, version: int) -> Figure | None:
    """Return the lines of the last load that were not taken."""

    def count() -> tuple[int, int]:
        # One that was only simulated, or waits, loaded nothing.
        loads = Batch.objects.filter(estado__in=LOADED).order_by("-pk")
        last = loads.values_list("pk", flat=True).first()
        if last is None:
            return 0, 0
        rejects = BatchItem.objects.filter(lote=last, veredito=Verdict.REJECTED)
        return last, rejects.count()

    batch, number = kept("home:rejected", version, count)
    address = reverse("admin:carga", args=[batch]) if batch else ""
    return Figure(_("Rejected lines of the last load"), number, address)


def growth(request: HttpRequest, version: int) -> Growth | None:
    """Return how the catalogue grew, for those who may see what grew."""
    model = growing
    if model is None:
        return None
    options = model._meta
    if not request.user.has_perm(f"{options.app_label}.view_{options.model_name}"):
        return None
    total = count_of(model, version)
    steps = kept("home:growth", version, lambda: growth_of(model))
    return Growth.ending_at(total, steps, capitalized(options.verbose_name_plural))
