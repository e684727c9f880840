"""Merging in the back office: likely duplicates, what differs, what changes, and the way back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from biblioteca.backoffice.history import parse_id
from biblioteca.backoffice.images import image
from biblioteca.backoffice.naming import change_address, list_address
from biblioteca.records import merging
from biblioteca.records.duplicates import likely_duplicates, with_aliases
from biblioteca.records.models import NamedRecord, Record

MERGE = "merge_selected"
HELP = "fundir-duplicados"
PER_PAGE = 25
# So many of the records that a merge changes are named; the number is said of all.
SHOWN = 50
# So many records are laid side by side.
MOST = 10
PICTURE = (96, 134)

REASONS: dict[str, str | Promise] = {
    "same": gettext_lazy("differ in accents, capitals or punctuation at most"),
    "particles": gettext_lazy("a particle or a title is missing"),
    "order": gettext_lazy("the same words in another order"),
    "spacing": gettext_lazy("the same letters, parted otherwise"),
    "initials": gettext_lazy("initials stand for names"),
    "slip": gettext_lazy("one letter differs"),
}


@dataclass(frozen=True)
class Side:
    """One of the records to merge, as it is laid beside the others."""

    record: NamedRecord
    picture: SafeString
    uses: int
    aliases: list[str]
    address: str


@dataclass(frozen=True)
class LikelyPair:
    """A line of the ranking."""

    sides: list[Side]
    percent: int
    reason: str | Promise
    query: str


@dataclass(frozen=True)
class Choice:
    """What an editor chose: who stays, whose name, whose picture."""

    survivor: int
    name: int
    picture: int


def uses_of(model: type[Record], ids: Sequence[int]) -> dict[int, int]:
    """Return how many records refer to each of ``ids``."""
    found = dict.fromkeys(ids, 0)
    for referrer in merging.referrers(model):
        for name in merging.names_referring(referrer, model):
            rows = referrer._default_manager.filter(**{f"{name}__in": list(ids)}).order_by()
            for key, number in rows.values_list(name).annotate(number=Count("pk")):
                found[key] = found.get(key, 0) + number
    return found


def changed_by(model: type[Record], ids: Sequence[int]) -> tuple[int, list[Record]]:
    """Return how many records refer to ``ids``, and the first of them."""
    number = 0
    first: list[Record] = []
    for referrer in merging.referrers(model):
        for name in merging.names_referring(referrer, model):
            rows = referrer._default_manager.filter(**{f"{name}__in": list(ids)}).distinct()
            number += rows.count()
            first += rows.order_by("pk")[: SHOWN - len(first)]
    return number, first


def read_ids(values: Iterable[str]) -> list[int]:
    """Return the ids in the values of a parameter, each once."""
    found = (parse_id(text) for value in values for text in value.split(","))
    return list(dict.fromkeys(key for key in found if key))


def merge_selected(maker: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
    """Lay the records that were chosen in the list side by side."""
    ids = sorted(queryset.values_list("pk", flat=True)[: MOST + 1])
    if not 2 <= len(ids) <= MOST:
        text = _("Choose 2 to %d records to merge.") % MOST
        messages.warning(request, text)
        return None
    return HttpResponseRedirect(maker.merge_address("merge", ids=",".join(map(str, ids))))


class MergeMixin:
    """Mixed into the admin of named records: they can be merged."""

    model: Any
    admin_site: Any
    list_before_template = "backoffice/merge_link.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, with the way to its likely duplicates for those who may merge."""
        address = self.merge_address("duplicates") if self.may_merge(request) else ""
        context = {"duplicates_address": address} | (extra_context or {})
        return super().changelist_view(request, context)  # type: ignore[misc]

    def may_merge(self, request: HttpRequest) -> bool:
        """Tell whether whoever asks may merge: change the survivor, delete the others."""
        maker: Any = self
        return (
            maker.has_change_permission(request)
            and maker.has_delete_permission(request)
            and request.user.has_perm("records.add_merge")
        )

    def check_may_merge(self, request: HttpRequest) -> None:
        """Raise PermissionDenied to those who may not merge."""
        if not self.may_merge(request):
            raise PermissionDenied

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Add the merge to the actions of those who may."""
        actions = super().get_actions(request)  # type: ignore[misc]
        if self.may_merge(request) and not request.GET.get("_popup"):
            actions[MERGE] = (merge_selected, MERGE, _("Merge the chosen ones…"))
        return actions

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of merging."""
        pages = (
            ("duplicados/", self.duplicates_page, "duplicates"),
            ("fundir/", self.merge_page, "merge"),
        )
        own = [
            path(route, self.admin_site.admin_view(view), name=self.route_name(name))
            for route, view, name in pages
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def route_name(self, page: str) -> str:
        """Return the name of the route of a page."""
        options = self.model._meta
        return f"{options.app_label}_{options.model_name}_{page}"

    def merge_address(self, page: str, **query: str) -> str:
        """Return the address of a page."""
        address = reverse(f"admin:{self.route_name(page)}")
        return f"{address}?{urlencode(query)}" if query else address

    def merge_context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        """Return what all pages of merging show."""
        return self.admin_site.each_context(request) | {
            "opts": self.model._meta,
            "title": title,
            "back": list_address(self),  # type: ignore[arg-type]
            "duplicates_address": self.merge_address("duplicates"),
        }

    def sides(self, records: Sequence[NamedRecord]) -> list[Side]:
        """Return records as they are laid side by side."""
        ids = [record.pk for record in records]
        uses, aliases = uses_of(self.model, ids), with_aliases(self.model, ids)
        return [
            Side(
                record,
                image(record.foto, *PICTURE),
                uses[record.pk],
                aliases[record.pk],
                change_address(record),
            )
            for record in records
        ]

    # --- The ranking -----------------------------------------------------------------------------
    def duplicates_page(self, request: HttpRequest) -> HttpResponse:
        """Show the likeliest pairs, best first; make the ranking anew when asked to."""
        self.check_may_merge(request)
        if request.method == "POST":
            likely_duplicates(self.model, anew=True)
            return HttpResponseRedirect(request.path)
        ranking = likely_duplicates(self.model, limit=10**6)
        page = Paginator(ranking.pairs, PER_PAGE).get_page(request.GET.get("p"))
        context = self.merge_context(request, _("Likely duplicates")) | {
            "page": page,
            "pairs": self.likely_pairs(page),
            "complete": ranking.complete,
            "moment": datetime.fromtimestamp(ranking.moment, get_current_timezone()),
        }
        return TemplateResponse(request, "backoffice/merge_duplicates.html", context)

    def likely_pairs(self, page: Page) -> list[LikelyPair]:
        """Return the pairs of a page of which both records are still there."""
        ids = {key for pair in page for key in (pair.one, pair.other)}
        records = self.model._default_manager.in_bulk(ids)
        sides = {side.record.pk: side for side in self.sides(list(records.values()))}
        return [
            LikelyPair(
                [sides[pair.one], sides[pair.other]],
                round(pair.score * 100),
                REASONS.get(pair.reason, ""),
                urlencode({"ids": f"{pair.one},{pair.other}"}),
            )
            for pair in page
            if pair.one in sides and pair.other in sides
        ]

    # --- Choosing, confirming, merging -----------------------------------------------------------
    def merge_page(self, request: HttpRequest) -> HttpResponse:
        """Lay records side by side, show what the choice changes, or merge as confirmed."""
        self.check_may_merge(request)
        given = request.POST if request.method == "POST" else request.GET
        ids = read_ids(given.getlist("ids"))
        found = self.model._default_manager.in_bulk(ids[:MOST])
        records = [found[key] for key in ids if key in found]
        if len(records) < 2:
            messages.warning(request, _("Fewer than two of these records are there to be merged."))
            return HttpResponseRedirect(list_address(self))  # type: ignore[arg-type]
        if request.method == "POST":
            return self.merge_now(request, records)
        if "destino" in given:
            return self.confirm_page(request, records, self.read_choice(given, records))
        return self.choose_page(request, records)

    def read_choice(self, given: Mapping[str, str], records: Sequence[NamedRecord]) -> Choice:
        """Return what was chosen; what names none of the records falls back to the survivor."""
        ids = [record.pk for record in records]
        asked = {name: parse_id(given.get(name)) for name in ("destino", "nome", "foto")}
        survivor = asked["destino"] if asked["destino"] in ids else ids[0]
        name, picture = (asked[key] if asked[key] in ids else survivor for key in ("nome", "foto"))
        return Choice(survivor or 0, name or 0, picture or 0)

    def choose_page(self, request: HttpRequest, records: Sequence[NamedRecord]) -> HttpResponse:
        """Lay the records side by side; the one that most refer to is proposed to stay."""
        sides = self.sides(records)
        best = max(sides, key=lambda side: (side.uses, -side.record.pk))
        # Each name and each picture once, those of the proposed survivor before its equals.
        first = sorted(sides, key=lambda side: side is not best)
        names = {side.record.nome: side for side in reversed(first)}
        pictures = {side.record.foto: side for side in reversed(first)}
        proposed = best if best.record.foto else next(
            (side for foto, side in pictures.items() if foto), best
        )  # fmt: skip
        context = self.merge_context(request, _("Merge: what stays?")) | {
            "sides": sides,
            "proposed": best.record.pk,
            "names": [side for side in sides if side in names.values()],
            "name": best.record.pk,
            "pictures": [side for side in sides if side in pictures.values()],
            "picture": proposed.record.pk,
            "ids": ",".join(str(record.pk) for record in records),
        }
        return TemplateResponse(request, "backoffice/merge_choose.html", context)

    def confirm_page(
        self, request: HttpRequest, records: Sequence[NamedRecord], choice: Choice
    ) -> HttpResponse:
        """Show what the merge would change, to be confirmed."""
        by_id = {side.record.pk: side for side in self.sides(records)}
        origins = [side for key, side in by_id.items() if key != choice.survivor]
        number, changed = changed_by(self.model, [side.record.pk for side in origins])
        ids = ",".join(str(record.pk) for record in records)
        chosen = {"ids": ids}
        context = self.merge_context(request, _("Merge: is this right?")) | {
            "survivor": by_id[choice.survivor],
            "name": by_id[choice.name].record.nome,
            "picture": by_id[choice.picture].picture if by_id[choice.picture].record.foto else "",
            "origins": origins,
            "choice": choice,
            "number": number,
            "changed": [(record, change_address(record)) for record in changed],
            "more": number - len(changed),
            "ids": ids,
            "versions": [(record.pk, record.versao) for record in records],
            "choose_address": self.merge_address("merge", **chosen),
        }
        return TemplateResponse(request, "backoffice/merge_confirm.html", context)

    def merge_now(self, request: HttpRequest, records: Sequence[NamedRecord]) -> HttpResponse:
        """Merge as confirmed, unless one of the records has changed since it was shown."""
        choice = self.read_choice(request.POST, records)
        by_id = {record.pk: record for record in records}
        versions = {key: request.POST.get(f"versao_{key}", "") for key in by_id}
        origins = [key for key in by_id if key != choice.survivor]
        values = {"nome": by_id[choice.name].nome, "foto": by_id[choice.picture].foto}
        try:
            merged = merging.merge(self.model, choice.survivor, origins, values, versions)
        except merging.ChangedMeanwhileError as error:
            messages.error(request, str(error))
        except (merging.RefusedMergeError, merging.SurvivorMissingError):
            text = _("One of the records was deleted or merged meanwhile: nothing was merged.")
            messages.error(request, text)
        else:
            text = ngettext(
                "%(count)d record was merged into “%(name)s”.",
                "%(count)d records were merged into “%(name)s”.",
                len(origins),
            )
            messages.success(request, text % {"count": len(origins), "name": values["nome"]})
            return HttpResponseRedirect(reverse("admin:fusao", args=[merged.pk]))
        again = ",".join(map(str, by_id))
        return HttpResponseRedirect(self.merge_address("merge", ids=again))
