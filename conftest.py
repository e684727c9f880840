"""Fixtures of every test: no test writes outside its temporary directory."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from biblioteca.operations.storages import private_storage_settings
from biblioteca.tests import servers
from biblioteca.tests.engines import PLACES, chromium

pytest.register_assert_rewrite("biblioteca.api.tests.contract")
# What is imported and collected is no garbage: each process of a run begins seconds sooner.
gc.disable()


DATABASE_FIXTURES = {
    "db", "transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback",
    "client", "admin_client", "admin_user", "live_server", "django_db_setup",
}  # fmt: skip


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """On a database server run what touches the database: the rest ran on SQLite already.

    Raises UsageError for a test that no row of the table would find.
    """
    for item in items:
        for mark, place in PLACES.items():
            if item.get_closest_marker(mark) and not item.nodeid.startswith(f"{place}/"):
                raise pytest.UsageError(f"{item.nodeid}: what is marked {mark} belongs in {place}")
    if not os.environ.get("TEST_DATABASE_NAME"):
        return
    touching = [
        item
        for item in items
        if item.get_closest_marker("django_db") or DATABASE_FIXTURES & {*item.fixturenames}
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in touching])
    items[:] = touching


def pytest_collection_finish() -> None:
    """Look for garbage from here on."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _prepared(tmp_path_factory) -> None:
    """The workers of a run share what a first server made."""
    base = tmp_path_factory.getbasetemp()
    servers.prepared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    uploads = private_storage_settings(str(tmp_path / "cargas"), "")
    settings.STORAGES = settings.STORAGES | {"uploads": uploads}


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """A request in English leaves no English behind."""
    yield
    translation.deactivate()


@pytest.fixture
def shared_data(settings) -> Path:
    """The directory of real bibliographic files that lies beside the checkout."""
    directory = Path(settings.BASE_DIR).parent / "shared" / "data"
    if not directory.is_dir():
        pytest.skip(f"the real sample files are not here: {directory}")
    return directory


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium, the system's own; without one the test is skipped, or fails in CI.

    It runs an event loop in this thread, in which Django refuses its database: a module at most.
    """
    program = chromium()
    if program is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("there is no chromium here (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=flags)
        yield running
        running.close()
