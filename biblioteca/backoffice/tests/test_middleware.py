"""What guards the pages of editors, and stays away from programs."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_pages_show_in_no_frame_and_forms_cannot_be_forged(admin_user):
    browser = Client(enforce_csrf_checks=True)
    page = browser.get("/admin/login/")
    assert page["X-Frame-Options"] == "DENY"
    assert browser.cookies["csrftoken"]["httponly"] == ""
    form = {"username": "admin", "password": "password"}
    assert browser.post("/admin/login/", form).status_code == 403
    form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"].value
    assert browser.post("/admin/login/?next=/admin/", form).status_code == 302
    forged = browser.post("/admin/autores/autor/add/", {"nome": "Forjado", "foto": ""})
    assert forged.status_code == 403


def test_the_api_sets_no_cookie_and_says_no_language_of_data(client):
    answer = client.get("/autores/")
    assert not answer.cookies
    assert "Content-Language" not in answer
    assert "X-Frame-Options" not in answer


def test_a_refusal_says_its_language(client):
    answer = client.get("/autores/?nada=1", headers={"accept-language": "en"})
    assert answer["Content-Language"] == "en"
    assert "Accept-Language" in answer["Vary"]
