"""What the scripts of the forms ask the server, in JSON."""

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from biblioteca.backoffice.changelist import BY_NAME
from biblioteca.backoffice.checkdigits import approve, explain
from biblioteca.photos.fields import PendingPhoto, clean_photo
from biblioteca.records.found import FoundListing
from biblioteca.records.identifiers import holders
from biblioteca.records.listing import MAX_COUNTED, Listing
from biblioteca.records.models import Record
from biblioteca.records.registry import record_models

# So many records are shown at once while somebody types.
FOUND = 20


class RecordAutocomplete(AutocompleteJsonView):
    """Django's answer to an autocomplete field, found as lists are: nothing is counted."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with the records found, by name."""
        self.term, self.model_admin, self.source_field, _to_field = self.process_request(request)
        if not issubclass(self.model_admin.model, Record):
            return super().get(request, *args, **kwargs)
        if not self.has_perm(request):
            raise PermissionDenied
        rows = self.model_admin.get_queryset(request).prefetch_related(None).order_by()
        listing = (
            FoundListing(rows, self.term, same, MAX_COUNTED)
            if self.term.strip()
            else Listing(rows, same)
        )
        start = (page_number(request) - 1) * FOUND
        found = listing.between(BY_NAME, False, start, start + FOUND + 1)
        return JsonResponse(
            {
                "results": [
                    {"id": str(record.pk), "text": record.display_text} for record in found[:FOUND]
                ],
                "pagination": {"more": len(found) > FOUND},
            }
        )


def same(rows: Any) -> Any:
    """Return ``rows``: a name is all that is shown."""
    return rows


def page_number(request: HttpRequest) -> int:
    """Return the page asked for: 1 to 100, 1 when it is no number."""
    text = request.GET.get("page", "1")
    return min(max(int(text), 1), 100) if text.isascii() and text.isdigit() else 1


def refusal(message: str) -> JsonResponse:
    """Return the answer that says what is wrong; it is an answer, not a failure."""
    return JsonResponse({"ok": False, "mensagem": message})


def may_write(request: HttpRequest) -> bool:
    """Tell whether somebody signed in may add or change any record."""
    return any(
        request.user.has_perm(f"{model._meta.app_label}.{action}_{model._meta.model_name}")
        for model in record_models().values()
        for action in ("add", "change")
    )


@require_POST
def check_picture(request: HttpRequest) -> JsonResponse:
    """Say whether a file or address would be taken as a picture, by the API's own rules."""
    if not may_write(request):
        raise PermissionDenied
    given = request.FILES.get("arquivo") or request.POST.get("foto", "")
    try:
        photo = clean_photo(given if isinstance(given, str | UploadedFile) else "")
    except ValidationError as error:
        return refusal(" ".join(error.messages))
    if not isinstance(photo, PendingPhoto):
        return JsonResponse({"ok": True, "mensagem": ""})
    size = {"width": photo.picture.width, "height": photo.picture.height}
    message = _("It will be kept at %(width)d × %(height)d pixels.") % size
    return JsonResponse({"ok": True, "mensagem": message})


@require_GET
def check_identifier(request: HttpRequest) -> JsonResponse:
    """Say whether an identifier is right, and which digit was expected when it is not."""
    if not may_write(request):
        raise PermissionDenied
    scheme = request.GET.get("esquema", "")[:100].strip().lower()
    value = request.GET.get("valor", "")[:1000]
    try:
        message = approve(scheme, value)
    except ValidationError as error:
        return refusal(explain(scheme, value, error))
    return JsonResponse({"ok": True, "mensagem": message})


def taken_identifiers(record: Record, pairs: list[list[str]]) -> dict[tuple[str, str], Record]:
    """Return the other records that have one of ``pairs``."""
    found = holders(record, [(scheme, value) for scheme, value in pairs])
    records = type(record)._default_manager.in_bulk(found.values())
    return {pair: records[key] for pair, key in found.items() if key in records}
