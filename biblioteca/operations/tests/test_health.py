import time

import pytest

from biblioteca.operations import health


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch):
    monkeypatch.setattr(health, "readiness", health.Readiness())


def test_live_asks_nobody(client, settings):
    settings.GATEWAY_SECRETS = ["s" * 40]
    answer = client.get("/health/live", headers={"host": "10.0.0.7:8000"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_ready(client):
    answer = client.get("/health/ready", headers={"host": "10.0.0.7:8000"})
    assert answer.status_code == 200, answer.content
    assert answer.json()["checks"] == {"database": "ok", "media": "ok", "cache": "ok"}


@pytest.mark.django_db
def test_without_redis_the_service_is_degraded_and_not_dead(client, settings, monkeypatch):
    def away():
        raise ConnectionError("refused")

    monkeypatch.setitem(health.OPTIONAL, "cache", away)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


@pytest.mark.django_db
def test_with_migrations_pending_it_is_not_ready(client):
    from django.db.migrations.recorder import MigrationRecorder

    MigrationRecorder.Migration.objects.filter(app="obras").delete()
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "migrations pending"


@pytest.mark.django_db
def test_where_pictures_cannot_be_stored_it_is_not_ready(client, monkeypatch):
    monkeypatch.setattr(health.os, "access", lambda *_arguments: False)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["media"]) == (503, "not writable")


def test_a_check_that_hangs_keeps_nobody_waiting(client, monkeypatch):
    monkeypatch.setattr(health, "LIMIT_SECONDS", 0.1)
    monkeypatch.setitem(health.REQUIRED, "database", lambda: time.sleep(1) or "ok")
    started = time.monotonic()
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
    assert time.monotonic() - started < 0.9
