"""How likely two names mean the same person or the same publisher, and by what one sees it.

Rules say which differences spellings of one name have (order, initials, a slip of the keyboard,
particles); what no rule explains is only measured. Differences that tell people apart keep them
apart: other first names, Mario and Maria, Filho and Neto.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from biblioteca.records.text import fold, words

# From this score on two names are shown as likely duplicates.
LIKELY = 0.8

# What a spelling of a name may lack.
PARTICLES = frozenset((
    "de", "da", "do", "das", "dos", "di", "du", "del", "della", "von", "van", "der", "den", "ter",
    "e", "y", "la", "le", "el", "d", "and", "the",
))  # fmt: skip
# What is said of a person and is no part of the name.
TITLES = frozenset((
    "sir", "dame", "lord", "lady", "dr", "dra", "prof", "mr", "mrs", "ms", "rev", "padre", "frei",
    "pseud", "adapt", "org", "coord", "il", "trad",
))  # fmt: skip
# These tell relatives of one name apart.
GENERATIONS = frozenset((
    "jr", "junior", "sr", "senior", "filho", "neto", "sobrinho", "ii", "iii", "iv",
))  # fmt: skip
IN_BRACKETS = re.compile(r"\([^)]*\)?|\[[^]]*\]?")
HONORIFIC = re.compile(r"\s+-\s[^,]*$")
NUMBER = re.compile(r"\d{3,}")
LONGEST_GLUED = 3
# A slip is only told from another name in a word that is not too short …
SHORTEST_SLIPPED = 4
# … another letter only in a longer one …
SHORTEST_REPLACED = 5
# … and one letter in a name as a whole that is not either.
SHORTEST_NAME = 6


class Reason(StrEnum):
    """By what two names are seen to be one."""

    SAME = "same"
    PARTICLES = "particles"
    ORDER = "order"
    SPACING = "spacing"
    INITIALS = "initials"
    SLIP = "slip"
    ALIKE = "alike"


@dataclass(frozen=True)
class Likeness:
    """A score between 0 and 1, and the reason for it."""

    score: float
    reason: Reason


@dataclass(frozen=True)
class Name:
    """A name taken apart: its words, folded, in natural order, without what a name may lack.

    ``personal`` names have surnames and initials; ``noise`` are words that say nothing in names
    of this kind (``editora``).
    """

    text: str
    personal: bool
    noise: frozenset[str] = frozenset()

    @cached_property
    def natural(self) -> str:
        """The name in natural order: behind a first comma stands what comes first."""
        text = IN_BRACKETS.sub(" ", self.text)
        if not self.personal or "," not in text:
            return text
        surname, _comma, rest = HONORIFIC.sub("", text).partition(",")
        first = rest.split(",")[0]
        return f"{first} {surname}" if words(first) and not NUMBER.search(first) else surname

    @cached_property
    def all_words(self) -> list[str]:
        """The words in natural order; initials written together stand apart."""
        return [word for word, _is_initial in self.marked]

    @cached_property
    def marked(self) -> list[tuple[str, bool]]:
        """The words, and whether each is surely an initial and no particle."""
        found: list[tuple[str, bool]] = []
        pieces = self.natural.split()
        for place, piece in enumerate(pieces):
            parts = words(piece)
            glued = self.personal and place < len(pieces) - 1 and is_glued(piece, self.text)
            if glued:
                parts = list(parts[0])
            found += [(word, len(word) == 1 and (glued or "." in piece)) for word in parts]
        return found

    @cached_property
    def words(self) -> list[str]:
        """The words that tell this name from others; all of them where none does."""
        dropped = PARTICLES | (TITLES if self.personal else self.noise)
        kept = [word for word, is_initial in self.marked if is_initial or word not in dropped]
        return kept or self.all_words

    @cached_property
    def ordered(self) -> list[str]:
        """The same words in alphabetical order."""
        return sorted(self.words)

    @cached_property
    def joined(self) -> str:
        """The same words written together."""
        return "".join(self.words)


def is_glued(word: str, text: str) -> bool:
    """Tell initials written together (``JK``) from a short name; in capitals all look like them."""
    if text.isupper() or not (word.isalpha() and word.isupper() and word.isascii()):
        return False
    return 2 <= len(word) <= LONGEST_GLUED and fold(word) not in PARTICLES | GENERATIONS


def compare(one: Name, other: Name) -> Likeness:
    """Return how likely both mean the same; the first rule that explains the difference counts."""
    if not one.words or not other.words:
        return Likeness(0.0, Reason.ALIKE)
    if set(one.words) & GENERATIONS != set(other.words) & GENERATIONS:
        return measured(one, other)
    for rule in PERSONAL_RULES if one.personal else RULES:
        found = rule(one, other)
        if found is not None:
            return found
    return measured(one, other)


def same(one: Name, other: Name) -> Likeness | None:
    """Names that differ in accents, case and punctuation, in a comma or in particles, at most."""
    if one.all_words == other.all_words:
        inverted = one.personal and ("," in one.text) != ("," in other.text)
        return Likeness(0.99, Reason.ORDER) if inverted else Likeness(1.0, Reason.SAME)
    return Likeness(0.97, Reason.PARTICLES) if one.words == other.words else None


def reordered(one: Name, other: Name) -> Likeness | None:
    """The same words in another order."""
    return Likeness(0.95, Reason.ORDER) if one.ordered == other.ordered else None


def respaced(one: Name, other: Name) -> Likeness | None:
    """The same letters, parted otherwise: ``Mc Ewan`` and ``McEwan``."""
    long_enough = len(one.joined) >= SHORTEST_NAME
    same_letters = long_enough and one.joined == other.joined
    return Likeness(0.93, Reason.SPACING) if same_letters else None


def slipped(one: Name, other: Name) -> Likeness | None:
    """One letter more, less, other, or two exchanged, in one word; also in another order."""
    for mine, yours, score in (
        (one.words, other.words, 0.9),
        (one.ordered, other.ordered, 0.86),
    ):
        if len(mine) != len(yours) or sum(map(len, mine)) < SHORTEST_NAME:
            continue
        differing = [pair for pair in zip(mine, yours, strict=True) if pair[0] != pair[1]]
        if len(differing) == 1:
            here, there = differing[0]
            is_first = one.personal and here in one.words[:-1]
            if is_slip(here, there) and not (is_first and is_other_first_name(here, there)):
                return Likeness(score, Reason.SLIP)
    return None


def is_slip(one: str, other: str) -> bool:
    """Tell a slip of the keyboard from another word.

    A letter too many or too few, or two exchanged, are slips in any word that is not too short;
    another letter makes other words (``Bowe`` and ``Howe``, ``Keane`` and ``Keene``) unless the
    word is long, or doubles a letter wrongly.
    """
    shortest = min(len(one), len(other))
    if shortest < SHORTEST_SLIPPED or any(map(str.isdigit, one + other)):
        return False
    if OSA.distance(one, other, score_cutoff=1) > 1 or one[0] != other[0]:
        return False
    is_other_letter = len(one) == len(other) and sorted(one) != sorted(other)
    return not is_other_letter or shortest >= SHORTEST_REPLACED


def is_other_first_name(one: str, other: str) -> bool:
    """Tell first names that end otherwise: Mario and Maria, Manuel and Manuela."""
    short, long = sorted((one, other), key=len)
    if len(short) < len(long):
        return long.startswith(short)
    return short[:-1] == long[:-1] and {short[-1], long[-1]} <= set("aeiouy")


def abbreviated(one: Name, other: Name) -> Likeness | None:
    """Initials for first names, middle names left out beside them, the surname the same."""
    best: Likeness | None = None
    for mine, yours, loss in (
        (one.words, other.words, 0.0),
        (surname_last(one.words), other.words, 0.02),
        (one.words, surname_last(other.words), 0.02),
    ):
        score = aligned(mine, yours)
        if score is not None and (best is None or score - loss > best.score):
            best = Likeness(round(score - loss, 2), Reason.INITIALS)
    return best


def surname_last(found: Sequence[str]) -> list[str]:
    """Return the words of a name that began with its surname (``Rowling J K``)."""
    return [*found[1:], found[0]]


def aligned(one: Sequence[str], other: Sequence[str]) -> float | None:
    """Return how well the first names fit, as names or as initials; None when they do not.

    The shorter name's words must stand for words of the longer one, in order, the first for the
    first; the surnames are the same.
    """
    short, long = sorted((list(one), list(other)), key=len)
    if len(short) < 2 or short[-1] != long[-1] or len(short[-1]) < 2:
        return None
    if not stands_for(short[0], long[0]):
        return None
    pairs, left = matched(short[:-1], long[:-1])
    if len(pairs) < len(short) - 1:
        return None
    initials = sum(1 in (len(mine), len(yours)) for mine, yours in pairs)
    spelled = len(pairs) - initials
    if not left:
        return (0.92 if spelled or initials > 1 else 0.83) if initials else None
    # Of middle names one spelling may say nothing: "J. K." beside "Joanne" is the same person,
    # "Maria Helena" beside "Maria" may be another.
    if all(len(word) == 1 for word in left):
        return 0.88 if spelled else 0.84
    return None


def matched(short: Sequence[str], long: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return which words of ``short`` stand for which of ``long``, in order, and what is left."""
    wanted = list(short)
    pairs: list[tuple[str, str]] = []
    left: list[str] = []
    for word in long:
        if wanted and stands_for(wanted[0], word):
            pairs.append((wanted.pop(0), word))
        else:
            left.append(word)
    return pairs, left


def stands_for(one: str, other: str) -> bool:
    """Tell whether two words are the same name, or one is the initial of the other."""
    return one == other or (1 in (len(one), len(other)) and one[0] == other[0])


def acronym(one: Name, other: Name) -> Likeness | None:
    """The first letters of the words of the other one: ``INCM``."""
    for short, long in ((one, other), (other, one)):
        letters = "".join(word[0] for word in long.words)
        if len(short.words) == 1 and len(letters) >= 3 and short.words[0] == letters:
            return Likeness(0.85, Reason.INITIALS)
    return None


def measured(one: Name, other: Name) -> Likeness:
    """Return how alike the letters are: below what counts as likely."""
    ratio = fuzz.token_sort_ratio(" ".join(one.words), " ".join(other.words)) / 100
    return Likeness(round(ratio * (LIKELY - 0.05), 3), Reason.ALIKE)


Rule = Callable[[Name, Name], Likeness | None]
PERSONAL_RULES: tuple[Rule, ...] = (same, reordered, respaced, slipped, abbreviated)
RULES: tuple[Rule, ...] = (same, reordered, respaced, slipped, abbreviated, acronym)
