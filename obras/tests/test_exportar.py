"""``exportar``: each format is read back by another library and says what the catalogue says."""

import csv
import io
import json
import re
import zipfile

import openpyxl
import pymarc
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from autores.models import Autor
from autores.tests.factories import AutorFactory
from biblioteca.api.tests.contract import Api
from biblioteca.loading.models import Catalogue
from biblioteca.loading.writers.base import UnwritableRecordError
from biblioteca.loading.writers.marc import MarcWriter
from biblioteca.photos.fields import clean_photo
from biblioteca.records import writing
from biblioteca.records.models import Alias, Merge, Redirect
from editoras.models import Editora
from editoras.tests.factories import EditoraFactory
from obras.exporting import EXPORT
from obras.models import Obra
from obras.tests.factories import ObraFactory

pytestmark = pytest.mark.django_db

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
    "WjR9awAAAABJRU5ErkJggg=="
)
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FORMULAS = ["=HYPERLINK(1)", "+55", "-1+2", "@SUM(A1)", "'quoted'", "#N/A", "_x0041_", "a\u200db"]


@pytest.fixture
def api(client):
    return Api(client)


@pytest.fixture
def catalogue(api):
    """Works with everything that is hard to write, as the export's objects say them."""
    code = Catalogue.code()
    homonyms = [
        AutorFactory(nome="João | Silva \\ Filho"),
        AutorFactory(nome="João | Silva \\ Filho"),
    ]
    publisher = EditoraFactory(nome="=Garnier & <Filhos>", foto="http://x.org/a?b=1&c=é")
    titles = [
        FAMILY * 400,
        "\U0001d11e" * 2000,
        'Aspas "duplas", vírgulas; e <b>',
        "Água",
        *FORMULAS,
    ]
    works = []
    for number, title in enumerate(titles):
        work = ObraFactory(
            titulo=title,
            editora=publisher if number % 2 else None,
            autores=[homonyms, homonyms[::-1], []][number % 3],
            foto="capa-ção.jpg" if number == 0 else "",
        )
        works.append(work)
    api("PUT", f"/obras/{works[0].pk}/identificadores/", [
        {"esquema": "isbn", "valor": "9788535910636"},
        {"esquema": "issn", "valor": "0317-8471"},
        {"esquema": "olid", "valor": "OL|1\\M"},
    ])  # fmt: skip
    api("PATCH", f"/obras/{works[1].pk}", {"foto": PIXEL})
    expected = []
    for work in works:
        body = api("GET", f"/obras/{work.pk}?expand=editora,autores").json()
        body["identificadores"] = api("GET", f"/obras/{work.pk}/identificadores/").json()
        expected.append(body | {"catalogo": code})
    assert expected[1]["foto"].startswith("/media/fotos/")
    return expected


def split(cell):
    """The texts of a cell, by the rules of the format and nothing of ours."""
    if not cell:
        return []
    parts = re.split(r"(?<!\\)((?:\\\\)*) \| ", cell)
    texts = [text + kept for text, kept in zip(parts[::2], [*parts[1::2], ""], strict=True)]
    return [re.sub(r"\\(.)", r"\1", text) for text in texts]


def plain(cell):
    return cell[1:] if cell.startswith("'") else cell


def expected_cells(body):
    publisher = body["editora"] or {"nome": "", "id": ""}
    return {
        "id": str(body["id"]),
        "titulo": body["titulo"],
        "autores": [author["nome"] for author in body["autores"]],
        "autores_id": [str(author["id"]) for author in body["autores"]],
        "editora": publisher["nome"],
        "editora_id": str(publisher["id"]),
        "foto": body["foto"],
        "identificadores": [
            f"{pair['esquema']}:{pair['valor']}" for pair in body["identificadores"]
        ],
        "catalogo": body["catalogo"],
    }


def check_table(rows, catalogue):
    header, *lines = rows
    assert header == list(expected_cells(catalogue[0]))
    assert len(lines) == len(catalogue)
    for line, body in zip(lines, catalogue, strict=True):
        assert not any(cell[:1] in tuple("=+-@\t\r") for cell in line if cell)
        cells = {name: plain(cell) for name, cell in zip(header, line, strict=True)}
        for name in ("autores", "autores_id", "identificadores"):
            cells[name] = split(cells[name])
        assert cells == expected_cells(body)


def test_csv(catalogue, export):
    content = export("obras.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfid,titulo,")
    assert content.count(b"\r\n") == content.count(b"\n") == len(catalogue) + 1
    check_table(list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))), catalogue)


def test_xlsx(catalogue, export):
    path = export("obras.xlsx")
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert set(re.findall(r'<c [^>]*\bt="(\w+)"', sheet)) == {"inlineStr"}
    book = openpyxl.load_workbook(path, read_only=True)
    assert book.sheetnames == ["obras"]
    rows = [[cell or "" for cell in row] for row in book.active.iter_rows(values_only=True)]
    check_table(rows, catalogue)


