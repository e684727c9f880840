"""A transaction that its mark in Redis might not outlive is rolled back, in words."""

import time

import pytest

from autores.models import Autor
from biblioteca.cache import announcements
from biblioteca.cache.tokens import MARK_SECONDS, TRANSACTION_SECONDS
from biblioteca.records import writing


@pytest.fixture
def announced_long_ago(monkeypatch):
    """Let every write have been announced longer ago than a transaction may take."""

    def touch(*resources):
        began = time.monotonic() - TRANSACTION_SECONDS - 1
        announcements.current.announcement = announcements.Announcement(began=began)

    monkeypatch.setattr(announcements, "touch", touch)
    yield
    announcements.current.announcement = None


@pytest.mark.django_db(transaction=True)
def test_nothing_of_it_is_written(announced_long_ago):
    with pytest.raises(announcements.TransactionTooLongError):
        writing.in_transaction(lambda: writing.create(Autor(), {"nome": "Lenta", "foto": ""}))
    assert not Autor.objects.exists()
    assert announcements.current.announcement is None


@pytest.mark.django_db(transaction=True)
def test_the_client_hears_503(client, announced_long_ago):
    answer = client.post("/autores/", {"nome": "Lenta"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert not Autor.objects.exists()


def test_a_mark_stands_longer_than_any_transaction():
    assert MARK_SECONDS >= 2 * TRANSACTION_SECONDS
