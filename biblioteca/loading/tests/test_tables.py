"""Tables as people make them, workbooks, and what this product exports."""

import openpyxl
import pytest

from biblioteca.loading.formats.rows import parts_of
from biblioteca.loading.reading import ReadingOptions, open_reading
from biblioteca.loading.records import CleanName, Fault, RawName
from biblioteca.loading.tests.counting import cleaned, raw, refusal

CODE = "biblioteca-0a1b2c"


@pytest.fixture
def table(tmp_path):
    """Write a text (or bytes) to a file and return its path."""

    def written(content, encoding="utf-8"):
        path = tmp_path / "tabela"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return written


def essence(record):
    return (
        record.text,
        [author.name for author in record.authors],
        record.publisher.name if record.publisher else None,
        record.photo,
        record.identifiers,
    )


ROW = (
    "Ação",
    ["Ana Lima", "Rui Sá"],
    "Caminho",
    "https://e.org/a.jpg",
    (("isbn", "9788535910636"),),
)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(
    "header",
    [
        ("Título", "Autor(es)", "Editora", "Capa", "ISBN-13"),
        ("title", "authors", "publisher", "cover", "isbn"),
        ("Book-Title", "Book-Author", "Publisher", "Image-URL-L", "ISBN"),
        ("TÍTULO", "Autores", "Editorial", "portada", "EAN"),
        ("BookTitle", "AuthorName", "PublisherName", "ImageURL", "isbn13"),
    ],
)
def test_separator_encoding_and_synonyms_are_found_out(table, separator, encoding, header):
    row = ("Ação", '"Lima, Ana; Sá, Rui"', "Caminho", "https://e.org/a.jpg", "978-85-359-1063-6")
    text = separator.join(header) + "\r\n" + separator.join(row) + "\r\n"
    (record,) = cleaned(table(text, encoding))
    assert essence(record) == ROW
    assert record.line == 2


def test_lines_of_old_macintoshes(table):
    (record,) = cleaned(table("titulo,autor\rUm,Ana Lima\r"))
    assert essence(record)[:2] == ("Um", ["Ana Lima"])


def test_a_column_for_editors_is_not_one_for_publishers_where_there_is_one(table):
    (record,) = cleaned(table("title,editor,publisher\nUm,Ana,Caminho\n"))
    assert record.publisher.name == "Caminho"


def test_columns_named_by_the_person_come_first(table):
    path = table("a;b;Título;autor\nUm;Ana;Dois;Rui\n")
    (record,) = cleaned(path, mapping={"a": "titulo", "2": "autores", "Titulo": "-"})
    assert essence(record)[:2] == ("Um", ["Ana"])
    assert record.raw == {"a": "Um", "b": "Ana", "Título": "Dois", "autor": "Rui"}
    assert "nada" in refusal(path, mapping={"nada": "titulo"})
    assert "campo" in refusal(path, mapping={"a": "campo"})


def test_a_file_without_a_header_needs_numbers(table):
    path = table("Dom Casmurro;Machado de Assis;1899\nHelena;Machado de Assis;1876\n")
    assert "NUMBER=titulo" in refusal(path)
    found = cleaned(path, mapping={"1": "titulo", "2": "autores"})
    assert [(record.line, record.text) for record in found] == [(1, "Dom Casmurro"), (2, "Helena")]


def test_names_alone_are_of_the_resource_that_is_said(table):
    path = table(
        "nome;foto;codigo\nAssis, Machado de;https://e.org/m.jpg;7\nEça de Queirós;;8\nN/D;;9\n"
    )
    assert "--recurso" in refusal(path)
    found = cleaned(path, resource="autores", source="casa")
    assert [(item.text, item.key) for item in found[:2]] == [
        ("Machado de Assis", ("casa", "7")), ("Eça de Queirós", ("casa", "8")),
    ]  # fmt: skip
    assert isinstance(found[2], Fault)
    assert [item.resource for item in found[:2]] == ["autores"] * 2
    publishers = cleaned(table("editora\nASA ;\n[s.n.]\n"), resource="editoras")
    assert publishers[0].text == "ASA"
    assert isinstance(publishers[1], Fault)


def test_a_key_of_the_source_is_one_only_where_the_source_is_named(table):
    path = table("id,titulo\n12,Um\n")
    assert raw(path)[0].key is None
    assert (raw(path, source="casa")[0].key, raw(path)[0].id) == (("casa", "12"), 12)


@pytest.mark.parametrize(
    ("cell", "identifiers", "warned"),
    [
        ("978-85-359-1063-6", ["9788535910636"], 0),
        ("8535910638", ["9788535910636"], 0),
        ("9788535910636.0", ["9788535910636"], 0),
        ('="9788535910636"', ["9788535910636"], 0),
        ("ISBN: 978 85 359 1063 6 (broch.)", ["9788535910636"], 0),
        ("9788535910636; 9788535910636 / 8535910638", ["9788535910636"], 0),
        ("9788535910636, 9780439785969", ["9788535910636", "9780439785969"], 0),
        ("439023483", ["9780439023481"], 0),
        ("9,78854E+12", [], 1),
        ("9.78043902348e+12", [], 1),
        ("9788535910637", [], 1),
        ("5603486239268", [], 1),
        ("", [], 0),
    ],
)
def test_isbns_are_checked_and_normalised(table, cell, identifiers, warned):
    text = 'titulo;isbn\nUm;"' + cell.replace('"', '""') + '"\n'
    (record,) = cleaned(table(text))
    assert [value for _scheme, value in record.identifiers] == identifiers
    assert len(record.warnings) == warned


