"""Conflicts, deletions and their undoing, the way two people in browsers meet them."""

import re
import time

import pytest

from biblioteca.tests.browser.helpers import PHONE, back_office, overflows

pytestmark = pytest.mark.browser

FORM = "/admin/obras/obra/1/change/"


@pytest.fixture(scope="module")
def office(browser, tmp_path_factory):
    with back_office(browser, tmp_path_factory.mktemp("historico")) as office:
        yield office


def save(page):
    page.locator("[name=_save]").click()


def title(page):
    return page.locator("#id_titulo")


@pytest.fixture(scope="module")
def second(office):
    """A second editor, in a session of her own and on a phone."""
    office.create_user("beatriz", "uma senha longa 42", "Editores")
    office.manage(
        "shell", "-v0", "-c",
        "from django.contrib.auth.models import User\n"
        "User.objects.filter(username='beatriz').update(is_superuser=True)",
    )  # fmt: skip
    context = office.signed_in(PHONE, "beatriz", "uma senha longa 42")
    yield context
    context.close()


def test_a_conflict_is_met_and_resolved(office, second):
    mine, theirs = office.page(FORM), second.new_page()
    theirs.goto(office.address + FORM)
    before = title(mine).input_value()
    title(theirs).fill(f"{before} (revista)")
    save(theirs)
    theirs.wait_for_url("**/admin/obras/obra/")
    title(mine).fill(f"{before}: edição nova")
    save(mine)
    mine.get_by_role("alert").filter(has_text=re.compile("ainda|Nothing")).wait_for()
    office.keep(mine, "conflito")
    assert "beatriz" in mine.content()
    mine.locator("input[name=campo_titulo][value=meu]").check()
    mine.get_by_role("button", name=re.compile("Salvar|Save")).click()
    mine.wait_for_url("**/admin/obras/obra/")
    mine.goto(office.address + FORM)
    assert title(mine).input_value() == f"{before}: edição nova"
    api = mine.request.get(f"{office.address}/obras/1").json()
    assert api["titulo"] == f"{before}: edição nova"


def test_the_same_on_a_phone(office, second):
    page = second.new_page()
    page.goto(office.address + FORM)
    other = office.page(FORM)
    title(other).fill("Mudado por outra")
    save(other)
    other.wait_for_url("**/admin/obras/obra/")
    title(page).fill("Mudado no telefone")
    save(page)
    page.locator("input[name=campo_titulo][value=atual]").wait_for()
    office.keep(page, "conflito-telefone")
    assert not overflows(page)
    page.locator("input[name=campo_titulo][value=atual]").check()
    page.get_by_role("button", name=re.compile("Salvar|Save")).click()
    page.wait_for_url("**/admin/obras/obra/")


def test_a_record_deleted_meanwhile_is_brought_back(office, second):
    path = "/admin/obras/obra/2/change/"
    page, other = office.page(path), second.new_page()
    other.goto(office.address + path.replace("change", "delete"))
    other.locator("#content form [type=submit]").click()
    other.wait_for_url("**/admin/obras/obra/")
    title(page).fill("Escrito enquanto era excluída")
    save(page)
    page.get_by_role("alert").wait_for()
    office.keep(page, "conflito-excluida")
    page.locator("[name=_restaurar]").click()
    page.wait_for_url(f"**{path}")
    assert title(page).input_value() == "Escrito enquanto era excluída"


@pytest.mark.parametrize("size", ["desktop", "390"])
def test_delete_and_restore(office, second, size):
    page = (office.context if size == "desktop" else second).new_page()
    page.goto(office.address + "/admin/obras/obra/3/change/")
    name = title(page).input_value()
    authors = page.request.get(f"{office.address}/obras/3").json()["autores"]
    page.get_by_role("link", name="Remover obra").click()
    page.wait_for_url("**/delete/")
    office.keep(page, f"excluir-{size}")
    assert not overflows(page)
    page.get_by_role("button", name="Sim, tenho certeza").click()
    page.wait_for_url("**/admin/obras/obra/")
    office.keep(page, f"excluida-{size}")
    assert page.request.get(f"{office.address}/obras/3").status == 404
    page.goto(office.address + "/admin/lixeira/")
    page.locator("#q").fill(name)
    page.locator("#q").press("Enter")
    page.wait_for_url("**q=**")
    office.keep(page, f"lixeira-{size}")
    assert not overflows(page)
    page.locator("section.bo-card", has_text=name).get_by_role("button").click()
    page.wait_for_url("**/admin/lixeira/**")
    office.keep(page, f"restaurada-{size}")
    back = page.request.get(f"{office.address}/obras/3").json()
    assert (back["titulo"], back["autores"]) == (name, authors)
    page.close()


def test_a_bulk_edit_is_undone_from_its_message(office):
    page = office.page("/admin/obras/obra/")
    boxes = page.locator("input.action-select")
    for place in range(3):
        boxes.nth(place).check()
    page.locator("select[name=action]").select_option("set_publisher")
    page.locator(
        "#changelist-form button[name=index], #changelist-form [type=submit]"
    ).first.click()
    page.locator("[name=_vistos]").wait_for(state="attached")
    page.locator("#id_editora").press_sequentially("garnier")
    page.get_by_role("option").first.click()
    office.keep(page, "em-lote")
    page.locator(".bo-form button[type=submit]").click()
    undo = page.locator("form[action*='/admin/historico/acao/'] button")
    undo.wait_for()
    undo.click()
    page.wait_for_url("**/admin/historico/acao/**")
    office.keep(page, "acao-desfeita")
    publishers = [
        page.request.get(f"{office.address}/obras/{number}").json()["editora"]
        for number in (4, 5, 6)
    ]
    assert None not in publishers


def test_history_and_log_are_accessible(office, second):
    page = office.page("/admin/obras/obra/1/history/")
    office.keep(page, "historico-da-obra")
    page.locator("a[href^='?versao=']").last.click()
    page.wait_for_url("**versao=**")
    office.keep(page, "versao")
    page.locator("form button[type=submit].bo-main").click()
    page.wait_for_url("**/history/")
    page.goto(office.address + "/admin/historico/?porta=admin")
    office.keep(page, "historico")
    with page.expect_download() as download:
        page.locator("a[href*='historico.csv']").click()
    assert "beatriz" in download.value.path().read_text(encoding="utf-8-sig")
    phone = second.new_page()
    for path in ("/admin/historico/", "/admin/obras/obra/1/history/", "/admin/lixeira/"):
        phone.goto(office.address + path)
        office.keep(phone, f"telefone{path.replace('/', '-')}")
        assert not overflows(phone), path


def test_a_change_is_seen_by_the_next_read_and_names_its_editor(office):
    page = office.page("/admin/autores/autor/1/change/")
    for number in range(5):
        name = f"Autora {number} {time.time_ns()}"
        page.goto(office.address + "/admin/autores/autor/1/change/")
        page.request.get(f"{office.address}/autores/1")  # in the read cache now
        page.locator("#id_nome").fill(name)
        save(page)
        page.wait_for_url("**/admin/autores/autor/")
        assert page.request.get(f"{office.address}/autores/1").json()["nome"] == name
    page.goto(office.address + "/admin/autores/autor/1/history/")
    assert page.locator("section.bo-card").first.get_by_text("editora", exact=True).count()
