"""MARC 21, binary and XML: one record for each oddity, real ones where there are."""

import io
import json

import pymarc
import pytest

from biblioteca.loading.records import CleanName, Fault
from biblioteca.loading.tests.counting import cleaned, raw, refusal

CODE = "biblioteca-0a1b2c"


def field(tag, indicators, **subfields):
    pairs = [
        pymarc.Subfield(code.strip("_")[0], value)
        for code, values in subfields.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return pymarc.Field(tag, pymarc.Indicators(*indicators), pairs)


def control(tag, data):
    return pymarc.Field(tag, data=data)


def record_of(*fields, leader="00000nam a2200000 a 4500"):
    record = pymarc.Record(force_utf8=True)
    record.leader = pymarc.Leader(leader)
    record.add_field(*fields)
    return record


TITLE = field("245", "10", a="Título :", b="subtítulo /", c="Fulano.")


@pytest.fixture(params=["binary", "xml"])
def read(request, tmp_path):
    """Write records in both forms; return what is read of them."""

    def written(*records, **options):
        path = tmp_path / "registros"
        if request.param == "binary":
            path.write_bytes(b"".join(record.as_marc() for record in records))
        else:
            buffer = io.BytesIO()
            writer = pymarc.XMLWriter(buffer)
            for record in records:
                writer.write(record)
            writer.close(close_fh=False)
            path.write_bytes(buffer.getvalue())
        return cleaned(path, **options)

    return written


@pytest.mark.parametrize(
    ("subfields", "title"),
    [
        ({"a": "Dom Casmurro /", "c": "Machado."}, "Dom Casmurro"),
        ({"a": "Dom Casmurro :", "b": "romance /"}, "Dom Casmurro : romance"),
        ({"a": "Dom Casmurro.", "n": "Parte 1,", "p": "Capitu :", "b": "romance."},
         "Dom Casmurro. Parte 1, Capitu : romance"),
        ({"a": "Amor =", "b": "Love /"}, "Amor = Love"),
        ({"a": "Amor", "h": "[recurso eletrônico] :", "b": "poemas"}, "Amor : poemas"),
        ({"a": "Quem?"}, "Quem?"),
        ({"a": "Era uma vez..."}, "Era uma vez..."),
        ({"a": "Smith & Co. /"}, "Smith & Co."),
        ({"a": "The art of war."}, "The art of war"),
        ({"k": "Cartas,", "f": "1900-1910"}, "Cartas"),
    ],
)  # fmt: skip
def test_titles_as_libraries_display_them(read, subfields, title):
    (work,) = read(record_of(field("245", "10", **subfields)))
    assert work.text == title


@pytest.mark.parametrize(
    ("fields", "authors"),
    [
        ([("100", "1 ", {"a": "Assis, Machado de,", "d": "1839-1908."})], ["Machado de Assis"]),
        ([("100", "0 ", {"a": "João Paulo", "b": "II,", "c": "Papa,", "d": "1920-2005"})],
         ["João Paulo II"]),
        ([("100", "0 ", {"a": "Homero."})], ["Homero"]),
        ([("100", "1 ", {"a": "Scott, Robert N.", "q": "(Robert Nicholson),"})],
         ["Robert N. Scott"]),
        ([("110", "2 ", {"a": "Brasil.", "b": "Ministério da Cultura."})],
         ["Brasil. Ministério da Cultura"]),
        ([("100", "1 ", {"a": "Um, Ana"}), ("700", "1 ", {"a": "Dois, Rui"}),
          ("700", "1 ", {"a": "Três, Eva", "e": "ilustrador"}),
          ("700", "1 ", {"a": "Quatro, Ivo", "_4": "trl"}),
          ("700", "1 ", {"a": "Cinco, Lia", "t": "Conto"}),
          ("700", "1 ", {"a": "Seis, Gil", "_4": "http://id.loc.gov/vocabulary/relators/aut"}),
          ("700", "1 ", {"a": "Sete, Bia", "e": "autora do prefácio"}),
          ("700", "1 ", {"a": "Oito, Noé", "e": ["editor", "joint author."]}),
          ("700", "1 ", {"a": "Um, Ana"})],
         ["Ana Um", "Rui Dois", "Gil Seis", "Noé Oito"]),
        ([("700", "1 ", {"a": "Um, Ana", "e": "org."})], ["Ana Um"]),
        ([("100", "1 ", {"a": "Um, Ana"}), ("700", "1 ", {"a": "Dois, Rui", "e": "org."})],
         ["Ana Um"]),
        ([("100", "1 ", {"a": "Um, Ana"}), ("880", "1 ", {"_6": "100-01", "a": "某, 人"})],
         ["Ana Um"]),
    ],
)  # fmt: skip
def test_who_counts_as_author_and_how_the_name_is_written(read, fields, authors):
    (work,) = read(record_of(TITLE, *(field(tag, ind, **subs) for tag, ind, subs in fields)))
    assert [author.name for author in work.authors] == authors


@pytest.mark.parametrize(
    ("fields", "publisher"),
    [
        ([("260", "  ", {"a": "Rio :", "b": "Garnier,", "c": "1899."})], "Garnier"),
        ([("264", " 3", {"b": "Gráfica"}), ("264", " 1", {"b": "Caminho,"})], "Caminho"),
        ([("260", "  ", {"b": "Govt. Print. Off.,"})], "Govt. Print. Off."),
        ([("260", "  ", {"a": "[S.l. :", "b": "s.n.]"})], None),
        ([("264", " 1", {"b": "[editor não identificado]"})], None),
        ([], None),
    ],
)  # fmt: skip
def test_publishers(read, fields, publisher):
    (work,) = read(record_of(TITLE, *(field(tag, ind, **subs) for tag, ind, subs in fields)))
    assert (work.publisher.name if work.publisher else None) == publisher


def test_numbers_pictures_and_keys(read):
    record = record_of(
        control("001", " 123 "), control("003", "BR-RjBN"),
        field("020", "  ", a="85-359-1063-8 (broch.) : R$ 20,00"),
        field("020", "  ", a="9780439785969", z="9780439785960"),
        field("020", "  ", a="0439785961"),
        field("022", "  ", a="0743-7226"), TITLE,
        field("856", "42", u="https://e.org/sobre.html", _3="Descrição da editora"),
        field("856", "42", u="https://e.org/capa.jpg", _3="Capa"),
    )  # fmt: skip
    (work,) = read(record)
    assert work.identifiers == (
        ("isbn", "9788535910636"), ("isbn", "9780439785969"), ("issn", "0743-7226"),
    )  # fmt: skip
    assert (work.photo, work.key) == ("https://e.org/capa.jpg", ("br-rjbn", "123"))
    assert [item.key for item in read(record, source="casa")] == [("casa", "123")]
    assert [item.key for item in read(record_of(control("001", "1"), TITLE))] == [None]


@pytest.mark.parametrize(("kind", "reason"), [("z", "authority"), ("y", "holdings")])
def test_what_is_not_bibliographic_is_said_so(read, kind, reason):
    item, work = read(record_of(TITLE, leader=f"00000n{kind}m a2200000 a 4500"), record_of(TITLE))
    assert reason in item.reason
    assert work.text == "Título : subtítulo"


def test_unimarc_is_refused_by_name(tmp_path):
    record = record_of(control("001", "1"), field("100", "  ", a="19990101d1999    m  y0pory"),
                       field("200", "1 ", a="Título"), field("700", " 1", a="Assis"))  # fmt: skip
    path = tmp_path / "uni"
    path.write_bytes(record.as_marc())
    assert "UNIMARC" in refusal(path)
    path.write_bytes(b"<collection>" + pymarc.record_to_xml(record) + b"</collection>")
    assert "UNIMARC" in refusal(path)


def test_our_own_export_is_taken_as_it_is(read):
    record = record_of(
        control("001", "5"), control("003", CODE), field("020", "  ", a="9788535910636"),
        field("024", "7 ", a="10.1/x", _2="doi"),
        field("100", "0 ", a="Silva; Filhos.", _0=f"({CODE})7"), field("245", "00", a="Fim : /"),
        field("264", " 1", b="Caminho,", _0=f"({CODE})3"), field("700", "0 ", a="Vários"),
        field("856", "4 ", _3="Capa", u="capa.jpg"),
    )  # fmt: skip
    whole, bare = read(record, record_of(control("001", "6"), control("003", CODE),
                                         field("245", "00", a="Só isto.")))  # fmt: skip
    assert (whole.text, whole.id, whole.catalogue, whole.key) == ("Fim : /", 5, CODE, None)
    assert whole.authors == (CleanName("Silva; Filhos.", id=7), CleanName("Vários"))
    assert whole.publisher == CleanName("Caminho,", id=3)
    assert (whole.photo, whole.blank) == ("capa.jpg", frozenset())
    assert whole.identifiers == (("isbn", "9788535910636"), ("doi", "10.1/x"))
    assert (bare.text, bare.id) == ("Só isto.", 6)
    assert bare.blank == {"autores", "editora", "foto", "identificadores"}


@pytest.mark.parametrize("envelope", [
    "{}", '<collection xmlns="http://www.loc.gov/MARC21/slim">{}</collection>',
    '<marc:collection xmlns:marc="http://www.loc.gov/MARC21/slim">{}</marc:collection>',
    "<OAI-PMH><ListRecords><record><header status='deleted'/></record><record><header/><metadata>"
    "{}</metadata></record></ListRecords></OAI-PMH>",
    "<zs:searchRetrieveResponse xmlns:zs='urn:z'><zs:records><zs:record><zs:recordData>{}"
    "</zs:recordData></zs:record></zs:records></zs:searchRetrieveResponse>",
])  # fmt: skip
def test_every_envelope_of_marcxml(tmp_path, envelope):
    inner = pymarc.record_to_xml(record_of(TITLE)).decode()
    if "marc:" in envelope:
        for name in ("record", "leader", "datafield", "subfield"):
            inner = inner.replace(f"<{name}", f"<marc:{name}").replace(
                f"</{name}", f"</marc:{name}"
            )
    path = tmp_path / "registros.xml"
    path.write_text(envelope.format(inner), encoding="utf-8")
    assert [(item.line, item.text) for item in cleaned(path)] == [(1, "Título : subtítulo")]


def damaged(old, new, count=1):
    return record_of(TITLE).as_marc().replace(old, new, count)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"99999" + record_of(TITLE).as_marc()[5:], id="length"),
        pytest.param(damaged(b"a2200037", b"a2299999"), id="base address"),
        pytest.param(b"\r\n" + record_of(TITLE).as_marc() + b"\r\n", id="line breaks"),
        pytest.param(damaged("í".encode(), b"\xed", 9), id="directory of characters, not bytes"),
    ],
)
def test_damage_that_the_record_survives(tmp_path, content):
    path = tmp_path / "registros"
    path.write_bytes(content + record_of(TITLE).as_marc())
    assert [item.text for item in cleaned(path)] == ["Título : subtítulo"] * 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (damaged(b"245", b"\x00\x00\x00"), "directory"),
        (b"00050nam a2200025 a 4500\x1e\x1d", "no directory"),
        (b"lixo\x1d", "shorter"),
        (b"00000nam a2200000 a 4500" + b"x" * 5_000_000 + b"\x1d", "no end of record"),
    ],
)
def test_reading_goes_on_behind_a_damaged_record(tmp_path, content, reason):
    path = tmp_path / "registros"
    good = record_of(TITLE).as_marc()
    path.write_bytes(good + content + good)
    first, fault, last = cleaned(path)
    assert (first.text, last.text, last.line) == ("Título : subtítulo", first.text, 3)
    assert isinstance(fault, Fault)
    assert reason in fault.reason


