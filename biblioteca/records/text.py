"""What text is stored, and the folded forms by which it is ordered and searched.

Unicode terms are those of the Unicode Standard, chapters 2 and 3, and of UAX #15 (normal forms).
"""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import orjson
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

KEY_LENGTH = 250
WORD_CHUNK = 200
HIGHEST_CHARACTER = "\U0010ffff"

# White space as Unicode defines it, without the separators U+001C to U+001F (controls here).
WHITE_SPACE = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
WORD = re.compile(r"[^\W_]+")

# Letters that no Unicode normal form takes apart, and what people type for them.
UNDECOMPOSED = {
    "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i",
    "ĸ": "k", "ł": "l", "ŋ": "n", "ŧ": "t", "ƀ": "b", "ɖ": "d", "ɗ": "d", "ɓ": "b",
    "ƙ": "k", "ɨ": "i", "ɔ": "o", "ɛ": "e", "ə": "e", "ʒ": "z", "ƒ": "f", "ß": "ss",
}  # fmt: skip


class FoldTable(dict[int, str]):
    """A str.translate table that works out each character when it first occurs."""

    def __missing__(self, code: int) -> str:
        decomposed = unicodedata.normalize("NFKD", chr(code)).casefold()
        folded = "".join(
            UNDECOMPOSED.get(character, character)
            for character in unicodedata.normalize("NFKD", decomposed)
            # Marks are the accents; format characters (Cf) are the zero-width ones.
            if unicodedata.category(character) not in ("Mn", "Mc", "Me", "Cf")
        )
        self[code] = folded
        return folded


FOLDED = FoldTable()


def clean_text(value: str, max_length: int) -> str:
    """Return ``value`` as it is stored: NFC, white space collapsed and trimmed.

    Raises ValidationError (codes ``blank``, ``max_length``, ``invalid_character``) when nothing
    is left, more than ``max_length`` characters are, or one is not text: a control, half of a
    surrogate pair, a noncharacter.
    """
    # Most texts are plain: nothing to compose, to collapse or to refuse.
    if value.isascii() and value.isprintable() and "  " not in value:
        text = value.strip(" ")
    else:
        text = WHITE_SPACE.sub(" ", unicodedata.normalize("NFC", value)).strip(" ")
    if not text:
        raise ValidationError(_("This field may not be blank."), code="blank")
    check_characters(text)
    if len(text) > max_length:
        raise ValidationError(
            _("This field has %(length)d characters; it may have %(max_length)d at most."),
            code="max_length",
            params={"length": len(text), "max_length": max_length},
        )
    return text


def check_characters(text: str) -> None:
    """Raise ValidationError (``invalid_character``) for the first character that is not text."""
    if text.isprintable():
        return
    for position, character in enumerate(text, start=1):
        if is_not_text(character):
            raise ValidationError(
                _("Character %(position)d (U+%(code)s) is not text."),
                code="invalid_character",
                params={"position": position, "code": f"{ord(character):04X}"},
            )


def is_not_text(character: str) -> bool:
    """Tell controls, surrogates and noncharacters from text."""
    code = ord(character)
    if code < 0x300:
        return code < 0x20 or 0x7F <= code < 0xA0
    return 0xD800 <= code < 0xE000 or 0xFDD0 <= code < 0xFDF0 or (code & 0xFFFE) == 0xFFFE


def fold(text: str) -> str:
    """Return ``text`` without accents, case and zero-width characters."""
    return text.lower() if text.isascii() else text.translate(FOLDED)


@lru_cache(maxsize=16_384)
def sort_key(text: str) -> str:
    """Return the key that orders ``text`` by code point, blind to accents and case."""
    folded = fold(text)
    if not (folded.isascii() and folded.isprintable() and "  " not in folded):
        folded = WHITE_SPACE.sub(" ", folded)
    return folded.strip(" ")[:KEY_LENGTH]


def digest(*parts: str | None) -> str:
    """Return a text of 43 characters that stands for ``parts``, whatever their lengths."""
    raw = hashlib.sha256(orjson.dumps(parts)).digest()
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def words(text: str) -> list[str]:
    """Return the folded words of ``text``: runs of letters and digits, in order."""
    return WORD.findall(fold(text))


def chunk_mark(word: str, end: int) -> str:
    """Return what stands for the first ``end`` characters of ``word`` before a later chunk."""
    return "." + hashlib.sha256(word[:end].encode()).hexdigest()[:24]


def indexed_forms(word: str) -> list[str]:
    """Return the rows that make ``word`` and each of its prefixes findable.

    One row for nearly every word. A longer word is stored in chunks, each behind a mark of all
    that precedes it, so that any prefix is a prefix of exactly one row.
    """
    return [
        (chunk_mark(word, start) if start else "") + word[start : start + WORD_CHUNK]
        for start in range(0, len(word), WORD_CHUNK)
    ]


def words_of(texts: Iterable[str]) -> set[str]:
    """Return the rows that make a record with these texts findable."""
    return {form for value in texts for word in set(words(value)) for form in indexed_forms(word)}


def prefix_range(word: str) -> tuple[str, str]:
    """Return the bounds ``low <= row < high`` between which the rows that begin with it lie."""
    start = (len(word) - 1) // WORD_CHUNK * WORD_CHUNK
    low = (chunk_mark(word, start) if start else "") + word[start:]
    return low, low + HIGHEST_CHARACTER


def query_words(text: str) -> list[str]:
    """Return the words that a search asks for, longest first, without those others imply.

    A word that is the beginning of another one asked for is found wherever the other is.
    """
    kept: list[str] = []
    previous = ""
    # In descending order a word comes right after those that begin with it.
    for word in sorted(set(words(text)), reverse=True):
        if not previous.startswith(word):
            kept.append(word)
            previous = word
    return sorted(kept, key=lambda word: (-len(word), word))
