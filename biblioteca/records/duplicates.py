"""Likely duplicates: of one record, and ranked over all records of a resource.

Nobody can compare every name with every other one. Names are compared only where they meet under a
key that spellings of one name share: the same words in any order, a surname with the initial of a
first name, all words but one with its beginning or its end.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from heapq import nsmallest
from itertools import combinations
from typing import Any

from django.core.cache import cache

from biblioteca.records.likeness import LIKELY, PARTICLES, Likeness, Name, compare
from biblioteca.records.models import Alias, NamedRecord
from biblioteca.records.search import begins_with
from biblioteca.records.text import WORD, words

# Of one record: so many of its words are looked up, and so many records with each are read …
ASKED_WORDS = 4
ROWS_OF_A_WORD = 2000
# … and the most promising of these are compared.
COMPARED = 1000
CHUNK = 500

# Over all: a key that more names share than this says nothing.
LARGEST_MEETING = 40
# The work of one ranking is bounded, whatever the size of the catalogue.
BUDGET_SECONDS = 10.0
BRIEF_SECONDS = 1.0
KEPT = 1000
# A ranking is kept so many times as long as it took, within these bounds.
KEPT_FOR_COST = 400
LEAST_SECONDS, MOST_SECONDS = 20, 3600
READ_AT_ONCE = 20_000


@dataclass(frozen=True)
class Candidate:
    """A record that may be the same as another one: its id, its name, how likely, and by what."""

    key: int
    name: str
    likeness: Likeness


@dataclass(frozen=True)
class Pair:
    """Two records that may be one; ``one`` is the older."""

    one: int
    other: int
    score: float
    reason: str


@dataclass(frozen=True)
class Ranking:
    """The likeliest pairs, best first; whether all names were looked at, and when (epoch)."""

    pairs: list[Pair]
    complete: bool
    moment: float


def name_of(model: type[NamedRecord], text: str) -> Name:
    """Return a name of ``model`` taken apart."""
    return Name(text, model.PERSONAL, model.NAME_NOISE)


def duplicates_of(record: NamedRecord, limit: int = 5) -> list[Candidate]:
    """Return the records most likely to be the same as ``record``, best first.

    In at most twelve queries, each bounded whatever the number of records.
    """
    return similar_names(type(record), record.nome, limit, exclude=record.pk)


def similar_names(
    model: type[NamedRecord], text: str, limit: int = 5, exclude: int | None = None
) -> list[Candidate]:
    """Return the records whose names are likely to mean the same as ``text``, best first."""
    mine = name_of(model, text)
    found: list[Candidate] = []
    for chunk in chunks(promising(model, mine)):
        rows = model._default_manager.filter(pk__in=chunk).exclude(pk=exclude)
        for key, name in rows.values_list("pk", "nome"):
            likeness = compare(mine, name_of(model, name))
            if likeness.score >= LIKELY:
                found.append(Candidate(key, name, likeness))
    return sorted(found, key=lambda item: (-item.likeness.score, item.key))[:limit]


def promising(model: type[NamedRecord], mine: Name) -> list[int]:
    """Return the ids of records that share words, or beginnings of words, with a name."""
    table: Any = model.WORDS._default_manager
    shared: dict[int, float] = defaultdict(float)
    # Long words are likely to be rare; of an initial too many names have one.
    asked = sorted((word for word in set(mine.words) if len(word) > 1), key=len, reverse=True)
    for word in asked[:ASKED_WORDS]:
        rows = table.filter(palavra=word).values_list("registro", flat=True)
        exact = list(rows[:ROWS_OF_A_WORD])
        # A slip behind the beginning of the word; what stands before it is met by the others.
        alike = table.filter(begins_with(word[:3])).exclude(palavra=word)
        for key in exact:
            shared[key] += 1 + 1 / len(exact)
        for key in set(alike.values_list("registro", flat=True)[:ROWS_OF_A_WORD]):
            shared[key] += 0.5
    ranked = sorted(shared, key=lambda key: (-shared[key], key))
    return ranked[:COMPARED]


def chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield ``ids`` in pieces that every engine takes in one query."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def likely_duplicates(
    model: type[NamedRecord], limit: int = 50, after: int = 0, *, anew: bool = False
) -> Ranking:
    """Return ``limit`` pairs of the ranking, from the ``after``-th on.

    The ranking is kept for up to an hour, by what it costs; ``anew`` makes it now. Records deleted
    or merged since may stand in it.
    """
    kept = None if anew else cache.get(place_of(model))
    if kept is None:
        kept = asdict(rank_and_keep(model, BUDGET_SECONDS))
    pairs = [Pair(**pair) for pair in kept["pairs"][after : after + limit]]
    return Ranking(pairs, kept["complete"], kept["moment"])


def place_of(model: type[NamedRecord]) -> str:
    """Return where the ranking of ``model`` is kept."""
    return f"duplicates:{model.RESOURCE}"


def rank_and_keep(model: type[NamedRecord], budget: float) -> Ranking:
    """Rank all pairs, and keep the ranking the longer the dearer it was."""
    began = time.monotonic()
    made = rank(model, budget)
    cost = time.monotonic() - began
    seconds = min(max(LEAST_SECONDS, cost * KEPT_FOR_COST), MOST_SECONDS)
    # One cut short by a small budget is nobody's but the caller's.
    if made.complete or budget >= BUDGET_SECONDS:
        cache.set(place_of(model), asdict(made), seconds)
    return made


def count_likely(model: type[NamedRecord]) -> int:
    """Return how many pairs the ranking has; one that is not kept is made in a second at most."""
    kept = cache.get(place_of(model))
    if kept is not None:
        return len(kept["pairs"])
    return len(rank_and_keep(model, BRIEF_SECONDS).pairs)


def rank(model: type[NamedRecord], budget: float = BUDGET_SECONDS) -> Ranking:
    """Rank all pairs of names that meet under a key, within ``budget`` seconds of work."""
    end = time.monotonic() + budget
    texts: dict[int, str] = {}
    folded: dict[int, tuple[str, ...]] = {}
    for key, name, stored in all_names(model):
        texts[key] = name
        folded[key] = tuple(words_of_key(model, stored))
        if time.monotonic() > end:
            return Ranking([], False, time.time())
    found: dict[tuple[int, int], Likeness] = {}
    taken_apart = lru_cache(maxsize=10_000)(lambda key: name_of(model, texts[key]))
    # The keys one after another, those that promise most first: the meetings of one fit in memory.
    for marks_of in (whole_marks, initial_marks, beginning_marks, ending_marks):
        for ids in meetings(folded, marks_of):
            compare_all(ids[:LARGEST_MEETING], taken_apart, found)
            if time.monotonic() > end:
                return ranking(found, complete=False)
    return ranking(found, complete=True)


def ranking(found: dict[tuple[int, int], Likeness], complete: bool) -> Ranking:
    """Return the best of the pairs found, best first."""
    best = nsmallest(KEPT, found.items(), key=lambda item: (-item[1].score, item[0]))
    pairs = [
        Pair(one, other, likeness.score, str(likeness.reason)) for (one, other), likeness in best
    ]
    return Ranking(pairs, complete, time.time())


def all_names(model: type[NamedRecord]) -> Iterator[tuple[int, str, str]]:
    """Yield id, name and key of every record, in order of the ids."""
    last = 0
    rows = model._default_manager.order_by("pk").values_list("pk", "nome", "chave")
    while batch := list(rows.filter(pk__gt=last)[:READ_AT_ONCE]):
        yield from batch
        last = batch[-1][0]


def words_of_key(model: type[NamedRecord], key: str) -> list[str]:
    """Return the words of a name in natural order, from its stored key: quickly, not exactly."""
    if model.PERSONAL and "," in key:
        surname, _comma, rest = key.partition(",")
        key = f"{rest} {surname}"
    found = WORD.findall(key)
    dropped = PARTICLES | model.NAME_NOISE
    return [word for word in found if word not in dropped] or found


def meetings(
    folded: dict[int, tuple[str, ...]], marks_of: Callable[[Sequence[str]], Iterable[str]]
) -> Iterator[list[int]]:
    """Yield the ids of the names that share a mark; marks that too many share are left out.

    Names with the very same words are many where a name is common: of them the first are taken.
    """
    first: dict[int, int] = {}
    more: dict[int, list[int]] = {}
    for key, found in folded.items():
        for mark in marks_of(found):
            number = hash(mark)
            if first.setdefault(number, key) != key:
                more.setdefault(number, [first[number]]).append(key)
    for ids in more.values():
        if len(ids) <= LARGEST_MEETING or marks_of is whole_marks:
            yield ids


def compare_all(
    ids: Sequence[int], name: Callable[[int], Name], found: dict[tuple[int, int], Likeness]
) -> None:
    """Compare the names of ``ids`` with each other, and keep the likely pairs."""
    for one, other in combinations(ids, 2):
        pair = (min(one, other), max(one, other))
        if one != other and pair not in found:
            likeness = compare(name(one), name(other))
            if likeness.score >= LIKELY:
                found[pair] = likeness


def whole_marks(found: Sequence[str]) -> Iterable[str]:
    """Return what names with the same words share, and with the same letters."""
    return {" ".join(sorted(found)), "".join(found)}


def initial_marks(found: Sequence[str]) -> Iterable[str]:
    """Return the surname with the initial of a first name, wherever the surname stands."""
    if len(found) < 2:
        return ()
    return {f"{found[-1]} {found[0][0]}", f"{found[0]} {found[1][0]}"}


def beginning_marks(found: Sequence[str]) -> Iterable[str]:
    """Return all words but one with the beginning of that one, which a slip behind it spares."""
    return {f"{rest}|{word[:3]}" for rest, word in all_but_one(found)}


def ending_marks(found: Sequence[str]) -> Iterable[str]:
    """Return all words but one with the end of that one, which a slip before it spares."""
    return {f"{rest}|{word[-3:]}" for rest, word in all_but_one(found)}


def all_but_one(found: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield, for each word that a slip may be in, the others and the word."""
    ordered = sorted(found)
    for place, word in enumerate(ordered):
        if len(word) > 3:
            yield " ".join(ordered[:place] + ordered[place + 1 :]), word


def with_aliases(model: type[NamedRecord], ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the other names of the records with ``ids``, each once."""
    names: dict[int, dict[str, str]] = {key: {} for key in ids}
    for _resource, key, name in Alias.names({model.RESOURCE: ids}):
        names[key].setdefault(" ".join(words(name)), name)
    return {key: list(found.values()) for key, found in names.items()}
