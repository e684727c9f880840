"""Authors' names: one cell into persons in natural order (``Machado de Assis``)."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

from biblioteca.records.text import fold, words

# Who did these did not write the work.
OTHER_ROLES = frozenset((
    "il", "ilust", "ilustr", "ilustrador", "ilustracao", "trad", "traducao", "tradutor",
    "transl", "translator", "illustrator", "pref", "prefacio", "posf", "posfacio", "introd",
    "apres", "rev", "revisao", "transc", "transcr", "transcricao", "trans", "prod", "producao",
    "narr", "narrador", "voz", "interp", "mus", "music", "compos", "fot", "fotogr",
    "fotografia", "design", "capa", "leg", "legendagem", "orient", "consult", "paginacao",
    "graf",
))  # fmt: skip
# These are said of an author and are no part of the name.
AUTHOR_ROLES = frozenset((
    "pseud", "pseudonimo", "adapt", "adaptacao", "adaptador", "org", "orgs", "organizador",
    "coord", "dir", "ed", "edit", "compil", "comp", "colab", "recolha", "reconto", "recont",
    "sel", "seleccao", "selecao", "anot", "coment", "conc", "texto", "textos", "ant", "des",
    "arg", "rec", "autor", "aut", "author", "editor", "mapas", "entrev", "et",
))  # fmt: skip
NOBODY = frozenset((
    "anonimo", "anonymous", "anon", "unknown", "desconhecido", "varios", "various", "vv_aa",
    "varios_autores", "n_r", "n_d", "s_n", "s_a", "sem_autor", "na",
))  # fmt: skip
DATES = re.compile(r"(?:ca?\.? ?|fl\. ?|n\. ?|b\. ?|d\. ?)?\d{3,4}\??(?: ?-+ ?(?:\d{3,4}\??)?)?")
ET_AL = re.compile(
    r"(?:\.{2,}|…)?\s*[\[(]\s*et\.? al\.?\s*[\])]\.?|\bet al\.?\s*$|(?:\.{3,}|…)\s*$", re.I
)
HONORIFIC = re.compile(r"\s+-\s+(?:Sir|Dame|Lord|Lady|Baroness|Baron|Count|Countess|Earl|Mrs|Mr|"
                       r"Dr|Rev|Viscount|Bishop of .*|.* of .*)\.?$")  # fmt: skip
PARTICLES = frozenset((
    "de", "da", "do", "das", "dos", "di", "du", "del", "della", "von", "van", "der", "den",
    "e", "la", "le",
))  # fmt: skip


@dataclass(frozen=True)
class NameStyle:
    """How one file writes names: what separates persons, and whether the surname comes first."""

    separator: str
    surname_first: bool


def detect_style(cells: Iterable[str]) -> NameStyle:
    """Return the style of a column of authors from some of its cells."""
    filled = [cell for cell in cells if cell.strip()]
    separator = next((mark for mark in (";", "|") if any(mark in cell for cell in filled)), "")
    persons = [part for cell in filled for part in (cell.split(separator) if separator else [cell])]
    with_comma = [person for person in persons if "," in person]
    # In "Rowling, J. K." one word precedes the comma; in "J. K. Rowling, Mary GrandPré" several.
    short = sum(len(person.split(",")[0].split()) == 1 for person in with_comma)
    surname_first = bool(with_comma) and short * 2 >= len(with_comma)
    return NameStyle(separator or ("" if surname_first else ","), surname_first)


def split_authors(cell: str, style: NameStyle) -> list[str]:
    """Return the authors in ``cell``, each once, in order, names in natural order.

    Illustrators, translators and others whose role says that they did not write are left out.
    """
    found: dict[str, str] = {}
    text = html.unescape(cell)
    for part in re.split(r"[;|]", text) if style.separator in ("", ";", "|") else [text]:
        pieces = part.split(style.separator) if style.separator == "," else [part]
        for piece in pieces:
            for person in split_joined(piece):
                name = natural_name(person, style)
                if name and not is_nobody(name):
                    found.setdefault(fold(name), name)
    return list(found.values())


def split_joined(text: str) -> list[str]:
    """Split at ``&``, at `` e `` and at a bare hyphen, where full names stand on both sides."""
    parts = [text]
    for mark in (r"\s+&\s+", r"\s+e\s+|\s+and\s+|\s+y\s+", r"(?<=[^\s-])-(?=[^\s-])"):
        parts = [piece for part in parts for piece in split_between_names(part, mark)]
    return parts


def split_between_names(text: str, mark: str) -> list[str]:
    """Split ``text`` at ``mark`` if every piece looks like a whole name."""
    pieces = re.split(mark, text)
    if len(pieces) > 1 and all(len(piece.split()) >= 2 for piece in pieces) and "," not in text:
        return pieces
    return [text]


def is_nobody(name: str) -> bool:
    """Tell stand-ins for a missing author from names."""
    found = words(name)
    return not found or "_".join(found) in NOBODY


def natural_name(person: str, style: NameStyle) -> str:
    """Return ``Last, First, dates, role`` as ``First Last``; "" for somebody who is no author."""
    text = HONORIFIC.sub("", ET_AL.sub("", person.strip(" \t\u00a0,.;")).strip(" ,"))
    kept: list[str] = []
    for part in (piece.strip(" \u00a0") for piece in text.split(",")):
        role = words(re.sub(r"[\[\]()]", " ", part))[:1]
        is_role = bool(role) and bool(kept) and part[:1].islower()
        if role and role[0] in OTHER_ROLES and (is_role or part.endswith(".")):
            return ""
        if (
            part
            and not DATES.fullmatch(part)
            and not (role and role[0] in AUTHOR_ROLES and is_role)
        ):
            kept.append(part)
    if style.surname_first and len(kept) >= 2:
        kept = [f"{kept[1]} {without_shouting(kept[0])}", *kept[2:]]
    name = ", ".join(kept)
    return name.rstrip(". ") if not re.search(r"\b\w\.$", name) else name


def without_shouting(surname: str) -> str:
    """Return ``BLAZE DE BURY`` as ``Blaze de Bury``; anything else as it is."""
    if len(surname) < 4 or not surname.isupper():
        return surname
    lowered = [word.lower() for word in surname.split()]
    return " ".join(word if word in PARTICLES else word.title() for word in lowered)
