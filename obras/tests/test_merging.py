"""Merging authors and publishers, and taking it back: what it does to works."""

import pytest

from autores.models import Autor
from autores.tests.factories import AutorFactory
from biblioteca.records import merging, redirects, unmerging, writing
from biblioteca.records.models import Alias, HistoryEntry, Identificador, Merge, Redirect
from biblioteca.records.photos import photos_in_use
from biblioteca.records.search import find
from editoras.models import Editora
from editoras.tests.factories import EditoraFactory
from obras.models import Obra
from obras.tests.factories import ObraFactory

pytestmark = pytest.mark.django_db


def people(*names):
    return [AutorFactory(nome=name) for name in names]


def keys(records):
    return [record.pk for record in records]


def authors_of(work):
    return Obra.objects.get(pk=work.pk).author_ids


def found(model, query):
    return set(find(model.objects.all(), query).values_list("pk", flat=True))


def states():
    """Return everything that a merge could touch, version tokens excepted."""
    return [
        {
            model.__name__: {record.pk: record.state() for record in model.objects.all()}
            for model in (Obra, Autor, Editora)
        },
        sorted(Identificador.objects.values_list("recurso", "registro_id", "esquema", "valor")),
        sorted(Alias.objects.values_list("recurso", "registro_id", "nome", "chave")),
        sorted(Redirect.objects.values_list("recurso", "de_id", "para_id")),
        {
            model.__name__: sorted(model.WORDS.objects.values_list("registro_id", "palavra"))
            for model in (Obra, Autor, Editora)
        },
    ]


def test_no_work_loses_an_author_or_lists_one_twice():
    one, two, three, other = people("Um", "Dois", "Três", "Outro")
    both = ObraFactory(autores=[two, other, one])
    only = ObraFactory(autores=[other, three])
    merged = merging.merge(Autor, one.pk, [two.pk, three.pk])
    assert authors_of(both) == [one.pk, other.pk]
    assert authors_of(only) == [other.pk, one.pk]
    assert list(both.autorias.order_by("posicao").values_list("posicao", flat=True)) == [0, 1]
    assert merged.detalhes["alterados"] == {"obras": 2}
    assert not Autor.objects.filter(pk__in=[two.pk, three.pk]).exists()


def test_what_a_merge_leaves_behind():
    one, two = AutorFactory(nome="Machado de Assis"), AutorFactory(nome="J. M. Machado", foto="a")
    work = ObraFactory(titulo="Helena", autores=[two])
    Identificador.objects.create(recurso="autores", registro_id=two.pk, esquema="viaf", valor="7")
    token = work.versao
    merged = merging.merge(Autor, one.pk, [two.pk], {"foto": "a"})
    assert Autor.objects.get(pk=one.pk).foto == "a"
    assert Obra.objects.get(pk=work.pk).versao != token
    assert found(Autor, "j. m. machado") == {one.pk}
    assert found(Obra, "helena assis j m") == {work.pk}
    assert Identificador.objects.get(esquema="viaf").registro_id == one.pk
    assert redirects.resolve("autores", [one.pk, two.pk]) == {one.pk: one.pk, two.pk: one.pk}
    entries = HistoryEntry.objects.filter(grupo=merged.group).order_by("recurso", "registro_id")
    assert [(entry.recurso, entry.registro_id, entry.acao) for entry in entries] == [
        ("autores", one.pk, "alterado"),
        ("autores", two.pk, "fundido"),
        ("obras", work.pk, "alterado"),
    ]
    assert entries[1].antes == {"nome": "J. M. Machado", "foto": "a"}


def test_undo_right_away_is_exact():
    one, two, three, other = people("Um", "Dois", "Três", "Outro")
    ObraFactory(autores=[two, other, one])
    ObraFactory(autores=[three, two])
    ObraFactory(autores=[other])
    Identificador.objects.create(recurso="autores", registro_id=two.pk, esquema="viaf", valor="7")
    before = states()
    merged = merging.merge(Autor, one.pk, [three.pk, two.pk], {"nome": "Três", "foto": "x"})
    assert states() != before
    report = unmerging.undo(merged.pk)
    assert (report.restored, report.prevented) == ([three.pk, two.pk], [])
    assert states() == before
    with pytest.raises(unmerging.AlreadyUndoneError):
        unmerging.undo(merged.pk)


