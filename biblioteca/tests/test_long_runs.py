"""What ``make faults``, ``make fuzz`` and ``make bench`` run at length does at least begin."""

import os
import subprocess
import sys

import pytest

from biblioteca.tests.servers import ROOT

PROGRAMS = (
    "bench.__main__", "bench.serving", "bench.loading", "bench.backoffice",
    "biblioteca.tests.faults.run", "biblioteca.tests.fuzzing.run",
    "biblioteca.backoffice.tests.pictures",
)  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_can_be_imported_without_settings(program):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", f"import {program}"], cwd=ROOT, env=kept, capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
