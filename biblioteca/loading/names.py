"""Authors' names: one cell into persons in natural order (``Machado de Assis``)."""

import html
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from biblioteca.loading.roles import (
    AUTHOR_ROLES,
    BEFORE_SURNAME,
    HONORIFIC,
    NUMERAL,
    OTHER_ROLES,
    SUFFIX,
    is_date,
    is_nobody,
)  # fmt: skip
from biblioteca.records.text import fold, words

ET_AL = re.compile(
    r"(?:\.{2,}|…)?\s*[\[(]\s*et\.? al\.?\s*[\])]\.?|\bet al\.?\s*$|(?:\.{3,}|…)\s*$", re.I
)
# In the British Library's headings what follows " - " tells homonyms apart; see joint_author.
JOINT = re.compile(r".*? - (?:.*?[,\].]\s+)?and\s+([^()]+?)\s*\(([^()]*)\)", re.S)
TRANSLATORS = (["translator"], ["illustrator"], ["tradutor"], ["ilustrador"])
BRACKETED = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*")
CONJUNCTION = re.compile(r"\s+(?:e|and|y)\s+")
JOINED = re.compile(r"\s+(?:&|e|and|y)\s+")
AMPERSAND = re.compile(r"\s+&\s+")
BARE_HYPHEN = re.compile(r"(?<=[^\s-])-(?=[^\s-])")
BETWEEN = {"": re.compile(r"[;|]"), ";": re.compile(r"[;|]|\s:\s"), "|": re.compile(r"[;|]")}
# What makes a name need more than trimming.
REMARKABLE = re.compile(r"[,;|&()\[\]:/\d…]|-|\.\.|\s(?:e|and|y|et)\s", re.I)
ABBREVIATED = re.compile(
    r"(?:\b[^\W\d_]|\b(?:Jr|Sr|Jnr|Snr|Ch|Th|Ph|Wm|Geo|St|Inc|Co|Ltd|Ltda))\.$"
)
# Given names that others are joined to with a hyphen.
BEFORE_HYPHEN = frozenset((
    "jean", "pierre", "marie", "anne", "ann", "anna", "mary", "maria", "hans", "karl", "carl",
    "jan", "juan", "josé", "john", "claude", "paul", "louis", "charles", "françois", "sarah",
    "eva", "heinz", "kai", "karl", "ernst", "georg", "franz", "wolf", "lee", "mei", "xiao", "jo",
    "leslie", "philippe", "yves", "guy", "henri", "rose", "emma", "lily", "kim", "el", "al", "abd",
))  # fmt: skip
PARTICLES = frozenset((
    "de", "da", "do", "das", "dos", "di", "du", "del", "della", "von", "van", "der", "den",
    "e", "la", "le", "of", "y", "d'", "d’", "af", "zu", "ten", "ter",
))  # fmt: skip
BLANKS = " \t\u00a0"
CACHED = 8192


@dataclass(frozen=True)
class NameStyle:
    """How one file writes names: what separates persons, and whether the surname comes first.

    ``mononyms`` are the single words that name a whole person in a column whose separator is a
    hyphen (``Plato`` in ``Plato-Harold North Fowler``).
    """

    separator: str
    surname_first: bool
    mononyms: frozenset[str] = frozenset()


NATURAL = NameStyle("", surname_first=False)
INVERTED = NameStyle("", surname_first=True)


def detect_style(cells: Iterable[str]) -> NameStyle:
    """Return the style of a column of authors from some of its cells."""
    filled = [cell for cell in cells if cell.strip()]
    separator = next((mark for mark in (";", "|") if any(mark in cell for cell in filled)), "")
    persons = [part for cell in filled for part in (cell.split(separator) if separator else [cell])]
    with_comma = [person for person in persons if "," in person]
    if not separator and len(with_comma) * 20 <= len(filled) and is_hyphenated(filled):
        single = {cell.strip() for cell in filled if len(cell.split()) == 1 and "-" not in cell}
        return NameStyle("-", surname_first=False, mononyms=frozenset(single))
    # In "Rowling, J. K." one word precedes the comma; in "J. K. Rowling, Mary GrandPré" several.
    surname_first = bool(with_comma) and sum(map(begins_with_surname, with_comma)) * 2 >= len(
        with_comma
    )
    return NameStyle(separator or ("" if surname_first else ","), surname_first)


def begins_with_surname(person: str) -> bool:
    """Tell whether what precedes the comma looks like a surname alone."""
    first, _comma, rest = person.partition(",")
    return (
        len([word for word in first.split() if word.lower() not in PARTICLES]) == 1
        or first.isupper()
        or is_date(rest.rpartition(",")[2])
    )


