"""The guides in a browser: readable on a phone and in the dark, and found from the navigation."""

import pytest

from biblioteca.tests.browser.helpers import PHONE, back_office, overflows

pytestmark = pytest.mark.served


@pytest.fixture(scope="module")
def office(browser, tmp_path_factory):
    with back_office(browser, tmp_path_factory.mktemp("ajuda")) as office:
        yield office


def test_from_the_navigation_to_a_heading(office):
    page = office.page("/admin/")
    page.locator('nav a[href="/admin/ajuda/"], aside a[href="/admin/ajuda/"]').first.click()
    office.keep(page, "ajuda")
    page.get_by_role("link", name="Carregar dados").click()
    page.get_by_role("heading", name="Carregar dados", level=1).wait_for()
    page.get_by_role("navigation", name="Nesta página").get_by_text("Exportar").click()
    heading = page.get_by_role("heading", name="Exportar", level=2)
    assert page.url.endswith("/admin/ajuda/carregar-dados/#exportar")
    assert page.evaluate("() => scrollY") > 1000
    assert heading.bounding_box()["y"] < 200
    assert office.foreign == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(scheme, office):
    context = office.signed_in(PHONE, color_scheme=scheme)
    page = context.new_page()
    for name in ("", "carregar-dados/"):
        page.goto(f"{office.address}/admin/ajuda/{name}")
        office.keep(page, f"ajuda-{name}telefone-{scheme}", dark=False)
        assert not overflows(page)
    context.close()


def test_the_guide_in_the_dark(office):
    office.keep(office.page("/admin/ajuda/carregar-dados/"), "ajuda-carregar-dados")
