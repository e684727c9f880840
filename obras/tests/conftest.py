import csv
import json

import pytest
from django.core.management import call_command

from biblioteca.loading.models import Catalogue
from obras.tests.sending import person


class Loaded:
    """What one run of ``importar`` said."""

    def __init__(self, status, counts, kept):
        self.status = status
        self.counts = counts
        self.kept = kept
        self.batch = counts.get("lote")

    def verdicts(self):
        names = ("criado", "atualizado", "igual", "conflito", "rejeitado")
        return {name: self.counts[name] for name in names if self.counts[name]}


@pytest.fixture
def load(tmp_path, monkeypatch, capsys):
    """Load a text (or bytes) as ``importar --json`` does, and return what it said."""
    monkeypatch.chdir(tmp_path)

    def run(content, *options, name="livros.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        rejects = tmp_path / "rejeitados.csv"
        rejects.unlink(missing_ok=True)
        capsys.readouterr()
        status = 0
        try:
            call_command("importar", str(path), "--json", "--rejeitados", str(rejects), *options)
        except SystemExit as stop:
            status = stop.code
        said = capsys.readouterr().out
        kept = []
        if rejects.exists():
            with rejects.open(encoding="utf-8", newline="") as file:
                kept = list(csv.DictReader(file))
        return Loaded(status, json.loads(said) if said.strip() else {}, kept)

    return run


@pytest.fixture
def export(tmp_path):
    """Run the command into a file and return its path."""

    def run(name, *options):
        path = tmp_path / name
        call_command("exportar", str(path), *options)
        return path

    return run


@pytest.fixture
def ana():
    """The browser of somebody who may load and take back."""
    # A test with real transactions is cleaned up by emptying every table.
    Catalogue.objects.get_or_create(defaults={"codigo": "biblioteca-teste"})
    return person("ana", "view_batch", "add_batch", "change_batch")