def is_hyphenated(cells: list[str]) -> bool:
    """Tell whether bare hyphens separate persons: whole names on both sides, more than once."""
    found = sum(
        all(len(piece.split()) > 1 for piece in pieces)
        for cell in cells
        if len(pieces := BARE_HYPHEN.split(cell)) > 1
    )
    return found > 1 and found * 50 >= len(cells)


@lru_cache(CACHED)
def split_authors(cell: str, style: NameStyle) -> list[str]:
    """Return the authors in ``cell``, each once, in order, names in natural order.

    Illustrators, translators and others whose role says that they did not write are left out.
    The list is shared: not to be changed.
    """
    found: dict[str, str] = {}
    text = unicodedata.normalize("NFC", html.unescape(cell) if "&" in cell else cell)
    persons = persons_in(text, style)
    if style.surname_first and " - " in cell and "and " in cell:
        persons = [each for person in persons for each in (person, joint_author(person)) if each]
    for person in persons:
        name = natural_name(person, style)
        if name and not is_nobody(name, person):
            found.setdefault(fold(name), name)
    return list(found.values())


def persons_in(text: str, style: NameStyle) -> list[str]:
    """Return the parts of a cell that are one person each, as they are written."""
    if not REMARKABLE.search(text):
        return [text]
    text = without_remarks(text)
    if style.separator == "-":
        return split_at_hyphens(text, style.mononyms)
    listed = style.separator == ","
    pieces = comma_list(text) if listed else BETWEEN[style.separator].split(text)
    return [person for piece in pieces for person in split_joined(piece, style)]


def comma_list(text: str) -> list[str]:
    """Split ``First Last, First Last``; suffixes and titles stay with the name they belong to."""
    persons: list[str] = []
    for piece in re.split(r"[,;|]", text):
        part = piece.strip(BLANKS)
        surname = BEFORE_SURNAME.fullmatch(part)
        if persons and surname:
            persons[-1] = f"{persons[-1]} {surname[1]}"
        elif persons and SUFFIX.fullmatch(part):
            persons[-1] = f"{persons[-1]} {part}"
        elif part:
            persons.append(part)
    return persons


def split_at_hyphens(text: str, mononyms: frozenset[str]) -> list[str]:
    """Split at hyphens, but not within names: ``Jean-Paul Sartre``, ``Cecil Day-Lewis``.

    A single word is a person of its own at the beginning, or where the column has it alone.
    """
    persons: list[str] = []
    prefix = ""
    for piece in BARE_HYPHEN.split(text):
        word = piece.strip()
        if len(word.split()) > 1 or word in mononyms:
            persons.append(prefix + piece)
            prefix = ""
        elif word.lower() in BEFORE_HYPHEN or prefix:
            prefix += f"{piece}-"
        elif persons:
            persons[-1] += f"-{piece}"
        else:
            persons.append(piece)
    return [*persons, prefix[:-1]] if prefix else persons


def split_joined(text: str, style: NameStyle = NATURAL) -> list[str]:
    """Split at ``&``, at `` e `` and at a bare hyphen, where full names stand on both sides."""
    if style.surname_first and " - " in text:
        return [text]
    if style.surname_first and "," in text:
        pieces = JOINED.split(text)
        return pieces if len(pieces) > 1 and all("," in piece for piece in pieces) else [text]
    parts = [text]
    for mark in (AMPERSAND, CONJUNCTION, BARE_HYPHEN):
        parts = [piece for part in parts for piece in split_between_names(part, mark)]
    return parts


def split_between_names(text: str, mark: re.Pattern[str]) -> list[str]:
    """Split ``text`` at ``mark`` if every piece looks like a whole name."""
    pieces = mark.split(text)
    if len(pieces) > 1 and all(len(piece.split()) >= 2 for piece in pieces) and "," not in text:
        return pieces
    return [text]


def natural_name(person: str, style: NameStyle) -> str:
    """Return ``Last, First, dates, role`` as ``First Last``; "" for somebody who is no author."""
    text = person.strip(" \t\u00a0,;:").lstrip(". ")
    if not REMARKABLE.search(text):
        return without_point(unshouted(text))
    # After an initial, four points are its own and three that stand for others.
    text = without_remarks(ET_AL.sub("", text.replace("....", ". ...")).strip(" ,"))
    described = style.surname_first and " - " in text
    if described:
        text, _hyphen, description = text.partition(" - ")
        if words(description)[:1] in TRANSLATORS:
            return ""
    kept = name_parts(text)
    if kept and kept[0] and style.surname_first and len(kept) > 1:
        kept = [*inverted(kept[0], kept[1]), *kept[2:]]
    elif len(kept) == 1:
        kept = [unshouted_surname(kept[0]) if described else unshouted(kept[0])]
    suffixes = [part for part in kept[1:] if SUFFIX.fullmatch(part)]
    name = ", ".join(part for part in kept if part not in suffixes or part == kept[0])
    return without_point(" ".join([name, *suffixes]).strip(" ,"))


