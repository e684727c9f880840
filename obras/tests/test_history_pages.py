"""Timeline, versions, recycle bin, change log and undo, as an editor's browser asks for them."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.utils import translation

from autores.models import Autor
from autores.tests.factories import AutorFactory
from biblioteca.backoffice import changelog, trash
from biblioteca.records import writing
from biblioteca.records.models import Expunging, HistoryEntry, Undoing
from biblioteca.records.origins import Origin, writing_as
from editoras.tests.factories import EditoraFactory
from obras.models import Obra
from obras.tests.factories import ObraFactory

pytestmark = pytest.mark.django_db

LOG = "/admin/historico/"
BIN = "/admin/lixeira/"


@pytest.fixture(autouse=True)
def english(client, admin_client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    yield
    translation.activate("pt-br")


def page_of(record):
    meta = type(record)._meta
    return f"/admin/{meta.app_label}/{meta.model_name}/{record.pk}/history/"


def edit(record, who="ana", door="api", group="", **values):
    with writing_as(Origin(who, door, "pedido", group)):
        writing.update(type(record)._default_manager.get(pk=record.pk), values)


def delete(record, who="ana"):
    with writing_as(Origin(who, "admin")):
        writing.delete(type(record)._default_manager.get(pk=record.pk))


def user_with(client, *codenames):
    user = get_user_model().objects.create_user("beto", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)
    return user


def text_of(response):
    return response.content.decode()


# --- The timeline ------------------------------------------------------------------------------


def test_timeline_says_who_when_how_and_what_with_names(admin_client, settings):
    old, new = EditoraFactory(nome="Garnier"), EditoraFactory(nome="Rocco")
    author, gone = AutorFactory(nome="Clarice"), AutorFactory(nome="Anônima")
    work = ObraFactory(titulo="Perto do coração", editora=old, autores=[gone, author])
    edit(work, editora_id=new.pk, autores=[author.pk], titulo="Perto do coração selvagem")
    writing.delete(Autor.objects.get(pk=gone.pk))
    entry = HistoryEntry.of(work).last()
    HistoryEntry.objects.filter(pk=entry.pk).update(momento=datetime(2026, 1, 2, 1, 30, tzinfo=UTC))
    page = text_of(admin_client.get(page_of(work)))
    assert "Garnier" in page
    assert "Rocco" in page
    assert "Anônima (not there any more)" in page
    added = re.findall(r"<ins>(.*?)</ins>", page, re.S)
    assert any("selvagem" in piece and "coração" not in piece for piece in added)
    assert "22:30:00" in page  # in São Paulo, the evening before
    assert "2026-01-01T22:30:00-03:00" in page
    assert "API" in page
    assert "ana" in page


def test_timeline_is_paged_in_few_queries(admin_client, django_assert_max_num_queries):
    work = ObraFactory(titulo="0")
    for number in range(1, 41):
        edit(work, titulo=str(number))
    with django_assert_max_num_queries(12):
        first = admin_client.get(page_of(work))
    moments = first.context["moments"]
    assert len(moments) == 30
    second = admin_client.get(f"{page_of(work)}?antes={first.context['older']}")
    assert len(second.context["moments"]) == 11
    assert second.context["older"] is None


def test_any_version_beside_the_current_one_and_back(admin_client):
    first, second = AutorFactory(), AutorFactory()
    work = ObraFactory(titulo="Um título", autores=[first, second])
    entry = HistoryEntry.of(work).get()
    edit(work, titulo="Outro título", autores=[second.pk])
    delete(first)
    page = admin_client.get(f"{page_of(work)}?versao={entry.pk}")
    assert {d.name for d in page.context["differences"]} == {"titulo", "autores"}
    assert {d.name for d in page.context["same"]} == {"foto", "editora_id", "identificadores"}
    done = admin_client.post(page_of(work), {"versao": entry.pk}, follow=True)
    fresh = Obra.objects.get(pk=work.pk)
    assert (fresh.titulo, fresh.author_ids) == ("Um título", [second.pk])
    said = [str(message) for message in done.context["messages"]]
    assert said[0] == "This version is the current one again."
    assert f"autores/{first.pk}" in said[1]
    assert HistoryEntry.of(work).last().quem == "admin"


def test_restoring_needs_the_permission_to_change(client):
    work = ObraFactory()
    entry = HistoryEntry.of(work).get()
    edit(work, titulo="Depois")
    user_with(client, "view_obra", "view_historyentry")
    assert client.get(page_of(work)).status_code == 200
    assert client.post(page_of(work), {"versao": entry.pk}).status_code == 403
    assert Obra.objects.get(pk=work.pk).titulo == "Depois"


def test_history_needs_the_permission_to_view(client):
    work = ObraFactory()
    user_with(client, "view_autor")
    assert client.get(page_of(work)).status_code == 403


def test_a_version_of_another_record_restores_nothing(admin_client):
    work, other = ObraFactory(), ObraFactory()
    entry = HistoryEntry.of(other).get()
    assert admin_client.post(page_of(work), {"versao": entry.pk}).status_code == 404


def test_timeline_of_a_deleted_record_brings_it_back(admin_client):
    work = ObraFactory()
    delete(work)
    page = admin_client.get(page_of(work))
    entry = HistoryEntry.objects.filter(registro_id=work.pk, acao="excluido").get()
    assert page.status_code == 200
    admin_client.post(page_of(work), {"versao": entry.pk})
    assert Obra.objects.get(pk=work.pk).author_ids == work.author_ids


def test_nothing_known_is_not_found(admin_client):
    assert admin_client.get("/admin/obras/obra/404/history/").status_code == 404
    assert admin_client.get("/admin/obras/obra/x/history/").status_code == 404


# --- The recycle bin ---------------------------------------------------------------------------


def test_bin_finds_by_name_person_and_date_and_restores_with_links(admin_client):
    work, other = ObraFactory(titulo="A hora da estrêla"), ObraFactory(titulo="Laços de família")
    edit(work, identificadores=[["isbn", "9788535902778"]])
    delete(work, "ana")
    delete(other, "beto")
    found = admin_client.get(BIN, {"q": "ESTRELA hor"})
    assert [row.name for row in found.context["rows"]] == ["A hora da estrêla"]
    assert [r.name for r in admin_client.get(BIN, {"quem": "beto"}).context["rows"]] == [
        "Laços de família"
    ]
    assert not admin_client.get(BIN, {"de": "2090-01-01"}).context["rows"]
    assert len(admin_client.get(BIN, {"de": "bad", "ate": "2090-01-01"}).context["rows"]) == 2
    done = admin_client.post(BIN, {"recurso": "obras", "id": work.pk, "busca": "quem=ana"})
    assert done["Location"] == f"{BIN}?quem=ana"
    fresh = Obra.objects.get(pk=work.pk)
    assert fresh.identifiers == [["isbn", "9788535902778"]]
    assert fresh.author_ids == work.author_ids
    assert [row.name for row in admin_client.get(BIN).context["rows"]] == ["Laços de família"]
    again = admin_client.post(BIN, {"recurso": "obras", "id": work.pk}, follow=True)
    assert "It is there already." in text_of(again)


def test_day_of_a_deletion_is_the_one_here(admin_client):
    work = ObraFactory()
    delete(work)
    late = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)  # still February here
    HistoryEntry.objects.filter(acao="excluido").update(momento=late)
    assert admin_client.get(BIN, {"de": "2026-02-28", "ate": "2026-02-28"}).context["rows"]
    assert not admin_client.get(BIN, {"de": "2026-03-01"}).context["rows"]


def test_bin_shows_and_restores_only_what_one_may_add(client):
    work, author = ObraFactory(), AutorFactory()
    delete(work)
    delete(author)
    user_with(client, "add_autor", "view_obra", "delete_obra")
    assert [name for name, _l, _h in client.get(BIN).context["resources"]] == ["autores"]
    assert client.post(BIN, {"recurso": "obras", "id": work.pk}).status_code == 403
    assert not Obra.objects.exists()
    client.post(BIN, {"recurso": "autores", "id": author.pk})
    assert Autor.objects.filter(pk=author.pk).exists()


def test_bin_is_closed_to_readers(client):
    user_with(client, "view_obra", "view_autor")
    assert client.get(BIN).status_code == 403


def test_bin_is_paged_and_a_long_search_says_how_far_it_came(admin_client, monkeypatch):
    works = [ObraFactory(titulo=f"Livro {number}", autores=[]) for number in range(40)]
    writing.delete_many(works)
    first = admin_client.get(BIN)
    second = admin_client.get(f"{BIN}?{first.context['next']}")
    names = [row.name for page in (first, second) for row in page.context["rows"]]
    assert sorted(names) == sorted(work.titulo for work in works)
    monkeypatch.setattr(trash, "LOOKED_THROUGH", 35)
    page = admin_client.get(BIN, {"q": "livro 0"})
    assert page.context["exhausted"]
    rest = admin_client.get(f"{BIN}?{page.context['next']}")
    assert [row.name for row in rest.context["rows"]] == ["Livro 0"]


def test_deleting_in_the_form_says_where_it_is(admin_client):
    work = ObraFactory()
    done = admin_client.post(f"/admin/obras/obra/{work.pk}/delete/", {"post": "yes"}, follow=True)
    assert f'href="{BIN}"' in text_of(done)


# --- The change log ----------------------------------------------------------------------------


def lines(client, **query):
    return client.get(LOG, query).context["lines"]


def test_log_is_filtered_by_person_date_door_kind_and_resource(admin_client):
    work = ObraFactory()
    start = len(lines(admin_client))
    edit(work, "ana", titulo="Um")
    edit(work, "beto", "admin", titulo="Dois")
    delete(work, "beto")
    assert len(lines(admin_client)) == start + 3
    assert [line.kind for line in lines(admin_client, quem="beto")] == ["excluido", "alterado"]
    assert [line.who for line in lines(admin_client, porta="api")] == ["ana"]
    assert [line.who for line in lines(admin_client, tipo="excluido")] == ["beto"]
    assert len(lines(admin_client, recurso="autores", tipo="criado")) == 2
    assert not lines(admin_client, ate="2001-01-01")
    assert len(lines(admin_client, de="2001-01-01", ate="2999-01-01")) == start + 3


def test_log_walks_on_without_losing_or_repeating_and_merges_its_sources(
    admin_client, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr("biblioteca.backoffice.changelog_pages.PER_PAGE", 7)
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    for number in range(20):
        HistoryEntry.objects.create(
            recurso="obras", registro_id=number, acao="criado", porta="api", momento=moment,
            depois={"titulo": str(number)},
        )  # fmt: skip
        Expunging.objects.create(porta="comando", momento=moment, alvo=f"obras/{number}")
    seen, query = [], ""
    while True:
        with django_assert_max_num_queries(10):
            page = admin_client.get(f"{LOG}?{query}")
        shown = page.context["lines"]
        seen += [(line.kind, line.about) for line in shown if line.about.startswith("obras/")]
        query = page.context["older"]
        if not query:
            break
    # Beside what stands here there is the sign-in of who asks.
    seen = [pair for pair in seen if pair[0] in ("criado", "expurgo")]
    assert len(seen) == len(set(seen)) == 40


def test_log_is_sent_as_csv_that_no_spreadsheet_runs(admin_client):
    work = ObraFactory(titulo="=cmd()", autores=[], editora=None)
    edit(work, "=HYPERLINK(1)", titulo="Dois")
    edit(work, "beto", titulo="Três")
    answer = admin_client.get("/admin/historico.csv", {"quem": "=HYPERLINK(1)"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    sent = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(sent)))
    assert [row["quem"] for row in rows] == ["'=HYPERLINK(1)"]
    assert rows[0]["recurso"] == "obras"
    assert '"titulo": "Dois"' in rows[0]["depois"]
    assert rows[0]["momento"].endswith("-03:00")


@pytest.mark.parametrize("path", [LOG, "/admin/historico.csv"])
def test_log_needs_its_permission_and_nobody_writes_to_it(path, client, admin_client):
    user_with(client, "view_obra", "add_obra", "change_obra", "delete_obra")
    assert client.get(path).status_code == 403
    count = HistoryEntry.objects.count()
    for method in ("post", "put", "patch", "delete"):
        assert getattr(admin_client, method)(path).status_code == 405
    assert HistoryEntry.objects.count() == count


def test_no_form_edits_history_and_no_permission_to_exists(admin_client):
    from django.contrib import admin

    assert HistoryEntry not in admin.site._registry
    names = Permission.objects.filter(content_type__app_label="records").values_list(
        "codename", flat=True
    )
    assert "view_historyentry" in names
    assert not {"add_historyentry", "change_historyentry", "delete_historyentry"} & set(names)


def test_log_ignores_positions_that_are_none(admin_client):
    for text in ("x", "~~", "2026-01-01T00:00:00~0~1", "2026-01-01T00:00:00+00:00~-1~1"):
        assert admin_client.get(LOG, {"depois": text}).status_code == 200


def test_sources_of_tables_that_are_not_there_are_left_out(admin_client, monkeypatch):
    absent = changelog.Source(
        "nowhere.Table", "records.view_historyentry", list, lambda rows, _filters: rows, None
    )
    monkeypatch.setattr(changelog, "sources", [*changelog.sources, absent])
    ObraFactory()
    assert lines(admin_client)


# --- One action --------------------------------------------------------------------------------


def act(group="acao:teste"):
    works = [ObraFactory(titulo=f"Livro {number}") for number in range(3)]
    for work in works:
        edit(work, "ana", "admin", group, foto="capa.jpg")
    return works, f"/admin/historico/acao/{group}/"


def test_action_is_undone_from_the_log_and_that_is_an_action_too(admin_client):
    works, page = act()
    assert page in text_of(admin_client.get(LOG))
    done = admin_client.post(page, {"modo": "recusar"})
    assert set(Obra.objects.values_list("foto", flat=True)) == {""}
    assert done["Location"] == f"/admin/historico/acao/desfazer:{Undoing.objects.get().pk}/"
    shown = admin_client.get(done["Location"])
    assert shown.context["own"].changed == {"obras": 3}
    admin_client.post(done["Location"], {"modo": "recusar"})
    assert set(Obra.objects.values_list("foto", flat=True)) == {"capa.jpg"}
    assert len(works) == 3


def test_action_with_later_edits_is_shown_before_anything_is_undone(admin_client):
    works, page = act()
    edit(works[0], foto="outra.jpg")
    refused = admin_client.post(page, {"modo": "recusar"})
    assert refused.status_code == 409
    assert "edited since" in text_of(refused)
    assert set(Obra.objects.values_list("foto", flat=True)) == {"capa.jpg", "outra.jpg"}
    admin_client.post(page, {"modo": "pular"})
    assert set(Obra.objects.values_list("foto", flat=True)) == {"", "outra.jpg"}


def test_undo_needs_the_permission_for_its_opposite(client):
    _works, page = act()
    user_with(client, "view_historyentry", "view_obra", "delete_obra", "add_obra")
    assert client.get(page).status_code == 200
    assert client.post(page, {"modo": "recusar"}).status_code == 403
    assert set(Obra.objects.values_list("foto", flat=True)) == {"capa.jpg"}


def test_long_undoing_goes_on_page_by_page(admin_client, monkeypatch):
    _works, page = act()
    monkeypatch.setattr("biblioteca.backoffice.changelog_pages.UNDO_SECONDS", -1)
    under_way = admin_client.post(page, {"modo": "recusar"})
    assert "data-goes-on" in text_of(under_way)
    monkeypatch.undo()
    admin_client.post(page, {"continuar": "1"})
    assert set(Obra.objects.values_list("foto", flat=True)) == {""}
    assert Undoing.objects.get().fim


def test_merges_are_not_undone_here(admin_client):
    _works, page = act("fusao:1")
    assert admin_client.post(page, {"modo": "recusar"}).status_code == 403
    assert admin_client.get("/admin/historico/acao/nada/").status_code == 404
