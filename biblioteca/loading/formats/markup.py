"""XML files cut into the records that they hold, so that a fault in one harms no other.

Each record is parsed by lxml on its own, without a document type: entities are never expanded,
nothing is fetched, and memory holds one record at a time.
"""

import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from biblioteca.loading.formats.tables import windows_text
from biblioteca.loading.source import BrokenFileError, Source, UnreadableFileError

BLOCK = 64 * 1024
MOST = 8 * 1024 * 1024
DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
ENTITY = re.compile(r"<!ENTITY\b", re.I)
DOCTYPE = re.compile(r"<!DOCTYPE\b", re.I)
# Characters that XML 1.0 cannot have, written as such or as references.
CONTROLS = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udbff\ude00-\udfff]")
CONTROL_REFERENCE = re.compile(
    r"&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|x0*(?:[0-8bcef]|1[0-9a-f]));", re.I
)
UNDECODED = re.compile("[\udc80-\udcff]+")
NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
PREDEFINED = frozenset(("amp", "lt", "gt", "quot", "apos"))
BARE_AMPERSAND = re.compile(r"&(?!#?[A-Za-z0-9]{1,32};)")
PREFIX = re.compile(r"(?:</?|\s)([A-Za-z_][\w.-]*):[A-Za-z_][\w.-]*(?=[\s>/=])")


class MarkupError(ValueError):
    """A record is no well-formed XML; the text says why."""


@dataclass(frozen=True)
class Piece:
    """The text of one record, or ``fault``, the reason why there is none."""

    text: str
    fault: str = ""
    warnings: tuple[str, ...] = ()


class Pieces:
    """The elements called ``name`` (in any namespace) of an XML file, each as a text.

    Where they are nested only the inner one is taken. ``head`` is what precedes the first.
    Raises UnreadableFileError for a file that defines entities.
    """

    def __init__(self, source: Source, name: str) -> None:
        self.content = source.content
        encoding = encoding_of_xml(source.sample)
        self.decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
        # Comments and CDATA are passed over whole; so is a tag with its attributes.
        self.mark = re.compile(
            rf"<!--|<!\[CDATA\[|</(?:[\w.-]+:)?{name}\s*>|<(?:[\w.-]+:)?{name}(?=[\s>/])", re.I
        )
        self.text = ""
        self.ended = False
        self.head = self.look_ahead(source.sample, encoding)

    def look_ahead(self, sample: bytes, encoding: str) -> str:
        """Return what precedes the first record. Raises UnreadableFileError."""
        text = sample.decode(encoding, "replace")
        first = self.mark_of_start(text)
        head = text[: first if first >= 0 else len(text)]
        if ENTITY.search(head):
            raise UnreadableFileError(
                _("the XML defines entities; they are not expanded, and such a file is not read")
            )
        return head

    def mark_of_start(self, text: str) -> int:
        """Return where the first record begins, -1 if it does not."""
        for found in self.mark.finditer(text):
            if not found[0].startswith(("<!", "</")):
                return found.start()
        return -1

    def more(self) -> bool:
        """Read a piece more; tell whether there was one."""
        if self.ended:
            return False
        block = self.content.read1(BLOCK)  # type: ignore[attr-defined]
        self.ended = not block
        self.text += self.decoder.decode(block, final=self.ended)
        return not self.ended

    def __iter__(self) -> Iterator[Piece]:
        """Yield the records. Raises BrokenFileError when the file ends too early."""
        begun = -1
        place = 0
        while True:
            found = self.mark.search(self.text, place)
            if found is None or self.is_cut(found):
                place = self.keep(begun, found)
                begun = 0 if begun >= 0 else -1
                if begun >= 0 and len(self.text) > MOST:
                    yield Piece(self.text[:1000], _("the record has no end within reach"))
                    self.text, begun, place = self.text[-100:], -1, 0
                if not self.more() and found is None:
                    break
                continue
            mark = found[0]
            if mark.startswith("<!"):
                end = self.end_of(found)
                if end < 0:
                    break
                if mark == "<!--":
                    self.text = self.text[: found.start()] + self.text[end:]
                    place = found.start()
                else:
                    place = end
            elif mark.startswith("</"):
                if begun >= 0:
                    yield repaired(self.text[begun : found.end()])
                begun = -1
                self.text, place = self.text[found.end() :], 0
            else:
                begun, place = found.start(), found.end()
        self.check_end(begun)

    def is_cut(self, found: re.Match[str]) -> bool:
        """Tell whether a mark stands so near the end that it may be another one."""
        return found.end() == len(self.text) and not self.ended

    def keep(self, begun: int, found: re.Match[str] | None) -> int:
        """Let go of what is not needed any more; return where to look on."""
        del found
        if begun > 0:
            self.text = self.text[begun:]
        elif begun < 0:
            cut = self.text.rfind("<", max(len(self.text) - 300, 0))
            self.text = self.text[cut:] if cut >= 0 else self.text[-300:]
        # A mark may be in two pieces: look again from the last "<".
        last = self.text.rfind("<", max(len(self.text) - 300, 0))
        return max(last, 1 if begun >= 0 else 0)

    def end_of(self, found: re.Match[str]) -> int:
        """Return where a comment or CDATA section ends, -1 when it does not."""
        closing = "-->" if found[0] == "<!--" else "]]>"
        while (end := self.text.find(closing, found.end())) < 0:
            if len(self.text) > MOST or not self.more():
                return -1
        return end + 3

    def check_end(self, begun: int) -> None:
        """Raise BrokenFileError when the file was cut short."""
        if begun >= 0:
            raise BrokenFileError(_("the file ends inside a record"))
        root = re.search(r"<([A-Za-z_][\w.:-]*)[^<>]*(?<!/)>", self.head)
        if root and not re.search(rf"</{re.escape(root[1])}\s*>", self.text):
            raise BrokenFileError(_("the file ends before </%s>") % root[1])


