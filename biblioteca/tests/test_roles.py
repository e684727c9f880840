"""Every page and action of the admin, for anonymous and the three roles (roles.py has them)."""

import re
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import lxml.html
import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core import serializers
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from autores.tests.factories import AutorFactory
from biblioteca.backoffice.models import AccessEntry
from biblioteca.loading.models import Batch, BatchItem, Upload
from biblioteca.loading.records import Verdict
from biblioteca.operations.sso import ROLES
from biblioteca.records import writing
from biblioteca.records.models import HistoryEntry
from biblioteca.records.origins import Origin, writing_as
from biblioteca.records.registry import model_of, record_models
from biblioteca.tests.roles import (
    ACTIONS,
    ANYBODY,
    ASKS_FIRST,
    EDITOR,
    LISTS,
    MODELS,
    PAGES,
    PASSWORD,
    READER,
    UNNAMED,
    WHO,
    Page,
    Rows,
)
from editoras.tests.factories import EditoraFactory
from obras.tests.factories import ObraFactory

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def routes(
    resolver: URLResolver, path: str = "", space: str = ""
) -> Iterator[tuple[str, str, str]]:
    """Yield path, name and pattern of every route below /admin/."""
    for pattern in resolver.url_patterns:
        part = f"{path}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from routes(pattern, part, inner)
        elif isinstance(pattern, URLPattern) and part.startswith("admin/"):
            yield part, f"{space}{pattern.name}" if pattern.name else "", str(pattern.pattern)


def names_of_models() -> dict[str, str]:
    """Return the label of the model whose list or form each of the usual routes is."""
    return {
        f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}": model._meta.label_lower
        for model in admin.site._registry
        for page in ("changelist", "add", "history", "delete", "change")
    }


def test_every_page_is_in_the_table_and_nothing_else():
    known = {name for name, _page in PAGES} | {*names_of_models()}
    found = {name for _path, name, _pattern in routes(get_resolver()) if name}
    assert found - known == set(), "pages that no line says who may use"
    assert known - found == set(), "lines without a page"
    unnamed = {pattern for _path, name, pattern in routes(get_resolver()) if not name}
    assert unnamed == UNNAMED
    assert {model._meta.label_lower for model in admin.site._registry} == {*MODELS}


def actions_of(label: str) -> tuple[str, ...]:
    """Return the actions of a model's list."""
    return LISTS.get(label, ("delete_selected",))


def key_of(label: str, rows: Rows) -> tuple[int]:
    """Return the argument of the form of one row."""
    return (rows.of(label).pk,)


def cases() -> list[Any]:
    """Return the name of the route and the page, of every way of asking."""
    found = [(f"{'POST' if page.form is not None else 'GET'} {name}", name, page)
             for name, page in PAGES]  # fmt: skip
    for label, model in MODELS.items():
        base = "admin:" + label.replace(".", "_")
        row = partial(key_of, label)
        delete = {"post": "yes"}
        found += [
            (f"GET {base}_changelist", f"{base}_changelist", Page(model.view)),
            (f"GET {base}_history", f"{base}_history", Page(model.view, row)),
            (f"GET {base}_change", f"{base}_change", Page(model.view, row)),
            (f"GET {base}_add", f"{base}_add", Page(model.add)),
            (f"GET {base}_delete", f"{base}_delete", Page(model.delete, row)),
            (f"POST {base}_add", f"{base}_add", Page(model.add, form=model.form, changes=True)),
            (
                f"POST {base}_change",
                f"{base}_change",
                Page(model.change, row, form=model.form, changes=True),
            ),
            (
                f"POST {base}_delete",
                f"{base}_delete",
                Page(model.delete, row, form=delete, changes=True),
            ),
        ]
    return [pytest.param(name, page, id=title) for title, name, page in found]


@pytest.fixture
def rows() -> Rows:
    """The rows, none of which another refers to where it is to be deleted."""
    obra = ObraFactory(titulo="Título velho")
    user = User.objects.create_user("velha", password=PASSWORD, is_staff=True)
    entry = AccessEntry.objects.create(acao="entrou", quem="velha", porta="admin")
    autor, editora, gone = AutorFactory(), EditoraFactory(), AutorFactory()
    deleted = gone.pk
    with writing_as(Origin("alguém", "admin", group="acao:da-tabela")):
        writing.update(editora, {"nome": "Nome mudado"})
    writing.delete(gone)
    simulated = Batch.objects.create(estado=Batch.State.SIMULATED, recurso="autores")
    Upload.objects.create(lote=simulated)
    loaded = Batch.objects.create(estado=Batch.State.DONE, recurso="autores")
    BatchItem.objects.create(lote=loaded, linha=2, recurso="autores", veredito=Verdict.REJECTED)
    group = "acao:da-tabela"
    return Rows(obra, autor, editora, user, entry, deleted, group, simulated, loaded)


def person(who: str) -> Client:
    """Return the browser of somebody who is signed in with a role, or of nobody."""
    browser = Client()
    if who != WHO[ANYBODY]:
        user = User.objects.create_user(f"{who}@example.org", password=PASSWORD, is_staff=True)
        user.groups.set([Group.objects.get(name=who)])
        browser.force_login(user)
    return browser


