"""What is wrong with a number, in words that help to find the slip."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from stdnum import ean, isbn, issn
from stdnum.exceptions import ValidationError as NumberError

from biblioteca.records.identifiers import SEPARATORS, clean_identifier

LENGTHS = {"isbn": (10, 13), "issn": (8,)}
BODY = {10: r"[0-9]{9}[0-9Xx]", 13: r"[0-9]{13}", 8: r"[0-9]{7}[0-9Xx]"}


def explain(scheme: str, value: str, error: ValidationError) -> str:
    """Return why ``value`` was refused: its length, a character, or the check digit expected."""
    plain = " ".join(error.messages)
    if error.code != "invalid_number" or scheme not in LENGTHS:
        return plain
    compact = SEPARATORS.sub("", value)
    lengths = LENGTHS[scheme]
    if len(compact) not in lengths:
        wanted = _(" or ").join(map(str, lengths))
        text = ngettext(
            "%(scheme)s has %(wanted)s characters; this one has %(length)d.",
            "%(scheme)s has %(wanted)s characters; this one has %(length)d.",
            len(compact),
        )
        return text % {"scheme": scheme.upper(), "wanted": wanted, "length": len(compact)}
    if not re.fullmatch(BODY[len(compact)], compact):
        return _("Only digits, and perhaps an X at the end, stand in an %s.") % scheme.upper()
    if len(compact) == 13 and not compact.startswith(("978", "979")):
        return _("An ISBN of 13 digits begins with 978 or 979.")
    expected = check_digit(scheme, compact[:-1])
    if expected == compact[-1].upper():
        return plain
    text = _(
        "The last digit checks the others: for %(body)s it would be %(expected)s, not %(given)s. "
        "One of the digits is mistyped."
    )
    return text % {"body": compact[:-1], "expected": expected, "given": compact[-1]}


def check_digit(scheme: str, body: str) -> str:
    """Return the check digit of a number without it."""
    if scheme == "issn":
        return issn.calc_check_digit(body)
    if len(body) == 12:
        return ean.calc_check_digit(body)
    thirteen = f"978{body}"
    return isbn.to_isbn10(thirteen + ean.calc_check_digit(thirteen))[-1]


def approve(scheme: str, value: str) -> str:
    """Return what to say of a number that is right. Raises ValidationError for a wrong one."""
    _scheme, clean = clean_identifier(scheme, value)
    if scheme not in LENGTHS:
        return ""
    shown = clean
    if scheme == "isbn":
        try:
            shown = isbn.format(clean)
        except NumberError:
            shown = clean
    return _("%(number)s: the check digit %(digit)s is right.") % {
        "number": shown, "digit": clean[-1],
    }  # fmt: skip