def test_publishers_merge_too():
    one, two = EditoraFactory(nome="Garnier"), EditoraFactory(nome="Livraria Garnier")
    work, other = ObraFactory(editora=two), ObraFactory(editora=None)
    before = states()
    merged = merging.merge(Editora, one.pk, [two.pk])
    assert Obra.objects.get(pk=work.pk).editora_id == one.pk
    assert found(Obra, "livraria") == {work.pk}
    assert Obra.objects.get(pk=other.pk).editora_id is None
    assert not unmerging.undo(merged.pk).prevented
    assert states() == before


@pytest.mark.parametrize(
    ("edited", "restored"),
    [
        # Names stand for authors; s is the survivor, a and b were merged into it.
        ("s x", "a x b"),
        ("x s", "x a b"),
        ("s y x", "a y x b"),
        ("s", "a b"),
        ("x", None),
        ("", None),
    ],
)
def test_undo_after_the_list_was_edited(edited, restored):
    who = {record.nome: record.pk for record in people("a", "b", "s", "x", "y")}
    work = ObraFactory(autores=list(Autor.objects.filter(nome__in="axb").order_by("pk")))
    writing.update(Obra.objects.get(pk=work.pk), {"autores": [who["a"], who["x"], who["b"]]})
    merged = merging.merge(Autor, who["s"], [who["a"], who["b"]])
    assert authors_of(work) == [who["s"], who["x"]]
    wanted = [who[name] for name in edited.split()]
    writing.update(Obra.objects.get(pk=work.pk), {"autores": wanted, "titulo": "Outro"})
    report = unmerging.undo(merged.pk)
    assert report.restored == [who["a"], who["b"]]
    if restored is None:
        assert [item["campo"] for item in report.prevented] == [f"obras/{work.pk}.autores"]
        assert authors_of(work) == wanted
    else:
        assert not report.prevented
        assert authors_of(work) == [who[name] for name in restored.split()]
    assert Obra.objects.get(pk=work.pk).titulo == "Outro"


def test_undo_says_what_could_not_be_restored():
    one, two = people("Um", "Dois")
    gone = ObraFactory(autores=[two])
    publisher, other = EditoraFactory(), EditoraFactory()
    moved = ObraFactory(editora=other, autores=[])
    Identificador.objects.create(recurso="autores", registro_id=two.pk, esquema="viaf", valor="7")
    merged = merging.merge(Autor, one.pk, [two.pk], {"nome": "Dois"})
    houses = merging.merge(Editora, publisher.pk, [other.pk])
    writing.delete(Obra.objects.get(pk=gone.pk))
    writing.update(Obra.objects.get(pk=moved.pk), {"editora_id": None})
    writing.update(Autor.objects.get(pk=one.pk), {"nome": "Um novo"})
    stranger = AutorFactory()
    Identificador.objects.filter(esquema="viaf").update(registro_id=stranger.pk)
    report = unmerging.undo(merged.pk)
    assert {item["campo"] for item in report.prevented} == {
        f"obras/{gone.pk}", f"autores/{one.pk}.nome", f"autores/{two.pk}.identificadores",
    }  # fmt: skip
    assert all(item["motivo"] for item in report.prevented)
    assert Autor.objects.get(pk=two.pk).nome == "Dois"
    assert Autor.objects.get(pk=one.pk).nome == "Um novo"
    report = unmerging.undo(houses.pk)
    assert [item["campo"] for item in report.prevented] == [f"obras/{moved.pk}.editora_id"]


def chain():
    """Merge a into b and b into c; return the works' authors before, and both merges."""
    a, b, c = people("a", "b", "c")
    works = [ObraFactory(autores=who) for who in ([a], [b], [c], [a, c, b], [b, a], [c, a])]
    Identificador.objects.create(recurso="autores", registro_id=a.pk, esquema="viaf", valor="7")
    before = states()
    first = merging.merge(Autor, b.pk, [a.pk])
    between = states()
    second = merging.merge(Autor, c.pk, [b.pk])
    return (a, b, c), works, before, between, first, second


