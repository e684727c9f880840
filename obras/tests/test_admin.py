"""The admin as its forms post."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from autores.tests.factories import AutorFactory
from biblioteca.backoffice import changelist
from biblioteca.loading.models import Batch, BatchItem
from biblioteca.loading.records import Verdict
from biblioteca.records import writing
from biblioteca.records.models import HistoryEntry
from editoras.tests.factories import EditoraFactory
from obras.admin import ObraAdmin
from obras.models import Obra
from obras.tests.factories import ObraFactory
from obras.tests.test_uploads import png

pytestmark = pytest.mark.django_db
ENGLISH = {"Accept-Language": "en"}


def reader(*permissions):
    """Return a member of staff with these permissions alone."""
    user = get_user_model().objects.create_user("leitora", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def locked(work):
    """Return the row of ``work``, held for a change."""
    return Obra.objects.select_for_update().get(pk=work.pk)


def test_a_work_is_created_with_a_picture_and_authors_in_order(admin_client):
    first, second, third = AutorFactory(), AutorFactory(), AutorFactory()
    data = {
        "titulo": "  Nova   obra ",
        "editora": EditoraFactory().pk,
        "foto": "",
        "arquivo": SimpleUploadedFile("capa.png", png()),
        "autores": [third.pk, first.pk, second.pk],
        "identificadores_esquema": ["isbn", "isbn"],
        "identificadores_valor": ["85-359-1063-8", ""],
    }
    response = admin_client.post("/admin/obras/obra/add/", data)
    assert response.status_code == 302, response.context["errors"]
    work = Obra.objects.get()
    assert work.titulo == "Nova obra"
    assert work.author_ids == [third.pk, first.pk, second.pk]
    assert work.foto.startswith("arquivo:fotos/")
    entry = HistoryEntry.of(work).get()
    assert (entry.quem, entry.porta, entry.acao) == ("admin", "admin", "criado")
    assert work.identifiers == [["isbn", "9788535910636"]]
    assert admin_client.get("/obras/?search=nova").json()["count"] == 1


def test_an_edit_keeps_the_picture_and_reorders(admin_client):
    work = ObraFactory(foto="capa.jpg")
    one, two = work.autorias.order_by("posicao")
    data = {
        "titulo": work.titulo,
        "editora": "",
        "foto": "capa.jpg",
        "autores": [two.autor_id, one.autor_id],
    }
    response = admin_client.post(f"/admin/obras/obra/{work.pk}/change/", data)
    assert response.status_code == 302, response.context["errors"]
    fresh = Obra.objects.get(pk=work.pk)
    assert fresh.author_ids == [two.autor_id, one.autor_id]
    assert (fresh.foto, fresh.editora) == ("capa.jpg", None)
    assert fresh.versao != work.versao
    assert HistoryEntry.of(work).count() == 2
    data |= {"autores": [two.autor_id, two.autor_id]}
    refused = admin_client.post(f"/admin/obras/obra/{work.pk}/change/", data)
    assert refused.status_code == 200
    assert Obra.objects.get(pk=work.pk).versao == fresh.versao


@pytest.mark.parametrize(
    ("field", "value"),
    [("titulo", "  "), ("titulo", "a\x1fb"), ("foto", "javascript:alert(1)"), ("foto", "a b")],
)
def test_the_rules_of_the_api_hold(admin_client, field, value):
    data = {"titulo": "x", "editora": "", "foto": "", field: value}
    response = admin_client.post("/admin/obras/obra/add/", data)
    assert response.status_code == 200
    assert field in response.context["adminform"].form.errors
    assert not Obra.objects.exists()


def test_a_broken_picture_is_refused(admin_client):
    data = {"nome": "x", "foto": "", "arquivo": SimpleUploadedFile("a.png", png()[:40])}
    response = admin_client.post("/admin/autores/autor/add/", data)
    assert "foto" in response.context["adminform"].form.errors


def test_lists_search_blind_to_accents_in_few_queries(admin_client, django_assert_max_num_queries):
    for number in range(30):
        ObraFactory(titulo=f"Conceição {number}")
    ObraFactory(titulo="Outra")
    with django_assert_max_num_queries(10):
        response = admin_client.get("/admin/obras/obra/?q=conceicao")
    assert response.context["cl"].result_count == 30
    for path in ("autores/autor", "editoras/editora"):
        assert admin_client.get(f"/admin/{path}/?q=au").status_code == 200


def test_autocomplete_finds_authors(admin_client):
    author = AutorFactory(nome="Júlia Lopes de Almeida")
    query = "app_label=obras&model_name=autoria&field_name=autor&term=julia"
    found = admin_client.get(f"/admin/autocomplete/?{query}").json()["results"]
    assert found == [{"id": str(author.pk), "text": author.nome}]


def test_deletions_write_history_and_respect_what_is_in_use(admin_client):
    work = ObraFactory()
    author = work.autorias.first().autor
    admin_client.post(f"/admin/autores/autor/{author.pk}/delete/", {"post": "yes"})
    assert type(author).objects.filter(pk=author.pk).exists()
    admin_client.post(f"/admin/obras/obra/{work.pk}/delete/", {"post": "yes"})
    assert HistoryEntry.objects.filter(recurso="obras", acao="excluido", quem="admin").exists()
    data = {"action": "delete_selected", "_selected_action": [author.pk], "post": "yes"}
    admin_client.post("/admin/autores/autor/", data)
    assert not type(author).objects.filter(pk=author.pk).exists()
    assert HistoryEntry.objects.filter(recurso="autores", acao="excluido").count() == 1


def test_what_deleting_means_is_said_in_the_words_of_the_catalogue(
    admin_client, django_assert_max_num_queries
):
    work = ObraFactory(titulo="Para excluir")
    author = work.autorias.first().autor
    page = admin_client.get(f"/admin/obras/obra/{work.pk}/delete/").content.decode()
    assert "Para excluir" in page
    assert "ObraPalavra" not in page
    with django_assert_max_num_queries(5):
        refused = admin_client.get(f"/admin/autores/autor/{author.pk}/delete/", headers=ENGLISH)
    assert "1 record refers to it" in refused.content.decode()


def test_nobody_gets_in_without_signing_in(client):
    response = client.get("/admin/obras/obra/")
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


def test_an_identifier_of_another_work_or_a_wrong_one_is_refused_in_words(admin_client):
    other = ObraFactory(titulo="A outra")
    pair = ["isbn", "9788535910636"]
    writing.in_transaction(lambda: writing.update(locked(other), {"identificadores": [pair]}))
    data = {"titulo": "x", "editora": "", "foto": "", "identificadores_esquema": ["isbn", "isbn"]}
    data["identificadores_valor"] = ["85-359-1063-8", "978-85-359-1063-5"]
    response = admin_client.post("/admin/obras/obra/add/", data, headers=ENGLISH)
    faults = " ".join(response.context["adminform"].form.errors["identificadores"])
    assert "it would be 6, not 5" in faults
    data["identificadores_valor"] = ["85-359-1063-8", ""]
    response = admin_client.post("/admin/obras/obra/add/", data, headers=ENGLISH)
    page = response.content.decode()
    assert f'<a href="/admin/obras/obra/{other.pk}/change/">“A outra”</a>' in page
    assert Obra.objects.count() == 1


@pytest.mark.parametrize("authors", [["999999"], ["1e3"], ["-1"], ["9" * 30], ["x"]])
def test_an_author_that_does_not_exist_is_refused(admin_client, authors):
    data = {"titulo": "x", "editora": "", "foto": "", "autores": authors}
    response = admin_client.post("/admin/obras/obra/add/", data)
    assert "autores" in response.context["adminform"].form.errors
    assert not Obra.objects.exists()


def test_a_publisher_typed_but_not_chosen_is_refused_and_kept_in_the_field(admin_client):
    data = {"titulo": "x", "editora": "", "editora_texto": "Garni", "foto": ""}
    response = admin_client.post("/admin/obras/obra/add/", data)
    assert "editora" in response.context["adminform"].form.errors
    assert 'value="Garni"' in response.content.decode()
    assert not Obra.objects.exists()


def test_save_and_add_another_keeps_the_publisher(admin_client):
    publisher = EditoraFactory(nome="Casa & Filhos")
    data = {"titulo": "x", "editora": publisher.pk, "foto": "", "_addanother": "1"}
    response = admin_client.post("/admin/obras/obra/add/", data)
    assert response["Location"] == f"/admin/obras/obra/add/?editora={publisher.pk}"
    page = admin_client.get(response["Location"]).content.decode()
    assert 'value="Casa &amp; Filhos"' in page


def test_what_was_filled_in_before_the_session_ended_is_shown_and_not_saved(admin_client):
    author = AutorFactory(nome="Autora <b>")
    data = {"titulo": "Quase salva", "editora": "", "foto": "", "autores": [author.pk]}
    data |= {"identificadores_esquema": ["isbn"], "identificadores_valor": ["9788535910636"]}
    response = admin_client.post("/admin/obras/obra/add/", data | {"_rever": "1"}, headers=ENGLISH)
    page = response.content.decode()
    assert response.status_code == 200
    assert "Your session had ended" in page
    assert 'value="Quase salva"' in page
    assert "Autora &lt;b&gt;" in page
    assert 'value="9788535910636"' in page
    assert not Obra.objects.exists()


def test_an_author_is_created_from_a_name(admin_client, client):
    path = "/admin/autores/autor/criar/"
    made = admin_client.post(path, {"nome": "  Nova   autora "}).json()
    assert made == {"ok": True, "id": made["id"], "text": "Nova autora"}
    entry = HistoryEntry.objects.get(recurso="autores", registro_id=made["id"])
    assert (entry.quem, entry.porta) == ("admin", "admin")
    assert admin_client.post(path, {"nome": " "}).json()["ok"] is False
    assert admin_client.get(path).status_code == 405
    client.force_login(reader("view_autor"))
    assert client.post(path, {"nome": "Outra"}).status_code == 403
    assert HistoryEntry.objects.filter(recurso="autores").count() == 1


def test_likely_works_are_shown_while_the_title_is_typed(admin_client, client):
    work = ObraFactory(titulo="Memórias póstumas de Brás Cubas")
    ObraFactory(titulo="Outra coisa")
    path = "/admin/obras/obra/parecidas/"
    [found] = admin_client.get(path, {"titulo": "memorias postumas"}).json()["obras"]
    assert found["titulo"] == work.titulo
    assert found["endereco"] == f"/admin/obras/obra/{work.pk}/change/"
    own = {"titulo": "memorias postumas", "obra": work.pk}
    assert admin_client.get(path, own).json()["obras"] == []
    for title in ("", "abc", "%%%%", "\0" * 9):
        assert admin_client.get(path, {"titulo": title}).json()["obras"] == []
    client.force_login(reader("view_autor"))
    assert client.get(path, {"titulo": "memorias postumas"}).status_code == 403


def test_the_checks_of_the_forms(admin_client, client):
    address = "/admin/verificar/foto/"
    assert admin_client.post(address, {"foto": "capa.jpg"}).json() == {"ok": True, "mensagem": ""}
    assert admin_client.post(address, {"foto": "javascript:x"}).json()["ok"] is False
    file = SimpleUploadedFile("capa.png", png())
    assert admin_client.post(address, {"arquivo": file}).json()["ok"] is True
    file = SimpleUploadedFile("capa.png", png()[:40])
    assert admin_client.post(address, {"arquivo": file}).json()["ok"] is False
    number = "/admin/verificar/identificador/?esquema=isbn&valor="
    assert admin_client.get(number + "9788535910636").json()["ok"] is True
    assert admin_client.get(number + "9788535910635").json()["ok"] is False
    client.force_login(reader("view_obra"))
    assert client.post(address, {"foto": "capa.jpg"}).status_code == 403
    assert client.get(number + "9788535910636").status_code == 403


def test_those_who_may_only_look_see_the_work_and_change_nothing(client):
    work = ObraFactory(titulo="Só olhar")
    client.force_login(reader("view_obra"))
    page = client.get(f"/admin/obras/obra/{work.pk}/change/").content.decode()
    assert "Só olhar" in page
    assert work.autorias.first().autor.nome in page
    assert 'name="titulo"' not in page
    data = {"titulo": "Mudada", "editora": "", "foto": ""}
    assert client.post(f"/admin/obras/obra/{work.pk}/change/", data).status_code == 403
    assert Obra.objects.get(pk=work.pk).versao == work.versao
    navigation = client.get("/admin/").context["sidebar_navigation"]
    assert [item["link"] for group in navigation for item in group["items"]] == [
        "/admin/", "/admin/obras/obra/", "/admin/ajuda/",
    ]  # fmt: skip
    assert client.get("/admin/autores/autor/").status_code == 403


def test_filters_find_what_is_missing_and_what_belongs_together(admin_client):
    bare = ObraFactory(titulo="Nua", editora=None, autores=[])
    full = ObraFactory(titulo="Completa", foto="capa.jpg")
    author = full.autorias.first().autor

    def listed(query):
        return [
            work.pk
            for work in admin_client.get(f"/admin/obras/obra/?{query}").context["cl"].result_list
        ]

    for missing in ("foto", "autor", "editora"):
        assert listed(f"falta={missing}") == [bare.pk]
    assert listed(f"editora={full.editora_id}") == [full.pk]
    assert listed(f"autor={author.pk}&falta=editora") == []
    assert listed(f"autor={author.pk}&q=completa") == [full.pk]
    for wrong in ("falta=x", "editora=x", "editora=" + "9" * 40, "autor=-1"):
        assert admin_client.get(f"/admin/obras/obra/?{wrong}")["Location"].endswith("?e=1")


def test_pages_are_read_from_the_nearer_end(admin_client, monkeypatch):
    monkeypatch.setattr(changelist, "MAX_OFFSET", 10)
    monkeypatch.setattr(ObraAdmin, "list_per_page", 5)
    for number in range(43):
        ObraFactory(titulo=f"{number:02}", editora=None, autores=[])

    def page(query):
        found = admin_client.get(f"/admin/obras/obra/?{query}").context["cl"]
        titles = [int(work.titulo) for work in found.result_list]
        return found.page_num, titles, bool(found.address_of_next), bool(found.address_of_previous)

    assert page("") == (1, [0, 1, 2, 3, 4], True, False)
    assert page("p=3") == (3, [10, 11, 12, 13, 14], False, True)
    assert page("p=9") == (9, [40, 41, 42], False, True)
    assert page("p=8") == (8, [35, 36, 37, 38, 39], True, True)
    assert page("p=99") == (9, [40, 41, 42], False, True)
    # In the middle nothing is read: the deepest page that can be is.
    assert page("p=5") == (3, [10, 11, 12, 13, 14], False, True)
    assert page("o=-2&p=9") == (9, [2, 1, 0], False, True)


def test_a_page_of_each_kind_makes_few_queries(admin_client, django_assert_num_queries):
    for number in range(30):
        ObraFactory(titulo=f"Conceição {number}")
    work = Obra.objects.order_by("pk")[0]
    author = work.autorias.first().autor
    autocomplete = "/admin/autocomplete/?app_label=obras&model_name=obra&field_name=autores&term="
    pages = {
        "/admin/obras/obra/": 7,
        "/admin/obras/obra/?q=conceicao": 10,
        "/admin/obras/obra/?falta=editora": 5,
        f"/admin/obras/obra/?editora={work.editora_id}": 8,
        f"/admin/obras/obra/{work.pk}/change/": 12,
        "/admin/obras/obra/add/": 3,
        f"/admin/autores/autor/{author.pk}/change/": 10,
        f"{autocomplete}autor": 6,
        f"{autocomplete}": 3,
        "/admin/obras/obra/parecidas/?titulo=conceicao": 9,
    }
    for path, number in pages.items():
        cache.clear()
        ContentType.objects.clear_cache()
        with django_assert_num_queries(number, info=path):
            assert admin_client.get(path).status_code == 200


def test_a_stored_cover_is_shown_small_and_anybody_elses_as_it_is(admin_client):
    data = {"titulo": "x", "editora": "", "foto": ""}
    data["arquivo"] = SimpleUploadedFile("capa.png", png())
    admin_client.post("/admin/obras/obra/add/", data)
    ObraFactory(titulo="y", foto="https://example.org/capa.jpg")
    page = admin_client.get("/admin/obras/obra/").content.decode()
    name = Obra.objects.get(titulo="x").foto.removeprefix("arquivo:")
    address = f"/admin/miniaturas/{name}"
    assert f'src="{address}"' in page
    assert 'src="https://example.org/capa.jpg" alt="" width="32" height="44" loading="lazy"' in page
    small = admin_client.get(address)
    assert small["Content-Type"] == "image/webp"
    assert "immutable" in small["Cache-Control"]
    b"".join(small.streaming_content)
    assert admin_client.get("/admin/miniaturas/fotos/aa/nada.png").status_code == 404
    assert Client().get(address).status_code == 302


def test_the_home_page_counts_shows_and_warns(admin_client):
    cache.clear()
    ObraFactory(titulo="Sem capa")
    work = ObraFactory(titulo="Nua", editora=None, autores=[], foto="a.jpg")
    batch = Batch.objects.create(quem="x")
    for line, verdict in enumerate((Verdict.REJECTED, Verdict.REJECTED, Verdict.CREATED)):
        BatchItem.objects.create(lote=batch, linha=line, recurso="obras", veredito=verdict)
    writing.in_transaction(lambda: writing.update(locked(work), {"titulo": "Nua e editada"}))
    response = admin_client.get("/admin/", headers=ENGLISH)
    shown = response.context
    assert [(figure.title, figure.number) for figure in shown["figures"]] == [
        ("Works", 2), ("Authors", 2), ("Publishers", 1),
    ]  # fmt: skip
    assert {(figure.title, figure.number) for figure in shown["cares"]} == {
        ("Rejected lines of the last load", 2), ("Works without cover", 1),
        ("Works without author", 1), ("Works without publisher", 1),
    }  # fmt: skip
    newest, edited = ([card.title for card in cards] for _title, cards in shown["shelves"])
    assert newest == ["Nua e editada", "Sem capa"]
    assert edited == ["Nua e editada"]
    assert shown["growth"].last.number == 2
    assert "/admin/ajuda/primeiros-passos/" in response.content.decode()
    # Looked at again, nothing is counted.
    with CaptureQueriesContext(connection) as queries:
        admin_client.get("/admin/")
    assert not [query for query in queries if "COUNT(" in query["sql"]]


def test_authors_and_publishers_show_their_works(admin_client, client):
    work = ObraFactory(titulo="Mostrada")
    author = work.autorias.first().autor
    for path in (f"autores/autor/{author.pk}", f"editoras/editora/{work.editora_id}"):
        page = admin_client.get(f"/admin/{path}/change/").content.decode()
        assert f"/admin/obras/obra/{work.pk}/change/" in page
    client.force_login(reader("view_autor"))
    assert (
        "Mostrada" not in client.get(f"/admin/autores/autor/{author.pk}/change/").content.decode()
    )
