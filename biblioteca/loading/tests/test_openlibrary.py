"""Open Library's dumps, line by line, and the order in which several are loaded."""

import json
from contextlib import ExitStack

from biblioteca.loading.reading import ReadingOptions, in_loading_order, open_reading
from biblioteca.loading.records import CleanName, Fault
from biblioteca.loading.tests.counting import cleaned


def line(kind, key, **value):
    return f"/type/{kind}\t{key}\t3\t2020-04-24T18:09:47.197943\t{json.dumps(value)}\n"


AUTHOR = line("author", "/authors/OL1A", name="Assis, Machado de", photos=[-1, 77])
EDITION = line(
    "edition", "/books/OL1M", title="Dom Casmurro", subtitle=": romance",
    publishers=["Garnier", "Outra"], isbn_13=["9788535910636"], isbn_10=["8535910638", "x"],
    covers=[None, -1, 5], authors=[{"key": "/authors/OL1A"}], works=[{"key": "/works/OL1W"}],
)  # fmt: skip
WORK = line(
    "work", "/works/OL1W", title="Dom Casmurro",
    authors=[{"author": {"key": "/authors/OL1A"}}, {"author": "/authors/OL2A"},
             {"author": {"key": "/authors/OL1A"}}],
)  # fmt: skip


def test_every_type_of_line(tmp_path):
    path = tmp_path / "dump"
    path.write_text(
        AUTHOR + EDITION + WORK
        + line("redirect", "/authors/OL9A", location="/authors/OL1A")
        + line("delete", "/books/OL9M") + line("language", "/languages/por", name="Português")
        + line("edition", "/books/OL2M", title="Um", by_statement="by Ana Lima and Rui Sá; ill. X")
        + "lixo\n" + "/type/work\t/works/OL3W\t1\tagora\t{\n" + line("edition", "/books/OL4M"),
        encoding="utf-8",
    )  # fmt: skip
    author, edition, work, *rest = cleaned(path)
    assert (author.resource, author.text, author.key) == (
        "autores", "Machado de Assis", ("openlibrary", "/authors/OL1A"),
    )  # fmt: skip
    assert author.photo == "https://covers.openlibrary.org/a/id/77-L.jpg"
    assert (edition.resource, edition.text) == ("obras", "Dom Casmurro : romance")
    assert edition.publisher == CleanName("Garnier")
    assert edition.identifiers == (("isbn", "9788535910636"),)
    assert len(edition.warnings) == 1
    assert edition.photo == "https://covers.openlibrary.org/b/id/5-L.jpg"
    assert edition.authors == (CleanName("", key=("openlibrary", "/authors/OL1A")),)
    assert edition.parent == work.key == ("openlibrary", "/works/OL1W")
    assert [name.key[1] for name in work.authors] == ["/authors/OL1A", "/authors/OL2A"]
    assert work.parent is None
    found = [(item.line, item.reason) for item in rest if isinstance(item, Fault)]
    assert [number for number, _reason in found] == [4, 5, 6, 8, 9, 10]
    assert [word in reason for word, (_number, reason) in zip(
        ("redirect", "deleted", "language", "no line", "JSON", "no title"), found, strict=True,
    )] == [True] * 6  # fmt: skip
    assert [name.name for name in rest[3].authors] == ["Ana Lima", "Rui Sá"]


def test_authors_come_before_editions_and_these_before_works(tmp_path):
    with ExitStack() as stack:
        readings = []
        for name, content in (
            ("c.csv", "titulo\nUm\n"),
            ("w", WORK),
            ("e", EDITION),
            ("a", AUTHOR),
        ):
            (tmp_path / name).write_text(content, encoding="utf-8")
            opened = open_reading(tmp_path / name, ReadingOptions())
            readings.append(stack.enter_context(opened))
        assert [reading.name for reading in in_loading_order(readings)] == ["c.csv", "a", "e", "w"]
