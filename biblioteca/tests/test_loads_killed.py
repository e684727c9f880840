"""A load that was killed, run again, ends in the catalogue of an undisturbed one; the full counts
are in ``make faults``."""

import pytest

from biblioteca.tests.databases import empty_database
from biblioteca.tests.faults.loads import Shop, disturbed_load, write_table

pytestmark = pytest.mark.served

WORKS = 6000


@pytest.mark.parametrize("engine", ["SQLite", "MariaDB"])
def test_killed_and_run_again(engine, tmp_path):
    table = tmp_path / "obras.csv"
    write_table(table, WORKS)
    (tmp_path / "alone").mkdir()
    alone = Shop(tmp_path / "alone", f"sqlite:///{tmp_path}/alone.sqlite3")
    if engine == "SQLite":
        shop = Shop(tmp_path, f"sqlite:///{tmp_path}/killed.sqlite3")
        seen = disturbed_load(shop, alone, table, times=2)
    else:
        with empty_database(engine) as database:
            seen = disturbed_load(Shop(tmp_path, database), alone, table, times=2)
    assert seen["report"]["lidos"] == WORKS
    assert seen["report"]["rejeitado"] > 0
    assert seen["report"]["conflito"] > 0
