"""From what a file says to what the catalogue can hold, or to the reason why it cannot."""

import html
import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from stdnum import isbn as isbn_number

from biblioteca.loading.names import NameStyle, split_authors
from biblioteca.loading.records import CleanName, CleanRecord, Fault, RawRecord
from biblioteca.photos.references import clean_reference
from biblioteca.records.models import NamedRecord
from biblioteca.records.text import clean_text, words

TITLE_LENGTH = 2000
NO_PUBLISHER = frozenset((
    "n_r", "n_d", "s_n", "s_e", "sine_nomine", "sem_editora", "unknown", "desconhecida",
    "desconhecido", "editora", "na", "n_a", "not_identified", "publisher_not_identified",
))  # fmt: skip
STAND_IN_PICTURES = ("nophoto", "no_cover", "no-cover", "nocover", "noimage", "no-image")
NOT_ISBN = re.compile(r"[^0-9Xx]")


def clean(record: RawRecord, style: NameStyle) -> CleanRecord | Fault:
    """Return the record in ``record``, or why there is none in it.

    ``style`` is how the file's column of authors is written.
    """
    warnings = list(record.warnings)
    try:
        title = clean_text(html.unescape(record.text), TITLE_LENGTH)
        authors = tuple(
            CleanName(clean_text(name, NamedRecord.NAME_LENGTH))
            for name in split_authors(str(record.authors or ""), style)
        )
        publisher = clean_publisher(record.publisher.text) if record.publisher else None
    except ValidationError as error:
        return Fault(record.line, " ".join(error.messages), record.raw)
    isbns = [value for scheme, value in record.identifiers if scheme == "isbn"]
    return CleanRecord(
        line=record.line,
        text=title,
        resource=record.resource,
        authors=authors,
        publisher=CleanName(publisher) if publisher else None,
        photo=clean_picture_address(record.photo, warnings),
        identifiers=clean_isbn(isbns[0] if isbns else "", warnings),
        key=record.key,
        parent=record.parent,
        id=record.id,
        catalogue=record.catalogue,
        blank=record.blank,
        raw=record.raw,
        warnings=tuple(warnings),
    )


def clean_publisher(cell: str) -> str | None:
    """Return the publisher's name, None for none and for the stand-ins for none."""
    name = html.unescape(cell).strip(" \t\u00a0,;:[]")
    if not name or "_".join(words(name)) in NO_PUBLISHER:
        return None
    return clean_text(name, NamedRecord.NAME_LENGTH)


def clean_picture_address(cell: str, warnings: list[str]) -> str:
    """Return the picture's address; "" with a warning when it is none."""
    address = cell.strip()
    if any(mark in address.lower() for mark in STAND_IN_PICTURES):
        return ""
    try:
        return clean_reference(address)
    except ValidationError as error:
        warnings.append(_("picture left out: %s") % " ".join(error.messages))
        return ""


def clean_isbn(cell: str, warnings: list[str]) -> tuple[tuple[str, str], ...]:
    """Return the ISBN-13 in ``cell``, its check digit verified; a bad one is a warning."""
    digits = NOT_ISBN.sub("", cell)
    if not digits:
        return ()
    if not isbn_number.is_valid(digits):
        warnings.append(_("not an ISBN: %s") % cell.strip()[:40])
        return ()
    return (("isbn", isbn_number.to_isbn13(digits)),)
