"""The read cache in real servers: with Redis and without, one process and several."""

import hashlib
import os
import sqlite3
import threading
import time

import pytest
import requests

from biblioteca.tests import engines
from biblioteca.tests.faults.traffic import run_traffic
from biblioteca.tests.faults.world import world
from biblioteca.tests.redis_server import RedisServer
from biblioteca.tests.servers import ROOT, serving

pytestmark = pytest.mark.redis

NOBODY = "redis://127.0.0.1:1/0"  # a port on which nobody listens
SECONDS = 2.5


def rename(server, key, title, **headers):
    """Give the work a new title; return the answer."""
    body = {"titulo": title}
    return requests.patch(f"{server}/obras/{key}", json=body, headers=headers, timeout=30)


def title_of(server, key):
    """Return the title that a reader gets."""
    return requests.get(f"{server}/obras/{key}", timeout=30).json()["titulo"]


def create_work(server, title):
    """Create a work with nothing but a title and return its id."""
    body = {"titulo": title, "editora": None, "autores": []}
    answer = requests.post(f"{server}/obras/", json=body, timeout=30)
    author = requests.post(f"{server}/autores/", json={"nome": "A"}, timeout=30).json()["id"]
    if answer.status_code != 201:  # a work needs an author
        answer = requests.post(f"{server}/obras/", json=body | {"autores": [author]}, timeout=30)
    return answer.json()["id"]


def test_nothing_stale_without_redis(tmp_path):
    with world(tmp_path, with_redis=False) as made:
        verdict = run_traffic(made, SECONDS, least_hits=20)
    assert not verdict.wrong, (str(verdict), verdict.wrong[:3])
    assert verdict.reads["hit"] >= 20, str(verdict)


@pytest.fixture
def mariadb():
    """The address of an empty database, gone afterwards."""
    try:
        engines.install_mysqlclient()
        engines.clean_server("MariaDB", engines.MYSQL_URL)
    except engines.UnreachableError as error:
        pytest.skip(str(error))
    place = f"{ROOT} {os.environ.get('PYTEST_XDIST_WORKER')}"
    name = "test_biblioteca_served_" + hashlib.sha256(place.encode()).hexdigest()[:8]
    address = f"{engines.MYSQL_URL.rstrip('/')}/{name}"
    link = connect_mariadb()
    link.cursor().execute(f"DROP DATABASE IF EXISTS {name}")
    link.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    yield address, name, link
    link.cursor().execute(f"DROP DATABASE {name}")
    link.close()


def connect_mariadb():
    """Return a connection to the tests' MariaDB."""
    import MySQLdb
    from dj_database_url import parse

    server = parse(engines.MYSQL_URL)
    return MySQLdb.connect(
        host=server["HOST"],
        port=server["PORT"] or 3306,
        user=server["USER"],
        passwd=server["PASSWORD"],
    )


def test_nothing_stale_without_redis_on_mariadb(tmp_path, mariadb):
    with world(tmp_path, with_redis=False, DATABASE_URL=mariadb[0]) as made:
        verdict = run_traffic(made, SECONDS, least_hits=20)
    assert not verdict.wrong, (str(verdict), verdict.wrong[:3])
    assert verdict.reads["hit"] >= 20, str(verdict)