def test_a_file_that_ends_inside_a_record_says_so(tmp_path):
    path = tmp_path / "registros"
    good = record_of(TITLE).as_marc()
    path.write_bytes(good + good[:60])
    first, fault = cleaned(path)
    assert first.text == "Título : subtítulo"
    assert "ends inside a record" in fault.reason
    path.write_bytes(good + good.removesuffix(b"\x1d"))
    assert len(cleaned(path)) == 2


GOLDEN = {
    "biblivre_ptbr_latin1_a.mrc": (1, "A África de dona Biá", ["Fabio Gonçalves Ferreira"], "Cedic",
                                   "Windows-1252"),
    "pymarc__1251.dat": (4, None, ["Астрид Линдгрен"], None, "Windows-1251"),
    "pymarc__bad_subfield_code.dat": (0, "ActivePerl with ASP and ADO", ["Tobias Martinsson"],
                                      "John Wiley & Sons", "guessed"),
    "uva_marc8_a.mrc.gz": (4, "Escritos políticos", ["Simón Bolívar"], "El Áncora Editores", None),
    "openlibrary/warofrebellionco1473unit_meta.mrc": (
        0, "The War of the Rebellion : a compilation of the official records of the Union and "
        "Confederate armies", None, "Govt. Print. Off.", None),
    "openlibrary/onquietcomedyint00brid_meta.mrc": (
        0, "On the quiet : a comedy in two acts", ["Gladys Ruth Bridgham"], "W. H. Baker & co.",
        None),
    "openlibrary/880_arabic_french_many_linkages.mrc": (0, None, [
        "Abderrahmane El Moudden", "ʻAbd al-Raḥīm Bin-Ḥāddah", "Mohamed Lazhar Gharbi",
        "Jāmiʻat Muḥammad al-Khāmis. Kullīyat al-Ādāb wa-al-ʻUlūm al-Insānīyah"], None, None),
    "openlibrary/test-publish-sn-sl-nd.mrc": (0, None, ["Ovadia Yosef"], "", None),
}  # fmt: skip


