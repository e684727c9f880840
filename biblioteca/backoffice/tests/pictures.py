"""``python -m biblioteca.backoffice.tests.pictures``: the help's pictures of the real screens.

Starts a server with the demonstration on a free port, drives Chromium through it in Portuguese and
writes PNG files that the help pages show, each of 150 KB at most. Run it again after a change of
the screens.
"""

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from biblioteca.tests import engines
from biblioteca.tests.browser.helpers import STILL, BackOffice, back_office
from biblioteca.tests.servers import ROOT

DIRECTORY = ROOT / "biblioteca" / "backoffice" / "static" / "backoffice" / "help"
MOST_BYTES = 150_000
WINDOW = {"width": 1180, "height": 760}
# What a bookshop might send.
ORDER = """titulo,autores,editora,isbn
Água Viva,"Lispector, Clarice",Rocco,9788532508126
,Itamar Vieira Junior,Todavia,
Quincas Borba,Machado de Assis,Garnier,1234567890123
"""
# Fewer colours until the file is small enough.
COLOURS = (256, 128, 64, 32)


def write(name: str, content: bytes) -> None:
    """Write a picture, with as many colours as fit into the bound. Raises ValueError if none do."""
    image = Image.open(io.BytesIO(content)).convert("RGB")
    for colours in COLOURS:
        encoded = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(encoded, "PNG", optimize=True)
        if encoded.tell() <= MOST_BYTES:
            DIRECTORY.mkdir(parents=True, exist_ok=True)
            (DIRECTORY / f"{name}.png").write_bytes(encoded.getvalue())
            return
    raise ValueError(f"{name}: {encoded.tell()} bytes")


def shoot(page: Any, name: str, part: str | None = None) -> None:
    """Take a picture of what the window shows, or of a part of the page."""
    page.wait_for_load_state("networkidle")
    page.add_style_tag(content=STILL)
    write(name, (page.locator(part) if part else page).screenshot())


def pictures(office: BackOffice) -> None:
    """Take every picture."""
    stranger = office.new_context(WINDOW).new_page()
    stranger.goto(f"{office.address}/admin/")
    shoot(stranger, "entrar")
    page = office.signed_in(WINDOW).new_page()

    def show(path: str) -> None:
        page.goto(office.address + path)

    show("/admin/")
    shoot(page, "inicio")
    show("/admin/obras/obra/?q=machado")
    shoot(page, "obras")
    show("/admin/obras/obra/add/")
    page.get_by_label("Título").press_sequentially("Dom Casmurro")
    page.locator("[data-similar] li").first.wait_for()
    authors = page.get_by_role("combobox", name="Autores, em ordem")
    authors.fill("machado de assis")
    page.get_by_role("option").first.click()
    authors.fill("joaquim")
    page.get_by_role("option").first.wait_for()
    shoot(page, "obra")
    authors.fill("")
    page.get_by_role("button", name="Incluir um identificador").click()
    page.get_by_label("Número").fill("978-85-359-1063-5")
    page.locator("[data-identifiers] .is-wrong").wait_for()
    shoot(page, "isbn", "[data-identifiers]")
    show("/admin/autores/autor/1/change/")
    shoot(page, "autor")
    show("/admin/autores/autor/?q=machado")
    shoot(page, "exportar", ".export")
    show("/admin/cargas/nova/")
    shoot(page, "carga-nova")
    file = {"name": "encomenda.csv", "mimeType": "text/csv", "buffer": ORDER.encode()}
    page.get_by_label("Arquivos").set_input_files(file)
    page.get_by_role("button", name="Ver o que resultaria").click()
    page.get_by_role("heading", name="O que resultaria").wait_for()
    shoot(page, "carga-simulada")


@contextmanager
def chromium() -> Iterator[Any]:
    """Run the system's Chromium."""
    from playwright.sync_api import sync_playwright

    program = engines.chromium()
    if program is None:
        sys.exit("Chromium is needed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--lang=pt-BR"]
        )
        yield browser
        browser.close()


def main() -> None:
    """Start, take the pictures, say which."""
    os.chdir(ROOT)
    with (
        tempfile.TemporaryDirectory() as directory,
        chromium() as browser,
        back_office(browser, Path(directory) / "escritorio") as office,
    ):
        pictures(office)
    for path in sorted(DIRECTORY.glob("*.png")):
        sys.stdout.write(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
