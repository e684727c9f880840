"""MARC 21 in its binary form (ISO 2709), read past what is damaged.

pymarc's reader gives up a whole record for one undecodable byte or one wrong number in the
leader; the structure is therefore taken apart here, and pymarc converts MARC-8.
"""

import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import redirect_stderr

from django.utils.translation import gettext as _
from pymarc.marc8 import MARC8ToUnicode

from biblioteca.loading.formats.bibliographic import MarcRecord, as_record, is_unimarc
from biblioteca.loading.formats.tables import windows_text
from biblioteca.loading.names import NATURAL
from biblioteca.loading.options import ReadingOptions
from biblioteca.loading.records import Fault, RawRecord
from biblioteca.loading.source import BrokenFileError, Source, UnreadableFileError

END_OF_RECORD, END_OF_FIELD, DELIMITER = b"\x1d", b"\x1e", b"\x1f"
LEADER_LENGTH, ENTRY_LENGTH = 24, 12
BLOCK = 64 * 1024
MOST = 4 * 1024 * 1024
LOOKED_AT = 20
ENTRY = re.compile(rb"[ -~]{3}[0-9]{9}")
# In MARC-8 accents precede their letter; these are the letters that some of them occur with.
MARKED = re.compile(rb"([\xe0-\xfe]+)([A-Za-z]?)")
NEVER_MARC8 = re.compile(rb"[\x80-\x87\x8a-\x8c\x8f-\xa0\xc9-\xdf\xff]")
LETTER_RUNS = re.compile(rb"[\xc0-\xff]{4,}")
HIGH_BYTES = re.compile(rb"[\x80-\xff]")
ANY_LETTER = b"abcdefghijklmnopqrstuvwxyz"
CARRIERS = {
    0xE0: b"aeiouy", 0xE1: b"aeiouwy", 0xE2: b"aeiouycnrslz", 0xE3: b"aeiouwycghjs",
    0xE4: b"aonuiv", 0xE5: b"aeiouy", 0xE6: b"agiueo", 0xE7: b"zegcim", 0xE8: b"aeiouy",
    0xE9: b"cszrentdlga", 0xEA: b"au", 0xED: b"gk", 0xEE: b"ou", 0xF0: b"cstgklnr",
    0xF1: b"aeiou", 0xF3: b"aut", 0xF4: b"a", 0xF8: b"h",
}  # fmt: skip
BLANKED = dict.fromkeys([*range(32), 0x7F], " ")
CONTROLS = dict.fromkeys([*range(32), *range(0x7F, 0xA0)])


class DamagedRecordError(ValueError):
    """What stands between two ends of records is no record; the text says why."""


class MarcFile:
    """A file of records. Raises UnreadableFileError when it is UNIMARC."""

    format = "marc"
    unit = "record"
    order = 0
    style = NATURAL

    def __init__(self, source: Source, options: ReadingOptions) -> None:
        self.source = source
        self.options = options
        pieces = source.sample.split(END_OF_RECORD)[:LOOKED_AT]
        for piece in pieces:
            try:
                first = parsed(piece.lstrip())
            except DamagedRecordError:
                continue
            if is_unimarc(first):
                raise UnreadableFileError(_("this is UNIMARC, which is not read; export MARC 21"))

    def __iter__(self) -> Iterator[RawRecord | Fault]:
        """Yield the records one by one, and what is wrong with those that are none.

        Raises BrokenFileError when the file ends inside a record.
        """
        number = 0
        for data in self.pieces():
            number += 1
            if len(data) > MOST:
                reason = _("there is no end of record within %d bytes") % MOST
                yield Fault(number, reason, shown(data))
                continue
            try:
                record = parsed(data)
            except DamagedRecordError as error:
                yield Fault(number, str(error), shown(data))
            else:
                yield as_record(number, record, self.options)

    def pieces(self) -> Iterator[bytes]:
        """Yield what stands between the ends of records, cut where it is endless."""
        held = b""
        endless = False
        while block := self.source.content.read1(BLOCK):  # type: ignore[attr-defined]
            parts = (held + block).split(END_OF_RECORD)
            held = parts.pop()
            for part in parts:
                if endless:
                    endless = False
                elif part.strip(b"\r\n\t \0\x1a"):
                    yield part.lstrip(b"\r\n\t \0\x1a")
            if len(held) > MOST:
                if not endless:
                    yield held
                endless, held = True, b""
        if held.strip(b"\r\n\t \0\x1a") and not endless:
            try:
                parsed(held.lstrip(b"\r\n\t \0\x1a"), unfinished=True)
            except DamagedRecordError as error:
                raise BrokenFileError(_("the file ends inside a record (%s)") % error) from error
            yield held.lstrip(b"\r\n\t \0\x1a")


