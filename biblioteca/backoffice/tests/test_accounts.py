"""Local accounts: who may change which, passwords, and what the access log keeps of it."""

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core import mail
from django.test import Client
from social_django.models import UserSocialAuth

from biblioteca.backoffice.models import AccessEntry
from biblioteca.backoffice.signin.roles import ensure_roles, permissions_of
from biblioteca.operations.sso import ROLES

pytestmark = pytest.mark.django_db

PASSWORD = "uma senha comprida de teste"
NEW = "outra senha comprida de teste"


def account(name, *roles, **more):
    user = User.objects.create_user(name, f"{name}@example.org", PASSWORD, is_staff=True, **more)
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def browser_of(user):
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(user)
    return browser


@pytest.fixture
def chief(db):
    return account("chefe", "Administradores")


def change(browser, user, **fields):
    """Send the form of an account, with some fields of one's own making."""
    form = {
        "username": user.username, "first_name": "", "last_name": "", "email": user.email,
        "is_active": "on", "is_staff": "on",
        "groups": [group.pk for group in user.groups.all()],
    }  # fmt: skip
    return browser.post(f"/admin/auth/user/{user.pk}/change/", form | fields)


def log_of(name):
    return [(entry.quem, entry.acao, entry.detalhe) for entry in AccessEntry.objects.of(name)]


def test_an_administrator_gives_roles_and_the_log_says_who_did(chief):
    ana = account("ana")
    AccessEntry.objects.all().delete()
    group = Group.objects.get(name="Editores")
    assert change(browser_of(chief), ana, groups=[group.pk]).status_code == 302
    assert list(ana.groups.all()) == [group]
    assert log_of("ana") == [("chefe", "papel", "+Editores")]
    assert change(browser_of(chief), ana, groups=[], is_staff="").status_code == 302
    assert log_of("ana")[1:] == [("chefe", "papel", "-is_staff"), ("chefe", "papel", "-Editores")]
    entry = AccessEntry.objects.of("ana").first()
    assert (entry.porta, entry.alvo) == ("admin", "ana")


def test_nobody_gives_more_than_is_theirs(chief):
    more = Group.objects.create(name="Donos")
    more.permissions.add(Permission.objects.get(codename="delete_group"))
    browser = browser_of(chief)
    permission = Permission.objects.get(codename="delete_group").pk
    for target in (chief, account("ana")):
        refused = change(browser, target, groups=[more.pk])
        assert refused.status_code == 200
        assert "not one of the available choices" in refused.content.decode()
        change(browser, target, is_superuser="on", user_permissions=[permission])
        target.refresh_from_db()
        assert not target.is_superuser
        assert not target.groups.filter(name="Donos").exists()
        assert not target.user_permissions.exists()


@pytest.mark.parametrize("is_active", [True, False])
@pytest.mark.parametrize("how", ["superuser", "group", "permission"])
def test_an_account_that_may_do_more_is_out_of_reach(chief, how, is_active):
    other = account("dona", is_superuser=how == "superuser", is_active=is_active)
    permission = Permission.objects.get(codename="delete_group")
    if how == "group":
        group = Group.objects.create(name="Donos")
        group.permissions.add(permission)
        other.groups.add(group)
    elif how == "permission":
        other.user_permissions.add(permission)
    browser = browser_of(chief)
    before = User.objects.values().get(pk=other.pk)
    passwords = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    base = f"/admin/auth/user/{other.pk}"
    assert browser.get(f"{base}/change/").status_code == 200
    assert change(browser, other, email="minha@example.org").status_code == 403
    assert browser.post(f"{base}/password/", passwords).status_code == 403
    assert browser.post(f"{base}/delete/", {"post": "yes"}).status_code == 403
    ticked = {"action": "delete_selected", "_selected_action": other.pk, "post": "yes"}
    browser.post("/admin/auth/user/", ticked)
    assert User.objects.values().get(pk=other.pk) == before


