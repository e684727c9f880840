"""An editor's day in a real browser: find, create, reorder, come back to an ended session."""

import io

import pytest
import requests
from PIL import Image

from biblioteca.tests.browser.helpers import PHONE, back_office, overflows

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def office(browser, tmp_path_factory):
    with back_office(browser, tmp_path_factory.mktemp("escritorio")) as running:
        author = requests.post(
            f"{running.address}/autores/", json={"nome": "Conceição Evaristo"}, timeout=10
        ).json()
        for title in ("Olhos d'água", "Ponciá Vicêncio"):
            body = {"titulo": title, "editora": None, "autores": [author["id"]]}
            requests.post(f"{running.address}/obras/", json=body, timeout=10).raise_for_status()
        yield running
        assert running.foreign == [], "the back office loads from other origins"


@pytest.fixture(scope="module")
def phone(office):
    context = office.signed_in(PHONE)
    yield context
    context.close()


@pytest.fixture
def cover(tmp_path):
    """A picture on the editor's disk."""
    path = tmp_path / "capa.png"
    Image.new("RGB", (300, 420), "#7c2d12").save(path)
    return path


def api(office, path):
    """Return what the API answers."""
    return requests.get(f"{office.address}{path}", timeout=10).json()


def pick(page, field, text, option):
    """Type into a picker and choose what it finds."""
    page.get_by_role("combobox", name=field).fill(text)
    page.get_by_role("option", name=option).first.click()


def names(page):
    """Return the authors of the form, in order."""
    return page.locator("[data-ordered] [data-rows] [data-label]").all_inner_texts()


def saved(page):
    """Wait until the list says that something was saved."""
    page.wait_for_url(lambda url: url.split("?")[0].endswith("/admin/obras/obra/"))


def test_sign_in_and_the_home_page(office):
    context = office.new_context()
    page = context.new_page()
    page.goto(f"{office.address}/admin/")
    page.get_by_role("button", name="Acessar").wait_for()
    office.keep(page, "01-entrar")
    office.sign_in(page)
    page.get_by_role("heading", name="O que pede cuidado").wait_for()
    assert page.locator(".home-figure strong").all_inner_texts()[0] == "297"
    page.get_by_text("Em tabela").click()
    assert page.locator(".growth tbody tr").count() == 31
    office.keep(page, "02-inicio")
    context.close()


def test_the_language_is_chosen_in_the_menu(office):
    context = office.signed_in()
    page = context.new_page()
    page.goto(f"{office.address}/admin/")
    page.get_by_role("button", name="editora").click()
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="What needs care").wait_for()
    assert page.locator("html").get_attribute("lang") == "en"
    context.close()


def test_find_conceicao_and_what_lacks_an_author(office):
    page = office.page("/admin/obras/obra/")
    page.get_by_placeholder("Inícios de palavras").fill("conceicao")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=conceicao**")
    assert page.locator("#result_list .field-name").all_inner_texts() == [
        "Olhos d'água", "Ponciá Vicêncio",
    ]  # fmt: skip
    office.keep(page, "03-conceicao")
    page.goto(f"{office.address}/admin/obras/obra/?falta=autor")
    assert page.locator("#result_list tbody tr").count() == 7
    page.get_by_role("button", name="Filtros").click()
    office.keep(page, "04-filtros", full_page=False)
    pick(page, "editora", "garnier", "B. L. Garnier")
    page.wait_for_url("**editora=**")
    assert "falta=autor" in page.url
    page.close()


