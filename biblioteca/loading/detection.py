"""What a file is, by its content; its name says nothing."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from biblioteca.loading.source import UnreadableFileError

CSV, XLSX, JSON, JSON_LINES, MARC, MARC_XML, ONIX, OPEN_LIBRARY = (
    "csv", "xlsx", "json", "jsonl", "marc", "marcxml", "onix", "openlibrary",
)  # fmt: skip
FORMATS = (CSV, "tsv", XLSX, JSON, JSON_LINES, MARC, MARC_XML, ONIX, OPEN_LIBRARY)
# Names for the same reading, and formats of which each can be read as the other.
SAME = {"tsv": CSV}
NEIGHBOURS = ({JSON, JSON_LINES},)

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# What other kinds of file begin with, and what people call them.
OTHERS = (
    (b"\xd0\xcf\x11\xe0", gettext_lazy("an old Excel or Word file; save it as .xlsx or .csv")),
    (b"%PDF", "PDF"),
    (b"SQLite format 3", "SQLite"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"BZh", gettext_lazy("a bzip2 archive; unpack it first")),
    (b"\xfd7zXZ", gettext_lazy("an xz archive; unpack it first")),
    (b"7z\xbc\xaf", gettext_lazy("a 7-Zip archive; unpack it first")),
    (b"Rar!", gettext_lazy("a RAR archive; unpack it first")),
    (b"\x28\xb5\x2f\xfd", gettext_lazy("a Zstandard archive; unpack it first")),
    (b"\x7fELF", gettext_lazy("a program")),
)
LEADER = re.compile(rb"[\s\x00]*[0-9 ]{5}[^\x1d\x1e\x1f]{7}", re.S)
DUMP_LINE = re.compile(rb"/type/[a-z_]+\t/[^\t\n]*\t\d*\t[^\t\n]*\t\{")
ONIX_TAG = re.compile(r"<(?:[\w.-]+:)?(?:ONIXMessage|Product)[\s>/]", re.I)
MARC_TAG = re.compile(
    r"<(?:[\w.-]+:)?(?:leader|controlfield|datafield)[\s>/]|MARC21/slim|<(?:[\w.-]+:)?record[\s>]",
    re.I,
)
HTML_TAG = re.compile(r"\s*<(?:!doctype\s+html|html)[\s>]", re.I)
JSON_START = re.compile(r"\s*(?:\[\s*(?:[{\]]|$)|\{\s*(?:\"|\}|$))")
FIRST_LINES = 4096


def format_of(sample: bytes, given: str | None = None) -> str:
    """Return the format of a file that begins with ``sample``.

    Raises UnreadableFileError when it is none that can be read, or is not what ``given`` says.
    """
    if given is not None and given not in FORMATS:
        raise UnreadableFileError(
            _("there is no format %(format)s; the formats are %(formats)s")
            % {"format": repr(given), "formats": ", ".join(FORMATS)}
        )
    found = detected(sample)
    wanted = SAME.get(given, given) if given else found
    if wanted == found or any({wanted, found} <= group for group in NEIGHBOURS):
        return wanted
    raise UnreadableFileError(
        _("the file is not %(given)s; it looks like %(found)s") % {"given": given, "found": found}
    )


def detected(sample: bytes) -> str:
    """Return what the content looks like. Raises UnreadableFileError for what is unknown."""
    for beginning, kind in OTHERS:
        if sample.startswith(beginning):
            raise UnreadableFileError(_("this is no file of records: %s") % kind)
    if sample.startswith(ZIP):
        return XLSX
    if b"\x1e" in sample and LEADER.match(sample):
        return MARC
    if DUMP_LINE.match(sample):
        return OPEN_LIBRARY
    text = text_of(sample)
    if text.lstrip().startswith("<"):
        return xml_format(text)
    if JSON_START.match(text):
        return json_format(text)
    line = text.lstrip().split("\n", 1)[0][:FIRST_LINES]
    controls = sum(character < " " and character not in "\t\r\n" for character in line)
    if "\0" in line or controls * 10 > len(line):
        raise UnreadableFileError(
            _("this is no file of records: neither text nor a format that is known")
        )
    return CSV


def text_of(sample: bytes) -> str:
    """Return a sample as text, for looking at."""
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return sample[: len(sample) // 2 * 2].decode("utf-16", "replace")
    if sample[:4].replace(b"\0", b"") in (b"<?", b"<") and b"\0" in sample[:4]:
        return sample.decode("utf-16-be" if sample[0] == 0 else "utf-16-le", "replace")
    return sample.decode("utf-8-sig", "replace")


def xml_format(text: str) -> str:
    """Return which format an XML file is in. Raises UnreadableFileError for others."""
    if HTML_TAG.match(text):
        raise UnreadableFileError(_("this is a web page (HTML), no file of records"))
    if ONIX_TAG.search(text):
        return ONIX
    if MARC_TAG.search(text):
        return MARC_XML
    raise UnreadableFileError(_("this XML is neither MARCXML nor ONIX"))


def json_format(text: str) -> str:
    """Tell one JSON document from one object a line."""
    first, _newline, rest = text.lstrip().partition("\n")
    if not first.startswith("{") or '"results"' in first[:FIRST_LINES]:
        return JSON
    if first.rstrip().endswith("}"):
        return JSON_LINES
    return JSON if rest or "}" not in first else JSON_LINES
