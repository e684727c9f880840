"""From what a file says to what the catalogue can hold, or to the reason why it cannot."""

import html
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from biblioteca.loading.names import NameStyle, name_of, split_authors
from biblioteca.loading.records import (
    WORKS,
    CleanName,
    CleanRecord,
    Fault,
    RawName,
    RawRecord,
)  # fmt: skip
from biblioteca.loading.roles import NO_PUBLISHER, is_nobody
from biblioteca.photos.references import clean_reference
from biblioteca.records.identifiers import clean_identifier
from biblioteca.records.models import NamedRecord
from biblioteca.records.text import clean_text, fold, words

TITLE_LENGTH = 2000
NAME_LENGTH = NamedRecord.NAME_LENGTH
CACHED = 8192
PUBLISHERS = "editoras"
STAND_IN_PICTURES = re.compile(
    r"no[-_]?(?:photo|cover|image|img|pic)|sem[-_]?(?:capa|imagem|foto)|image[-_]not|placeholder"
    r"|default[-_]?cover",
    re.I,
)
# An address of which nothing needs to be looked at closely.
PLAIN_ADDRESS = re.compile(
    r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?/[A-Za-z0-9._~/?#!$&'()*+,;=:@-]*"
)
# What spreadsheets make of a long number, and what people write to keep them from it.
SCIENTIFIC = re.compile(r"\d[.,]\d+E\+?\d+", re.I)
AS_TEXT = re.compile(r'^=?"(.*)"$', re.S)
FLOAT = re.compile(r"(\d+)\.0+")
# Where one number of a cell ends and the next begins.
BETWEEN_NUMBERS = re.compile(r"[;|/]|,\s+|(?<=[\dXx])\s+(?=97[89])|\n")
PREFIX = re.compile(r"^\s*(?:urn:)?(?:e-?)?isbn(?:-?1[03])?\s*[:=]?\s*", re.I)
QUALIFIER = re.compile(r"\s*[(\[].*$", re.S)
DIGITS = frozenset("0123456789")


def clean(record: RawRecord, style: NameStyle) -> CleanRecord | Fault:
    """Return the record in ``record``, or why there is none in it.

    ``style`` is how the file's column of authors is written.
    """
    warnings = list(record.warnings)
    field = "titulo" if record.resource == WORKS else "nome"
    try:
        text = clean_title(record, style)
        field = "autores"
        authors = clean_authors(record, style, warnings)
        field = "editora"
        publisher = (
            clean_publisher(record.publisher, record.catalogue) if record.publisher else None
        )
    except ValidationError as error:
        reason = " ".join(error.messages)
        # What the fields themselves demand is said of "this field".
        return Fault(record.line, f"{field}: {reason}" if error.code else reason, record.raw)
    return CleanRecord(
        line=record.line,
        text=text,
        resource=record.resource,
        authors=authors,
        publisher=publisher,
        photo=clean_picture_address(record.photo, warnings) if record.photo else "",
        identifiers=clean_identifiers(record, warnings) if record.identifiers else (),
        key=record.key,
        parent=record.parent,
        id=record.id,
        catalogue=record.catalogue,
        blank=record.blank,
        raw=record.raw,
        warnings=tuple(warnings),
    )


def quick_text(value: str, max_length: int) -> str:
    """Return what :func:`clean_text` returns, quickly where nothing is remarkable."""
    if value.isascii() and value.isprintable() and "  " not in value:
        text = value.strip(" ")
        if text and len(text) <= max_length:
            return text
    return clean_text(value, max_length)


def unescaped(text: str) -> str:
    """Return ``text`` without HTML entities."""
    return html.unescape(text) if "&" in text else text


def clean_title(record: RawRecord, style: NameStyle) -> str:
    """Return the title, or the name of an author or publisher. Raises ValidationError."""
    if not record.text.strip():
        raise ValidationError(
            _("there is no title") if record.resource == WORKS else _("there is no name")
        )
    if record.catalogue:
        return quick_text(record.text, TITLE_LENGTH if record.resource == WORKS else NAME_LENGTH)
    if record.resource == WORKS:
        return quick_text(unescaped(record.text), TITLE_LENGTH)
    if record.resource == PUBLISHERS:
        publisher = clean_publisher(RawName(record.text))
        if publisher is None:
            raise ValidationError(_("there is no publisher's name"))
        return publisher.name
    surname_first = style.surname_first and "," in record.text
    name = name_of(unescaped(record.text), True if surname_first else None)
    if not name or is_nobody(name, record.text):
        raise ValidationError(_("there is no author's name"))
    return quick_text(name, NAME_LENGTH)


def clean_authors(
    record: RawRecord, style: NameStyle, warnings: list[str]
) -> tuple[CleanName, ...]:
    """Return the authors of a record, each once. Raises ValidationError."""
    if not record.authors:
        return ()
    if isinstance(record.authors, str):
        return authors_of_cell(record.authors, style)
    found: dict[Any, CleanName] = {}
    for raw in record.authors:
        author = clean_author(raw, record.catalogue, warnings)
        if author is not None:
            found.setdefault(identity(author), author)
    return tuple(found.values())


def identity(author: CleanName) -> Any:
    """Return what tells two authors of one record apart."""
    if author.id is not None:
        return author.id
    return author.key or fold(author.name)


@lru_cache(CACHED)
def authors_of_cell(cell: str, style: NameStyle) -> tuple[CleanName, ...]:
    """Return the authors in a cell. Raises ValidationError."""
    return tuple(CleanName(quick_text(name, NAME_LENGTH)) for name in split_authors(cell, style))


def clean_author(raw: RawName, catalogue: str, warnings: list[str]) -> CleanName | None:
    """Return one author, None for nobody. Raises ValidationError."""
    name = raw.text
    if not catalogue and name:
        name = name_of(unescaped(name), raw.inverted)
        if not name or is_nobody(name, raw.text):
            return CleanName("", raw.key, raw.id) if raw.key or raw.id is not None else None
    if name:
        name = quick_text(name, NAME_LENGTH)
    elif raw.key is None and raw.id is None:
        return None
    photo = clean_picture_address(raw.photo, warnings) if raw.photo else ""
    return CleanName(name, raw.key, raw.id, photo)


def clean_publisher(raw: RawName, catalogue: str = "") -> CleanName | None:
    """Return the publisher, None for none and for the stand-ins for none."""
    if catalogue:
        name = quick_text(raw.text, NAME_LENGTH) if raw.text.strip() else ""
    else:
        name = publisher_name(raw.text)
    if not name and raw.id is None and raw.key is None:
        return None
    return CleanName(name, raw.key, raw.id, raw.photo)


@lru_cache(CACHED)
def publisher_name(cell: str) -> str:
    """Return the publisher's name in a cell, "" for none. Raises ValidationError."""
    name = unescaped(cell).strip(" \t\u00a0,;:")
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1].strip(" \t\u00a0,;:")
    if not name or not (found := words(name)) or "_".join(found) in NO_PUBLISHER:
        return ""
    return quick_text(name, NAME_LENGTH)


