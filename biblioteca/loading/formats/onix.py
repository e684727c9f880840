"""ONIX for Books 2.1 and 3.x, with reference names or short tags.

Code lists are EDItEUR's: 1 (notification), 5 (product identifiers), 15 (titles), 17 (roles),
38 and 158 (pictures), 45 (publishers).
"""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from biblioteca.loading.formats.markup import MarkupError, Pieces, local, parsed, shown
from biblioteca.loading.names import NATURAL
from biblioteca.loading.options import ReadingOptions
from biblioteca.loading.records import WORKS, Fault, RawName, RawRecord
from biblioteca.loading.source import Source

# Short tags of what is read, and the reference names that they stand for.
REFERENCE = {
    "a001": "RecordReference", "a002": "NotificationType", "b221": "ProductIDType",
    "b244": "IDValue", "b202": "TitleType", "b203": "TitleText", "b030": "TitlePrefix",
    "b031": "TitleWithoutPrefix", "b029": "Subtitle", "b028": "DistinctiveTitle",
    "b034": "SequenceNumber", "b035": "ContributorRole", "b036": "PersonName",
    "b037": "PersonNameInverted", "b039": "NamesBeforeKey", "b040": "KeyNames",
    "b247": "PrefixToKey", "b041": "NamesAfterKey", "b047": "CorporateName",
    "b248": "SuffixToKey", "b291": "PublishingRole", "b081": "PublisherName",
    "b079": "ImprintName", "f114": "MediaFileTypeCode", "f117": "MediaFileLink",
    "f115": "MediaFileFormatCode", "f116": "MediaFileLinkTypeCode",
    "x436": "ResourceContentType", "x437": "ResourceMode", "x435": "ResourceLink",
    "x409": "TitleElementLevel", "x298": "SenderName", "m174": "FromCompany",
    "x501": "NoPrefix", "x548": "CorporateNameInverted",
    "productidentifier": "ProductIdentifier", "title": "Title", "titledetail": "TitleDetail",
    "titleelement": "TitleElement", "contributor": "Contributor", "publisher": "Publisher",
    "imprint": "Imprint", "mediafile": "MediaFile", "supportingresource": "SupportingResource",
    "resourceversion": "ResourceVersion", "descriptivedetail": "DescriptiveDetail",
    "publishingdetail": "PublishingDetail", "collateraldetail": "CollateralDetail",
    "product": "Product", "header": "Header", "sender": "Sender",
}  # fmt: skip
DELETE = "05"
# Who wrote the text: by, with, screenplay, libretto, lyrics, created, text, continued, comic
# script, book and lyrics, original author. Editors, compilers and visual artists count where
# nobody wrote.
AUTHORS = frozenset(("A01", "A02", "A03", "A04", "A05", "A09", "A14", "A25", "A28", "A31", "A38"))
OTHERS = frozenset(("A06", "A07", "A08", "A10", "A99", "B01", "B11", "B13", "B16", "B21", "C01"))
ISBN_TYPES = ("15", "03", "02")
COVER_TYPES = ("04", "06", "03", "05", "07")
FRONT_COVER = "01"
HIDDEN = ("CollateralDetail", "OtherText", "ProductSupply", "SupplyDetail", "RelatedMaterial")
LONGEST_KEPT = 500


class Onix:
    """A message. Raises UnreadableFileError when it defines entities."""

    format = "onix"
    unit = "record"
    order = 0
    style = NATURAL

    def __init__(self, source: Source, options: ReadingOptions) -> None:
        self.pieces = Pieces(source, "Product")
        self.options = options
        self.source = options.source or sender_in(self.pieces.head)

    def __iter__(self) -> Iterator[RawRecord | Fault]:
        """Yield the records one by one, and what is wrong with those that are none."""
        for number, piece in enumerate(self.pieces, start=1):
            if piece.fault:
                yield Fault(number, piece.fault, shown(piece.text))
                continue
            try:
                product = Node(parsed(piece.text))
            except MarkupError as error:
                yield Fault(number, str(error), shown(piece.text))
                continue
            yield self.record(number, product, piece.warnings)

    def record(self, number: int, product: "Node", warnings: tuple[str, ...]) -> RawRecord | Fault:
        """Return the work that a product is, or why there is none."""
        raw = product.kept()
        if product.text("NotificationType") == DELETE:
            return Fault(number, _("a notice of deletion; deletions are not carried out"), raw)
        if self.options.wanted != WORKS:
            return Fault(number, _("the record is not of the resource that was asked for"), raw)
        reference = product.text("RecordReference")
        return RawRecord(
            line=number,
            text=title_of(product),
            authors=authors_of(product),
            publisher=publisher_of(product),
            photo=picture_of(product),
            identifiers=tuple(numbers_of(product)),
            key=(self.source, reference) if self.source and reference else None,
            raw=raw,
            warnings=warnings,
        )


class Node:
    """An element whose children are asked for by their reference names."""

    def __init__(self, element: Any) -> None:
        self.element = element
        self.children: dict[str, list[Any]] = {}
        for child in element:
            name = local(child)
            self.children.setdefault(REFERENCE.get(name, name), []).append(child)

    def all(self, *path: str) -> list["Node"]:
        """Return the elements at ``path``."""
        found = [Node(each) for each in self.children.get(path[0], ())]
        for name in path[1:]:
            found = [Node(each) for node in found for each in node.children.get(name, ())]
        return found

    def text(self, name: str) -> str:
        """Return the text of the first child ``name`` that has any, "" without one."""
        for child in self.children.get(name, ()):
            text = "".join(child.itertext()).strip()
            if text:
                return text
        return ""

    def kept(self) -> dict[str, Any]:
        """Return the element as it is kept: texts by path; long descriptions shortened."""
        found: dict[str, Any] = {}
        for path, text in texts_in(self.element, ""):
            found.setdefault(path, []).append(text)
        return {path: texts[0] if len(texts) == 1 else texts for path, texts in found.items()}


