"""Merging while others write: nobody is lost, and nobody is refused by an accident."""

import random
import threading

import pytest
from django.db import connection, connections
from django.test import Client

from autores.models import Autor
from autores.tests.factories import AutorFactory
from biblioteca.api.tests.contract import Api
from biblioteca.records import redirects
from obras.models import Obra
from obras.tests.factories import ObraFactory

EDITS, MERGES = 25, 6


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("undoing", [False, True])
def test_merging_while_works_are_edited(undoing):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one writer at a time in; threads of a test share its memory")
    authors = [AutorFactory().pk for _ in range(8)]
    works = [ObraFactory(autores=[], editora=None).pk for _ in range(6)]
    answers, lock, last = [], threading.Lock(), {}

    def edit(number):
        api, dice = Api(Client(raise_request_exception=False)), random.Random(number)
        for _ in range(EDITS):
            key = works[number * 2 + dice.randrange(2)]
            wanted = dice.sample(authors, 3)
            response = api("PATCH", f"/obras/{key}", {"autores": wanted})
            with lock:
                answers.append(response.status_code)
                if response.status_code == 200:
                    last[key] = wanted
        connections.close_all()

    def merge():
        api, dice = Api(Client(raise_request_exception=False)), random.Random(99)
        for _ in range(MERGES):
            survivor, *gone = dice.sample(authors, 3)
            response = api("POST", f"/autores/{survivor}/fundir", {"autores": gone})
            with lock:
                answers.append(response.status_code)
            if undoing and response.status_code == 201:
                undone = api("POST", f"/fusoes/{response.json()['id']}/desfazer", {})
                with lock:
                    answers.append(undone.status_code)
        connections.close_all()

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(3)]
    threads.append(threading.Thread(target=merge))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Two authors of one body may have been merged into one meanwhile: that is a 400.
    assert set(answers) <= {200, 201, 308, 400}, answers
    assert 201 in answers
    living = set(Autor.objects.values_list("pk", flat=True))
    assert last
    for key, wanted in last.items():
        stored = Obra.objects.get(pk=key).author_ids
        assert len(set(stored)) == len(stored)
        assert set(stored) <= living
        assert stored
        if not undoing:  # exactly those of the last edit, or who stands for them now
            final = redirects.resolve("autores", wanted)
            assert stored == list(dict.fromkeys(final[author] for author in wanted))
