"""Three spellings of one author become one, and three again, in a browser."""

import re

import pytest

from biblioteca.tests.browser.helpers import DESKTOP, PHONE, back_office, overflows

pytestmark = pytest.mark.browser

LIST = "/admin/autores/autor/"
NAMES = ("Conceição Evaristo da Silva", "Silva, Conceição Evaristo da", "Conceicao Evaristo Silva")


@pytest.fixture(scope="module")
def office(browser, tmp_path_factory):
    with back_office(browser, tmp_path_factory.mktemp("fusoes")) as office:
        yield office


@pytest.fixture(scope="module")
def catalogue(office):
    """Three authors with a work each; their ids and the works'."""
    request = office.context.request
    authors = [
        request.post(f"{office.address}/autores/", data={"nome": name}).json()["id"]
        for name in NAMES
    ]
    works = []
    for number, author in enumerate(authors):
        body = {"titulo": f"Becos {number}", "editora": None, "autores": [author]}
        works.append(request.post(f"{office.address}/obras/", data=body).json()["id"])
    return authors, works


def authors_of(office, works):
    request = office.context.request
    return [request.get(f"{office.address}/obras/{key}").json()["autores"] for key in works]


def button(page, portuguese, english):
    return page.get_by_role("button", name=re.compile(f"^({portuguese}|{english})"))


@pytest.mark.parametrize(("viewport", "size"), [(DESKTOP, ""), (PHONE, "-390")])
def test_three_authors_are_merged_and_come_back(office, catalogue, viewport, size):
    authors, works = catalogue
    context = office.signed_in(viewport)
    page = context.new_page()
    page.goto(f"{office.address}{LIST}?q=evaristo+conceicao+silva")
    for key in authors:
        page.locator(f"input[name=_selected_action][value='{key}']").check()
    page.locator("select[name=action]").select_option("merge_selected")
    page.locator("button[name=index]").click()
    page.wait_for_url("**/fundir/?ids=*")
    office.keep(page, f"fusao-escolha{size}")
    assert not overflows(page)
    page.locator(f"input[name=destino][value='{authors[1]}']").check()
    page.locator(f"input[name=nome][value='{authors[0]}']").check()
    button(page, "Ver o que muda", "See what changes").click()
    page.get_by_text("Becos 0").wait_for()
    assert page.get_by_text("Becos 2").is_visible()
    assert not page.get_by_text("Becos 1").is_visible()
    office.keep(page, f"fusao-confirmar{size}")
    assert not overflows(page)
    button(page, "Sim, fundir", "Yes, merge").click()
    page.wait_for_url("**/admin/fusoes/*/")
    office.keep(page, f"fusao-feita{size}")
    assert not overflows(page)
    assert authors_of(office, works) == [[authors[1]]] * 3
    name = office.context.request.get(f"{office.address}/autores/{authors[0]}").json()["nome"]
    assert name == NAMES[0]
    button(page, "Desfazer", "Undo").click()
    page.get_by_text(re.compile("Desfeita por|Undone by")).wait_for()
    office.keep(page, f"fusao-desfeita{size}")
    assert not overflows(page)
    assert authors_of(office, works) == [[key] for key in authors]
    context.close()


def test_the_ranking_on_a_phone(office, catalogue):
    context = office.signed_in(PHONE)
    page = context.new_page()
    page.goto(f"{office.address}{LIST}")
    page.get_by_role("link", name=re.compile("^(Prováveis duplicados|Likely duplicates)$")).click()
    page.wait_for_url("**/duplicados/")
    with page.expect_navigation():
        button(page, "Comparar de novo", "Compare again").click()
    assert not overflows(page)
    office.keep(page, "duplicados-390")
    page.get_by_role(
        "link", name=re.compile("^(Comparar e fundir|Compare and merge)")
    ).first.click()
    page.wait_for_url("**/fundir/?ids=*")
    assert not overflows(page)
    page.goto(f"{office.address}/admin/fusoes/")
    assert not overflows(page)
    office.keep(page, "fusoes-390")
    context.close()
