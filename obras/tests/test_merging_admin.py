"""Merging in the back office, as its forms post."""

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache

from autores.models import Autor
from autores.tests.factories import AutorFactory
from biblioteca.records import merging, writing
from biblioteca.records.models import HistoryEntry, Merge
from editoras.tests.factories import EditoraFactory
from obras.models import Obra
from obras.tests.factories import ObraFactory

pytestmark = pytest.mark.django_db
MERGE, DUPLICATES = "/admin/autores/autor/fundir/", "/admin/autores/autor/duplicados/"


@pytest.fixture
def rowlings():
    cache.clear()
    one = AutorFactory(nome="J. K. Rowling", foto="https://example.org/a.jpg")
    other = AutorFactory(nome="Joanne Rowling")
    return one, other, ObraFactory(titulo="Harry", autores=[other]), ObraFactory(autores=[other])


def test_from_the_ranking_to_the_merge_and_back(
    admin_client, rowlings, django_assert_max_num_queries
):
    one, other, work, _second = rowlings
    ids = f"{one.pk},{other.pk}"
    assert DUPLICATES in admin_client.get("/admin/autores/autor/").content.decode()
    with django_assert_max_num_queries(15):
        page = admin_client.get(DUPLICATES)
    [pair] = page.context["pairs"]
    assert {side.record.pk: side.uses for side in pair.sides} == {one.pk: 0, other.pk: 2}
    with django_assert_max_num_queries(15):
        page = admin_client.get(f"{MERGE}?{pair.query}")
    assert page.context["proposed"] == other.pk
    assert page.context["picture"] == one.pk
    chosen = {"ids": ids, "destino": other.pk, "nome": one.pk, "foto": one.pk}
    with django_assert_max_num_queries(15):
        confirm = admin_client.get(MERGE, chosen | {"destino": one.pk})
    assert (confirm.context["number"], confirm.context["more"]) == (2, 0)
    assert "Harry" in confirm.content.decode()
    posted = chosen | {f"versao_{key}": token for key, token in confirm.context["versions"]}
    done = admin_client.post(MERGE, posted, follow=True)
    merged = Merge.objects.get()
    assert done.redirect_chain == [(f"/admin/fusoes/{merged.pk}/", 302)]
    survivor = Autor.objects.get()
    assert (survivor.pk, survivor.nome, survivor.foto) == (other.pk, one.nome, one.foto)
    entry = HistoryEntry.objects.get(acao="fundido")
    assert (entry.quem, entry.porta) == ("admin", "admin")
    with django_assert_max_num_queries(15):
        page = admin_client.get("/admin/fusoes/")
    assert [row.merge for row in page.context["rows"]] == [merged]
    undone = admin_client.post(f"/admin/fusoes/{merged.pk}/", follow=True)
    assert undone.status_code == 200
    assert Autor.objects.count() == 2
    assert Obra.objects.get(pk=work.pk).author_ids == [other.pk]
    again = admin_client.post(f"/admin/fusoes/{merged.pk}/", follow=True)
    assert len(again.context["messages"]) == 1


def test_what_could_not_be_undone_is_said(admin_client, rowlings):
    one, other, work, _second = rowlings
    merged = merging.merge(Autor, one.pk, [other.pk])
    place = f"obras/{work.pk}"
    writing.delete(Obra.objects.get(pk=work.pk))
    page = admin_client.post(f"/admin/fusoes/{merged.pk}/", follow=True)
    assert any(place in str(message) for message in page.context["messages"])


def test_by_hand_from_the_list(admin_client):
    houses = [EditoraFactory().pk for _ in range(12)]
    data = {"action": "merge_selected", "_selected_action": houses[:3]}
    response = admin_client.post("/admin/editoras/editora/", data)
    ids = "%2C".join(map(str, houses[:3]))
    assert response["Location"] == f"/admin/editoras/editora/fundir/?ids={ids}"
    for some in (houses[:1], houses):
        response = admin_client.post(
            "/admin/editoras/editora/", data | {"_selected_action": some}, follow=True
        )
        assert response.redirect_chain[-1][0].startswith("/admin/editoras/editora/")
        assert "fundir" not in response.redirect_chain[-1][0]


def test_somebody_else_was_faster(admin_client, rowlings):
    one, other, *_works = rowlings
    chosen = {"ids": f"{one.pk},{other.pk}", "destino": one.pk, "nome": one.pk, "foto": one.pk}
    posted = chosen | {f"versao_{record.pk}": record.versao for record in (one, other)}
    writing.update(Autor.objects.get(pk=other.pk), {"nome": "Outra"})
    response = admin_client.post(MERGE, posted)
    assert response["Location"].startswith(f"{MERGE}?ids=")
    assert Autor.objects.count() == 2
    assert admin_client.get(f"{MERGE}?ids={one.pk},987654")["Location"] == "/admin/autores/autor/"
    assert admin_client.get(f"{MERGE}?ids=x,,9")["Location"] == "/admin/autores/autor/"


def test_who_may(client, django_user_model, rowlings):
    one, other, *_works = rowlings
    merged = merging.merge(Autor, one.pk, [AutorFactory().pk])
    pages = [DUPLICATES, f"{MERGE}?ids={one.pk},{other.pk}", f"/admin/fusoes/{merged.pk}/"]
    user = django_user_model.objects.create_user("leitora", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name="Leitores"))
    client.force_login(user)
    for path in [*pages, "/admin/fusoes/"]:
        assert client.get(path).status_code == 403, path
        assert client.post(path).status_code == 403, path
    assert DUPLICATES not in client.get("/admin/autores/autor/").content.decode()
    merged.refresh_from_db()
    assert merged.desfeita_em is None
    user.groups.add(Group.objects.get(name="Editores"))
    client.force_login(django_user_model.objects.get(pk=user.pk))
    for path in [*pages, "/admin/fusoes/"]:
        assert client.get(path).status_code == 200, path
