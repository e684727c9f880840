"""``manage.py importar`` over small files written here and a real one."""

import csv
import gzip

import pytest
from django.core.management import CommandError, call_command

from autores.models import Autor
from biblioteca.api.tests.contract import Api
from biblioteca.records.models import HistoryEntry, Identificador
from biblioteca.records.text import fold
from editoras.models import Editora
from obras.models import Obra

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Load a text and return the exit status, what was said and the file of rejected lines."""
    monkeypatch.chdir(tmp_path)

    def run_on(content, name="livros.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        status = 0
        try:
            call_command("importar", str(path))
        except SystemExit as stop:
            status = stop.code
        rejects = tmp_path / f"{name}.rejeitados.csv"
        lines = []
        if rejects.exists():
            with rejects.open(encoding="utf-8", newline="") as file:
                lines = list(csv.DictReader(file))
        return status, capsys.readouterr().out, lines

    return run_on


def names(work):
    found = dict(work.autores.values_list("pk", "nome"))
    return [found[key] for key in work.author_ids]


def test_semicolons_synonyms_and_several_authors(run):
    status, said, rejected = run(
        "ISBN;Título;Autor;Editora;Image-URL\n"
        '978-972-0-04671-0;"Memorial; do convento";"Saramago, José ; Sousa, Ana, pref.";Caminho;'
        "https://example.org/a.jpg\n"
        ";Sem editora;;N/R;https://example.org/nophoto.png\n"
    )
    assert (status, rejected) == (0, [])
    assert "2 registros lidos" in said
    memorial = Obra.objects.get(titulo="Memorial; do convento")
    assert names(memorial) == ["José Saramago"]
    assert (memorial.editora.nome, memorial.foto) == ("Caminho", "https://example.org/a.jpg")
    assert memorial.identifiers == [["isbn", "9789720046710"]]
    other = Obra.objects.get(titulo="Sem editora")
    assert (other.editora, other.foto, other.author_ids) == (None, "", [])
    entry = HistoryEntry.of(memorial).get()
    assert (entry.porta, entry.origem, entry.acao) == ("carga", "livros.csv", "criado")
    assert entry.depois["identificadores"] == [["isbn", "9789720046710"]]


def test_the_same_file_again_creates_nothing(run, client):
    text = (
        "title,authors,publisher,isbn\n"
        "Dom Casmurro,Machado de Assis,Garnier,9788535910636\n"
        "DOM CASMURRO,machado de assis,GARNIER,\n"
        "Helena,Machado de Assis,,\n"
    )
    run(text)
    counts = [model.objects.count() for model in (Obra, Autor, Editora, HistoryEntry)]
    assert counts == [2, 1, 1, 4]
    status, said, _rejected = run(text)
    assert status == 0
    assert "0 criados" in said
    assert [model.objects.count() for model in (Obra, Autor, Editora, HistoryEntry)] == counts
    assert Api(client)("GET", "/obras/?search=9788535910636").json()["count"] == 1


def test_rejected_and_conflicting_lines_are_kept_with_their_reasons(run):
    status, said, rejected = run(
        "titulo,autor,isbn\n"
        "Um,Alguém,9788535910636\n"
        "\n"
        ",Sem título,\n"
        "Outro,Alguém,978-85-359-1063-6\n"
        "Curto,Demais\n"
        f"{'x' * 2001},Longo,\n"
        '"Duas\nlinhas",Alguém,\n'
        "Com\x01controle,Alguém,\n"
    )
    assert status == 1
    assert [(line["linha"], line["veredito"]) for line in rejected] == [
        ("4", "rejeitado"), ("5", "conflito"), ("6", "rejeitado"), ("7", "rejeitado"),
        ("10", "rejeitado"),
    ]  # fmt: skip
    assert "2" in rejected[1]["motivo"]
    assert rejected[2]["autor"] == "Demais"
    assert all(line["motivo"] for line in rejected)
    assert sorted(Obra.objects.values_list("titulo", flat=True)) == ["Duas linhas", "Um"]
    assert "4 rejeitados" in said


def test_encodings_and_compression(run):
    text = "título,autor\nCoração,João\n"
    run(text.encode("cp1252"), "latin.csv")
    run(gzip.compress("titulo\tautor\nAção\tLia\n".encode("utf-8-sig")), "marca.csv.gz")
    assert sorted(Obra.objects.values_list("titulo", flat=True)) == ["Ação", "Coração"]


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"", "vazio"), (b"a,b\n1,2\n", "Book-Title"), (b"\x1f\x8bjunk", "danificado")],
)
def test_what_is_no_file_of_works_writes_nothing(run, content, word):
    with pytest.raises(CommandError) as caught:
        run(content)
    assert word in str(caught.value)
    assert caught.value.returncode == 2
    assert not HistoryEntry.objects.exists()


def test_a_missing_file_is_named(run):
    with pytest.raises(CommandError) as caught:
        call_command("importar", "nada.csv")
    assert "nada.csv" in str(caught.value)


def test_a_file_cut_short_keeps_what_was_whole(run):
    content = gzip.compress(b"titulo\n" + b"".join(b"Obra %d!\n" % n for n in range(5000)))
    status, said, rejected = run(content[: len(content) // 2], "cortado.csv.gz")
    assert status == 1
    titles = set(Obra.objects.values_list("titulo", flat=True))
    assert 500 < len(titles) < 4999
    assert titles == {f"Obra {number}!" for number in range(len(titles))}
    assert "1 rejeitado" in said
    assert int(rejected[-1]["linha"]) == len(titles) + 2


def test_the_reading_plan_loads_and_is_found(run, shared_data, client):
    content = (shared_data / "tabular" / "pnl_pt_livros_pre_2017.csv.gz").read_bytes()
    status, said, _rejected = run(content, "pnl.csv.gz")
    assert status == 0
    assert "6117 registros lidos" in said
    with gzip.open(shared_data / "tabular" / "pnl_pt_livros_pre_2017.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    wanted = {
        (row["Título"].strip(), row["Editora"].strip())
        for row in rows
        if row["Autor"].startswith("Saramago, José") and row["ISBN"]
    }
    page = Api(client)("GET", "/obras/?search=saramago&expand=autores,editora&page_size=200").json()
    found = {(work["titulo"], work["editora"]["nome"]) for work in page["results"]}
    assert wanted <= found | {("A maior flor do mundo", "")}
    for work in page["results"]:
        authors = [author["nome"] for author in work["autores"]]
        assert "saramago" in fold(" ".join([work["titulo"], *authors]))
    mixed = [work for work in page["results"] if work["titulo"] == "Ensaio sobre a cegueira"]
    assert ["José Saramago", "Zeferino Coelho"] in [
        [author["nome"] for author in work["autores"]] for work in mixed
    ]
    before = (Obra.objects.count(), Autor.objects.count(), Identificador.objects.count())
    run(content, "pnl.csv.gz")
    assert (Obra.objects.count(), Autor.objects.count(), Identificador.objects.count()) == before
    numbers = [row["ISBN"].replace("-", "").strip() for row in rows]
    assert any(Api(client)("GET", f"/obras/?search={numbers[5]}").json()["results"])
