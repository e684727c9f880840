"""Open Library's dumps: type, key, revision, date and JSON, separated by tabs."""

import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from biblioteca.loading.formats.tables import Lines, LineTooLongError
from biblioteca.loading.formats.values import object_in, shown
from biblioteca.loading.names import NATURAL
from biblioteca.loading.options import ReadingOptions
from biblioteca.loading.records import WORKS, Fault, RawName, RawRecord, SourceKey
from biblioteca.loading.source import Source

SOURCE = "openlibrary"
AUTHORS = "autores"
# Editions and works name authors by their keys: these are needed first.
ORDER = {b"/type/author": 0, b"/type/edition": 1, b"/type/work": 2}
COVER = "https://covers.openlibrary.org/%s/id/%d-L.jpg"
NO_RECORDS = {
    "/type/redirect": gettext_lazy("redirect"),
    "/type/delete": gettext_lazy("deleted"),
}
BY = re.compile(r"\s*\[?(?:by|por|par|von|de|di)\]?\s+(.*)", re.I | re.S)
NAMES = re.compile(r"\s*(?:,| and | & | e | et | und | y )\s*")


class Dump:
    """A dump of authors, editions or works, or of all of them."""

    format = "openlibrary"
    unit = "line"
    style = NATURAL

    def __init__(self, source: Source, options: ReadingOptions) -> None:
        self.lines = Lines(source)
        self.options = options
        self.order = ORDER.get(source.sample.split(b"\t", 1)[0], 0)

    def __iter__(self) -> Iterator[RawRecord | Fault]:
        """Yield the records one by one, and what is wrong with the lines that are none."""
        while True:
            number = self.lines.begin()
            try:
                line = next(self.lines).rstrip("\r\n")
            except StopIteration:
                return
            except LineTooLongError as error:
                yield Fault(number, str(error), shown("".join(self.lines.taken)))
                continue
            if self.lines.foreign:
                yield Fault(number, _("the line is not UTF-8"), shown(line))
            elif line:
                yield self.record(number, line)

    def record(self, line: int, text: str) -> RawRecord | Fault:
        """Return what is in a line."""
        parts = text.split("\t", 4)
        if len(parts) != 5 or not parts[0].startswith("/type/"):
            return Fault(line, _("this is no line of an Open Library dump"), shown(text))
        kind, key = parts[0], parts[1]
        try:
            value = object_in(parts[4])
        except ValueError as error:
            return Fault(line, str(error), shown(text))
        if kind not in ("/type/author", "/type/edition", "/type/work"):
            reason = NO_RECORDS.get(kind) or _("%s is neither author nor edition nor work") % repr(
                kind[:40]
            )
            return Fault(line, str(reason), value)
        resource = AUTHORS if kind == "/type/author" else WORKS
        if self.options.resource not in (None, resource):
            return Fault(line, _("the record is not of the resource that was asked for"), value)
        own: SourceKey = (SOURCE, key)
        if resource == AUTHORS:
            return RawRecord(
                line=line,
                text=text_in(value, "name") or text_in(value, "personal_name"),
                resource=AUTHORS,
                photo=picture(value, "photos", "a"),
                key=own,
                raw=value,
            )
        return RawRecord(
            line=line,
            text=title_of(value),
            authors=authors_of(value),
            publisher=publisher_of(value),
            photo=picture(value, "covers", "b"),
            identifiers=tuple(numbers_of(value)),
            key=own,
            parent=parent_of(value) if kind == "/type/edition" else None,
            raw=value,
        )


def text_in(value: dict[str, Any], field: str) -> str:
    """Return a text, "" where it is none."""
    found = value.get(field)
    return found if isinstance(found, str) else ""


def listed(value: dict[str, Any], field: str) -> list[Any]:
    """Return a list, empty where it is none."""
    found = value.get(field)
    return found if isinstance(found, list) else []


def title_of(value: dict[str, Any]) -> str:
    """Return title and subtitle."""
    title, subtitle = text_in(value, "title").strip(), text_in(value, "subtitle").strip(" :")
    prefix = text_in(value, "title_prefix").strip()
    if prefix and title and not title.lower().startswith(prefix.lower()):
        title = f"{prefix} {title}"
    return f"{title.rstrip(' :')} : {subtitle}" if title and subtitle else title


def key_in(value: Any) -> str:
    """Return the key in ``"/a/1"`` or ``{"key": "/a/1"}``, "" where there is none."""
    found = value.get("key") if isinstance(value, dict) else value
    return found if isinstance(found, str) and found.startswith("/") else ""


def authors_of(value: dict[str, Any]) -> tuple[RawName, ...]:
    """Return the authors by their keys; by name as the title page has them if there is no key."""
    keys = [
        key_in(each.get("author", each) if isinstance(each, dict) else each)
        for each in listed(value, "authors")
    ]
    if any(keys):
        return tuple(RawName("", key=(SOURCE, key)) for key in dict.fromkeys(keys) if key)
    stated = BY.fullmatch(text_in(value, "by_statement").split(";")[0])
    if stated is None:
        return ()
    return tuple(
        RawName(name.strip(" .[]"), inverted=None)
        for name in NAMES.split(stated[1])
        if name.strip(" .[]")
    )


def publisher_of(value: dict[str, Any]) -> RawName | None:
    """Return the first publisher."""
    names = [name for name in listed(value, "publishers") if isinstance(name, str) and name.strip()]
    return RawName(names[0]) if names else None


def picture(value: dict[str, Any], field: str, kind: str) -> str:
    """Return the address of the first picture, "" without one."""
    numbers = [
        number
        for number in listed(value, field)
        if isinstance(number, int) and not isinstance(number, bool) and number > 0
    ]
    return COVER % (kind, numbers[0]) if numbers else ""


def numbers_of(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the ISBNs and ISSNs."""
    for field in ("isbn_13", "isbn_10", "isbn", "issn"):
        for number in listed(value, field):
            if isinstance(number, str) and number.strip():
                yield field[:4], number


def parent_of(value: dict[str, Any]) -> SourceKey | None:
    """Return the key of the work that an edition is of."""
    keys = [key for each in listed(value, "works") if (key := key_in(each))]
    return (SOURCE, keys[0]) if keys else None
