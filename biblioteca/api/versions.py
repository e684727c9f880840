"""ETags and the conditional requests that name them (RFC 9110, section 13)."""

import hashlib
from collections.abc import Iterable

from django.conf import settings
from rest_framework.request import Request

from biblioteca.api.exceptions import PreconditionFailed, PreconditionRequired
from biblioteca.cache.conditions import names
from biblioteca.records.models import Record


def entity_tag(record: Record, expanded: Iterable[Record] = ()) -> str:
    """Return the strong ETag of a record, quotes included.

    With ``expanded`` records in the representation it covers their versions as well, and is not
    a tag that a write accepts.
    """
    tag = f"{record.RESOURCE}-{record.pk}-{record.versao}"
    others = [f"{other.RESOURCE}-{other.pk}-{other.versao}" for other in expanded]
    if others:
        digest = hashlib.sha256(" ".join(others).encode()).hexdigest()[:32]
        tag = f"{tag}.{digest}"
    return f'"{tag}"'


def is_unmodified(request: Request, tag: str) -> bool:
    """Tell whether the client already has the representation with ``tag``."""
    header = request.headers.get("If-None-Match")
    return header is not None and names(header, tag, weak=True)


def check_preconditions(request: Request, tag: str, current: dict) -> None:
    """Raise PreconditionFailed or PreconditionRequired unless the write may go on."""
    required = request.headers.get("If-Match")
    if required is None and settings.REQUIRE_IF_MATCH:
        raise PreconditionRequired
    unwanted = request.headers.get("If-None-Match")
    changed = required is not None and not names(required, tag, weak=False)
    if changed or (unwanted is not None and names(unwanted, tag, weak=True)):
        raise PreconditionFailed(members={"current": current}, headers={"ETag": tag})