def test_stand_ins_are_nothing(table):
    (record,) = cleaned(
        table("titulo,autor,editora,foto\nUm,Vários,N/R,https://e.org/nophoto.png\n")
    )
    assert essence(record)[1:4] == ([], None, "")
    (other,) = cleaned(table("titulo,foto\nUm,javascript:alert(1)\n"))
    assert other.photo == ""
    assert len(other.warnings) == 1


def exported(lines):
    header = "id,titulo,autores,autores_id,editora,editora_id,foto,identificadores,catalogo"
    return "\n".join([header, *lines]) + "\n"


def test_our_own_export_is_taken_as_it_is(table):
    path = table(exported([
        f"5,'=Soma e,Silva; & Filhos \\| Cia | O\\\\Neil | Vários,3 | 4 | 5,Caminho;,9,capa.jpg,"
        f"isbn:9788535910636 | doi:a\\|b,{CODE}",
        f"6,''aspas,,,,,,,{CODE}",
        f'7,"Assis, Machado de","Assis, Machado de",8,N/R,2,,,{CODE}',
    ]))  # fmt: skip
    whole, bare, names = raw(path)
    assert (whole.text, whole.id, whole.catalogue, whole.blank) == ("=Soma e", 5, CODE, frozenset())
    assert whole.authors == (
        RawName("Silva; & Filhos | Cia", inverted=False, id=3),
        RawName("O\\Neil", inverted=False, id=4), RawName("Vários", inverted=False, id=5),
    )  # fmt: skip
    assert whole.publisher == RawName("Caminho;", inverted=False, id=9)
    assert whole.identifiers == (("isbn", "9788535910636"), ("doi", "a|b"))
    assert bare.text == "'aspas"
    assert bare.blank == {"autores", "editora", "foto", "identificadores"}
    clean_whole, _bare, clean_names = cleaned(path)
    assert [author.name for author in clean_whole.authors] == [
        "Silva; & Filhos | Cia", "O\\Neil", "Vários",
    ]  # fmt: skip
    assert clean_whole.publisher == CleanName("Caminho;", id=9)
    assert (clean_names.text, clean_names.authors[0].name) == ("Assis, Machado de",) * 2
    assert clean_names.publisher.name == "N/R"
    assert names.line == 4


def test_exported_authors_and_publishers(table):
    path = table(f'id,nome,foto,catalogo\n3,\'@ana,,{CODE}\n4,"Assis, M.",x.jpg,{CODE}\n')
    found = cleaned(path, resource="autores")
    assert [(item.id, item.text, item.blank) for item in found] == [
        (3, "@ana", {"foto"}), (4, "Assis, M.", frozenset()),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("", []),
        ("a", ["a"]),
        ("a | b", ["a", "b"]),
        ("a\\|b", ["a|b"]),
        ("a\\\\ | b", ["a\\", "b"]),
    ],
)
def test_exported_cells_come_apart_where_they_were_joined(cell, parts):
    assert parts_of(cell) == parts


def test_a_workbook_is_read_like_a_table(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Notas"
    book.active.append(["Leia-me"])
    sheet = book.create_sheet("Livros")
    sheet.append(["Título", "Autores", "ISBN", "Ano"])
    sheet.append(["Ação", "Lima, Ana; Sá, Rui", 9788535910636.0, 1999])
    sheet.append([])
    sheet.append(["=1+1", None, 9780439785969])
    sheet["A4"].data_type = "s"
    sheet.append(["Um", None, None, None, "sobra"])
    path = tmp_path / "livros.bin"
    book.save(path)
    with open_reading(path, ReadingOptions()) as reading:
        assert (reading.format, reading.unit, reading.size) == ("xlsx", "line", path.stat().st_size)
        items = list(reading.records())
        assert len(reading.sha256) == 64
    assert [(item.line, getattr(item, "text", None)) for item in items] == [
        (2, "Ação"), (4, "=1+1"), (5, None),
    ]  # fmt: skip
    assert items[0].raw["Ano"] == "1999"
    found = cleaned(path)
    assert [record.identifiers for record in found[:2]] == [
        (("isbn", "9788535910636"),), (("isbn", "9780439785969"),),
    ]  # fmt: skip


def test_standard_input_is_read_as_it_comes(monkeypatch, tmp_path):
    path = tmp_path / "entrada"
    path.write_text("titulo\n" + "".join(f"Obra {n}\n" for n in range(3)))
    with path.open("rb") as file:
        monkeypatch.setattr("sys.stdin", type("Pipe", (), {"buffer": file}))
        with open_reading("-", ReadingOptions()) as reading:
            assert reading.size is None
            assert [item.text for item in reading.records()] == ["Obra 0", "Obra 1", "Obra 2"]
            assert reading.position() == path.stat().st_size
            assert len(reading.sha256) == 64
