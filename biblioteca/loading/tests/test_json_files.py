"""JSON in the API's own shape, one object a line and whole documents."""

import json

import pytest

from biblioteca.loading.reading import ReadingOptions, open_reading
from biblioteca.loading.records import CleanName
from biblioteca.loading.tests.counting import cleaned, raw

WORK = {
    "id": 5, "titulo": "Dom Casmurro", "editora": {"id": 3, "nome": "Garnier"}, "foto": "",
    "autores": [7, "8", {"id": 9, "nome": "Eça", "foto": "e.jpg"}, "Machado de Assis"],
    "identificadores": [{"esquema": "isbn", "valor": "978-85-359-1063-6"}],
}  # fmt: skip
NULLS: dict = {"titulo": "Um", "editora": None, "autores": [], "foto": "", "isbn": 9780439785969}


def written(tmp_path, content):
    path = tmp_path / "arquivo"
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("content", "kind", "unit"),
    [
        (json.dumps(WORK) + "\n" + json.dumps(NULLS), "jsonl", "line"),
        (json.dumps([WORK, NULLS]), "json", "record"),
        (json.dumps([WORK, NULLS], indent=2), "json", "record"),
        (json.dumps({"count": 2, "next": None, "results": [WORK, NULLS]}), "json", "record"),
        (json.dumps(WORK, indent=2) + "\n" + json.dumps(NULLS, indent=2), "json", "record"),
        ("\ufeff" + json.dumps([WORK, NULLS]), "json", "record"),
    ],
)
def test_every_way_of_writing_several_objects(tmp_path, content, kind, unit):
    path = written(tmp_path, content)
    with open_reading(path, ReadingOptions()) as reading:
        assert (reading.format, reading.unit) == (kind, unit)
        work, nulls = reading.records()
    assert (work.line, nulls.line) == (1, 2)
    assert (work.text, work.id, work.blank) == ("Dom Casmurro", 5, {"foto"})
    assert nulls.blank == {"editora", "autores", "foto"}
    found, other = cleaned(path)
    assert found.authors == (
        CleanName("", id=7), CleanName("", id=8), CleanName("Eça", id=9, photo="e.jpg"),
        CleanName("Machado de Assis"),
    )  # fmt: skip
    assert found.publisher == CleanName("Garnier", id=3)
    assert found.identifiers == (("isbn", "9788535910636"),)
    assert other.identifiers == (("isbn", "9780439785969"),)


def test_an_object_across_many_pieces_of_the_file(tmp_path):
    works = [{"titulo": f"Obra {number}", "nota": '{[\\"' * 500} for number in range(2000)]
    items = raw(written(tmp_path, json.dumps(works)))
    assert [item.text for item in items] == [work["titulo"] for work in works]


def test_names_of_persons_are_put_in_natural_order(tmp_path):
    lines = [{"titulo": "Um", "autores": ["Assis, Machado de, 1839-1908", "Rui Sá"]},
             {"titulo": "Dois", "autores": "Lima, Ana; Sá, Rui", "catalogo": ""}]  # fmt: skip
    one, _two = cleaned(written(tmp_path, "\n".join(map(json.dumps, lines))))
    assert [author.name for author in one.authors] == ["Machado de Assis", "Rui Sá"]


def test_an_export_is_taken_as_it_is(tmp_path):
    line = WORK | {"catalogo": "biblioteca-ab12", "autores": [{"id": 1, "nome": "Assis, M."}]}
    (record,) = cleaned(written(tmp_path, json.dumps(line)))
    assert (record.catalogue, record.authors[0]) == (
        "biblioteca-ab12",
        CleanName("Assis, M.", id=1),
    )


def test_authors_by_themselves(tmp_path):
    path = written(tmp_path, '{"id": 7, "nome": "Assis, Machado de", "foto": "m.jpg"}')
    (record,) = cleaned(path, resource="autores", source="casa")
    assert (record.text, record.photo, record.key) == ("Machado de Assis", "m.jpg", ("casa", "7"))


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"nome": "Ana Lima"}, "say --recurso autores or --recurso editoras"),
        ({"nome": "Ana Lima", "catalogo": "biblioteca-efc8e87171a0f97f"}, "say --recurso autores"),
        ({"titulo": " "}, "there is no title"),
        ({"titulo": "", "catalogo": "biblioteca-efc8e87171a0f97f"}, "there is no title"),
        ({"titulo": "Um" * 5000}, "titulo: This field has 10000 characters"),
        ({"titulo": "Um", "autores": ["Ana" * 1000]}, "autores: This field has 3000 characters"),
        ({"titulo": "Um", "editora": "Casa" * 1000}, "editora: This field has 4000 characters"),
    ],
)
def test_reasons_name_the_field(tmp_path, record, reason):
    (fault,) = cleaned(written(tmp_path, json.dumps(record)))
    assert reason in fault.reason
