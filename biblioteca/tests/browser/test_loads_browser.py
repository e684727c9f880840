"""Import and export as an editor does them: a file with errors, its rejects, progress, undo."""

import csv

import pytest

from biblioteca.tests.browser.helpers import DESKTOP, PHONE, back_office, overflows
from biblioteca.tests.faults.loads import write_table

pytestmark = pytest.mark.browser

TABLE = """titulo,autores,editora,isbn
Água Viva,"Lispector, Clarice",Rocco,9788532508126
,Sem título na linha,Rocco,
Torto Arado,Itamar Vieira Junior,Todavia,9786580309310
Quincas Borba,Machado de Assis,Garnier,1234567890123
"""


@pytest.fixture(scope="module")
def office(browser, tmp_path_factory):
    with back_office(browser, tmp_path_factory.mktemp("cargas")) as office:
        yield office


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_import_a_csv_with_errors_and_download_the_rejects(office, tmp_path, viewport):
    is_phone = viewport is PHONE
    prefix = "carga-390-" if is_phone else "carga-"
    context = office.signed_in(viewport)
    page = context.new_page()
    page.goto(f"{office.address}/admin/cargas/")
    page.get_by_role("link", name="Carregar arquivos").first.click()
    office.keep(page, f"{prefix}nova")
    page.get_by_text("Mais opções").click()
    office.keep(page, f"{prefix}nova-opcoes")
    assert not overflows(page)

    table = tmp_path / "encomenda.csv"
    table.write_text(TABLE)
    page.get_by_label("Arquivos").set_input_files(table)
    assert page.get_by_label("Fonte").input_value() == ""
    page.get_by_role("button", name="Ver o que resultaria").click()
    page.get_by_role("heading", name="O que resultaria").wait_for()
    assert page.get_by_text("Sem título na linha").is_visible()
    office.keep(page, f"{prefix}simulada")
    assert not overflows(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Baixar o que não seria carregado").click()
    simulated = rows_of(download.value)
    assert [row["linha"] for row in simulated] == ["3"]

    page.get_by_role("button", name="Carregar", exact=True).click()
    page.get_by_role("heading", name="O que resultou").wait_for(timeout=60_000)
    office.keep(page, f"{prefix}concluida")
    assert not overflows(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Baixar o que não foi carregado").click()
    assert rows_of(download.value) == simulated
    assert "autores" in simulated[0]

    page.get_by_role("link", name="Ver o que foi criado").click()
    office.keep(page, f"{prefix}registros")
    assert not overflows(page)
    page.get_by_role("link", name="Torto Arado").click()
    page.get_by_role("heading", name="Torto Arado").first.wait_for()
    page.go_back()
    page.go_back()

    page.get_by_label("fica como está, e o resto é desfeito").check()
    page.get_by_role("button", name="Desfazer a carga").click()
    page.get_by_role("heading", name="O que foi desfeito").wait_for(timeout=60_000)
    office.keep(page, f"{prefix}desfeita")
    page.goto(f"{office.address}/admin/cargas/")
    office.keep(page, f"{prefix}lista")
    assert not overflows(page)
    context.close()


def rows_of(download):
    with open(download.path(), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_progress_of_a_long_file_shows_by_itself(office, tmp_path):
    table = tmp_path / "acervo.csv"
    write_table(table, 20_000, seed=7)
    page = office.page("/admin/cargas/nova/")
    page.get_by_label("Arquivos").set_input_files(table)
    page.get_by_role("button", name="Ver o que resultaria").click()
    page.locator("progress").wait_for(timeout=60_000)
    page.get_by_text("acervo.csv: ").wait_for(timeout=60_000)
    office.keep(page, "carga-conferindo")
    page.get_by_role("heading", name="O que resultaria").wait_for(timeout=120_000)
    page.get_by_role("button", name="Carregar", exact=True).click()
    page.get_by_text("por segundo").wait_for(timeout=60_000)
    office.keep(page, "carga-andamento")
    page.get_by_role("heading", name="O que resultou").wait_for(timeout=120_000)


def test_a_file_that_cannot_be_read(office, tmp_path):
    table = tmp_path / "planilha.csv"
    table.write_text("isto,não,é\n1,2,3\n")
    page = office.page("/admin/cargas/nova/")
    page.get_by_label("Arquivos").set_input_files(table)
    page.get_by_role("button", name="Ver o que resultaria").click()
    page.get_by_text("planilha.csv").wait_for()
    office.keep(page, "carga-ilegivel")


def test_export_what_is_found(office):
    page = office.page("/admin/obras/obra/?q=assis")
    page.get_by_label("Exportar esta lista como").select_option("csv")
    office.keep(page, "exportar")
    with page.expect_download() as download:
        page.get_by_role("button", name="Exportar").click()
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:
        titles = [row["titulo"] for row in csv.DictReader(file)]
    assert "Dom Casmurro" in titles
    assert download.value.suggested_filename.startswith("obras-")
    assert office.foreign == []