def test_a_work_with_a_new_author_and_an_uploaded_cover(office, cover):
    page = office.page("/admin/obras/obra/add/")
    title = page.get_by_label("Título")
    title.press_sequentially("Olhos d'água")
    similar = page.locator("[data-similar]")
    link = similar.get_by_role("link", name="É esta aqui: Olhos d'água")
    link.wait_for()
    office.keep(page, "05-parecidas")
    title.fill("Insubmissas lágrimas de mulheres")
    similar.wait_for(state="hidden")
    pick(page, "Autores, em ordem", "evaristo", "Conceição Evaristo")
    pick(page, "Autores, em ordem", "Autora Inventada Agora", "Criar autor")
    page.get_by_text("Autora Inventada Agora", exact=True).wait_for()
    pick(page, "Editora", "garnier", "B. L. Garnier")
    page.get_by_role("button", name="Incluir um identificador").click()
    number = page.get_by_label("Número")
    number.fill("978-85-359-1063-5")
    page.get_by_text("ele seria 6, e não 5").wait_for()
    office.keep(page, "06-digito")
    number.fill("978-85-359-1063-6")
    page.get_by_text("o dígito verificador 6 confere").wait_for()
    page.get_by_label("Solte uma imagem aqui").set_input_files(cover)
    page.get_by_text("Será guardada com 300 × 420 pixels").wait_for()
    assert page.get_by_role("img", name="Prévia").is_visible()
    office.keep(page, "07-obra-nova")
    page.get_by_role("button", name="Salvar e adicionar").click()
    page.get_by_text("Salvo no catálogo").wait_for()
    assert page.get_by_role("combobox", name="Editora").input_value() == "B. L. Garnier"
    office.keep(page, "08-salva-e-outra")
    page.close()
    [work] = api(office, "/obras/?search=insubmissas&expand=autores,editora")["results"]
    assert [author["nome"] for author in work["autores"]] == [
        "Conceição Evaristo", "Autora Inventada Agora",
    ]  # fmt: skip
    assert work["editora"]["nome"] == "B. L. Garnier"
    picture = requests.get(f"{office.address}{work['foto']}", timeout=10)
    assert Image.open(io.BytesIO(picture.content)).size == (300, 420)
    assert api(office, "/obras/?search=9788535910636")["count"] == 1
    found = office.page("/admin/obras/obra/?q=978-85-359-1063-6")
    assert found.locator("#result_list .field-name").count() == 1
    found.close()


def test_faults_of_a_picture_are_said_before_saving(office, tmp_path):
    page = office.page("/admin/obras/obra/add/")
    broken = tmp_path / "capa.jpg"
    broken.write_text("no picture")
    page.get_by_label("Solte uma imagem aqui").set_input_files(broken)
    page.locator("[data-picture] .is-wrong").wait_for()
    page.get_by_label("ou escreva o endereço").fill("javascript:alert(1)")
    page.get_by_text("“javascript:”").wait_for()
    office.keep(page, "09-foto-recusada")
    page.close()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_authors_are_reordered_by_keyboard(office, phone, size):
    [author] = api(office, "/autores/?search=evaristo")["results"]
    people = api(office, "/autores/?page_size=3")["results"]
    body = {
        "titulo": f"Antologia {size}",
        "editora": None,
        "autores": [author["id"], *(person["id"] for person in people)],
    }
    work = requests.post(f"{office.address}/obras/", json=body, timeout=10).json()
    page = (office.context if size == "desktop" else phone).new_page()
    page.goto(f"{office.address}/admin/obras/obra/{work['id']}/change/")
    before = names(page)
    down = page.get_by_role("button", name=f"Descer: {before[0]}")
    down.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert names(page) == [before[1], before[2], before[0], before[3]]
    assert down.evaluate("button => button === document.activeElement")
    assert page.locator("#said").inner_text() == f"{before[0]}: lugar 3 de 4"
    page.get_by_role("button", name=f"Retirar: {before[3]}").press("Enter")
    office.keep(page, f"10-autores-{size}")
    assert not overflows(page)
    page.get_by_role("button", name="Salvar", exact=True).click()
    saved(page)
    page.close()
    assert api(office, f"/obras/{work['id']}")["autores"] == [
        people[0]["id"], people[1]["id"], author["id"],
    ]  # fmt: skip


