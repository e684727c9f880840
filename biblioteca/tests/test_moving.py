"""Whole catalogues go from engine to engine, into backups and back, as their rows show."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack
from itertools import pairwise

import pytest

from biblioteca.operations.backup import hash_of
from biblioteca.tests.databases import empty_database
from biblioteca.tests.servers import ROOT, environment_for

pytestmark = pytest.mark.redis

EDIT = """
from django.contrib.auth import get_user_model
user = get_user_model().objects.create_user("editora-chefe", password="uma senha comprida")
user.groups.create(name="Estagiários")
"""
COUNT = "from obras.models import Obra; print(Obra.objects.count())"
INSERT = (
    "from editoras.models import Editora; e = Editora(nome='Nova', chave='nova');"
    "e.save(); print(e.pk)"
)


class Place:
    """A data directory and a database, used by commands of their own processes."""

    def __init__(self, directory, url=""):
        self.directory, self.url = directory, url
        directory.mkdir(exist_ok=True)
        self.environment = environment_for(directory, **({"DATABASE_URL": url} if url else {}))
        self.environment["LANGUAGE_CODE"] = "en"

    def run(self, *command, status=0):
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=self.environment,
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def rows(self):
        """Every row of every table of the SQLite file, as SQLite itself gives them."""
        link = sqlite3.connect(self.directory / "biblioteca.sqlite3")
        names = [name for (name,) in link.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]  # fmt: skip
        left_out = ("django_session", "cache_geracao", "django_migrations", "sqlite_sequence")
        found = {}
        for name in names:
            if name not in left_out:
                rows = link.execute(f'SELECT * FROM "{name}"').fetchall()
                found[name] = sorted(map(normal, rows), key=repr)
        link.close()
        return found


def normal(row):
    """A row in which JSON is compared by what it says."""
    return tuple(
        json.dumps(json.loads(value), sort_keys=True)
        if isinstance(value, str) and value[:1] in ("{", "[")
        else value
        for value in row
    )


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    """A catalogue with pictures, history, users and changes, on SQLite."""
    place = Place(tmp_path_factory.mktemp("catalogue"))
    place.run("migrate", "-v0")
    place.run("demonstracao")
    file = place.directory / "mais.csv"
    file.write_text("titulo,autores,editora,isbn\nÁgua 💧 viva,Lispector,Rocco,9788535914849\n")
    place.run("importar", str(file))
    place.run("shell", "-c", EDIT)
    assert len(place.rows()["records_historyentry"]) > 500
    return place


def sqlite_url(place):
    return f"sqlite:///{place.directory}/biblioteca.sqlite3"


def test_from_engine_to_engine_and_back(catalogue, tmp_path):
    before = catalogue.rows()
    with ExitStack() as stack:
        urls = [stack.enter_context(empty_database(name)) for name in ("MariaDB", "PostgreSQL")]
        last = Place(tmp_path / "last")
        steps = [sqlite_url(catalogue), *urls, sqlite_url(last)]
        for source, target in pairwise(steps):
            said = Place(tmp_path / "runs", source).run("mover_banco", "--para", target)
            assert "read back" in said
        after = last.rows()
        assert list(after) == list(before)
        for table, rows in before.items():
            assert after[table] == rows, table
        highest = max(row[0] for row in before["editoras_editora"])
        for url in [*urls, sqlite_url(last)]:
            new = Place(tmp_path / "new", url).run("shell", "-c", INSERT).split()[-1]
            assert int(new) > highest  # new ids begin after those that came
        said = Place(tmp_path / "again", urls[0]).run("mover_banco", "--para", urls[1], status=1)
        assert "only an empty database" in said
    assert catalogue.rows() == before


def test_a_move_that_is_killed_leaves_the_target_empty(tmp_path):
    source = Place(tmp_path / "source")
    source.run("migrate", "-v0")
    source.run("gerar", "--obras", "4000")
    with empty_database("MariaDB") as url:
        target = Place(tmp_path / "target", url)
        target.run("migrate", "-v0")
        process = subprocess.Popen(
            [sys.executable, "manage.py", "mover_banco", "--para", url], cwd=ROOT,
            env=source.environment,
        )  # fmt: skip
        wait_until_written(url)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert target.run("shell", "-c", COUNT).split()[-1] == "0"
        source.run("mover_banco", "--para", url)
        assert target.run("shell", "-c", COUNT).split()[-1] == "4000"


def wait_until_written(url):
    """Return when a transaction on the server has written rows of the catalogue."""
    import dj_database_url
    import MySQLdb

    parts, deadline = dj_database_url.parse(url), time.monotonic() + 60
    link = MySQLdb.connect(
        host=parts["HOST"], port=parts["PORT"] or 3306, user=parts["USER"],
        password=parts["PASSWORD"], database=parts["NAME"], autocommit=True,
    )  # fmt: skip
    cursor = link.cursor()
    cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED")
    written = 0
    while written < 1000:
        assert time.monotonic() < deadline
        time.sleep(0.01)
        cursor.execute("SELECT COUNT(*) FROM obras_obra")
        written = cursor.fetchone()[0]
    link.close()


def test_what_cannot_be_moved_is_said(catalogue, tmp_path):
    same = sqlite_url(catalogue)
    assert "same database" in Place(tmp_path / "a", same).run(
        "mover_banco", "--para", same, status=1
    )
    nowhere = f"sqlite:///{tmp_path}/none.sqlite3"
    assert "no such file" in catalogue.run("mover_banco", "--de", nowhere, "--para", same, status=1)
    away = "mysql://root@127.0.0.1:9/nothing"
    assert "Nothing was moved" in catalogue.run("mover_banco", "--para", away, status=1)


def saved(place, directory):
    done = subprocess.run(
        ["deploy/backup", str(directory)], cwd=ROOT, text=True, capture_output=True,
        env=place.environment | {"PYTHON": sys.executable, "KEEP": "2"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return directory / done.stdout.split("/")[-1].strip()


def restored(place, backup, *options, status=0):
    done = subprocess.run(
        ["deploy/restore", str(backup), *options], cwd=ROOT, text=True, capture_output=True,
        env=place.environment | {"PYTHON": sys.executable},
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def pictures(place):
    return {
        path.relative_to(place.directory).as_posix(): hash_of(path)
        for path in (place.directory / "media").rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("engine", ["SQLite", "MariaDB", "PostgreSQL"])
def test_backup_wipe_restore(engine, catalogue, tmp_path):
    with ExitStack() as stack:
        url = "" if engine == "SQLite" else stack.enter_context(empty_database(engine))
        place = Place(tmp_path / "place", url)
        target = url or sqlite_url(place)
        catalogue.run("mover_banco", "--para", target)
        shutil.copytree(catalogue.directory / "media", place.directory / "media")
        backup = saved(place, tmp_path / "backups")
        assert "already" in restored(place, backup, status=1)

        place.run("flush", "--no-input")
        shutil.rmtree(place.directory / "media")
        assert place.run("shell", "-c", COUNT).split()[-1] == "0"
        assert "restored" in restored(place, backup, "--substituir")
        copy = Place(tmp_path / "copy")
        place.run("mover_banco", "--para", sqlite_url(copy))
        assert copy.rows() == catalogue.rows()
        assert pictures(place) == pictures(catalogue)


@pytest.fixture(scope="module")
def whole_backup(catalogue, tmp_path_factory):
    return saved(catalogue, tmp_path_factory.mktemp("backups"))


@pytest.fixture
def backup(whole_backup, tmp_path):
    return shutil.copytree(whole_backup, tmp_path / "backup")


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("migrated"))
    place.run("migrate", "-v0")
    return place


def rewrite_manifest(backup):
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["catalogue"] = hash_of(backup / "catalogue.sqlite3")
    (backup / "manifest.json").write_text(json.dumps(manifest))


def cut_short(backup):
    with (backup / "catalogue.sqlite3").open("r+b") as file:
        file.truncate(100_000)


def without_picture(backup):
    next(path for path in (backup / "media").rglob("*") if path.is_file()).unlink()


def with_another_picture(backup):
    next(path for path in (backup / "media").rglob("*") if path.is_file()).write_bytes(b"x")


def unfinished(backup):
    (backup / "manifest.json").unlink()


def from_the_future(backup):
    link = sqlite3.connect(backup / "catalogue.sqlite3")
    link.execute(
        "INSERT INTO django_migrations (app, name, applied)"
        " VALUES ('obras', '9999_x', '2030-01-01')"
    )
    link.commit()
    link.close()
    rewrite_manifest(backup)


def outside(backup):
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["pictures"]["../../etc/passwd"] = "0"
    (backup / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (cut_short, "damaged"),
        (without_picture, "missing"),
        (with_another_picture, "damaged"),
        (unfinished, "no finished backup"),
        (from_the_future, "newer version"),
        (outside, "missing"),
    ],
)
def test_a_backup_that_is_not_whole_changes_nothing(breaks, said, backup, migrated):
    breaks(backup)
    before = migrated.rows()
    assert said in restored(migrated, backup, "--substituir", status=1)
    assert migrated.rows() == before
    assert not (migrated.directory / "media").exists()


def test_a_backup_of_an_older_version_is_restored(backup, catalogue, tmp_path):
    file = backup / "catalogue.sqlite3"
    older = Place(tmp_path / "older", f"sqlite:///{file}")
    older.run("migrate", "cache", "zero", "-v0")
    for rest in file.parent.glob("catalogue.sqlite3-*"):
        rest.unlink()
    rewrite_manifest(backup)
    target = Place(tmp_path / "target")
    restored(target, backup)
    assert target.rows() == catalogue.rows()


def test_only_the_last_backups_are_kept(migrated, tmp_path):
    backups = tmp_path / "backups"
    (backups / "2020-01-01T000000Z").mkdir(parents=True)
    (backups / "2020-01-02T000000Z").mkdir()
    (backups / "mine").mkdir()
    name = saved(migrated, backups).name
    assert sorted(os.listdir(backups)) == ["2020-01-02T000000Z", name, "mine"]


def test_a_backup_is_never_written_over_another(catalogue, backup):
    assert "not empty" in catalogue.run("salvar_copia", str(backup), status=1)