def shown(data: bytes) -> dict[str, str]:
    """Return the beginning of an unreadable record as it is kept."""
    text = data[:1000].decode("utf-8", "replace")
    return {_("text"): text.replace("\x1e", "¶").replace("\x1f", "$").translate(CONTROLS)}


def parsed(data: bytes, *, unfinished: bool = False) -> MarcRecord:
    """Return the record in ``data``, which has no end mark. Raises DamagedRecordError.

    ``unfinished`` says that the end mark is missing: then the last field has to be whole.
    """
    if len(data) < LEADER_LENGTH:
        raise DamagedRecordError(_("the leader is shorter than %d bytes") % LEADER_LENGTH)
    leader = ascii_text(data[:LEADER_LENGTH])
    entries, base = directory_of(data)
    record = MarcRecord(leader)
    content = data[base:]
    if unfinished and not content.rstrip().endswith(END_OF_FIELD):
        raise DamagedRecordError(_("its last field is cut short"))
    texts = fields_of(content, entries)
    decode = Decoder(leader, content)
    for tag, text in texts:
        if tag.startswith("00"):
            record.controls.append((tag, decode(text)))
        else:
            add_field(record, tag, text, decode)
    if not record.controls and not record.fields:
        raise DamagedRecordError(_("it has no fields"))
    if decode.warning:
        record.warnings.append(decode.warning)
    return record


def ascii_text(data: bytes) -> str:
    """Return what ought to be ASCII, blanks for controls."""
    return data.decode("ascii", "replace").translate(BLANKED)


def directory_of(data: bytes) -> tuple[list[tuple[str, int, int]], int]:
    """Return tag, length and place of each field, and where the fields begin.

    The directory ends where its end mark is, whatever the leader says.
    """
    end = data.find(END_OF_FIELD, LEADER_LENGTH)
    directory = data[LEADER_LENGTH:end] if end > 0 else b""
    if not directory:
        raise DamagedRecordError(_("it has no directory"))
    if len(directory) % ENTRY_LENGTH:
        raise DamagedRecordError(_("the length of its directory is wrong"))
    entries = []
    for place in range(0, len(directory), ENTRY_LENGTH):
        entry = directory[place : place + ENTRY_LENGTH]
        if not ENTRY.fullmatch(entry):
            raise DamagedRecordError(_("its directory is damaged (%s)") % ascii_text(entry))
        entries.append((entry[:3].decode("ascii"), int(entry[3:7]), int(entry[7:12])))
    return entries, end + 1


def fields_of(content: bytes, entries: list[tuple[str, int, int]]) -> list[tuple[str, bytes]]:
    """Return tag and content of each field: by the directory where that agrees with the marks.

    Programs that count characters write a directory that is wrong as soon as an accent occurs;
    the fields are then what stands between the marks, if there are as many.
    """
    if all(
        content[start + length - 1 : start + length] == END_OF_FIELD
        and END_OF_FIELD not in content[start : start + length - 1]
        for _tag, length, start in entries
    ):
        return [(tag, content[start : start + length - 1]) for tag, length, start in entries]
    parts = content.split(END_OF_FIELD)
    while parts and not parts[-1].strip():
        parts.pop()
    if len(parts) != len(entries):
        found = {"fields": len(parts), "entries": len(entries)}
        raise DamagedRecordError(
            _("it has %(fields)d fields, its directory names %(entries)d") % found
        )
    in_place = sorted(range(len(entries)), key=lambda number: entries[number][2])
    tags = {order: entries[number][0] for order, number in enumerate(in_place)}
    return [(tags[order], part) for order, part in enumerate(parts)]


