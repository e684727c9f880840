"""Who guesses passwords waits, and nobody else does."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import timezone

from biblioteca.backoffice.models import AccessEntry
from biblioteca.backoffice.signin.addresses import client_address

pytestmark = pytest.mark.django_db

PASSWORD = "uma senha comprida de teste"
HERE, THERE = "203.0.113.7", "203.0.113.8"


@pytest.fixture
def ana(db):
    return User.objects.create_user("ana", password=PASSWORD, is_staff=True)


def attempt(name, password, address=HERE, **headers):
    """Try to sign in from an address, in a browser of its own."""
    browser = Client(headers={"accept-language": "en"} | headers)
    form = {"username": name, "password": password}
    return browser.post("/admin/login/?next=/admin/", form, REMOTE_ADDR=address)


def guess(name="ana", address=HERE, times=5):
    """Return the last answer to a row of wrong passwords."""
    answers = [attempt(name, f"errada {number}", address) for number in range(times)]
    return answers[-1]


def test_five_wrong_passwords_lock_the_name_for_this_address(ana):
    assert guess(times=4).status_code == 200
    locked = guess(times=1)
    assert locked.status_code == 429
    assert locked["Retry-After"] == "900"
    text = locked.content.decode()
    assert "Too many attempts" in text
    assert "Try again in 15 minutes." in text
    # The right one too, as long as that lasts; from elsewhere, and for others, nothing is locked.
    assert attempt("ana", PASSWORD).status_code == 429
    assert attempt("ana", PASSWORD, THERE).status_code == 302
    User.objects.create_user("bia", password=PASSWORD, is_staff=True)
    assert attempt("bia", PASSWORD).status_code == 302
    kinds = AccessEntry.objects.filter(quem="ana").order_by("pk").values_list("acao", flat=True)
    assert [*kinds] == ["falhou"] * 4 + ["bloqueado"] * 2 + ["entrou"]
    assert AccessEntry.objects.filter(acao="bloqueado", origem=HERE).count() == 2


def test_trying_on_does_not_make_the_wait_longer(ana):
    guess()
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=14))
    assert attempt("ana", PASSWORD).status_code == 429
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert attempt("ana", PASSWORD).status_code == 302


def test_getting_in_forgets_what_was_wrong_before(ana):
    guess(times=4)
    assert attempt("ana", PASSWORD).status_code == 302
    assert guess(times=4).status_code == 200


def test_all_behind_one_unknown_address_are_locked_by_name_only(ana):
    guess(address="unix:")
    assert attempt("ana", PASSWORD, "unix:").status_code == 429
    User.objects.create_user("bia", password=PASSWORD, is_staff=True)
    assert attempt("bia", PASSWORD, "unix:").status_code == 302


def test_a_password_in_the_log_of_failures_is_nowhere_to_be_read(ana):
    attempt("ana", "isto é um segredo")
    found = [*AccessAttempt.objects.values(), *AccessEntry.objects.values()]
    assert "segredo" not in str(found)


@pytest.mark.parametrize(
    ("allowed", "remote", "forwarded", "expected"),
    [
        # Uvicorn has put the client's address there already, if the gateway is believed.
        (None, HERE, "198.51.100.1", HERE),
        ("10.0.0.0/8", HERE, "198.51.100.1", HERE),
        # It took the first entry, which is the client's own; the gateway wrote the last one.
        ("*", "198.51.100.1", f"198.51.100.1, {HERE}", HERE),
        ("*", HERE, "", HERE),
        ("*", "x", "nonsense", ""),
        (None, "2001:db8::1", "", "2001:db8::1"),
        (None, "", "", ""),
    ],
)
def test_the_client_is_who_the_gateway_saw(monkeypatch, allowed, remote, forwarded, expected):
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    if allowed:
        monkeypatch.setenv("FORWARDED_ALLOW_IPS", allowed)
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    request = RequestFactory().get("/admin/", REMOTE_ADDR=remote, headers=headers)
    assert client_address(request) == expected
