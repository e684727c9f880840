"""``Idempotency-Key``: a POST that is sent again is answered again, and done once.

A row names the caller's key before the work begins; the answer is written to it in the transaction
of the work. While that transaction runs it holds the row locked. Whoever finds the row unlocked and
without an answer knows therefore that the first request came to nothing (its process was killed, or
it was refused), and may do the work.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from biblioteca.api.exceptions import KeyReused, StillRunning
from biblioteca.records.models import IdempotencyKey

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
MAX_LENGTH = 255
ATTEMPTS = 3
CLEANED_AT_ONCE = 100
ANSWERED_HEADERS = ("ETag", "Location")


@dataclass(frozen=True)
class Ticket:
    """One use of a key by one caller, with the digest of what was sent."""

    caller: str
    key: str
    digest: str

    def rows(self) -> Any:
        """Return the queryset of the key's row, an expired one excepted."""
        current = timezone.now() - KEPT
        return IdempotencyKey.objects.filter(
            chamador=self.caller, chave=self.key, criada__gte=current
        )

    def answer(self) -> Response | None:
        """Return the first answer, if there is one. Raises KeyReused for another body."""
        row = self.rows().first()
        return self.answer_in(row) if row else None

    def answer_in(self, row: IdempotencyKey) -> Response | None:
        """Return the answer in ``row``. Raises KeyReused for another body."""
        if row.resposta is None:
            return None
        if row.resumo != self.digest:
            raise KeyReused
        stored = row.resposta
        return Response(stored["body"], stored["status"], headers=stored["headers"])

    def announce(self) -> None:
        """Write the key's row, unless it is there."""
        old = IdempotencyKey.objects.filter(criada__lt=timezone.now() - KEPT)
        IdempotencyKey.objects.filter(
            pk__in=list(old.values_list("pk", flat=True)[:CLEANED_AT_ONCE])
        ).delete()
        row = IdempotencyKey(chamador=self.caller, chave=self.key, resumo=self.digest)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            pass

    def hold(self) -> Response | None:
        """Lock the row inside the transaction of the work; return the answer if it has one.

        Raises StillRunning when another request holds it, KeyReused when it had another body.
        """
        nowait = connection.features.has_select_for_update_nowait
        try:
            row = self.rows().select_for_update(nowait=nowait).first()
        except (OperationalError, DatabaseError) as error:
            raise StillRunning from error
        if row is None:  # withdrawn a moment ago
            raise StillRunning
        if row.resposta is None and row.resumo != self.digest:
            row.resumo = self.digest
            row.save(update_fields=["resumo"])
        return self.answer_in(row)

    def keep(self, response: Response) -> None:
        """Write the answer, in the transaction of the work."""
        headers = {name: response[name] for name in ANSWERED_HEADERS if name in response}
        stored = {"status": response.status_code, "headers": headers, "body": response.data}
        self.rows().update(resposta=stored)

    def withdraw(self) -> None:
        """Give the key back after a refusal: the client may correct its body and try again."""
        self.rows().filter(resposta__isnull=True, resumo=self.digest).delete()


def ticket_of(request: Request) -> Ticket | None:
    """Return the ticket of a request, None without the header. Raises ValidationError."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not (0 < len(key) <= MAX_LENGTH and key.isascii() and key.isprintable()):
        message = _("Use 1 to %d printable ASCII characters.") % MAX_LENGTH
        raise ValidationError({HEADER: [message]}, code="invalid_key")
    caller = getattr(request.user, "name", "")
    return Ticket(caller[:200], key, digest_of(request))


def digest_of(request: Request) -> str:
    """Return a digest of what the request asks: the same for the same body written otherwise."""
    return hashlib.sha256(
        f"{request.path.rstrip('/')} {canonical(request.data)}".encode()
    ).hexdigest()


def canonical(data: Any) -> str:
    """Return a body as text that does not depend on boundaries or the order of keys."""
    if not isinstance(data, QueryDict):
        return json.dumps(data, sort_keys=True)
    fields = {
        name: [file_digest(item) if isinstance(item, UploadedFile) else item for item in values]
        for name, values in data.lists()
    }
    return json.dumps(fields, sort_keys=True)


def file_digest(file: UploadedFile) -> str:
    """Return a digest of an uploaded file's content."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return f"sha256:{digest.hexdigest()}"