def test_dead_database_connections_are_replaced_without_the_client_noticing(tmp_path, mariadb):
    address, name, link = mariadb
    environment = {"DATABASE_URL": address, "CACHE_SECONDS": "0"}
    with serving(tmp_path, "--vazio", **environment) as server:
        key = create_work(server, "Um")

        def crowd():
            found = []
            threads = [
                threading.Thread(target=lambda: found.append(title_of(server, key)))
                for _ in range(16)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return found

        crowd()
        cursor = link.cursor()
        cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", [name])
        dead = [row[0] for row in cursor.fetchall()]
        for number in dead:
            cursor.execute(f"KILL {number}")
        assert len(dead) >= 2
        assert crowd() == ["Um"] * 16
        for number in range(20):  # a thread that finds its connection dead may be any of them
            assert rename(server, key, f"T {number}").status_code == 200


def test_hits_heads_conditions_and_hosts(tmp_path):
    redis_server = RedisServer(tmp_path)
    try:
        with serving(tmp_path, "--vazio", REDIS_URL=redis_server.url) as server:
            key = create_work(server, "Um")
            item = f"{server}/obras/{key}"
            first, second = requests.get(item), requests.get(item)
            assert first.json() == second.json()
            assert second.headers["Cache-Status"] == "biblioteca; hit"
            assert requests.head(item).headers["Content-Length"] == str(len(first.content))
            same = requests.get(item, headers={"If-None-Match": first.headers["ETag"]})
            assert (same.status_code, same.content) == (304, b"")
            page = requests.get(f"{server}/obras/?page_size=1&ordering=-id")
            other = requests.get(f"{server}/obras/?ordering=-id&page_size=1")
            assert other.headers["Cache-Status"] == "biblioteca; hit"
            assert page.json() == other.json()
            create_work(server, "Dois")
            port = server.rpartition(":")[2]
            for host in (f"localhost:{port}", f"127.0.0.1:{port}"):
                for _ in range(2):
                    headers = {"Host": host, "X-Forwarded-Host": "evil.example"}
                    body = requests.get(f"{server}/obras/?page_size=1", headers=headers).json()
                    assert body["next"].startswith(f"http://{host}/obras/"), body["next"]
            forged = requests.get(f"{server}/obras/?page_size=1", headers={"Host": "evil.example"})
            assert forged.status_code == 400
            redis_server.client.client_kill_filter(_type="normal", skipme=True)
            time.sleep(0.1)
            statuses = [requests.get(item).headers["Cache-Status"] for _ in range(3)]
            assert "unreachable" not in " ".join(statuses), statuses
            assert statuses[-1] == "biblioteca; hit"
            browser = {"Origin": "http://localhost:3000"}
            for _ in range(2):
                answer = requests.get(item, headers=browser)
                assert answer.headers["Access-Control-Allow-Origin"] == browser["Origin"]
            assert answer.headers["Cache-Status"] == "biblioteca; hit"
    finally:
        redis_server.kill()


def test_every_kind_of_write_is_seen_by_the_next_read_of_another_process(tmp_path):
    with world(tmp_path, processes=2) as made:
        here, there = made.servers
        key, listed = made.works[0], f"{there}/obras/?editora={made.publisher}"
        identifiers = f"/obras/{key}/identificadores/"

        def warm():
            for path in (f"/obras/{key}", identifiers, f"/autores/{made.author}/obras/"):
                requests.get(there + path)
            return requests.get(listed).json()["count"]

        before = warm()
        body = {"titulo": "Nova", "editora": made.publisher, "autores": [made.author]}
        created = requests.post(f"{here}/obras/", json=body).json()["id"]
        assert requests.get(listed).json()["count"] == before + 1
        nested = requests.get(f"{there}/autores/{made.author}/obras/").json()
        assert created in [row["id"] for row in nested["results"]]
        isbn = [{"esquema": "isbn", "valor": "9788535910636"}]
        assert requests.put(here + identifiers, json=isbn).status_code == 200
        assert requests.get(there + identifiers).json() == isbn
        found = f"{there}/obras/?identificador=isbn:9788535910636"
        assert [row["id"] for row in requests.get(found).json()["results"]] == [key]
        warm()
        assert requests.delete(f"{here}/obras/{key}").status_code == 204
        assert requests.get(f"{there}/obras/{key}").status_code == 404
        assert requests.get(listed).json()["count"] == before
        assert requests.get(found).json()["results"] == []


def test_what_else_caches_is_in_the_same_redis_and_survives_without_it(tmp_path):
    redis_server = RedisServer(tmp_path)
    code = "from django.core.cache import cache; cache.set('a', 1); print(cache.get('a'))"
    try:
        with world(tmp_path, processes=1, with_redis=False) as made:
            there = made.run("manage.py", "shell", "-c", code, REDIS_URL=redis_server.url)
            nowhere = made.run("manage.py", "shell", "-c", code, REDIS_URL=NOBODY)
        assert there.stdout.split()[-1] == "1", there.stderr
        assert redis_server.client.keys("biblioteca:django:*")
        assert (nowhere.returncode, nowhere.stdout.split()[-1]) == (0, "None"), nowhere.stderr
    finally:
        redis_server.kill()


def test_a_loading_command_says_when_the_cache_cannot_be_told(tmp_path):
    with world(tmp_path, processes=1, with_redis=False) as made:
        file = tmp_path / "um.csv"
        file.write_text("titulo,autores,editora\nUm,Alguem,Casa\n")
        strict = {"REDIS_URL": NOBODY, "CACHE_STRICT": "1"}
        done = made.run("manage.py", "importar", str(file), **strict)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        assert "0 registros" in done.stderr
        assert requests.get(f"{made.servers[0]}/obras/?search=um").json()["count"] == 0


def test_a_new_process_starts_warm(tmp_path):
    redis_server = RedisServer(tmp_path)
    environment = {"REDIS_URL": redis_server.url}
    try:
        with serving(tmp_path, "--vazio", **environment) as server:
            key = create_work(server, "Um")
            port = server.rpartition(":")[2]
            for _ in range(3):
                requests.get(f"{server}/obras/{key}", headers={"Host": "localhost"})
            with serving(tmp_path, "--vazio", **environment) as other:
                assert other.rpartition(":")[2] != port
                headers = {"Host": "localhost"}
                answer = requests.get(f"{other}/obras/{key}", headers=headers)
                assert answer.headers["Cache-Status"] == "biblioteca; hit"
                assert rename(other, key, "Dois").status_code == 200
                assert title_of(server, key) == "Dois"
    finally:
        redis_server.kill()


def test_a_writer_cut_off_is_seen_within_the_bound_or_refused(tmp_path):
    redis_server = RedisServer(tmp_path)
    bound = {"CACHE_SECONDS": "1"}
    try:
        with (
            serving(tmp_path, "--vazio", REDIS_URL=redis_server.url, **bound) as reader,
            serving(tmp_path, "--vazio", REDIS_URL=NOBODY, **bound) as writer,
            serving(tmp_path, "--vazio", REDIS_URL=NOBODY, CACHE_STRICT="1", **bound) as strict,
        ):
            key = create_work(reader, "Um")
            assert title_of(reader, key) == title_of(reader, key) == "Um"
            assert rename(writer, key, "Dois").status_code == 200
            assert title_of(writer, key) == "Dois"
            time.sleep(1.1)
            assert title_of(reader, key) == "Dois"
            refused = rename(strict, key, "Tres")
            assert (refused.status_code, refused.json()["code"]) == (503, "cache_unreachable")
            assert refused.headers["Retry-After"]
            assert title_of(strict, key) == "Dois"
    finally:
        redis_server.kill()


@pytest.mark.parametrize("with_redis", [True, False])
def test_after_a_restore_and_limpar_cache_nothing_old_is_left(tmp_path, with_redis):
    with world(tmp_path, processes=1, with_redis=with_redis) as made:
        server, key = made.servers[0], made.works[0]
        database, dump = tmp_path / "biblioteca.sqlite3", tmp_path / "dump.sqlite3"
        copy(database, dump)
        assert rename(server, key, "Depois da copia").status_code == 200
        before = requests.get(f"{server}/obras/{key}")
        assert requests.get(f"{server}/obras/{key}").headers["Cache-Status"] == "biblioteca; hit"
        copy(dump, database)
        done = made.run("manage.py", "limpar_cache")
        assert done.returncode == 0, done.stderr
        old_tag = before.headers["ETag"]
        answer = requests.get(f"{server}/obras/{key}", headers={"If-None-Match": old_tag})
        assert (answer.status_code, answer.json()["titulo"]) == (200, "Contador 0")
        refused = rename(server, key, "Nao", **{"If-Match": old_tag})
        assert refused.status_code == 412
        for title in ("Um", "Dois"):
            assert rename(server, key, title).status_code == 200
            answer = requests.get(f"{server}/obras/{key}", headers={"If-None-Match": old_tag})
            assert (answer.status_code, answer.json()["titulo"]) == (200, title)


def copy(source, target):
    """Copy a database over another one, as a restore does while the service runs."""
    with sqlite3.connect(source) as one, sqlite3.connect(target) as other:
        one.backup(other)
    one.close()
    other.close()


def test_limpar_cache_says_when_redis_is_out_of_reach(tmp_path):
    with world(tmp_path, processes=1, with_redis=False) as made:
        done = made.run("manage.py", "limpar_cache", REDIS_URL=NOBODY)
    assert done.returncode == 1
    assert "Redis" in done.stderr
