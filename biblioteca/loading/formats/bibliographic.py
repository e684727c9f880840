"""A MARC 21 bibliographic record, binary or XML, into a record of the catalogue.

Terms are those of the MARC 21 Format for Bibliographic Data (Library of Congress).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from biblioteca.loading.formats.rows import CATALOGUE_CODE, whole
from biblioteca.loading.options import ReadingOptions
from biblioteca.loading.records import WORKS, Fault, RawName, RawRecord
from biblioteca.loading.roles import AUTHOR_ROLES, OTHER_ROLES
from biblioteca.records.text import words

BIBLIOGRAPHIC = frozenset("acdefgijkmoprt")
OTHER_TYPES = {
    "z": gettext_lazy("authority"), "q": gettext_lazy("community information"),
    "w": gettext_lazy("classification"),
    **dict.fromkeys("uvxy", gettext_lazy("holdings")),
}  # fmt: skip
# Relators ($4, and $e in English, Portuguese, Spanish, French) of those who wrote the text.
AUTHOR_CODES = frozenset((
    "aut", "cre", "dub", "aus", "lbt", "lyr", "cmp", "cns", "asn", "art", "pht", "com-aut",
))  # fmt: skip
AUTHOR_WORDS = frozenset((
    "author", "autor", "autora", "autores", "auteur", "autrice", "verfasser", "verfasserin",
    "writer", "escritor", "escritora", "creator", "criador", "creador", "coautor", "coauthor",
    "poet", "poeta", "dramaturgo", "librettist", "lyricist", "composer", "compositor",
    "screenwriter", "argumentista", "roteirista", "aut", "cre",
))  # fmt: skip
# Who count as authors where nobody wrote the whole.
EDITOR_CODES = frozenset(("edt", "com", "edc", "pbd", "drt", "red"))
EDITOR_WORDS = frozenset((
    "editor", "editors", "organizador", "organizadora", "org", "orgs", "coordenador",
    "coordenadora", "coord", "compiler", "compilador", "comp", "ed", "herausgeber", "dir",
    "director", "diretor", "editeur", "hrsg",
))  # fmt: skip
NUMERATION = re.compile(r"[IVXLC]+\.?,?")
PICTURE = re.compile(r"\b(?:cover|capa|portada|cubierta|couverture|umschlag|jacket)\b", re.I)
ADDRESS = re.compile(r"https?://\S+", re.I)
NO_PICTURE = re.compile(r"\.(?:pdf|html?|txt|epub)(?:$|[?#])", re.I)
NUMBER = re.compile(r"[0-9][0-9-]{7,16}[0-9Xx](?![0-9])")
BRACKETS = re.compile(r"\[from old catalog\]|[\[\]]")
NAME_END = re.compile(r"[\s,;:/=]+$")
END_POINT = re.compile(r"[^\W\d_]{2}\.$|[\d)\]!?'\"”]\.$")
ABBREVIATIONS = frozenset((
    "jr", "sr", "etc", "inc", "co", "cia", "ltda", "ltd", "vol", "no", "dept", "bros", "st", "ed",
    "corp", "univ", "al",
))  # fmt: skip

Subfields = list[tuple[str, str]]


@dataclass
class MarcRecord:
    """The fields of a record as they stand in the file."""

    leader: str
    controls: list[tuple[str, str]] = field(default_factory=list)
    # Tag, first and second indicator, subfields.
    fields: list[tuple[str, str, str, Subfields]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def control(self, tag: str) -> str:
        """Return the first control field ``tag``, "" without one."""
        return next((value for each, value in self.controls if each == tag), "")

    def all(self, *tags: str) -> Iterator[tuple[str, str, str, Subfields]]:
        """Yield the fields with one of ``tags``, in order."""
        return (each for each in self.fields if each[0] in tags)

    def raw(self) -> dict[str, Any]:
        """Return the record as it is kept: a list of values by tag."""
        found: dict[str, Any] = {"LDR": self.leader}
        for tag, value in self.controls:
            found.setdefault(tag, []).append(value)
        for tag, first, second, subfields in self.fields:
            text = f"{first}{second}" + "".join(f"${code}{value}" for code, value in subfields)
            found.setdefault(tag, []).append(text)
        return found


def is_unimarc(record: MarcRecord) -> bool:
    """Tell UNIMARC, which has its titles in 200 and its leader ends otherwise, from MARC 21."""
    tags = {each[0] for each in record.fields}
    general = any(
        code == "a" and re.match(r"\d{8}", value)
        for _tag, _first, _second, subfields in record.all("100")
        for code, value in subfields
    )
    return "200" in tags and not tags & {"245", "240", "260", "264"} and (
        general or bool(tags & {"010", "210", "215", "700", "701", "801"})
    )  # fmt: skip


def as_record(number: int, marc: MarcRecord, options: ReadingOptions) -> RawRecord | Fault:
    """Return the work that a record describes, or why there is none."""
    raw = marc.raw()
    kind = marc.leader[6:7].lower()
    if kind not in BIBLIOGRAPHIC:
        if kind in OTHER_TYPES or not any(marc.all("245")):
            name = OTHER_TYPES.get(kind, repr(kind))
            return Fault(number, _("not a bibliographic record (%s)") % name, raw)
        marc.warnings.append(_("the leader does not say what kind of record this is"))
    if options.wanted != WORKS:
        return Fault(number, _("the record is not of the resource that was asked for"), raw)
    if is_unimarc(marc):
        return Fault(number, _("this is UNIMARC, which is not read"), raw)
    agency = marc.control("003").strip()
    if CATALOGUE_CODE.fullmatch(agency):
        return exported_record(number, marc, agency, raw)
    source = options.source or agency.lower()
    own = marc.control("001").strip()
    return RawRecord(
        line=number,
        text=title_of(marc),
        authors=tuple(authors_of(marc)),
        publisher=publisher_of(marc),
        photo=picture_of(marc),
        identifiers=tuple(numbers_of(marc)),
        key=(source, own) if source and own else None,
        raw=raw,
        warnings=tuple(marc.warnings),
    )


def title_of(marc: MarcRecord) -> str:
    """Return the title as libraries display it, ``Title : subtitle``; see 245 and ISBD."""
    for _tag, _first, _second, subfields in marc.all("245"):
        title = displayed(subfields, "anpb") if any(code == "a" for code, _v in subfields) else ""
        title = title or displayed(subfields, "knpb")
        if title:
            return title
    return ""


def displayed(subfields: Subfields, codes: str) -> str:
    """Return the subfields ``codes`` as one text, their punctuation set right."""
    text = ""
    for code, value in subfields:
        part = value.strip()
        if code not in codes or not part.strip(" /:;=.,"):
            continue
        if not text:
            text = part
        elif code in "np":
            text = text.rstrip(" /:;=")
            text = f"{text} {part}" if text.endswith((".", ",", "!", "?")) else f"{text}. {part}"
        else:
            mark = text[-1] if text[-1] in ":=;" else ":"
            text = f"{text.rstrip(' /:;=,')} {mark} {part.lstrip(':;= ')}"
    return without_end(text)


def without_end(text: str) -> str:
    """Return a text without the punctuation that cataloguers end it with."""
    text = NAME_END.sub("", text.strip())
    last = text.rstrip(".").rpartition(" ")[2].lower()
    if END_POINT.search(text) and last not in ABBREVIATIONS and not text.endswith(".."):
        text = text[:-1]
    return text


def authors_of(marc: MarcRecord) -> Iterable[RawName]:
    """Return the authors; where there are none, the editors."""
    authors: list[RawName] = []
    editors: list[RawName] = []
    for tag, first, _second, subfields in marc.all("100", "110", "111", "700", "710", "711"):
        added = tag[0] == "7"
        if added and any(code == "t" for code, _value in subfields):
            continue
        name = name_in(tag, first, subfields)
        if name is None:
            continue
        role = role_of(subfields)
        if role == "author" or not role:
            authors.append(name)
        elif role == "editor":
            (editors if added else authors).append(name)
    return authors or editors


def role_of(subfields: Subfields) -> str:
    """Return what somebody did: "author", "editor", "other", or "" where nothing is said."""
    found = set()
    for code, value in subfields:
        if code == "4":
            relator = value.strip().rstrip(".").rpartition("/")[2].lower()
            if relator:
                found.add(
                    "author" if relator in AUTHOR_CODES
                    else "editor" if relator in EDITOR_CODES else "other"
                )  # fmt: skip
        elif code == "e" and (said := words(value)):
            found.add(stated_role(said))
    return next((role for role in ("author", "editor", "other") if role in found), "")


def stated_role(said: list[str]) -> str:
    """Return the role that the words of $e tell."""
    if any(word in OTHER_ROLES for word in said):
        return "other"
    if any(word in AUTHOR_WORDS for word in said):
        return "author"
    if any(word in EDITOR_WORDS for word in said):
        return "editor"
    return "author" if said[0] in AUTHOR_ROLES else "other"


def name_in(tag: str, first: str, subfields: Subfields) -> RawName | None:
    """Return the name in a field 1xx or 7xx, None where there is none."""
    parts = {code: value.strip() for code, value in reversed(subfields)}
    name = whole_name(BRACKETS.sub("", parts.get("a", "")))
    if not name.strip(" ."):
        return None
    if tag[1:] == "00":
        if NUMERATION.fullmatch(parts.get("b", "")):
            name = f"{name} {parts['b'].strip(' ,.')}"
        inverted = first != "0" and "," in name
        return RawName(name, inverted=inverted or None)
    units = [value.strip() for code, value in subfields if code == "b" and tag[1:] == "10"]
    if units:
        name = f"{name.rstrip('.')}. {whole_name(' '.join(units))}"
    return RawName(name, inverted=False)


def whole_name(value: str) -> str:
    """Return a name without the punctuation that follows it.

    A point before a comma belongs to the name: ``Govt. Print. Off.,``.
    """
    name = NAME_END.sub("", value.strip())
    return name if len(name) < len(value.strip()) else without_end(name)


def publisher_of(marc: MarcRecord) -> RawName | None:
    """Return the publisher: the first of 264 with the indicator for publication, or of 260."""
    chosen = [each for each in marc.all("264") if each[2] == "1"] or list(marc.all("260"))
    chosen = chosen or list(marc.all("264"))
    for _tag, _first, _second, subfields in chosen:
        for code, value in subfields:
            if code == "b" and value.strip(" .,:;[]"):
                return RawName(whole_name(value))
    return None


def numbers_of(marc: MarcRecord) -> Iterator[tuple[str, str]]:
    """Yield ISBNs and ISSNs; what is marked as wrong or cancelled ($z) is none."""
    for tag, _first, _second, subfields in marc.all("020", "022"):
        for code, value in subfields:
            number = value.strip()
            if code != "a" or not any(character.isdigit() for character in number):
                continue
            if tag == "022":
                yield "issn", number.split(" ")[0]
                continue
            # The binding, the volume and the price follow the number.
            found = NUMBER.match(number)
            yield "isbn", found[0] if found else number.split(" ")[0]


def picture_of(marc: MarcRecord) -> str:
    """Return the address of a picture that a field 856 says is of the cover."""
    for _tag, _first, _second, subfields in marc.all("856"):
        said = " ".join(value for code, value in subfields if code in "3xyzq")
        if PICTURE.search(said):
            for code, value in subfields:
                address = ADDRESS.match(value.strip())
                if code == "u" and address and not NO_PICTURE.search(address[0]):
                    return address[0]
    return ""


def exported_record(
    number: int, marc: MarcRecord, catalogue: str, raw: dict[str, Any]
) -> RawRecord:
    """Return what a catalogue like this one exported: texts as they are, ids of everything."""

    def first_of(subfields: Subfields, code: str) -> str:
        return next((value for each, value in subfields if each == code), "")

    def name(subfields: Subfields, code: str) -> RawName:
        marks = (value for each, value in subfields if each == "0")
        key = next(
            (whole(mark.partition(")")[2]) for mark in marks if mark.startswith(f"({catalogue})")),
            None,
        )
        return RawName(first_of(subfields, code), inverted=False, id=key)

    authors = tuple(name(subfields, "a") for _t, _f, _s, subfields in marc.all("100", "700"))
    publishers = [name(each[3], "b") for each in marc.all("264") if first_of(each[3], "b")]
    photos = [first_of(each[3], "u") for each in marc.all("856") if first_of(each[3], "u")]
    titles = [first_of(each[3], "a") for each in marc.all("245")]
    identifiers = [
        *(("isbn", first_of(each[3], "a")) for each in marc.all("020")),
        *(("issn", first_of(each[3], "a")) for each in marc.all("022")),
        *((first_of(each[3], "2"), first_of(each[3], "a")) for each in marc.all("024")),
    ]
    # MARC has no way to say "none": what the export leaves out, the catalogue does not have.
    holds = {
        "autores": authors, "editora": publishers, "foto": photos, "identificadores": identifiers,
    }  # fmt: skip
    return RawRecord(
        line=number,
        text=titles[0] if titles else "",
        authors=authors,
        publisher=publishers[0] if publishers else None,
        photo=photos[0] if photos else "",
        identifiers=tuple(pair for pair in identifiers if pair[0] and pair[1]),
        id=whole(marc.control("001")),
        catalogue=catalogue,
        blank=frozenset(name for name, values in holds.items() if not values),
        raw=raw,
        warnings=tuple(marc.warnings),
    )
