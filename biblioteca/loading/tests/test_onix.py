"""ONIX for Books: both generations, both kinds of tags, and the oddities of real senders."""

import pytest

from biblioteca.loading.records import Fault
from biblioteca.loading.tests.counting import cleaned

MESSAGE = "<ONIXMessage><Header><FromCompany>Casa  Editora</FromCompany></Header>{}</ONIXMessage>"


@pytest.fixture
def read(tmp_path):
    """Write the inside of one product to a message of ONIX 2.1 and return what is read of it."""

    def written(inside, message=MESSAGE, encoding="utf-8", **options):
        path = tmp_path / "mensagem.xml"
        path.write_bytes(message.format(f"<Product>{inside}</Product>").encode(encoding))
        return cleaned(path, **options)

    return written


TITLE = "<Title><TitleType>01</TitleType><TitleText>Um</TitleText></Title>"


def contributor(role, names, number=""):
    sequence = f"<SequenceNumber>{number}</SequenceNumber>" if number else ""
    return f"<Contributor>{sequence}<ContributorRole>{role}</ContributorRole>{names}</Contributor>"


@pytest.mark.parametrize(
    ("inside", "title"),
    [
        (TITLE, "Um"),
        ("<DistinctiveTitle>Um</DistinctiveTitle>", "Um"),
        ("<Title><TitleType>01</TitleType><TitlePrefix>Os</TitlePrefix><TitleWithoutPrefix>"
         "Maias</TitleWithoutPrefix><Subtitle>Episódios</Subtitle></Title>",
         "Os Maias : Episódios"),
        ("<Title><TitleType>05</TitleType><TitleText>Abreviado</TitleText></Title>" + TITLE, "Um"),
        ("<DescriptiveDetail><TitleDetail><TitleType>01</TitleType><TitleElement>"
         "<TitleElementLevel>02</TitleElementLevel><TitleText>Coleção</TitleText></TitleElement>"
         "<TitleElement><TitleElementLevel>01</TitleElementLevel><TitleText>Um</TitleText>"
         "<Subtitle>Dois</Subtitle></TitleElement></TitleDetail></DescriptiveDetail>", "Um : Dois"),
    ],
)  # fmt: skip
def test_titles(read, inside, title):
    assert read(inside)[0].text == title


@pytest.mark.parametrize(
    ("inside", "authors"),
    [
        (contributor("A01", "<PersonName>Rui Sá</PersonName>", 2)
         + contributor("A01", "<PersonNameInverted>Lima, Ana</PersonNameInverted>", 1),
         ["Ana Lima", "Rui Sá"]),
        (contributor("A01", "<NamesBeforeKey>Machado</NamesBeforeKey><PrefixToKey>de</PrefixToKey>"
                     "<KeyNames>Assis</KeyNames>"), ["Machado de Assis"]),
        (contributor("A01", "<PersonName>Lima</PersonName><PersonNameInverted>Lima, A"
                     "</PersonNameInverted><KeyNames>Lima</KeyNames>"), ["A Lima"]),
        (contributor("A01", "<CorporateName>Instituto, Lda</CorporateName>"), ["Instituto, Lda"]),
        (contributor("A12", "<PersonName>Ilustra Dora</PersonName>")
         + contributor("B06", "<PersonName>Tradu Tor</PersonName>"), []),
        (contributor("B01", "<PersonName>Edi Tora</PersonName>"), ["Edi Tora"]),
        (contributor("A01", "<PersonName>Ana Lima</PersonName>")
         + contributor("B01", "<PersonName>Edi Tora</PersonName>"), ["Ana Lima"]),
        (contributor("A01", "<PersonName>-</PersonName>"), []),
    ],
)  # fmt: skip
def test_authors(read, inside, authors):
    assert [author.name for author in read(TITLE + inside)[0].authors] == authors