def texts_in(element: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of every element that has a text."""
    for child in element:
        name = local(child)
        name = REFERENCE.get(name, name)
        if name in HIDDEN and not path:
            continue
        text = (child.text or "").strip()
        if text:
            yield f"{path}{name}", text[:LONGEST_KEPT]
        if len(child):
            yield from texts_in(child, f"{path}{name}/")


def sender_in(head: str) -> str:
    """Return who sent the message, in lower case, "" where it does not say."""
    for name in ("SenderName", "x298", "FromCompany", "m174"):
        start = head.find(f"<{name}>")
        if start >= 0:
            end = head.find("<", start + 1)
            return " ".join(head[start + len(name) + 2 : end].split()).lower()
    return ""


def title_of(product: Node) -> str:
    """Return the distinctive title with its subtitle."""
    details = product.all("DescriptiveDetail", "TitleDetail") + product.all("Title")
    chosen = [detail for detail in details if detail.text("TitleType") == "01"] or [
        detail for detail in details if detail.text("TitleType") in ("", "00")
    ]
    for detail in chosen:
        elements = detail.all("TitleElement")
        own = [each for each in elements if each.text("TitleElementLevel") in ("01", "")]
        for node in own or elements or [detail]:
            title = title_in(node)
            if title:
                return title
    return product.text("DistinctiveTitle")


def title_in(node: Node) -> str:
    """Return ``TitleText``, or prefix and rest, and the subtitle after a colon."""
    title = node.text("TitleText")
    if not title:
        title = f"{node.text('TitlePrefix')} {node.text('TitleWithoutPrefix')}".strip()
    subtitle = node.text("Subtitle")
    if title and subtitle and subtitle.casefold() not in title.casefold():
        return f"{title.rstrip(' :')} : {subtitle}"
    return title


def authors_of(product: Node) -> tuple[RawName, ...]:
    """Return the contributors who wrote, in sequence; others where nobody did."""
    contributors = product.all("DescriptiveDetail", "Contributor") or product.all("Contributor")
    ordered = sorted(contributors, key=sequence_of)
    for wanted in (AUTHORS, OTHERS):
        names = [
            name
            for node in ordered
            if wanted & {
                "".join(each.itertext()).strip()
                for each in node.children.get("ContributorRole", ())
            }
            and (name := name_of(node))
        ]  # fmt: skip
        if names:
            return tuple(names)
    return ()


def sequence_of(contributor: Node) -> int:
    """Return the place of a contributor, the last one if it has none."""
    number = contributor.text("SequenceNumber")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 10**9


def name_of(contributor: Node) -> RawName | None:
    """Return a contributor's name: parts of it, as it is written, inverted, or corporate."""
    inverted = contributor.text("PersonNameInverted")
    direct = contributor.text("PersonName")
    keys = contributor.text("KeyNames")
    before = contributor.text("NamesBeforeKey")
    if keys and before:
        parts = (
            before, contributor.text("PrefixToKey"), keys, contributor.text("NamesAfterKey"),
            contributor.text("SuffixToKey"),
        )  # fmt: skip
        built = " ".join(part for part in parts if part)
        return RawName(direct if " " in direct else built, inverted=None)
    # Some senders put the surname alone where the whole name belongs.
    if direct and not (inverted and "," in inverted and " " not in direct):
        return RawName(direct, inverted=None)
    if inverted:
        return RawName(inverted, inverted=True)
    name = contributor.text("CorporateName") or keys
    return RawName(name, inverted=False) if name else None


def publisher_of(product: Node) -> RawName | None:
    """Return the publisher: the one with that role, the first, or else the imprint."""
    for place in ("PublishingDetail", ""):
        path = (place,) if place else ()
        found = product.all(*path, "Publisher")
        chosen = [node for node in found if node.text("PublishingRole") in ("01", "")] or found
        names = [node.text("PublisherName") for node in chosen]
        imprints = [node.text("ImprintName") for node in product.all(*path, "Imprint")]
        for name in [*names, *imprints, "" if place else product.text("PublisherName")]:
            if name:
                return RawName(name)
    return None


def numbers_of(product: Node) -> Iterator[tuple[str, str]]:
    """Yield the ISBN; an EAN is one if it is a book's."""
    found = {
        node.text("ProductIDType"): node.text("IDValue")
        for node in reversed(product.all("ProductIdentifier"))
    }
    flat = product.text("ISBN") or product.text("b004")
    chosen = next((found[kind] for kind in ISBN_TYPES if found.get(kind)), flat)
    if chosen and ("15" in found or "02" in found or chosen.startswith(("978", "979")) or flat):
        yield "isbn", chosen


def picture_of(product: Node) -> str:
    """Return the address of the front cover, "" without one."""
    media = product.all("MediaFile")
    for kind in COVER_TYPES:
        for node in media:
            link = node.text("MediaFileLink")
            if node.text("MediaFileTypeCode") == kind and is_address(link):
                return link
    for node in product.all("CollateralDetail", "SupportingResource"):
        if node.text("ResourceContentType") == FRONT_COVER:
            for version in node.all("ResourceVersion"):
                link = version.text("ResourceLink")
                if is_address(link):
                    return link
    return ""


def is_address(link: str) -> bool:
    """Tell an address on the web from file names and paths."""
    return link.lower().startswith(("http://", "https://"))
