"""A catalogue of any size for benchmarks: always the same for the same size and seed.

Rows go straight into the tables, keys and search words with them, and without history: this is no
door by which a catalogue is written.
"""

import random
from collections.abc import Callable
from typing import Any

from django.db import transaction
from stdnum import ean

from autores.models import Autor, AutorPalavra
from biblioteca.cache.announcements import touch
from biblioteca.records.models import Identificador
from biblioteca.records.statements import batches, insert
from biblioteca.records.text import sort_key, words_of
from biblioteca.records.version import new_version
from editoras.models import Editora, EditoraPalavra
from obras.models import Autoria, Obra, ObraPalavra
from obras.vocabulary import EVERY_ROW, FREQUENT, LATE, RARE, SMALL_PUBLISHER, Vocabulary

BATCH = 2000
RECORD_COLUMNS = ["foto", "chave", "versao"]
WORD_COLUMNS = ["palavra", "registro_id"]


def generate(works: int, seed: int, progress: Callable[[int], object]) -> None:
    """Fill an empty catalogue with ``works`` works, calling ``progress`` with how many are there.

    Raises ValueError when the catalogue is not empty.
    """
    if any(model._default_manager.exists() for model in (Obra, Autor, Editora)):
        raise ValueError("the catalogue is not empty")
    dice = random.Random(seed)  # noqa: S311 (benchmarks, not secrets)
    vocabulary = Vocabulary(dice, 60_000)
    publishers = [vocabulary.name() for _ in range(max(works // 500, 3))] + [SMALL_PUBLISHER]
    authors = [vocabulary.name() for _ in range(max(works // 4, 5))]
    publisher_words = insert_named(Editora, EditoraPalavra, publishers)
    author_words = insert_named(Autor, AutorPalavra, authors)
    rows = (
        work_rows(number, works, dice, vocabulary, publisher_words, author_words)
        for number in range(1, works + 1)
    )
    written = 0
    for batch in batches(rows, BATCH):
        with transaction.atomic():
            touch(Obra.RESOURCE)
            insert(Obra, [*RECORD_COLUMNS, "titulo", "editora_id"], [row[0] for row in batch])
            links = [link for row in batch for link in row[1]]
            insert(Autoria, ["obra_id", "autor_id", "posicao"], links)
            identifier = ["recurso", "registro_id", "esquema", "valor"]
            insert(Identificador, identifier, [row[2] for row in batch])
            insert(ObraPalavra, WORD_COLUMNS, [word for row in batch for word in row[3]])
        written += len(batch)
        progress(written)


def work_rows(
    number: int,
    works: int,
    dice: random.Random,
    vocabulary: Vocabulary,
    publisher_words: list[set[str]],
    author_words: list[set[str]],
) -> tuple[tuple, list[tuple], tuple, list[tuple]]:
    """Return the rows of one work: itself, its authors, its identifier, its words."""
    title = title_of(number, works, dice, vocabulary)
    if number % max(works // 50, 1) == 1:
        publisher = len(publisher_words)
    else:  # a few publishers have most of the works
        publisher = int((len(publisher_words) - 1) ** dice.random())
    author_ids = dice.sample(range(1, len(author_words) + 1), dice.choice((1, 1, 1, 2, 2, 3)))
    twelve = f"978{number:09d}"
    isbn = twelve + ean.calc_check_digit(twelve)
    found = words_of([title, isbn]) | publisher_words[publisher - 1]
    for author_id in author_ids:
        found |= author_words[author_id - 1]
    work = ("", sort_key(title), new_version(), title, publisher)
    links = [(number, author_id, position) for position, author_id in enumerate(author_ids)]
    identifier = (Obra.RESOURCE, number, "isbn", isbn)
    return work, links, identifier, [(word, number) for word in sorted(found)]


def title_of(number: int, works: int, dice: random.Random, vocabulary: Vocabulary) -> str:
    """Return a title, with the words that benchmarks search for where they belong."""
    parts = [vocabulary.word() for _ in range(dice.randint(2, 4))]
    if number % 40 == 0:
        parts.append(FREQUENT)
    if number > works - works // 40:
        parts.append(LATE)
    if number % max(works // 7, 1) == 5:
        parts.append(RARE)
    dice.shuffle(parts)
    return f"{' '.join(parts).capitalize()}, {EVERY_ROW} {number % 9 + 1}"


def insert_named(model: Any, word_model: Any, names: list[str]) -> list[set[str]]:
    """Insert authors or publishers with ids from 1; return the words of each."""
    found = [words_of([name]) for name in names]
    keyed = enumerate(zip(names, found, strict=True), start=1)
    for batch in batches(keyed, BATCH):
        with transaction.atomic():
            touch(model.RESOURCE)
            rows = [("", sort_key(name), new_version(), name) for _key, (name, _own) in batch]
            insert(model, [*RECORD_COLUMNS, "nome"], rows)
            words = [(word, key) for key, (_name, own) in batch for word in sorted(own)]
            insert(word_model, WORD_COLUMNS, words)
    return found