def test_a_chain_undone_from_its_end():
    (a, b, c), works, before, between, first, second = chain()
    assert redirects.resolve("autores", keys([a, b])) == {a.pk: c.pk, b.pk: c.pk}
    assert {tuple(authors_of(work)) for work in works} == {(c.pk,)}
    assert not unmerging.undo(second.pk).prevented
    assert states() == between
    assert redirects.resolve("autores", [a.pk]) == {a.pk: b.pk}
    assert not unmerging.undo(first.pk).prevented
    assert states() == before


def test_a_chain_undone_from_its_beginning():
    """The survivor's own survivor gives back what the first merge brought."""
    (a, b, c), works, before, _between, first, second = chain()
    assert not unmerging.undo(first.pk).prevented
    assert [authors_of(work) for work in works] == [
        [key] if isinstance(key, int) else key
        for key in (a.pk, c.pk, c.pk, [a.pk, c.pk], [c.pk, a.pk], [c.pk, a.pk])
    ]
    assert redirects.resolve("autores", keys([a, b])) == {a.pk: a.pk, b.pk: c.pk}
    assert not unmerging.undo(second.pk).prevented
    assert states() == before


def test_a_longer_chain_undone_in_every_order():
    import itertools

    a, b, c, d = people("a", "b", "c", "d")
    for who in ([a], [b, d], [d, a, c], [c, b, a], [a, b, c, d]):
        ObraFactory(autores=who)
    before = states()
    for order in itertools.permutations(range(3)):
        steps = [(b, a), (c, b), (d, c)]
        merges = [merging.merge(Autor, to.pk, [origin.pk]) for to, origin in steps]
        for number in order:
            assert not unmerging.undo(merges[number].pk).prevented, order
        assert states() == before, order


@pytest.mark.parametrize(
    ("origins", "faults"),
    [
        ("s", {0: "itself"}),
        ("aa", {1: "repeated_id"}),
        ("a?", {1: "does_not_exist"}),
        ("am", {1: "already_merged"}),
        ("", {0: "length"}),
    ],
)
def test_refused_merges_change_nothing(origins, faults):
    who = {record.nome: record.pk for record in people("a", "m", "s")} | {"?": 987_654}
    merging.merge(Autor, who["s"], [who["m"]])
    before = states()
    with pytest.raises(merging.RefusedMergeError) as refused:
        merging.merge(Autor, who["s"], [who[name] for name in origins])
    assert {place: code for place, (code, _words) in refused.value.faults.items()} == faults
    with pytest.raises(merging.SurvivorMissingError):
        merging.merge(Autor, 987_654, [who["a"]])
    with pytest.raises(merging.ChangedMeanwhileError):
        merging.merge(Autor, who["s"], [who["a"]], versions={who["a"]: "old"})
    assert states() == before
    assert Merge.objects.count() == 1


def test_deleting_the_survivor_and_undoing():
    one, two = people("Um", "Dois")
    work = ObraFactory(autores=[two])
    merged = merging.merge(Autor, one.pk, [two.pk])
    writing.update(Obra.objects.get(pk=work.pk), {"autores": []})
    writing.delete(Autor.objects.get(pk=one.pk))
    assert redirects.survivor_of(Autor, two.pk) is None
    report = unmerging.undo(merged.pk)
    assert report.restored == [two.pk]
    assert [item["campo"] for item in report.prevented] == [f"obras/{work.pk}.autores"]


def test_many_works_in_few_statements(django_assert_max_num_queries):
    one, two, other = people("Um", "Dois", "Outro")
    for _ in range(40):
        ObraFactory(autores=[two, other], editora=None)
    with django_assert_max_num_queries(60):
        merged = merging.merge(Autor, one.pk, [two.pk])
    assert Obra.objects.filter(autores=one).count() == 40
    with django_assert_max_num_queries(60):
        unmerging.undo(merged.pk)
    assert Obra.objects.filter(autores=two).count() == 40


def test_the_pictures_that_an_undo_needs_are_in_use():
    key = "arquivo:fotos/aa/" + "a" * 32 + ".png"
    one, two = AutorFactory(nome="Um", foto=key.replace("aa/a", "bb/b")), AutorFactory(foto=key)
    merging.merge(Autor, one.pk, [two.pk], {"foto": ""})
    assert {one.foto, two.foto} <= set(photos_in_use())
