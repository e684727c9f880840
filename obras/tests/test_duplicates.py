"""Likely duplicates, on names taken from the real files and labelled by hand."""

import csv
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.cache import cache

from autores.models import Autor
from autores.tests.factories import AutorFactory
from biblioteca.records import duplicates
from biblioteca.records.duplicates import duplicates_of, likely_duplicates, name_of, rank
from biblioteca.records.likeness import LIKELY, compare
from editoras.models import Editora
from obras.duplicates import similar_works
from obras.tests.factories import ObraFactory

PAIRS = Path(project.BASE_DIR) / "biblioteca" / "records" / "tests" / "data" / "name_pairs.csv"
MODELS = {"autores": Autor, "editoras": Editora}


def labelled():
    with PAIRS.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def rates(verdicts):
    """Return recall and precision of pairs of truth and verdict."""
    right = sum(truth and found for truth, found in verdicts)
    return (
        right / sum(truth for truth, _found in verdicts),
        right / sum(found for _truth, found in verdicts),
    )


def test_recall_and_precision_on_labelled_pairs():
    rows = labelled()
    assert len(rows) >= 200
    verdicts = []
    for row in rows:
        model = MODELS[row["recurso"]]
        likeness = compare(name_of(model, row["um"]), name_of(model, row["outro"]))
        verdicts.append((row["mesmo"] == "sim", likeness.score >= LIKELY))
    recall, precision = rates(verdicts)
    assert recall >= 0.97
    assert precision >= 0.84


@pytest.mark.parametrize(
    ("one", "other", "likely"),
    [
        ("J. K. Rowling", "Joanne Rowling", True),
        ("JK Rowling", "J. K. Rowling", True),
        ("ROWLING, J. K.", "Joanne Kathleen Rowling", True),
        ("José Saramago", "Jose Saramgo", True),
        ("Sophia de Mello Breyner", "Sophia Mello Breyner", True),
        ("Machado de Assis", "Assis, Machado de", True),
        ("Mário Cláudio", "Maria Cláudio", False),
        ("João Cabral Filho", "João Cabral Neto", False),
        ("Maria Silva", "Maria Helena Silva", False),
    ],
)
def test_rules(one, other, likely):
    found = compare(name_of(Autor, one), name_of(Autor, other))
    assert (found.score >= LIKELY) == likely, found


@pytest.mark.django_db
def test_the_ranking_meets_the_pairs_and_keeps_them():
    cache.clear()
    rows = [row for row in labelled() if row["recurso"] == "autores"]
    names = {name for row in rows for name in (row["um"], row["outro"])}
    ids = {name: AutorFactory(nome=name).pk for name in sorted(names)}
    ranking = rank(Autor)
    assert ranking.complete
    found = {(pair.one, pair.other) for pair in ranking.pairs}
    verdicts = [
        (row["mesmo"] == "sim", tuple(sorted((ids[row["um"]], ids[row["outro"]]))) in found)
        for row in rows
    ]
    recall, precision = rates(verdicts)
    assert recall >= 0.95
    assert precision >= 0.8
    scores = [pair.score for pair in ranking.pairs]
    assert scores == sorted(scores, reverse=True)
    first = likely_duplicates(Autor, limit=10)
    AutorFactory(nome="Arthur Conan Doyle")
    assert likely_duplicates(Autor, limit=10) == first
    assert likely_duplicates(Autor, limit=5, after=5).pairs == first.pairs[5:]
    assert likely_duplicates(Autor, anew=True).moment > first.moment


@pytest.mark.django_db
def test_a_ranking_that_takes_too_long_says_so():
    for _ in range(2):
        AutorFactory(nome="Ana Luísa Amaral")
        AutorFactory(nome="Luísa Ana Amaral")
    assert not rank(Autor, budget=0).complete


@pytest.mark.django_db
def test_the_duplicates_of_one_record(django_assert_max_num_queries):
    record = AutorFactory(nome="Joanne K. Rowling")
    other = AutorFactory(nome="Rowling, J. K.")
    slip = AutorFactory(nome="Joanne K. Rowlling")
    AutorFactory(nome="Joanne Harris")
    with django_assert_max_num_queries(12):
        found = duplicates_of(record)
    assert [(item.key, str(item.likeness.reason)) for item in found] == [
        (other.pk, "initials"),
        (slip.pk, "slip"),
    ]
    assert duplicates.similar_names(Autor, "...") == []


@pytest.mark.django_db
def test_similar_works(django_assert_max_num_queries):
    work = ObraFactory(titulo="Memorial do Convento")
    ObraFactory(titulo="Memórias póstumas de Brás Cubas")
    for typed in ("memorial do conv", "Memorial do Convneto", "Convento, Memorial do"):
        with django_assert_max_num_queries(15):
            found = similar_works(typed)
        assert [item.pk for item in found] == [work.pk], typed
    assert similar_works("memorial do convento", exclude=work.pk) == []
    assert similar_works("me") == []
    assert similar_works("!!!") == []