def without_remarks(text: str) -> str:
    """Return a name without what is bracketed about others, as ``(Ilustr. Pedro Pires)``."""
    if "(" not in text and "[" not in text:
        return text

    def kept(found: re.Match[str]) -> str:
        said = words(found[1])
        named = bool(said) and (said[0] in OTHER_ROLES or said[0] in AUTHOR_ROLES)
        return " " if named or (said and said[0] == "retold") else found[0]

    return BRACKETED.sub(kept, text).strip(" ,")


def name_parts(text: str) -> list[str]:
    """Return the parts of ``Last, First, …`` that are the name; none for other roles."""
    kept: list[str] = []
    for part in (piece.strip(BLANKS) for piece in text.split(",")):
        if not part or (kept and (is_date(part) or is_honour(part, len(kept)))):
            continue
        if kept and (part[0].islower() or (part.endswith(".") and len(kept) > 1)):
            role = words(BRACKETED.sub(" ", part))[:1]
            if role and role[0] in OTHER_ROLES:
                return []
            if role and role[0] in AUTHOR_ROLES:
                continue
            if len(kept) > 1 and part[0].islower():
                continue
        kept.append(part)
    return kept


def is_honour(part: str, place: int) -> bool:
    """Tell titles of honour, and letters after a name, from given names (``Lawrence, D.H.``)."""
    if part.startswith(("afterwards ", "formerly ", "called ", "née ", "né ")):
        return True
    return bool(HONORIFIC.fullmatch(part)) and (place > 1 or part[1:2] != ".")


def inverted(surname: str, given: str) -> list[str]:
    """Return ``Assis``, ``Machado de`` as ``Machado de Assis``, fuller forms in brackets left out.

    ``Chrétien``, ``de Troyes`` is in order already.
    """
    if SUFFIX.fullmatch(given):
        return [surname, given]
    given = without_point(BRACKETED.sub(" ", given).strip(BLANKS) or given)
    first = given.split()[0]
    if first.islower() and first in PARTICLES and given != first:
        return [f"{unshouted_surname(surname)} {given}"]
    if given.isupper() and len(given) > 3 and "." not in given:
        given = capitalised(given)
    joint = "" if given.endswith(("'", "’")) else " "
    return [f"{given}{joint}{unshouted_surname(surname)}"]


def unshouted_surname(surname: str) -> str:
    """Return ``BLAZE DE BURY`` as ``Blaze de Bury``; anything else as it is."""
    if len(surname) < 3 or not surname.isupper() or "." in surname:
        return surname
    return capitalised(surname)


def unshouted(name: str) -> str:
    """Return ``JOSÉ SARAMAGO`` as ``José Saramago``; a single word may be an acronym and stays."""
    if not name.isupper() or " " not in name or len(name) < 7 or "." in name:
        return name
    return capitalised(name)


def capitalised(text: str) -> str:
    """Return a name in capitals as names are written, particles small, numerals as they are."""
    return " ".join(
        lowered
        if (lowered := word.lower()) in PARTICLES and place
        else word
        if NUMERAL.fullmatch(word)
        else lowered.title()
        for place, word in enumerate(text.split())
    )


def without_point(name: str) -> str:
    """Return ``name`` without the point at its end, unless an initial or abbreviation has it."""
    return name if not name.endswith(".") or ABBREVIATED.search(name) else name.rstrip(". ")


def joint_author(person: str) -> str | None:
    """Return ``AUTHOR (Given)`` of ``LAST, First - and AUTHOR (Given)`` as ``AUTHOR, Given``."""
    found = JOINT.match(person)
    if found is None:
        return None
    given = found[2].strip()
    return f"{found[1]}, {given}" if given else unshouted_surname(found[1])


def name_of(text: str, inverted: bool | None) -> str:
    """Return one person's name in natural order; ``inverted`` is what is known about the order."""
    if inverted is False:
        return text
    text = unicodedata.normalize("NFC", text)
    if inverted is None:
        inverted = "," in text and begins_with_surname(text)
    return natural_name(text, INVERTED if inverted else NATURAL)
