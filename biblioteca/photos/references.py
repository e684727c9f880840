"""A picture named by a URI reference (RFC 3986, with the non-ASCII characters of RFC 3987)."""

import re
import unicodedata
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MAX_LENGTH = 2000

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Neither reserved nor unreserved in RFC 3986; browsers read the backslash as a slash.
FORBIDDEN = frozenset('<>"{}|\\^`')
# Controls, surrogates, unassigned and noncharacters, separators; formats could hide a host.
NOT_WRITTEN = ("Cc", "Cs", "Cn", "Cf", "Zs", "Zl", "Zp")


def clean_reference(text: str) -> str:
    """Return ``text``, which is empty, an http(s) URL or a relative reference.

    Raises ValidationError with one of the codes ``max_length``, ``invalid_character``,
    ``invalid_reference``, ``scheme_not_allowed``.
    """
    if len(text) > MAX_LENGTH:
        message = _("An address may have %(max_length)d characters at most.")
        raise ValidationError(message, code="max_length", params={"max_length": MAX_LENGTH})
    for character in text:
        if character in FORBIDDEN or unicodedata.category(character) in NOT_WRITTEN:
            message = _("An address cannot have the character U+%(code)s.")
            code = f"{ord(character):04X}"
            raise ValidationError(message, code="invalid_character", params={"code": code})
    if text.startswith("//") or BAD_ESCAPE.search(text):
        raise invalid()
    before_path = re.split(r"[/?#]", text, maxsplit=1)[0]
    if ":" in before_path:
        check_absolute(text, before_path)
    return text


def check_absolute(text: str, before_path: str) -> None:
    """Raise ValidationError unless ``text`` is an http or https URL with a host."""
    scheme = SCHEME.match(before_path)
    if scheme is None:
        raise invalid()
    if scheme[1].lower() not in ("http", "https"):
        message = _("Pictures are named by http or https addresses, not by “%(scheme)s:”.")
        params = {"scheme": scheme[1][:20]}
        raise ValidationError(message, code="scheme_not_allowed", params=params)
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise invalid() from error
    if not has_host or "@" in parts.netloc or not text[scheme.end() :].startswith("//"):
        raise invalid()


def invalid() -> ValidationError:
    """Return the refusal of what is no address."""
    return ValidationError(_("This is not the address of a picture."), code="invalid_reference")