def test_json_lines(catalogue, export):
    text = export("obras.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines == catalogue
    assert list(lines[0]) == [
        "id", "titulo", "editora", "foto", "autores", "identificadores", "catalogo",
    ]  # fmt: skip


def subfields(record, tag):
    return [
        [
            (field.indicator1 + field.indicator2),
            *((part.code, part.value) for part in field.subfields),
        ]
        for field in record.get_fields(tag)
    ]


NUMBERS = {
    "isbn": ("020", "  ", ()),
    "issn": ("022", "  ", ()),
    "olid": ("024", "7 ", (("2", "olid"),)),
}


def check_records(records, catalogue):
    assert len(records) == len(catalogue)
    for record, body in zip(records, catalogue, strict=True):
        code = body["catalogo"]
        assert str(record.leader)[5:12] == "nam a22"
        assert str(record.leader)[20:] == "4500"
        assert len(record["008"].data) == 40
        assert [field.tag for field in record] == sorted(field.tag for field in record)
        assert (record["001"].data, record["003"].data) == (str(body["id"]), code)
        first = "1" if body["autores"] else "0"
        assert subfields(record, "245") == [[f"{first}0", ("a", body["titulo"])]]
        persons = [
            ["0 ", ("a", author["nome"]), ("4", "aut"), ("0", f"({code}){author['id']}")]
            for author in body["autores"]
        ]
        assert subfields(record, "100") == persons[:1]
        assert subfields(record, "700") == persons[1:]
        house = body["editora"]
        assert subfields(record, "264") == (
            [[" 1", ("b", house["nome"]), ("0", f"({code}){house['id']}")]] if house else []
        )
        held = {pair["esquema"]: pair["valor"] for pair in body["identificadores"]}
        for scheme, (tag, indicators, rest) in NUMBERS.items():
            assert subfields(record, tag) == (
                [[indicators, ("a", held[scheme]), *rest]] if scheme in held else []
            )
        photo = body["foto"]
        assert subfields(record, "856") == [["4 ", ("3", "Capa"), ("u", photo)]] * bool(photo)


def test_marcxml(catalogue, export):
    check_records(pymarc.parse_xml_to_array(str(export("obras.xml"))), catalogue)


def test_marc(catalogue, export):
    with export("obras.mrc").open("rb") as file:
        check_records(list(pymarc.MARCReader(file)), catalogue)


def test_authors_and_publishers(catalogue, export):
    code = Catalogue.code()
    for resource, model in (("autores", Autor), ("editoras", Editora)):
        text = export(f"{resource}.jsonl", "--recurso", resource).read_text(encoding="utf-8")
        wanted = [
            {"id": row.pk, "nome": row.nome, "foto": row.foto, "catalogo": code}
            for row in model.objects.order_by("pk")
        ]
        assert [json.loads(line) for line in text.splitlines()] == wanted
        table = export(f"{resource}.csv", "--recurso", resource).read_text(encoding="utf-8-sig")
        rows = [[plain(cell) for cell in row] for row in csv.reader(io.StringIO(table))]
        assert rows == [
            ["id", "nome", "foto", "catalogo"],
            *([str(row["id"]), row["nome"], row["foto"], code] for row in wanted),
        ]


@pytest.mark.parametrize("address", ["", "https://catalogo.example.org"])
def test_the_picture_given_back_is_the_same(address, catalogue, export):
    with override_settings(PUBLIC_URL=address):
        line = export("o.jsonl", "--id", str(catalogue[1]["id"])).read_text(encoding="utf-8")
        photo = json.loads(line)["foto"]
        assert photo.startswith(f"{address}/media/fotos/")
        assert clean_photo(photo) == Obra.objects.get(pk=catalogue[1]["id"]).foto


def test_the_format_given_goes_before_the_name(catalogue, export):
    assert export("obras.csv", "--formato", "jsonl").read_bytes().startswith(b'{"id": ')


def test_standard_output(catalogue, capfdbinary):
    call_command("exportar", "-", "--formato", "jsonl")
    out, said = capfdbinary.readouterr()
    assert [json.loads(line) for line in out.splitlines()] == catalogue
    assert len(said.splitlines()) == 1
    assert str(len(catalogue)).encode() in said


def test_what_marc_cannot_hold_is_named_and_left_out(catalogue, tmp_path, capsys):
    many = [AutorFactory(nome=f"{'n' * 900} {number}") for number in range(110)]
    wide = ObraFactory(titulo="Enciclopédia", autores=many)
    path = tmp_path / "obras.mrc"
    with pytest.raises(CommandError) as ending:
        call_command("exportar", str(path))
    assert ending.value.returncode == 1
    said = capsys.readouterr().err
    assert f"obras {wide.pk} (Enciclopédia)" in said
    assert len(said.splitlines()) == 2
    with path.open("rb") as file:
        check_records(list(pymarc.MARCReader(file)), catalogue)
    with pytest.raises(CommandError) as ending:
        call_command("exportar", str(tmp_path / "o.xlsx"))
    assert ending.value.returncode == 1
    assert f"obras {wide.pk}" in capsys.readouterr().err
    call_command("exportar", str(tmp_path / "o.xml"))
    whole = pymarc.parse_xml_to_array(str(tmp_path / "o.xml"))
    assert len(whole[-1].get_fields("700")) == 109


def test_a_field_too_long_for_marc():
    row = {
        "id": 1, "titulo": "\U0001d11e" * 2499, "editora": None, "foto": "", "autores": [],
        "identificadores": [], "catalogo": "biblioteca-x",
    }  # fmt: skip
    file = io.BytesIO()
    writer = MarcWriter(file, EXPORT)
    with pytest.raises(UnwritableRecordError, match="245"):
        writer.write(row)
    assert file.getvalue() == b""
    writer.write(row | {"titulo": row["titulo"][:-1]})
    assert next(pymarc.MARCReader(file.getvalue())).title == row["titulo"][:-1]


def test_characters_that_a_format_cannot_hold(export, tmp_path, capsys):
    # No door lets them in; a row from elsewhere is named, not cut.
    work = ObraFactory()
    Obra.objects.filter(pk=work.pk).update(titulo="a\x1f\x01")
    for name in ("o.mrc", "o.xml", "o.xlsx"):
        with pytest.raises(CommandError) as ending:
            export(name)
        assert ending.value.returncode == 1
        assert f"obras {work.pk}" in capsys.readouterr().err
    assert json.loads(export("o.jsonl").read_text())["titulo"] == "a\x1f\x01"


def test_merged_away_records_are_not_exported(export):
    kept, gone = AutorFactory(nome="Machado de Assis"), AutorFactory(nome="Assis, Machado de")
    gone_id = gone.pk
    writing.delete(gone)
    merge = Merge.objects.create(recurso="autores", destino_id=kept.pk, porta="admin")
    Redirect.objects.create(recurso="autores", de_id=gone_id, para_id=kept.pk, fusao=merge)
    Alias.objects.create(
        recurso="autores", registro_id=kept.pk, nome="Assis, Machado de", chave="assis", fusao=merge
    )
    text = export("a.jsonl", "--recurso", "autores").read_text(encoding="utf-8")
    assert [json.loads(line)["id"] for line in text.splitlines()] == [kept.pk]
    assert "Assis, Machado" not in text


def test_an_empty_catalogue(export):
    assert export("o.csv").read_bytes().count(b"\r\n") == 1
    assert export("o.jsonl").read_bytes() == b""
    assert export("o.mrc").read_bytes() == b""
    assert pymarc.parse_xml_to_array(str(export("o.xml"))) == []
    assert openpyxl.load_workbook(export("o.xlsx")).active.max_row == 1


def test_three_queries_a_batch(export, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr("obras.management.commands.exportar.BATCH", 5)
    for _ in range(12):
        ObraFactory()
    Catalogue.code()  # an emptied database has none before it is asked
    with django_assert_num_queries(1 + 3 * 3):  # the catalogue's code, and three batches
        path = export("o.csv")
    assert path.read_bytes().count(b"\r\n") == 13


def test_an_error_leaves_the_old_file(catalogue, tmp_path, monkeypatch):
    directory = tmp_path / "exports"
    directory.mkdir()
    path = directory / "o.csv"
    path.write_text("old")
    path.chmod(0o640)
    with monkeypatch.context() as broken:
        broken.setattr(Catalogue, "code", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            call_command("exportar", str(path))
    assert [file.name for file in directory.iterdir()] == ["o.csv"]
    assert path.read_text() == "old"
    Catalogue.objects.update(codigo="biblioteca-x")
    call_command("exportar", str(path))
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.read_bytes().count(b"biblioteca-x\r\n") == len(catalogue)


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "directory.csv").mkdir()
    for path in (tmp_path / "directory.csv", tmp_path / "none" / "o.csv"):
        with pytest.raises(CommandError) as refusal:
            call_command("exportar", str(path))
        assert refusal.value.returncode == 2


def test_a_link_stays_a_link(catalogue, tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "o.jsonl"
    link.symlink_to(tmp_path / "real" / "o.jsonl")
    call_command("exportar", str(link))
    assert link.is_symlink()
    assert len((tmp_path / "real" / "o.jsonl").read_text().splitlines()) == len(catalogue)