@pytest.mark.parametrize("name", GOLDEN)
def test_real_records(shared_data, name):
    place, title, authors, publisher, warning = GOLDEN[name]
    work = cleaned(shared_data / "marc" / name)[place]
    assert title in (None, work.text)
    assert authors in (None, [author.name for author in work.authors])
    assert publisher in (None, work.publisher.name if work.publisher else "")
    assert (warning or "") in " ".join(work.warnings)
    assert bool(warning) == bool(work.warnings)


def opinions(shared_data):
    """Yield name, our record and what Open Library makes of it, for the records of its tests."""
    folder = shared_data / "marc" / "openlibrary"
    for path in sorted(folder.glob("expect_*/*.json")):
        suffix = ".mrc" if path.parent.name == "expect_bin" else "_marc.xml"
        yield path.stem, cleaned(folder / f"{path.stem}{suffix}")[0], json.loads(path.read_text())


# Open Library prefers the title in its own script (880), or takes another field for it.
OTHER_TITLES = {
    "710_org_name_in_direct_order", "880_arabic_french_many_linkages", "nybc200247",
    "talis_245p", "talis_740", "talis_empty_245",
}  # fmt: skip


def test_open_library_reads_the_same_titles(shared_data):
    for name, work, other in opinions(shared_data):
        title = " : ".join(filter(None, (other["title"], other.get("subtitle"))))
        if name not in OTHER_TITLES:
            assert work.text == title, name


def test_raw_records_can_be_kept_as_json(shared_data):
    for item in raw(shared_data / "marc" / "uva_marc8_a.mrc.gz")[:100]:
        kept = json.dumps(item.raw, ensure_ascii=False)
        assert json.loads(kept)["245"]