def test_nobody_deletes_the_account_that_is_signed_in(chief):
    browser = browser_of(chief)
    assert browser.post(f"/admin/auth/user/{chief.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=chief.pk).exists()


def test_what_a_provider_says_is_not_changed_here(chief):
    ana = account("ana", "Leitores")
    UserSocialAuth.objects.create(user=ana, provider="oidc", uid="ana", id_key="sub")
    browser = browser_of(chief)
    form = {"groups": [Group.objects.get(name="Editores").pk], "is_active": "", "username": "eu"}
    assert change(browser, ana, **form).status_code == 302
    ana.refresh_from_db()
    assert [group.name for group in ana.groups.all()] == ["Leitores"]
    assert (ana.username, ana.is_active) == ("ana", False)
    passwords = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    assert browser.post(f"/admin/auth/user/{ana.pk}/password/", passwords).status_code == 403
    ana.refresh_from_db()
    assert ana.check_password(PASSWORD)


def test_the_three_roles_stay_as_they_are_and_a_superuser_adds_others(admin_user):
    browser = browser_of(admin_user)
    role = Group.objects.get(name="Editores")
    forged = {"name": "Editores", "permissions": []}
    assert browser.post(f"/admin/auth/group/{role.pk}/change/", forged).status_code == 403
    assert browser.post(f"/admin/auth/group/{role.pk}/delete/", {"post": "yes"}).status_code == 403
    assert role.permissions.count() == len(permissions_of("Editores"))
    view = Permission.objects.get(codename="view_merge").pk
    form = {"name": "Estagiários", "permissions": [view]}
    assert browser.post("/admin/auth/group/add/", form).status_code == 302
    assert log_of("Estagiários") == [("admin", "papel", "+records.view_merge")]


def test_roles_come_back_after_every_migrate_as_they_are_written():
    role = Group.objects.get(name="Leitores")
    role.permissions.add(Permission.objects.get(codename="delete_user"))
    Group.objects.get(name="Editores").delete()
    for _time in range(2):
        ensure_roles()
        for name in ROLES:
            found = Group.objects.get(name=name).permissions.select_related("content_type")
            assert {f"{row.content_type.app_label}.{row.codename}" for row in found} == (
                permissions_of(name)
            )


def test_not_even_a_superuser_changes_the_access_log(admin_user):
    entry = AccessEntry.objects.create(acao="entrou", quem="ana", porta="admin")
    browser = browser_of(admin_user)
    base = f"/admin/backoffice/accessentry/{entry.pk}"
    assert browser.get(f"{base}/change/").status_code == 200
    assert browser.post(f"{base}/change/", {"quem": "eva"}).status_code == 403
    assert browser.post(f"{base}/delete/", {"post": "yes"}).status_code == 403
    assert browser.post("/admin/backoffice/accessentry/add/", {"quem": "eva"}).status_code == 403
    ticked = {"action": "delete_selected", "_selected_action": entry.pk, "post": "yes"}
    browser.post("/admin/backoffice/accessentry/", ticked)
    entry.refresh_from_db()
    assert entry.quem == "ana"


def test_weak_passwords_are_refused_in_words(chief):
    browser = browser_of(chief)
    for weak, fault in (
        ("curta", "too short"),
        ("931746285013", "entirely numeric"),
        ("q1w2e3r4t5y6", "too common"),
        ("chefe@example.org", "too similar"),
    ):
        form = {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak}
        answer = browser.post("/admin/password_change/", form)
        assert fault in answer.content.decode(), weak
        chief.refresh_from_db()
        assert chief.check_password(PASSWORD)
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    AccessEntry.objects.all().delete()
    assert browser.post("/admin/password_change/", form).status_code == 302
    assert log_of("chefe") == [("chefe", "senha", "")]


def test_a_forgotten_password_by_mail(settings, chief):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.PUBLIC_URL = "https://catalogo.example.org"
    provided = account("ana", "Leitores")
    UserSocialAuth.objects.create(user=provided, provider="oidc", uid="ana", id_key="sub")
    outsider = User.objects.create_user("fora", "fora@example.org", PASSWORD)
    browser = Client(headers={"accept-language": "en"})
    for user in (provided, outsider, User(email="ninguem@example.org")):
        answer = browser.post("/admin/password_reset/", {"email": user.email})
        assert answer["Location"] == "/admin/password_reset/done/"
    assert mail.outbox == []
    browser.post("/admin/password_reset/", {"email": chief.email})
    (letter,) = mail.outbox
    assert letter.to == [chief.email]
    link = re.search(r"https://catalogo\.example\.org(/admin/reset/\S+)", letter.body)[1]
    page = browser.get(link)
    assert page.status_code == 302
    assert "new_password1" in browser.get(page["Location"]).content.decode()
    weak = browser.post(page["Location"], {"new_password1": "curta", "new_password2": "curta"})
    assert weak.status_code == 200
    done = browser.post(page["Location"], {"new_password1": NEW, "new_password2": NEW})
    assert done["Location"] == "/admin/reset/done/"
    assert browser.get("/admin/reset/done/").status_code == 200
    chief.refresh_from_db()
    assert chief.check_password(NEW)
    assert (
        "used up or too old" in Client(headers={"accept-language": "en"}).get(link).content.decode()
    )


def test_without_mail_the_page_says_whom_to_ask(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    page = Client(headers={"accept-language": "en"}).get("/admin/password_reset/")
    assert "sends no e-mail" in page.content.decode()
    assert "<form" not in page.content.decode()
