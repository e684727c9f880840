"""Search against a slow, obviously right reference, the same on every engine.

The ways that a search may take are all tried: the bounds at which they are chosen are set so low
that a handful of records passes them.
"""

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from autores.models import Autor
from biblioteca.records import found, writing
from biblioteca.records.found import FoundListing
from editoras.models import Editora
from obras.models import Obra

SPECIAL = {"ø": "o", "ł": "l", "æ": "ae"}
PIECES = [
    "água",
    "Agua",
    "d'água",
    "da",
    "DE",
    "fé",
    "the",
    "about",
    "São-Tomé",
    "ab",
    "a",
    "Łódź",
    "straße",
    "STRASSE",
    "ærø",
    "Conceic\u0327a\u0303o",
    "📚",
    "👩\u200d👩\u200d👧",
    "+casm*",
    "-x",
    '"aspas"',
    "(a OR b)",
    "AND",
    "NOT",
    "NEAR/3",
    "@1",
    "~a",
    "<b",
    "%",
    "_",
    "\\",
    "'",
    "''",
    ";--",
    "* ",
    ":a",
    "a:b",
    "1ª",
    "nº",
    "½",
    "①",
    "x" * 199,
    "x" * 200,
    "x" * 201,
    "x" * 420,
    "tsquery&a",
    "a|b",
    "!a",
    "zero\u200bwidth",
    "N\u00ad",
    "汉字",
    "٣",
    "ﬁm",
]
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map(" ".join)
queries = st.one_of(
    texts,
    st.text(max_size=40),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=80).map(" ".join),
    st.sampled_from(PIECES).map(lambda piece: piece[: len(piece) // 2 + 1]),
    st.just("água " * 600),
    st.just("x" * 3000),
)


def reference_words(text):
    """Return the words of a text, one character at a time, by the rule as it is written."""
    folded = ""
    for character in unicodedata.normalize("NFKD", text):
        if unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf"):
            continue
        for plain in unicodedata.normalize("NFKD", character.casefold()):
            if not unicodedata.combining(plain):
                folded += SPECIAL.get(plain, plain)
    found_words, word = [], ""
    for character in folded + " ":
        if character.isalnum():
            word += character
        elif word:
            found_words.append(word)
            word = ""
    return found_words


def reference_search(records, query):
    """Return the ids of ``(id, texts)`` that have every word asked for as a prefix."""
    asked = reference_words(query)
    if not asked:
        return []
    return [
        key
        for key, values in records
        if all(
            any(word.startswith(one) for text in values for word in reference_words(text))
            for one in asked
        )
    ]


def test_the_reference_knows_the_contract():
    records = [(1, ["Olhos d'água"]), (2, ["Łódź", "Straße"])]
    assert reference_search(records, "agua") == [1]
    assert reference_search(records, "lodz strasse") == [2]
    assert reference_search(records, "gua") == []
    assert reference_search(records, "'") == []


class SearchProperties(TestCase):
    @settings(
        max_examples=150, deadline=None, derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )  # fmt: skip
    @given(
        st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=8),
        queries,
        st.booleans(),
        st.sampled_from([(("id",), False), (("id",), True), (("chave", "id"), True)]),
    )
    def test_the_same_as_the_reference(self, works, query, narrow, order):
        publisher = writing.create(Editora(), {"nome": "Casa da Fé", "foto": ""})
        records = []
        for title, author, _extra in works:
            name = " ".join(unicodedata.normalize("NFC", author).split())
            person = writing.create(Autor(), {"nome": name, "foto": ""})
            text = " ".join(unicodedata.normalize("NFC", title).split())
            values = {
                "titulo": text, "foto": "", "editora_id": publisher.pk, "autores": [person.pk],
            }  # fmt: skip
            work = writing.create(Obra(), values)
            records.append((work.pk, [text, name, publisher.nome]))
        with pytest.MonkeyPatch.context() as patch:
            if narrow:
                for name, value in (("FEW", 1), ("MANY", 3), ("PATIENCE", 2), ("CHUNK", 2)):
                    patch.setattr(found, name, value)
                patch.setattr(found, "WINDOWS", (1, 2))
                patch.setattr(found, "NAMED_WORDS", 1)
            listing = FoundListing(Obra.objects.all(), query, lambda rows: rows, 10_000)
            wanted = reference_search(records, query)
            columns, descending = order
            got = [record.pk for record in listing.after(columns, descending, None, 100)]
            assert listing.count() == len(wanted)
            assert sorted(got) == wanted
            keys = dict(Obra.objects.values_list("pk", "chave"))
            place = (lambda key: (keys[key], key)) if len(columns) > 1 else (lambda key: key)
            assert got == sorted(wanted, key=place, reverse=descending)
            inside = Obra.objects.filter(editora=publisher)
            narrowed = FoundListing(inside, query, lambda rows: rows, 10_000)
            assert [record.pk for record in narrowed.after(("id",), False, None, 100)] == wanted
            assert [record.pk for record in narrowed.between(("id",), False, 1, 3)] == wanted[1:3]