def test_authors_are_dragged(office):
    people = api(office, "/autores/?page_size=3")["results"]
    body = {"titulo": "Arrastada", "editora": None, "autores": [p["id"] for p in people]}
    work = requests.post(f"{office.address}/obras/", json=body, timeout=10).json()
    page = office.page(f"/admin/obras/obra/{work['id']}/change/")
    before = names(page)
    rows = page.locator("[data-rows] [data-row]")
    page.locator("[data-handle]").first.hover()
    page.mouse.down()
    box = rows.nth(2).bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] - 4, steps=8)
    page.mouse.up()
    assert names(page) == [before[1], before[2], before[0]]
    page.close()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_session_that_ended_while_typing(office, cover, size):
    context = office.signed_in(PHONE) if size == "phone" else office.signed_in()
    page = context.new_page()
    page.goto(f"{office.address}/admin/obras/obra/add/")
    page.get_by_label("Título").fill(f"Digitada devagar ({size})")
    pick(page, "Autores, em ordem", "evaristo", "Conceição Evaristo")
    pick(page, "Editora", "garnier", "B. L. Garnier")
    page.get_by_label("Solte uma imagem aqui").set_input_files(cover)
    page.get_by_text("Será guardada com").wait_for()
    office.expire_sessions()
    page.get_by_role("button", name="Salvar", exact=True).click()
    page.wait_for_url("**/login/**")
    office.sign_in(page)
    page.get_by_text("Sua sessão tinha terminado").wait_for()
    assert page.get_by_label("Título").input_value() == f"Digitada devagar ({size})"
    assert names(page) == ["Conceição Evaristo"]
    assert page.get_by_role("combobox", name="Editora").input_value() == "B. L. Garnier"
    page.get_by_text("Será guardada com").wait_for()
    office.keep(page, f"11-sessao-terminada-{size}")
    assert not overflows(page)
    assert api(office, "/obras/?search=digitada+" + size)["count"] == 0
    page.get_by_role("button", name="Salvar", exact=True).click()
    saved(page)
    [work] = api(office, "/obras/?search=digitada+" + size)["results"]
    assert work["foto"].startswith("/media/fotos/")
    # What was kept for the form is gone with the success.
    assert page.evaluate("sessionStorage.getItem('biblioteca.draft')") is None
    context.close()
    office.context.close()
    office.context = office.signed_in()


def test_everything_fits_a_phone(office, phone, cover):
    phone.clear_cookies()
    page = phone.new_page()
    page.goto(f"{office.address}/admin/")
    office.keep(page, "12-entrar-390")
    office.sign_in(page)
    office.keep(page, "13-inicio-390")
    assert not overflows(page)
    page.get_by_role("button", name="Abrir a navegação").click()
    office.keep(page, "14-navegacao-390", full_page=False)
    page.get_by_role("link", name="Obras", exact=True).first.click()
    page.get_by_placeholder("Inícios de palavras").fill("conceicao")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=conceicao**")
    office.keep(page, "15-conceicao-390")
    assert not overflows(page)
    page.get_by_role("button", name="Filtros").click()
    office.keep(page, "16-filtros-390", full_page=False)
    page.goto(f"{office.address}/admin/obras/obra/add/")
    page.get_by_label("Título").fill("Pelo telefone")
    pick(page, "Autores, em ordem", "Poeta do Telefone", "Criar autor")
    page.get_by_text("Poeta do Telefone", exact=True).wait_for()
    page.get_by_label("Solte uma imagem aqui").set_input_files(cover)
    page.get_by_text("Será guardada com 300 × 420 pixels").wait_for()
    office.keep(page, "17-obra-390")
    assert not overflows(page)
    page.get_by_role("button", name="Salvar", exact=True).click()
    saved(page)
    [author] = api(office, "/autores/?search=poeta+telefone")["results"]
    assert api(office, "/obras/?search=pelo+telefone")["results"][0]["foto"]
    page.goto(f"{office.address}/admin/autores/autor/{author['id']}/change/")
    page.get_by_role("link", name="Pelo telefone").wait_for()
    office.keep(page, "18-autor-390")
    assert not overflows(page)
    page.close()


def test_authors_and_publishers_show_their_works(office):
    [author] = api(office, "/autores/?search=machado+de+assis&page_size=1")["results"]
    page = office.page(f"/admin/autores/autor/{author['id']}/change/")
    page.get_by_role("link", name="Dom Casmurro").wait_for()
    office.keep(page, "19-autor")
    page.get_by_role("link", name="Todas na lista").click()
    page.wait_for_url(f"**autor={author['id']}**")
    assert page.locator("#result_list .field-name", has_text="Dom Casmurro").count() == 1
    page.goto(f"{office.address}/admin/editoras/editora/")
    office.keep(page, "20-editoras")
    page.close()