def everything() -> str:
    """Return all that the pages could change, as text."""
    wanted = [*record_models().values(), User, Group, AccessEntry, HistoryEntry]
    wanted += [Batch, BatchItem, Upload]
    wanted += [User.groups.through, User.user_permissions.through, Group.permissions.through]
    found = []
    for model in wanted:
        rows = model._default_manager.order_by("pk")
        if model is AccessEntry:
            rows = rows.exclude(acao__in=("entrou", "saiu"))
        names = [field.name for field in model._meta.fields if field.name != "last_login"]
        found.append(serializers.serialize("json", rows, fields=names))
    return "\n".join(found)


def form_on(address: str, changed: dict[str, Any]) -> dict[str, Any]:
    """Return what a browser would send from the form at ``address`` with some fields changed.

    The page is asked for by a superuser: what one person sees, another can send.
    """
    chief = User.objects.filter(username="tudo").first()
    browser = Client()
    browser.force_login(chief or User.objects.create_superuser("tudo", password=PASSWORD))
    page = browser.get(address)
    filled: dict[str, Any] = {}
    if page.status_code == 200:
        for form in lxml.html.fromstring(page.content).forms:
            names = {*form.fields}
            if {*changed} & names:
                filled = {}
                for name, value in form.form_values():
                    filled.setdefault(name, []).append(value)
    return filled | changed


@pytest.mark.parametrize(("name", "page"), cases())
def test_who_may(name, page, rows):
    address = reverse(name, args=page.arguments(rows))
    change = page.form if callable(page.form) else lambda rows: page.form
    filled = None if page.form is None else form_on(address, change(rows))
    people = {who: person(who) for who in WHO}
    for place, who in enumerate(WHO):
        form = None if filled is None else filled | change(rows)
        with transaction.atomic():
            ask(people[who], who, page, address, form, may=place >= page.least)
            transaction.set_rollback(True)


def ask(browser: Client, who: str, page: Page, address: str, form: Any, *, may: bool) -> None:
    """Ask for a page, and look at the answer and at what it changed."""
    before = everything()
    answer = browser.get(address, page.query) if form is None else browser.post(address, form)
    if answer.streaming:
        b"".join(answer)  # read to its end, which closes the file
    told = f"{who}: {answer.status_code} {answer.get('Location', '')}"
    if may:
        assert answer.status_code in page.answer, told
        assert "/admin/login/" not in answer.get("Location", ""), told
        if page.changes and answer["Content-Type"].startswith("text/html"):
            assert answer.status_code == 302, f"{told} {errors_in(answer)}"
        assert (everything() != before) == page.changes, told
        return
    if who == WHO[ANYBODY]:
        assert answer["Location"].startswith("/admin/login/?next="), told
    else:
        assert answer.status_code == 403, told
    assert everything() == before, f"{who} was refused and changed something"


def errors_in(answer: Any) -> str:
    """Return what a form says is wrong with it."""
    return " ".join(re.findall(r"errorlist[^>]*>(.*?)</ul>", answer.content.decode(), re.S))


@pytest.mark.parametrize(("label", "action"), [(m, a) for m in MODELS for a in actions_of(m)])
def test_who_may_do_what_to_those_ticked_in_a_list(label, action, rows):
    address = reverse(f"admin:{label.replace('.', '_')}_changelist")
    row = rows.of(label)
    if hasattr(row, "foto"):
        writing.update(row, {"foto": "capa.jpg"})
    form = {"action": action, "_selected_action": str(row.pk), "post": "yes"}
    people = [person(who) for who in WHO]
    needed = MODELS[label].delete if action == "delete_selected" else MODELS[label].change
    for place, browser in enumerate(people):
        with transaction.atomic():
            before = everything()
            browser.post(address, form | ACTIONS[action](rows))
            is_done = place >= needed and action != ASKS_FIRST
            assert (everything() != before) == is_done, WHO[place]
            transaction.set_rollback(True)


def test_every_action_of_every_list_is_in_the_table(rf, admin_user):
    request = rf.get("/admin/")
    request.user = admin_user
    for model, options in admin.site._registry.items():
        names = {*options.get_actions(request)} | {"delete_selected"}
        assert names == {*actions_of(model._meta.label_lower)}, model


@pytest.mark.parametrize("place", range(READER, len(WHO)), ids=ROLES)
def test_each_may_what_the_lesser_ones_may(place):
    users = [User.objects.create_user(who) for who in ROLES[:place]]
    for user, who in zip(users, ROLES, strict=False):
        user.groups.set([Group.objects.get(name=who)])
    permissions = [user.get_all_permissions() for user in users]
    assert all(less < more for less, more in pairwise(permissions))
    assert permissions[0]


def test_records_of_every_resource_are_in_the_table():
    for resource in record_models():
        model = model_of(resource)
        assert MODELS[model._meta.label_lower].delete == EDITOR


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_person_without_a_role_reads_so_on_every_page(method, rows):
    for signed_in in ({"is_staff": False}, {"is_staff": False, "is_superuser": True}):
        browser = Client(headers={"accept-language": "en"})
        browser.force_login(User.objects.create_user(f"{signed_in}"[:30], **signed_in))
        before = everything()
        for address in ("/admin/", "/admin/obras/obra/", "/admin/obras/obra/add/", "/admin/x/"):
            answer = getattr(browser, method)(address)
            assert answer.status_code == 403
            assert "You have no role here" in answer.content.decode()
        assert everything() == before
        # No loop: the sign-in page says so too, and signing out works.
        assert browser.get("/admin/login/").status_code == 403
        assert browser.post("/admin/logout/").status_code == 200
        assert browser.get("/admin/login/").status_code == 200
