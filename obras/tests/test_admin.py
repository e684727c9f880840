"""The admin as its forms post."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from autores.tests.factories import AutorFactory
from biblioteca.records.models import HistoryEntry
from editoras.tests.factories import EditoraFactory
from obras.models import Obra
from obras.tests.factories import ObraFactory
from obras.tests.test_uploads import png

pytestmark = pytest.mark.django_db


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
    with django_assert_max_num_queries(9):
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


def test_nobody_gets_in_without_signing_in(client):
    response = client.get("/admin/obras/obra/")
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")
