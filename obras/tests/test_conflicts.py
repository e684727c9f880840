"""Two editors on the same record: nothing is overwritten silently, in forms and in bulk."""

import re

import lxml.html
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from autores.models import Autor
from autores.tests.factories import AutorFactory
from biblioteca.records import writing
from biblioteca.records.models import HistoryEntry
from biblioteca.records.origins import Origin, writing_as
from editoras.tests.factories import EditoraFactory
from obras.models import Obra
from obras.tests.factories import ObraFactory
from obras.tests.test_uploads import png

pytestmark = pytest.mark.django_db

LIST = "/admin/obras/obra/"


@pytest.fixture(autouse=True)
def english(client, admin_client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    yield
    translation.activate("pt-br")


def edit(record, **values):
    with writing_as(Origin("beto", "admin")):
        writing.update(type(record)._default_manager.get(pk=record.pk), values)


def hidden(response, name):
    """Return the value of a hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    assert found, f"the page has no field {name}"
    return found[1]


class Form:
    """The form of a work as a browser shows it."""

    def __init__(self, client, work):
        self.client, self.path = client, f"{LIST}{work.pk}/change/"
        form = lxml.html.fromstring(client.get(self.path).content).get_element_by_id("obra_form")
        self.data = {}
        for name, value in form.form_values():
            self.data.setdefault(name, []).append(value)
        assert self.data["_visto"]

    def save(self, **changes):
        return self.client.post(self.path, self.data | changes)

    def resolve(self, page, **choices):
        data = {name: hidden(page, name) for name in ("_digitado", "_visto")}
        return self.client.post(self.path, data | {f"campo_{k}": v for k, v in choices.items()})


def stored(work):
    return Obra.objects.get(pk=work.pk)


def test_nobody_else_saved_and_nothing_is_asked(admin_client):
    work = ObraFactory()
    assert Form(admin_client, work).save(titulo="Novo").status_code == 302
    assert stored(work).titulo == "Novo"


def test_second_to_save_sees_what_the_first_changed_and_chooses(admin_client):
    work = ObraFactory(titulo="Antes", foto="a.jpg")
    form = Form(admin_client, work)
    publisher = EditoraFactory(nome="Rocco")
    edit(work, titulo="De beto", editora_id=publisher.pk)
    before = stored(work).versao
    page = form.save(titulo="De ana", foto="b.jpg")
    assert page.status_code == 409
    assert stored(work).versao == before
    both = page.context["choices"]
    assert [(c.name, c.mine, c.stored, c.who) for c in both] == [
        ("titulo", "De ana", "De beto", "beto")
    ]
    assert both[0].when == HistoryEntry.of(work).last().momento
    assert {(c.name, c.chosen) for c in page.context["merged"]} == {
        ("editora_id", "atual"), ("foto", "meu"),
    }  # fmt: skip
    assert "Rocco" in page.content.decode()
    done = form.resolve(page, titulo="meu", editora_id="atual", foto="meu")
    assert done.status_code == 302
    fresh = stored(work)
    assert (fresh.titulo, fresh.editora_id, fresh.foto) == ("De ana", publisher.pk, "b.jpg")
    assert HistoryEntry.of(work).last().quem == "admin"


def test_choosing_what_is_stored_changes_nothing(admin_client):
    work = ObraFactory(titulo="Antes")
    form = Form(admin_client, work)
    edit(work, titulo="De beto")
    page = form.save(titulo="De ana")
    count = HistoryEntry.objects.count()
    assert form.resolve(page, titulo="atual").status_code == 302
    assert stored(work).titulo == "De beto"
    assert HistoryEntry.objects.count() == count


def test_a_choice_left_open_is_asked_again(admin_client):
    work = ObraFactory(titulo="Antes")
    form = Form(admin_client, work)
    edit(work, titulo="De beto")
    page = form.save(titulo="De ana")
    again = form.resolve(page)
    assert again.status_code == 409
    assert stored(work).titulo == "De beto"


def test_authors_in_order_are_one_field(admin_client):
    first, second, third = AutorFactory(), AutorFactory(), AutorFactory(nome="Terceira")
    work = ObraFactory(autores=[first, second])
    form = Form(admin_client, work)
    edit(work, autores=[second.pk, first.pk])
    page = form.save(autores=[first.pk, second.pk, third.pk])
    assert page.status_code == 409
    assert [c.name for c in page.context["choices"]] == ["autores"]
    assert "3. Terceira" in page.context["choices"][0].mine
    form.resolve(page, autores="meu")
    assert stored(work).author_ids == [first.pk, second.pk, third.pk]


def test_identifiers_changed_by_another_are_kept_and_shown(admin_client):
    work = ObraFactory()
    form = Form(admin_client, work)
    edit(work, identificadores=[["isbn", "9788535902778"]])
    page = form.save(titulo="Novo")
    merged = {choice.name: choice.chosen for choice in page.context["merged"]}
    assert merged == {"titulo": "meu", "identificadores": "atual"}
    form.resolve(page, **merged)
    assert stored(work).titulo == "Novo"
    assert stored(work).identifiers == [["isbn", "9788535902778"]]


def test_changed_yet_again_while_choosing(admin_client):
    work = ObraFactory(titulo="Antes")
    form = Form(admin_client, work)
    edit(work, titulo="Um")
    page = form.save(titulo="De ana")
    edit(work, titulo="Dois")
    again = form.resolve(page, titulo="meu")
    assert again.status_code == 409
    assert again.context["choices"][0].stored == "Dois"
    assert form.resolve(again, titulo="meu").status_code == 302
    assert stored(work).titulo == "De ana"


def test_an_uploaded_picture_outlives_the_conflict(admin_client):
    work = ObraFactory(titulo="Antes")
    form = Form(admin_client, work)
    edit(work, titulo="De beto")
    page = form.save(titulo="De ana", arquivo=SimpleUploadedFile("capa.png", png()))
    assert "picture that you sent is kept" in page.content.decode()
    form.resolve(page, titulo="atual", foto="meu")
    assert stored(work).foto.startswith("arquivo:fotos/")
    assert stored(work).titulo == "De beto"


def test_an_author_deleted_while_choosing_is_said(admin_client):
    work, gone = ObraFactory(titulo="Antes", autores=[]), AutorFactory()
    form = Form(admin_client, work)
    edit(work, titulo="De beto")
    page = form.save(titulo="De ana", autores=[gone.pk])
    assert page.status_code == 409, page.content.decode()
    writing.delete(Autor.objects.get(pk=gone.pk))
    done = admin_client.get(form.resolve(page, titulo="meu", autores="meu")["Location"])
    assert any(f"autores/{gone.pk}" in str(said) for said in done.context["messages"])
    assert stored(work).author_ids == []


def test_what_changed_since_the_question_is_not_deleted_silently(admin_client):
    work = ObraFactory(titulo="Um")
    path = f"{LIST}{work.pk}/delete/"
    seen = hidden(admin_client.get(path), "_visto")
    edit(work, titulo="Outro")
    answer = admin_client.post(path, {"post": "yes", "_visto": seen}, follow=True)
    assert answer.redirect_chain == [(path, 302)]
    assert "title, “Um” to “Outro”" in answer.content.decode()
    assert stored(work).titulo == "Outro"
    again = {"post": "yes", "_visto": hidden(answer, "_visto")}
    assert admin_client.post(path, again, follow=True).status_code == 200
    assert not Obra.objects.exists()
    # Asked once more about what is gone: no error of the service.
    assert admin_client.post(path, again, follow=True).status_code == 200


def test_a_record_deleted_meanwhile_comes_back_with_what_was_typed(admin_client):
    work = ObraFactory(titulo="Antes")
    edit(work, identificadores=[["isbn", "9788535902778"]])
    form = Form(admin_client, work)
    authors = work.author_ids
    with writing_as(Origin("beto", "admin")):
        writing.delete(stored(work))
    page = form.save(titulo="De ana")
    assert page.status_code == 409
    assert "beto" in page.content.decode()
    assert not Obra.objects.filter(pk=work.pk).exists()
    data = {"_digitado": hidden(page, "_digitado"), "_restaurar": "1"}
    assert admin_client.post(form.path, data)["Location"] == form.path
    fresh = stored(work)
    assert (fresh.titulo, fresh.author_ids) == ("De ana", authors)
    assert fresh.identifiers == [["isbn", "9788535902778"]]


def test_what_was_typed_wrongly_for_a_deleted_record_is_shown(admin_client):
    work = ObraFactory(titulo="Antes")
    form = Form(admin_client, work)
    writing.delete(stored(work))
    page = form.save(titulo="De ana", foto="javascript:x")
    assert page.status_code == 409
    assert "De ana" in page.content.decode()
    assert not page.context["may_restore"]


def test_bringing_back_needs_the_permission_to_add(client):
    work = ObraFactory()
    user = get_user_model().objects.create_user("leo", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_obra", "change_obra"]))
    client.force_login(user)
    form = Form(client, work)
    writing.delete(stored(work))
    page = form.save()
    assert not page.context["may_restore"]
    data = {"_digitado": form.data["_visto"][0], "_restaurar": "1"}
    client.raise_request_exception = False
    assert client.post(form.path, data).status_code in (302, 403)
    assert not Obra.objects.exists()


def test_choices_need_the_permission_to_change(client, admin_client):
    work = ObraFactory(titulo="Antes")
    form = Form(admin_client, work)
    edit(work, titulo="De beto")
    page = form.save(titulo="De ana")
    user = get_user_model().objects.create_user("leo", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_obra"]))
    client.force_login(user)
    data = {name: hidden(page, name) for name in ("_digitado", "_visto")} | {"campo_titulo": "meu"}
    assert client.post(form.path, data).status_code == 403
    assert stored(work).titulo == "De beto"


def test_a_forged_field_writes_nothing(admin_client):
    work = ObraFactory(titulo="Antes")
    form = Form(admin_client, work)
    response = admin_client.post(form.path, {"_digitado": "x:y:z", "_visto": form.data["_visto"]})
    assert response.status_code == 302
    assert stored(work).titulo == "Antes"


def test_a_form_with_a_mistake_keeps_what_it_was_shown_with(admin_client):
    work = ObraFactory(titulo="Antes")
    form = Form(admin_client, work)
    edit(work, titulo="De beto")
    page = form.save(titulo=" ")
    assert page.status_code == 200
    form.data["_visto"] = hidden(page, "_visto")
    assert form.save(titulo="De ana").status_code == 409


def test_authors_have_the_same_conflicts(admin_client):
    author = AutorFactory(nome="Antes")
    path = f"/admin/autores/autor/{author.pk}/change/"
    seen = hidden(admin_client.get(path), "_visto")
    edit(author, nome="De beto")
    page = admin_client.post(path, {"_visto": seen, "nome": "De ana", "foto": ""})
    assert page.status_code == 409
    assert Autor.objects.get().nome == "De beto"


# --- Many at a time ----------------------------------------------------------------------------


def choose(client, action, works, **more):
    data = {"action": action, "_selected_action": [work.pk for work in works]}
    return client.post(LIST, data | more)


def confirm(client, page, action, works, **more):
    return choose(client, action, works[:1], _vistos=hidden(page, "_vistos"), confirmar="1", **more)


def undo_address(client, response):
    said = client.get(response["Location"]).content.decode()
    return re.search(r'action="(/admin/historico/acao/[^"]+)"', said)[1]


def test_bulk_edits_are_one_action_that_the_message_undoes(admin_client):
    works = [ObraFactory(foto="capa.jpg") for _ in range(3)]
    publisher, author = EditoraFactory(), works[0].autorias.last().autor
    page = choose(admin_client, "set_publisher", works)
    assert len(page.context["rows"]) == 3
    done = confirm(admin_client, page, "set_publisher", works, editora=publisher.pk)
    assert set(Obra.objects.values_list("editora_id", flat=True)) == {publisher.pk}
    assert HistoryEntry.objects.exclude(grupo="").values("grupo").distinct().count() == 1
    admin_client.post(undo_address(admin_client, done), {"modo": "recusar"})
    for work in works:
        assert stored(work).editora_id == work.editora_id
    page = choose(admin_client, "add_author", works)
    confirm(admin_client, page, "add_author", works, autor=author.pk)
    assert [stored(work).author_ids for work in works] == [
        works[0].author_ids,
        *[[*work.author_ids, author.pk] for work in works[1:]],
    ]
    page = choose(admin_client, "remove_picture", works)
    confirm(admin_client, page, "remove_picture", works)
    assert set(Obra.objects.values_list("foto", flat=True)) == {""}


def test_bulk_edit_asks_again_for_what_was_left_out(admin_client):
    works = [ObraFactory()]
    page = choose(admin_client, "add_author", works)
    again = confirm(admin_client, page, "add_author", works, autor="")
    assert again.context["form"].errors
    assert stored(works[0]).author_ids == works[0].author_ids


def test_bulk_action_sees_what_was_changed_since_it_was_chosen(admin_client):
    works = [ObraFactory(foto="capa.jpg") for _ in range(3)]
    page = choose(admin_client, "remove_picture", works)
    edit(works[1], titulo="De beto")
    again = confirm(admin_client, page, "remove_picture", works)
    assert again.status_code == 409
    assert [row["changed"] for row in again.context["rows"]] == [False, True, False]
    assert set(Obra.objects.values_list("foto", flat=True)) == {"capa.jpg"}
    confirm(admin_client, again, "remove_picture", works)
    assert set(Obra.objects.values_list("foto", flat=True)) == {""}
    assert stored(works[1]).titulo == "De beto"


def test_bulk_deletion_sees_changes_spares_what_is_in_use_and_is_undone(admin_client):
    works = [ObraFactory() for _ in range(2)]
    page = choose(admin_client, "delete_selected", works)
    edit(works[0], titulo="De beto")
    again = confirm(admin_client, page, "delete_selected", works)
    assert Obra.objects.count() == 2
    done = confirm(admin_client, again, "delete_selected", works)
    assert not Obra.objects.exists()
    admin_client.post(undo_address(admin_client, done), {"modo": "recusar"})
    assert stored(works[0]).titulo == "De beto"
    free, used = AutorFactory(), works[0].autorias.first().autor
    data = {"action": "delete_selected", "_selected_action": [free.pk, used.pk]}
    page = admin_client.post("/admin/autores/autor/", data)
    assert page.context["in_use"] == 1
    data |= {"_vistos": hidden(page, "_vistos"), "confirmar": "1"}
    admin_client.post("/admin/autores/autor/", data)
    assert not Autor.objects.filter(pk=free.pk).exists()
    assert Autor.objects.filter(pk=used.pk).exists()


def test_bulk_actions_are_bounded(admin_client, monkeypatch):
    monkeypatch.setattr("biblioteca.backoffice.bulk.MOST", 2)
    works = [ObraFactory(foto="capa.jpg") for _ in range(3)]
    done = choose(admin_client, "remove_picture", works)
    assert "at most 2" in admin_client.get(done["Location"]).content.decode()


def test_bulk_actions_need_their_permissions(client):
    works = [ObraFactory(foto="capa.jpg")]
    user = get_user_model().objects.create_user("leo", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_obra"))
    client.force_login(user)
    for action in ("remove_picture", "delete_selected", "set_publisher"):
        choose(client, action, works, confirmar="1", post="yes")
    assert stored(works[0]).foto == "capa.jpg"


def test_no_list_is_edited_in_place():
    """A list edited in place would have to check versions too."""
    from django.contrib import admin

    from biblioteca.backoffice.admin import RecordAdmin

    for model_admin in admin.site._registry.values():
        if isinstance(model_admin, RecordAdmin):
            assert not model_admin.list_editable