def add_field(record: MarcRecord, tag: str, text: bytes, decode: "Decoder") -> None:
    """Add a field with subfields; indicators that are missing are blank."""
    head, *rest = text.split(DELIMITER)
    indicators = (ascii_text(head) + "  ")[:2]
    subfields = []
    for part in rest:
        if part[:1].isascii():
            code, value = part[:1].decode("ascii"), part[1:]
        else:
            code, value = accented_code(part)
            record.warnings.append(_("a subfield's code is no letter; it was guessed"))
        if code.isalnum():
            subfields.append((code, decode(value)))
    if subfields:
        record.fields.append((tag, indicators[0], indicators[1], subfields))


def accented_code(part: bytes) -> tuple[str, bytes]:
    """Return the letter that a damaged subfield code comes from, and the value after it."""
    text = part[:4].decode("utf-8", "ignore") or windows_text(part[:1])
    length = len(text[0].encode()) if part.startswith(text[0].encode()) else 1
    letter = unicodedata.normalize("NFKD", text[0])[0]
    return (letter if letter.isascii() else ""), part[length:]


class Decoder:
    """Bytes of one record into text, in the encoding that it is really in.

    The leader says UTF-8 or MARC-8; where the bytes say otherwise ``warning`` tells what was done.
    """

    def __init__(self, leader: str, content: bytes) -> None:
        self.warning = ""
        self.encoding = "ascii"
        if content.isascii() and b"\x1b" not in content:
            return
        says_utf8 = leader[9:10] == "a"
        if is_cyrillic(content):
            self.encoding = "cp1251"
            self.warning = _("the record was read as Windows-1251")
        elif is_utf8(content):
            self.encoding = "utf-8"
            if not says_utf8 and b"\x1b" not in content and not content.isascii():
                self.warning = _("the record is UTF-8 and does not say so")
            elif not says_utf8:
                self.encoding = "marc-8"
        elif says_utf8:
            self.encoding = "marc-8" if b"\x1b" in content else "cp1252"
            self.warning = _("the record says UTF-8 and is not; it was read as %s") % (
                "MARC-8" if self.encoding == "marc-8" else "Windows-1252"
            )
        else:
            self.encoding = "marc-8" if looks_like_marc8(content) else "cp1252"
            if self.encoding == "cp1252":
                self.warning = _("the record says MARC-8 and is not; it was read as Windows-1252")

    def __call__(self, data: bytes) -> str:
        """Return ``data`` as text, without controls."""
        if data.isascii() and b"\x1b" not in data:
            text = data.decode("ascii")
        elif self.encoding == "utf-8":
            text = data.decode("utf-8", "replace")
        elif self.encoding == "cp1251":
            text = data.decode("cp1251", "replace")
        elif self.encoding == "marc-8":
            text = self.from_marc8(data)
        else:
            text = windows_text(data)
        return text if text.isprintable() else text.translate(CONTROLS)

    def from_marc8(self, data: bytes) -> str:
        """Return MARC-8 as text; what does not convert is replaced, with a warning."""
        said = io.StringIO()
        try:
            # pymarc tells on the standard error stream what it could not convert.
            with redirect_stderr(said):
                text = MARC8ToUnicode().translate(data)
        except (IndexError, TypeError, ValueError, KeyError):
            text = windows_text(re.sub(rb"\x1b[()$,\-bgps]*[0-9A-Z!]?", b"", data))
            said.write("?")
        if said.getvalue():
            self.warning = _("some characters could not be read and are guessed")
        return unicodedata.normalize("NFC", text)


def is_utf8(content: bytes) -> bool:
    """Tell UTF-8 from other encodings."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_cyrillic(content: bytes) -> bool:
    """Tell Windows-1251: whole words of letters that Latin scripts have one or two of in a row."""
    if b"\x1b" in content or is_utf8(content):
        return False
    return sum(map(len, LETTER_RUNS.findall(content))) * 2 > len(HIGH_BYTES.findall(content))


def looks_like_marc8(content: bytes) -> bool:
    """Tell MARC-8 from Latin-1: its accents stand before letters that can carry them."""
    if b"\x1b" in content:
        return True
    if NEVER_MARC8.search(content):
        return False
    marks = MARKED.findall(content)
    likely = sum(
        letter.lower() in CARRIERS.get(mark, ANY_LETTER) and bool(letter)
        for run, letter in marks
        for mark in run
    )
    return likely * 2 >= sum(len(run) for run, _letter in marks)
