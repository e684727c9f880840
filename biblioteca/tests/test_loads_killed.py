"""A load that was killed, run again, ends in the catalogue of an undisturbed one; the full counts
are in ``make faults``."""

import pytest

from biblioteca.tests.databases import empty_database
from biblioteca.tests.faults.loads import Shop, disturbed_load, undisturbed_table

pytestmark = pytest.mark.served

WORKS = 6000


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return undisturbed_table(tmp_path_factory.mktemp("alone"), WORKS)


@pytest.mark.parametrize("engine", ["SQLite", "MariaDB"])
def test_killed_and_run_again(engine, alone, tmp_path):
    if engine == "SQLite":
        shop = Shop(tmp_path, f"sqlite:///{tmp_path}/killed.sqlite3")
        seen = disturbed_load(shop, *alone, times=2)
    else:
        with empty_database(engine) as database:
            seen = disturbed_load(Shop(tmp_path, database), *alone, times=2)
    assert seen["report"]["lidos"] == WORKS
    assert seen["report"]["rejeitado"] > 0
    assert seen["report"]["conflito"] > 0
