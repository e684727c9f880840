import pytest
from django.core.exceptions import ImproperlyConfigured

from biblioteca.operations import environment
from biblioteca.operations.databases import database_settings


@pytest.mark.parametrize(
    ("value", "found"), [("1", True), ("true", True), ("TRUE", True), ("0", False), ("", False)]
)
def test_booleans(monkeypatch, value, found):
    monkeypatch.setenv("X", value)
    assert environment.boolean("X") is found


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (environment.boolean, "yes"),
        (environment.boolean, "sim"),
        (lambda name: environment.integer(name, 8, minimum=1, maximum=9), "10"),
        (lambda name: environment.integer(name, 8, minimum=1, maximum=9), "x"),
        (lambda name: environment.choice(name, "a", ("a", "b")), "c"),
        (environment.origin, "catalogo.example.org"),
        (environment.origin, "ftp://example.org"),
        (environment.origin, "https://example.org?x"),
        (environment.origins, "https://a.example, //b"),
    ],
)
def test_nonsense_names_the_setting_and_an_example(monkeypatch, read, value):
    monkeypatch.setenv("X", value)
    with pytest.raises(ImproperlyConfigured) as caught:
        read("X")
    assert "X=" in str(caught.value)
    assert "Example: X=" in str(caught.value)


def test_a_value_may_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv("X_FILE", str(tmp_path / "secret"))
    assert environment.text("X") == "from the file"
    monkeypatch.setenv("X", "too")
    with pytest.raises(ImproperlyConfigured, match="both"):
        environment.text("X")
    monkeypatch.delenv("X")
    monkeypatch.setenv("X_FILE", str(tmp_path / "nothing"))
    with pytest.raises(ImproperlyConfigured, match="X_FILE"):
        environment.text("X")


@pytest.mark.parametrize(
    ("url", "engine", "name"),
    [
        ("", "sqlite3", None),
        ("sqlite://:memory:", "sqlite3", ":memory:"),
        ("mysql://user:p%40ss@db:3306/catalogo", "mysql", "catalogo"),
        ("mariadb://db/catalogo", "mysql", "catalogo"),
        ("postgres://u@db/catalogo", "postgresql", "catalogo"),
    ],
)
def test_database_urls(monkeypatch, tmp_path, url, engine, name):
    monkeypatch.setenv("DATABASE_URL", url)
    found = database_settings(tmp_path)
    assert found["ENGINE"] == f"django.db.backends.{engine}"
    assert found["NAME"] == (name or str(tmp_path / "biblioteca.sqlite3"))


def test_a_bad_database_url_names_the_engines_and_hides_the_password(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "oracle://user:hunter2@db/x")
    with pytest.raises(ImproperlyConfigured) as caught:
        database_settings(tmp_path)
    assert "mysql" in str(caught.value)
    assert "hunter2" not in str(caught.value)
