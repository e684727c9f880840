"""The guides in a browser: found from the navigation, readable on a phone and in the dark."""

import pytest

from biblioteca.tests.browser.helpers import (
    DESKTOP,
    PHONE,
    back_office,
    check_accessibility,
    overflows,
    screenshot,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def office(browser, tmp_path_factory):
    with back_office(browser, tmp_path_factory.mktemp("ajuda")) as office:
        yield office


def test_from_the_navigation_to_a_heading(office):
    page = office.page("/admin/")
    page.locator('nav a[href="/admin/ajuda/"], aside a[href="/admin/ajuda/"]').first.click()
    page.get_by_role("link", name="Carregar dados").click()
    page.get_by_role("heading", name="Carregar dados", level=1).wait_for()
    page.get_by_role("navigation", name="Nesta página").get_by_text("Exportar").click()
    heading = page.get_by_role("heading", name="Exportar", level=2)
    assert page.url.endswith("/admin/ajuda/carregar-dados/#exportar")
    assert page.evaluate("() => scrollY") > 1000
    assert heading.bounding_box()["y"] < 200
    assert office.foreign == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_readable_in_light_and_dark(scheme, size, office):
    # The theme asks for the scheme when a page is loaded.
    context = office.signed_in(size, color_scheme=scheme)
    page = context.new_page()
    for path in ("", "carregar-dados/"):
        page.goto(f"{office.address}/admin/ajuda/{path}")
        page.locator("html:is(.dark)" if scheme == "dark" else "html:not(.dark)").wait_for()
        name = f"ajuda-{path}{scheme}-{size['width']}"
        screenshot(page, name)
        check_accessibility(page, name)
        assert not overflows(page)
    context.close()
