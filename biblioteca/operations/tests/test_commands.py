"""What somebody reads who runs a command too early."""

import subprocess
import sys

import pytest

from biblioteca.tests.servers import ROOT, environment_for


def run(tmp_path, *command, options=(), **environment):
    return subprocess.run(
        [sys.executable, *options, "manage.py", *command], cwd=ROOT, capture_output=True, text=True,
        env=environment_for(tmp_path, LANGUAGE_CODE="en", **environment),
    )  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [("lotes",), ("desfazer", "1"), ("importar", "obras.csv"), ("exportar", "fora.csv")],
    ids=lambda command: command[0],
)
def test_a_database_without_tables(command, tmp_path):
    (tmp_path / "obras.csv").write_text("titulo\nUm\n", encoding="utf-8")
    places = [str(tmp_path / part) if "." in part else part for part in command]
    done = run(tmp_path, *places)
    assert done.returncode != 0
    assert "manage.py migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_environment(tmp_path):
    done = run(tmp_path, "lotes", options=("-S",))  # without installed packages
    assert done.returncode == 1
    assert ". .venv/bin/activate" in done.stderr
    assert "Traceback" not in done.stderr


def test_garbage_is_collected_once_a_command_has_begun(tmp_path):
    done = run(tmp_path, "shell", "-v0", "-c", "import gc; print(gc.isenabled())")
    assert done.stdout.strip() == "True", done.stderr


def test_who_reads_has_seen_enough(tmp_path):
    run(tmp_path, "migrate", "-v", "0")
    many = "from biblioteca.loading.models import Batch\nfor _ in range(4000): Batch().save()"
    run(tmp_path, "shell", "-v", "0", "-c", many)
    done = subprocess.run(
        f"{sys.executable} manage.py lotes --ultimos 4000 | head -n 1", cwd=ROOT, shell=True,
        capture_output=True, text=True, env=environment_for(tmp_path, LANGUAGE_CODE="en"),
    )  # fmt: skip
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