def clean_picture_address(cell: str, warnings: list[str]) -> str:
    """Return the picture's address; "" with a warning when it is none."""
    address = cell.strip()
    if STAND_IN_PICTURES.search(address):
        return ""
    if len(address) <= 2000 and PLAIN_ADDRESS.fullmatch(address):
        return address
    try:
        return clean_reference(address)
    except ValidationError as error:
        warnings.append(_("picture left out: %s") % " ".join(error.messages))
        return ""


def clean_identifiers(record: RawRecord, warnings: list[str]) -> tuple[tuple[str, str], ...]:
    """Return the identifiers, checked and normalised, each once; a bad one is a warning."""
    found: dict[tuple[str, str], None] = {}
    for scheme, cell in record.identifiers:
        for value in numbers_in(cell) if scheme in ("isbn", "issn") else (cell,):
            try:
                found[checked(scheme, value)] = None
            except ValidationError as error:
                message = _("%(scheme)s left out: %(value)s (%(reason)s)")
                warnings.append(message % {
                    "scheme": scheme, "value": value.strip()[:40],
                    "reason": " ".join(error.messages),
                })  # fmt: skip
    return tuple(found)


def numbers_in(cell: str) -> Iterable[str]:
    """Return the numbers that a cell has, one or several."""
    if DIGITS.issuperset(cell):
        return (cell,) if cell else ()
    quoted = AS_TEXT.match(cell.strip())
    if quoted:
        cell = quoted[1]
    return [part for part in BETWEEN_NUMBERS.split(cell) if part.strip()]


def checked(scheme: str, value: str) -> tuple[str, str]:
    """Return an identifier as it is stored. Raises ValidationError."""
    if scheme != "isbn":
        return clean_identifier(scheme, value.strip())
    number = value.strip()
    if not (number.isascii() and number.isalnum()):
        number = QUALIFIER.sub("", PREFIX.sub("", number)).strip(" .:,;'\"=")
        if SCIENTIFIC.fullmatch(number):
            raise ValidationError(_("a spreadsheet has rounded it"))
        number = FLOAT.sub(r"\1", number) if FLOAT.fullmatch(number) else number.replace(".", "")
    if len(number) in (8, 9) and number[:-1].isdigit():
        # An ISBN-10 that lost its leading zeros as a number; nine digits are an SBN, too.
        number = number.zfill(10)
    return clean_identifier("isbn", number)
