"""JSON Lines, and JSON documents of any length, read object by object."""

import codecs
import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from biblioteca.loading.formats.tables import Lines, LineTooLongError
from biblioteca.loading.formats.values import record_in, shown
from biblioteca.loading.names import NATURAL, NameStyle
from biblioteca.loading.options import ReadingOptions
from biblioteca.loading.records import Fault, RawRecord
from biblioteca.loading.source import BrokenFileError, Source

# Strings are skipped whole: a bracket in one closes nothing. The rest of an unfinished one, too.
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\]]|"', re.S)
BETWEEN = re.compile(r"[\s,]*")
# Where what is no object ends at the latest.
STOP = re.compile(r'[,{\]"]')
RESULTS = re.compile(r'"results"\s*:\s*\[')
BLOCK = 256 * 1024
MOST = 4 * 1024 * 1024


class JsonLines:
    """One object a line."""

    format = "jsonl"
    unit = "line"
    order = 0
    style = NameStyle("", surname_first=False)

    def __init__(self, source: Source, options: ReadingOptions) -> None:
        self.lines = Lines(source)
        self.options = options

    def __iter__(self) -> Iterator[RawRecord | Fault]:
        """Yield the records one by one, and what is wrong with the lines that are none."""
        while True:
            number = self.lines.begin()
            try:
                line = next(self.lines).strip()
            except StopIteration:
                return
            except LineTooLongError as error:
                yield Fault(number, str(error), shown("".join(self.lines.taken)))
                continue
            if self.lines.foreign:
                yield Fault(number, _("the line is not UTF-8"), shown(line))
            elif line:
                yield record_in(number, line, self.options)


class Window:
    """A text read piece by piece, of which the part that is being looked at is in memory."""

    def __init__(self, source: Source) -> None:
        self.content = source.content
        self.decoder = codecs.getincrementaldecoder(encoding_of_json(source.sample))("replace")
        self.text = ""
        self.ended = False

    def more(self) -> bool:
        """Read a piece more; tell whether there was one."""
        if self.ended:
            return False
        block = self.content.read1(BLOCK)  # type: ignore[attr-defined]
        self.ended = not block
        self.text += self.decoder.decode(block, final=self.ended)
        return not self.ended

    def skip(self, place: int) -> None:
        """Let go of what precedes ``place``."""
        self.text = self.text[place:]


def encoding_of_json(sample: bytes) -> str:
    """Return the encoding of a JSON text (RFC 8259 knows UTF-8; others occur)."""
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    return "utf-8-sig"


class JsonFile:
    """A list of objects, an object whose ``results`` is one, or objects one after another."""

    format = "json"
    unit = "record"
    order = 0
    style = NATURAL

    def __init__(self, source: Source, options: ReadingOptions) -> None:
        self.window = Window(source)
        self.options = options
        while len(self.window.text) < BLOCK and self.window.more():
            pass
        self.in_list = self.begin()

    def begin(self) -> bool:
        """Go to the first object; tell whether it is in a list, which has an end."""
        text = self.window.text
        start = len(text) - len(text.lstrip())
        if text.startswith("[", start):
            self.window.skip(start + 1)
            return True
        for found in RESULTS.finditer(text):
            if depth_at(text, found.start()) == 1:
                self.window.skip(found.end())
                return True
        return False

    def __iter__(self) -> Iterator[RawRecord | Fault]:
        """Yield the records one by one. Raises BrokenFileError when the file ends too early."""
        number = 0
        while True:
            self.to_next()
            if not self.window.text:
                break
            if self.window.text[0] == "]":
                self.in_list = False
                break
            number += 1
            if self.window.text[0] in "{[":
                yield self.one(number)
            else:
                yield self.stray(number)
        if self.in_list:
            raise BrokenFileError(_("the file ends before its list does"))

    def to_next(self) -> None:
        """Go to the first character that is no blank and no comma."""
        while True:
            found = BETWEEN.match(self.window.text)
            self.window.skip(found.end() if found else 0)
            if self.window.text or not self.window.more():
                return

    def one(self, number: int) -> RawRecord | Fault:
        """Return what the object at the beginning of the window is."""
        end = self.end_of_object()
        if end < 0:
            beginning = self.window.text
            if self.window.ended:
                self.window.skip(len(self.window.text))
                self.in_list = False
                return Fault(number, _("the file ends inside an object"), shown(beginning))
            self.pass_over()
            return Fault(
                number, _("the object is longer than %d characters") % MOST, shown(beginning)
            )
        text = self.window.text[:end]
        self.window.skip(end)
        return record_in(number, text, self.options)

    def end_of_object(self) -> int:
        """Return where the first object of the window ends, -1 when it does not."""
        depth = place = 0
        while True:
            for found in TOKEN.finditer(self.window.text, place):
                mark = found[0]
                if mark == '"':
                    place = found.start()
                    break
                place = found.end()
                if mark in "{[":
                    depth += 1
                elif mark in "}]":
                    depth -= 1
                    if not depth:
                        return place
            if len(self.window.text) > MOST or not self.window.more():
                return -1

    def pass_over(self) -> None:
        """Go to what may be the next object, after one that is too long."""
        while True:
            found = re.search(r"\}\s*,?\s*(?=\{)", self.window.text)
            if found:
                self.window.skip(found.end())
                return
            self.window.skip(max(len(self.window.text) - 1, 0))
            if not self.window.more():
                self.window.skip(len(self.window.text))
                return

    def stray(self, number: int) -> Fault:
        """Return the fault of what is no object, going on behind it."""
        beginning = self.window.text[:200]
        found = STOP.search(self.window.text, 1)
        while found is None and self.window.more():
            self.window.skip(max(len(self.window.text) - BLOCK, 0))
            found = STOP.search(self.window.text)
        self.window.skip(found.start() if found else len(self.window.text))
        if self.window.text.startswith('"'):
            self.window.skip(1)
        return Fault(number, _("it is no object"), shown(beginning))


def depth_at(text: str, place: int) -> int:
    """Return how many brackets are open at ``place``."""
    depth = 0
    for found in TOKEN.finditer(text, 0, place):
        if found[0] in ("{", "["):
            depth += 1
        elif found[0] in ("}", "]"):
            depth -= 1
    return depth
