"""The help shows pictures that are there, and the screens lead to pages that are there."""

import re

from django.contrib import admin
from django.contrib.staticfiles import finders

from biblioteca.backoffice.tests.pictures import DIRECTORY, MOST_BYTES
from biblioteca.tests.servers import ROOT

PAGES = ROOT / "biblioteca" / "backoffice" / "help"
PICTURE = re.compile(r"!\[[^\]]+\]\(/static/([^)]+)\)")


def test_every_picture_of_the_help_is_there_and_small():
    shown = {name for page in PAGES.glob("*.md") for name in PICTURE.findall(page.read_text())}
    assert len(shown) >= 6
    for name in shown:
        assert finders.find(name), name
    for path in DIRECTORY.glob("*.png"):
        assert path.stat().st_size <= MOST_BYTES, path.name


def test_every_screen_that_names_its_help_has_it():
    named = {getattr(model_admin, "help_page", "") for model_admin in admin.site._registry.values()}
    named |= {page.help_page for page in admin.site.pages} | {admin.site.help_of_home}
    for name in named - {""}:
        assert (PAGES / f"{name}.md").is_file(), name