def encoding_of_xml(sample: bytes) -> str:
    """Return the encoding of an XML file: as it is, then as it says, then UTF-8."""
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if sample[:2] == b"<\0":
        return "utf-16-le"
    if sample[:2] == b"\0<":
        return "utf-16-be"
    declared = DECLARED.match(sample.lstrip(b"\xef\xbb\xbf \t\r\n"))
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        return "utf-8-sig"
    if codec in ("iso8859-1", "cp1252"):
        # What says ISO 8859-1 has the dashes and quotes of Windows-1252 as often as not.
        return "cp1252"
    # What is not in units of two bytes cannot be what it says.
    return "utf-8-sig" if codec.startswith(("utf-16", "utf-32", "utf-8", "ascii")) else codec


def repaired(text: str) -> Piece:
    """Return the text of a record without what XML does not allow, and what was done to it."""
    warnings = []
    if not text.isascii() and UNDECODED.search(text):
        text = UNDECODED.sub(lambda found: windows_text(
            found[0].encode("ascii", "surrogateescape")
        ), text)  # fmt: skip
        warnings.append(_("bytes that are not of the file's encoding were read as Windows-1252"))
    if CONTROLS.search(text) or ("&#" in text and CONTROL_REFERENCE.search(text)):
        text = CONTROL_REFERENCE.sub("", CONTROLS.sub("", text))
        warnings.append(_("control characters were left out"))
    if "&" in text:
        text = NAMED.sub(named_character, text)
        if BARE_AMPERSAND.search(text):
            text = BARE_AMPERSAND.sub("&amp;", text)
            warnings.append(_("a bare & was read as &amp;"))
    return Piece(text, warnings=tuple(warnings))


def named_character(found: re.Match[str]) -> str:
    """Return the character that HTML calls so; XML's own five stay as they are."""
    if found[1] in PREDEFINED:
        return found[0]
    return html.unescape(found[0])


def parsed(text: str) -> Any:
    """Return the element that ``text`` is. Raises MarkupError."""
    prefixes = {prefix for prefix in PREFIX.findall(text) if prefix not in ("xml", "xmlns")}
    names = "".join(f' xmlns:{prefix}="{prefix}"' for prefix in sorted(prefixes))
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(f"<r{names}>{text}</r>".encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MarkupError(_("no well-formed XML: %s") % error) from error
    return root[0]


def local(element: Any) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def shown(text: str) -> dict[str, str]:
    """Return the beginning of an unreadable record as it is kept."""
    return {_("text"): UNDECODED.sub("\ufffd", CONTROLS.sub("\ufffd", text[:1000]))}
