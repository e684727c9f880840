"""Random catalogues, edits, merges, undos, deletions and restores against a simple model.

The model knows of each work whom its editors named. Whatever was merged and taken back since, the
work lists exactly those who stand for these now: it loses and doubles nobody except by an edit.
"""

import os

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from autores.models import Autor
from biblioteca.records import merging, redirects, unmerging, writing
from biblioteca.records.models import Alias, Identificador, Redirect
from biblioteca.records.text import words_of
from editoras.models import Editora
from obras.models import Autoria, Obra

NAMES = st.sampled_from(["Ana", "Bia", "Caio", "Davi", "Eva", "ana"])
# A round trip to a server takes its time; the rules are the same on every engine.
EXAMPLES = 15 if os.environ.get("TEST_DATABASE_NAME") else 40
NUMBER = st.integers(0, 10**6)
LISTS = st.lists(NUMBER, max_size=4)


def whole():
    """Return all that a merge may touch, version tokens excepted."""
    return [
        *(
            {record.pk: record.state() for record in model.objects.all()}
            for model in (Obra, Autor, Editora)
        ),
        *(
            sorted(model.WORDS.objects.values_list("registro_id", "palavra"))
            for model in (Obra, Autor, Editora)
        ),
        sorted(Identificador.objects.values_list("recurso", "registro_id", "esquema", "valor")),
        sorted(Alias.objects.values_list("recurso", "registro_id", "nome")),
        sorted(Redirect.objects.values_list("recurso", "de_id", "para_id", "fusao_id")),
    ]


def resolved_state(model, state):
    """Return ``state`` (or a part of one) with survivors in the place of what was merged away.

    For states kept from before a merge: what is brought back refers to what there is now.
    """
    resolved = dict(state)
    for name, other in model.REFERENCES.items():
        held = resolved.get(name)
        if held is None:
            continue
        final = redirects.resolve(other.RESOURCE, held if isinstance(held, list) else [held])
        resolved[name] = redirects.replaced(held, final)
    return resolved


