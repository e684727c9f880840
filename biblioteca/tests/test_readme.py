"""The README's examples, run as they stand against a running server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from biblioteca.tests.servers import ROOT, serving

pytestmark = pytest.mark.served

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(bash|python|js)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"


def examples(language: str, address: str) -> list[str]:
    """Return the examples in a language, calling ``address``."""
    found = [code for kind, code in BLOCK.findall(README) if kind == language]
    assert found
    return [code.replace(ADDRESS, address) for code in found]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("readme")) as running:
        yield running


def test_curl(address):
    for code in examples("bash", address):
        result = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", code], capture_output=True, text=True, cwd=ROOT
        )
        assert result.returncode == 0, result.stderr + result.stdout


def test_python(address):
    for code in examples("python", address):
        result = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT
        )
        assert result.returncode == 0, result.stderr
        assert "/media/fotos/" in result.stdout


def test_browser(address, browser):
    page = browser.new_page()
    page.goto(f"{address}/docs/")
    for code in examples("js", address):
        assert page.evaluate(f"async () => {{ {code} }}") == [
            "Casa das Letras", "precondition_failed",
        ]  # fmt: skip


def test_every_command_named_exists():
    commands = set(re.findall(r"manage\.py (\w+)", README))
    result = subprocess.run(
        [sys.executable, "manage.py", "help", "--commands"],
        capture_output=True, text=True, cwd=ROOT, env=os.environ | {"DJANGO_DEBUG": "1"},
    )  # fmt: skip
    assert commands <= set(result.stdout.split())


def test_every_setting_is_in_the_example_and_the_other_way_round():
    listed = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    sources = [*(ROOT / "biblioteca").rglob("*.py")]
    text = "".join(path.read_text() for path in sources if "tests" not in Path(path).parts)
    read = set(re.findall(r'environment\.\w+\(\s*"([A-Z_]+)"', text))
    read |= set(re.findall(r'"(SSO_[A-Z_]+)"', text))  # read in a loop
    assert read | {"ACCESS_LOG"} == listed
