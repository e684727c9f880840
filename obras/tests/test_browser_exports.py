"""Exports from the lists of the admin: what is filtered, at once or by a worker."""

import contextlib
import csv
import io

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client

from autores.models import Autor
from biblioteca.backoffice import exports
from biblioteca.loading.models import Catalogue, Download
from biblioteca.loading.worker import QueueWorker
from biblioteca.records import writing
from obras.models import Obra
from obras.tests.factories import AutorFactory, EditoraFactory, ObraFactory

pytestmark = pytest.mark.django_db(transaction=True)

EXPORT = "/admin/obras/obra/exportar/"


def person(name, *groups):
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups))
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def _catalogue():
    from biblioteca.backoffice.signin.roles import ensure_roles

    # A test with real transactions is cleaned up by emptying every table.
    Catalogue.objects.get_or_create(defaults={"codigo": "biblioteca-teste"})
    ensure_roles()


@pytest.fixture
def ana():
    return person("ana", "Leitores")


@pytest.fixture
def works():
    garnier = EditoraFactory(nome="Garnier")
    made = [
        ObraFactory(titulo="Dom Casmurro", editora=garnier),
        ObraFactory(titulo="Memórias póstumas", editora=garnier),
        ObraFactory(titulo="Memórias do cárcere", editora=None),
    ]
    return garnier, made


def content(answer):
    with contextlib.closing(answer):
        assert answer.status_code == 200, answer
        return answer.getvalue()


def titles(data):
    return [row["titulo"] for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig")))]


def by_command(tmp_path, *options):
    path = tmp_path / "comando.csv"
    call_command("exportar", str(path), *options)
    return path.read_bytes()


def test_a_list_says_where_it_is_exported(ana, works):
    page = ana.get("/admin/obras/obra/?q=memorias").content.decode()
    assert f'action="{EXPORT}?q=memorias"' in page
    assert 'value="marcxml"' in page
    authors = ana.get("/admin/autores/autor/").content.decode()
    assert 'value="jsonl"' in authors
    assert 'value="marcxml"' not in authors


@pytest.mark.parametrize("at_once", [5000, 0])
@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", ["--ordering", "titulo"]),
        ("?q=memorias", ["--search", "memorias", "--ordering", "titulo"]),
        ("?editora={editora}&q=memorias", ["--editora", "{editora}", "--search", "memorias"]),
        ("?falta=editora", ["--editora", "null"]),
    ],
)
def test_the_file_is_that_of_the_command(
    ana, works, tmp_path, monkeypatch, query, options, at_once
):
    monkeypatch.setattr(exports, "AT_ONCE", at_once)
    key = works[0].pk
    address = EXPORT + query.format(editora=key)
    answer = ana.post(address, {"formato": "csv"})
    if not at_once:
        page = answer["Location"]
        assert "Waiting for its turn." in ana.get(page).content.decode()
        assert ana.get(f"{page}andamento/").json()["em_andamento"] is True
        assert ana.get(f"{page}arquivo/").status_code == 404
        QueueWorker().turn()
        assert ana.get(f"{page}andamento/").json()["em_andamento"] is False
        assert "Download the file" in ana.get(page).content.decode()
        answer = ana.get(f"{page}arquivo/")
    assert 'filename="obras-' in answer["Content-Disposition"]
    expected = by_command(tmp_path, *(option.format(editora=key) for option in options))
    assert content(answer) == expected
    assert titles(expected)


@pytest.mark.parametrize("format_name", ["csv", "xlsx", "jsonl", "marcxml", "marc"])
def test_every_format(ana, works, format_name):
    assert len(content(ana.post(EXPORT, {"formato": format_name}))) > 100
    assert not Download.objects.exists()


@pytest.mark.parametrize("resource", ["autores/autor", "editoras/editora"])
def test_authors_and_publishers(ana, works, resource):
    AutorFactory(nome="Machado de Assis")
    data = content(ana.post(f"/admin/{resource}/exportar/?q=ga", {"formato": "csv"})).decode()
    assert ("Garnier" in data) == ("editora" in resource)
    assert ana.post(f"/admin/{resource}/exportar/", {"formato": "marc"}).status_code == 404


def test_what_the_format_cannot_hold_is_said(ana, works):
    # More than a cell of a workbook holds: many authors of long names.
    work = Obra.objects.get(titulo="Dom Casmurro")
    names = [
        writing.create(Autor(), {"nome": f"{n} {'x' * 990}", "foto": ""}).pk for n in range(40)
    ]
    writing.update(work, {"autores": names})
    answer = ana.post(EXPORT, {"formato": "xlsx"}, follow=True)
    page = answer.content.decode()
    assert "1 record was left out" in page
    assert len(content(ana.get(f"/admin/exportacoes/{Download.objects.get().pk}/arquivo/"))) > 100


def test_who_may(ana, works, monkeypatch):
    monkeypatch.setattr(exports, "AT_ONCE", 0)
    nobody = person("bia")
    assert nobody.post(EXPORT, {"formato": "csv"}).status_code == 403
    assert Client().post(EXPORT, {"formato": "csv"})["Location"].startswith("/admin/login/")
    assert not Download.objects.exists()
    page = ana.post(EXPORT, {"formato": "csv"})["Location"]
    # Nobody else's, whatever they may do.
    caio = person("caio", "Administradores")
    for path in ("", "andamento/", "arquivo/"):
        assert caio.get(page + path).status_code == 404
    # Whoever lost the role meanwhile gets nothing.
    User.objects.get(username="ana").groups.clear()
    QueueWorker().turn()
    assert "may not see these records" in ana.get(page).content.decode()
    assert ana.get(f"{page}arquivo/").status_code == 403
    assert Download.objects.get().arquivo == ""


def test_an_export_whose_worker_died_is_written_by_the_next(ana, works, monkeypatch, settings):
    from datetime import timedelta

    from django.utils import timezone

    monkeypatch.setattr(exports, "AT_ONCE", 0)
    page = ana.post(EXPORT, {"formato": "csv"})["Location"]
    from django_tasks_db.models import DBTaskResult

    from biblioteca.loading.holding import Holding

    DBTaskResult.objects.update(status="RUNNING")
    Holding.take(Download.objects.get().pk, Download)
    QueueWorker().turn()
    assert Download.objects.get().pronto_em is None
    Download.objects.update(
        sinal=timezone.now() - timedelta(seconds=settings.LOADS_HELD_SECONDS + 1)
    )
    QueueWorker().turn()
    assert "Download the file" in ana.get(page).content.decode()
    assert Download.objects.get().registros == 3