class Catalogue(RuleBasedStateMachine):
    """The catalogue, and beside it what editors said of each work."""

    def __init__(self):
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        # Of each work: the authors and the publisher that editors named, by key of the state.
        self.said = {}
        # Authors and publishers taken off a work while they stood for others: naming them again
        # would bring back the others by an undo.
        self.taken_off = {}
        self.merges, self.deleted, self.gone_by_hand = [], {}, set()

    def teardown(self):
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    # --- what the model says ---------------------------------------------------------------------
    def final(self, model, keys):
        return redirects.resolve(model.RESOURCE, keys)

    def expected(self, work_id, name):
        model = Obra.REFERENCES[name]
        return set(self.final(model, self.said[work_id][name]).values())

    def stored(self, work, name):
        held = work.state()[name]
        return held if isinstance(held, list) else [held] if held is not None else []

    def may_name(self, work_id, name, keys):
        model = Obra.REFERENCES[name]
        banned = self.final(model, self.taken_off.get((work_id, name), set())).values()
        return [key for key in keys if key not in banned]

    def say(self, work, name, keys):
        """Note that an editor replaced what ``work`` refers to by ``keys``."""
        model, said = Obra.REFERENCES[name], self.said[work.pk][name]
        before = set(self.stored(work, name))
        final = self.final(model, said)
        kept = {key for key in said if final[key] in keys}
        off = {key for key in before - set(keys) if any(final[k] == key != k for k in said)}
        self.taken_off.setdefault((work.pk, name), set()).update(off)
        self.said[work.pk][name] = kept | (set(keys) - before)

    # --- what may happen -------------------------------------------------------------------------
    @initialize(authors=st.lists(NAMES, min_size=3, max_size=5), works=st.lists(LISTS, max_size=4))
    def begin(self, authors, works):
        for number, name in enumerate(authors):
            author = writing.create(Autor(), {"nome": name, "foto": f"{number}.jpg"})
            Identificador.objects.create(
                recurso="autores", registro_id=author.pk, esquema="viaf", valor=str(number)
            )
            writing.create(Editora(), {"nome": name, "foto": ""})
        for numbers in works:
            self.create_work(numbers, len(numbers))

    @rule(numbers=LISTS, number=NUMBER)
    def create_work(self, numbers, number):
        authors = self.pick_some(Autor, numbers)
        publisher = self.pick(Editora, number) if number % 4 else None
        values = {"titulo": f"Obra {number}", "foto": "", "editora_id": publisher}
        work = writing.create(Obra(), values | {"autores": authors, "identificadores": []})
        held = set() if publisher is None else {publisher}
        self.said[work.pk] = {"autores": set(authors), "editora_id": held}

    def pick(self, model, number):
        keys = sorted(model.objects.values_list("pk", flat=True))
        return keys[number % len(keys)] if keys else None

    def pick_some(self, model, numbers):
        picked = dict.fromkeys(self.pick(model, number) for number in numbers)
        return [key for key in picked if key is not None]

    def work(self, number):
        key = self.pick(Obra, number)
        return Obra.objects.get(pk=key) if key else None

    @rule(which=NUMBER, numbers=LISTS, keep=st.booleans())
    def edit_authors(self, which, numbers, keep):
        work = self.work(which)
        if work is None:
            return
        new = self.may_name(work.pk, "autores", self.pick_some(Autor, numbers))
        if keep:
            new = list(dict.fromkeys([*new[:1], *work.author_ids, *new[1:]]))
        if work.pk in self.said:
            self.say(work, "autores", new)
        writing.update(work, {"autores": new})

    @rule(which=NUMBER, number=NUMBER)
    def edit_publisher(self, which, number):
        work = self.work(which)
        if work is None:
            return
        named = [self.pick(Editora, number)] if number % 4 else []
        new = self.may_name(work.pk, "editora_id", [key for key in named if key])
        if work.pk in self.said:
            self.say(work, "editora_id", new)
        writing.update(work, {"editora_id": new[0] if new else None})

    @rule(model=st.sampled_from([Autor, Editora]), which=NUMBER, name=NAMES)
    def rename(self, model, which, name):
        key = self.pick(model, which)
        if key:
            writing.update(model.objects.get(pk=key), {"nome": name})

    @rule(which=NUMBER)
    def delete_work(self, which):
        work = self.work(which)
        if work is not None:
            self.deleted[work.pk] = (work.state(), len(self.merges), self.undone())
            writing.delete(work)

    @rule(which=NUMBER)
    @precondition(lambda self: self.deleted)
    def restore_work(self, which):
        key = sorted(self.deleted)[which % len(self.deleted)]
        state, *then = self.deleted.pop(key)
        # What was deleted since is left out, as an editor who restores it is told.
        resolved = resolved_state(Obra, state)
        authors = set(Autor.objects.values_list("pk", flat=True))
        resolved["autores"] = [author for author in resolved["autores"] if author in authors]
        if not Editora.objects.filter(pk=resolved["editora_id"]).exists():
            resolved["editora_id"] = None
        whole_again = then == [len(self.merges), self.undone()] and resolved == state
        work = writing.restore(Obra, key, resolved)
        if not whole_again:
            # Merged or taken back while it was away: who stands for whom in it is anybody's guess.
            self.said.pop(work.pk, None)

    @rule(model=st.sampled_from([Autor, Editora]), which=NUMBER)
    def delete_named(self, model, which):
        key = self.pick(model, which)
        record = model.objects.filter(pk=key).first()
        if record is not None and not writing.count_uses(record):
            self.gone_by_hand.add((model, key))
            writing.delete(record)

    def undone(self):
        return sum(merged.desfeita_em is not None for merged in self.merges)

    @rule(
        model=st.sampled_from([Autor, Editora]),
        which=NUMBER,
        numbers=st.lists(NUMBER, min_size=1, max_size=3),
        chosen=st.booleans(),
        at_once=st.booleans(),
    )
    def merge(self, model, which, numbers, chosen, at_once):
        survivor = self.pick(model, which)
        origins = [key for key in self.pick_some(model, numbers) if key != survivor]
        if not origins:
            return
        before = whole()
        other = model.objects.get(pk=origins[0])
        values = {"nome": other.nome, "foto": other.foto} if chosen else {}
        merged = merging.merge(model, survivor, origins, values)
        self.merges.append(merged)
        if at_once:
            report = unmerging.undo(merged.pk)
            assert (report.restored, report.prevented) == (origins, [])
            assert whole() == before
            merged.refresh_from_db()

    @rule(which=NUMBER)
    @precondition(lambda self: any(merged.desfeita_em is None for merged in self.merges))
    def undo(self, which):
        standing = [merged for merged in self.merges if merged.desfeita_em is None]
        merged = standing[which % len(standing)]
        origins = [origin["id"] for origin in merged.detalhes["origens"]]
        report = unmerging.undo(merged.pk)
        assert report.restored == origins
        merged.refresh_from_db()
        with pytest.raises(unmerging.AlreadyUndoneError):
            unmerging.undo(merged.pk)

    # --- what is always so -----------------------------------------------------------------------
    @invariant()
    def no_work_loses_or_doubles_anybody(self):
        places = {}
        rows = Autoria.objects.order_by("obra", "posicao").values_list("obra_id", "posicao")
        for key, place in rows:
            places.setdefault(key, []).append(place)
        assert all(found == list(range(len(found))) for found in places.values())
        for work in Obra.objects.all():
            assert len(set(work.author_ids)) == len(work.author_ids)
            if work.pk in self.said:
                for name in ("autores", "editora_id"):
                    assert set(self.stored(work, name)) == self.expected(work.pk, name), name

    @invariant()
    def redirects_end_and_lead_away_from_what_is_gone(self):
        for model in (Autor, Editora):
            links = dict(
                Redirect.objects.filter(recurso=model.RESOURCE).values_list("de_id", "para_id")
            )
            assert not model.objects.filter(pk__in=links).exists()
            for key in links:
                seen = {key}
                while key in links:
                    key = links[key]
                    assert key not in seen
                    seen.add(key)
                assert model.objects.filter(pk=key).exists() or (model, key) in self.gone_by_hand

    @invariant()
    def search_words_are_true(self):
        for model in (Autor, Editora, Obra):
            records = list(model.objects.all())
            wanted = {
                (key, word)
                for key, texts in model.search_texts(records).items()
                for word in words_of(texts)
            }
            assert set(model.WORDS.objects.values_list("registro_id", "palavra")) == wanted


@pytest.mark.django_db
def test_merges_edits_and_undos_in_any_order():
    run_state_machine_as_test(
        Catalogue,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # Shrinking takes minutes; what is printed without it is enough to find the fault.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
        ),
    )