def test_numbers_publisher_cover_and_key(read):
    inside = (
        "<RecordReference>r1</RecordReference>" + TITLE
        + "<ProductIdentifier><ProductIDType>02</ProductIDType><IDValue>0439785960</IDValue>"
        "</ProductIdentifier><ProductIdentifier><ProductIDType>15</ProductIDType>"
        "<IDValue>9788535910636</IDValue></ProductIdentifier>"
        "<Imprint><ImprintName>Selo</ImprintName></Imprint>"
        "<Publisher><PublishingRole>02</PublishingRole><PublisherName>Outra</PublisherName>"
        "</Publisher><Publisher><PublishingRole>01</PublishingRole><PublisherName>Caminho"
        "</PublisherName></Publisher>"
        "<MediaFile><MediaFileTypeCode>08</MediaFileTypeCode><MediaFileLink>https://e.org/autor.jpg"
        "</MediaFileLink></MediaFile><MediaFile><MediaFileTypeCode>04</MediaFileTypeCode>"
        "<MediaFileLink>https://e.org/c.jpg</MediaFileLink></MediaFile>"
    )  # fmt: skip
    (work,) = read(inside)
    assert work.identifiers == (("isbn", "9788535910636"),)
    assert (work.publisher.name, work.photo) == ("Caminho", "https://e.org/c.jpg")
    assert work.key == ("casa editora", "r1")
    assert [item.key for item in read(inside, source="loja")] == [("loja", "r1")]


def test_deletions_are_not_carried_out(read):
    (item,) = read("<NotificationType>05</NotificationType>" + TITLE)
    assert isinstance(item, Fault)
    assert "deletion" in item.reason


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("utf-8", "utf-8"), ("ISO-8859-1", "latin-1"), ("windows-1252", "cp1252"),
     ("UTF-16", "utf-16"), ("UTF-16", "utf-8"), ("utf-8", "cp1252"), ("nada", "utf-8")],
)  # fmt: skip
def test_encodings_true_and_false(read, declared, encoding):
    message = f'<?xml version="1.0" encoding="{declared}"?>' + MESSAGE
    inside = "<Title><TitleText>Coração — &eacute;</TitleText></Title>"
    if encoding == "latin-1":
        inside = inside.replace("—", "-")
    (work,) = read(inside, message=message, encoding=encoding)
    assert work.text == ("Coração - é" if encoding == "latin-1" else "Coração — é")
    assert bool(work.warnings) == ((declared, encoding) == ("utf-8", "cp1252"))


def test_a_message_cut_short_says_so(read):
    first, end = read(TITLE, message=MESSAGE.replace("</ONIXMessage>", ""))
    assert first.text == "Um"
    assert "ends before" in end.reason


GOLDEN = {
    "yob__aau.xml": (0, "Lost World", None, True),
    "yob__no_xml_declaration.xml": (0, "Lost World", None, True),
    "yob__iso_8859_1.xml": (0, "Property Is a Girl's Best Friend", ["Hans Küng"], False),
    "yob__extra_entities.xml": (0, "Ipod® & Itunes® for Dummies®, 4th Edition", ["Bove"], False),
    "yob__control_chars.xml": (0, None, None, True),
    "yob__short_tags.xml": (0, "The Acts of the Apostles : Four Centuries of Baptist "
                            "Interpretation", ["Beth Allison Barr", "Bill J. Leonard",
                                               "Mikeal C. Parsons", "C. Douglas Weaver"], False),
    "jonix__single-book-onix3-short.xml": (0, None, ["Maj Sjöwall", "Per Wahlöö"], False),
    "yob__Bookwise_July_2008.xml.gz": (0, "Harrys War The True Story Of Prince Harrys Heroism",
                                       ["R Jobson"], False),
}  # fmt: skip


@pytest.mark.parametrize("name", GOLDEN)
def test_real_products(shared_data, name):
    place, title, authors, warned = GOLDEN[name]
    work = cleaned(shared_data / "onix" / name)[place]
    assert title in (None, work.text)
    assert authors in (None, [author.name for author in work.authors])
    assert bool(work.warnings) == warned
