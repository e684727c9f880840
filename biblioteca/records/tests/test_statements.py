"""Rows by the thousand: texts arrive as they are, and what is sent behind is whole or absent."""

import time

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from biblioteca.records import behind, statements
from biblioteca.records.models import Redirect, Trace
from biblioteca.records.statements import insert, insert_behind, insert_new, select_in

COLUMNS = ["recurso", "esquema", "valor", "registro_id"]
TEXTS = [
    "plain", "", "O'Neill", "''", "back\\slash", "\\'", "100% %s %(a)s", "a\nb\r\tc",
    '"quoted"', "Conceição 北京 😀", f"a{statements.BETWEEN}b", "; -- ", "\x1a",
]  # fmt: skip


def rows_of(texts):
    return [("obras", "isbn", text, number) for number, text in enumerate(texts)]


def stored():
    return list(Trace.objects.order_by("registro_id").values_list("valor", flat=True))


@pytest.mark.django_db
def test_texts_arrive_as_they_are():
    insert(Trace, COLUMNS, rows_of(TEXTS))
    assert stored() == TEXTS
    for number, text in enumerate(TEXTS):
        assert select_in(Trace, ["registro_id"], "valor", [text], esquema="isbn") == [(number,)]


@pytest.mark.django_db
def test_texts_arrive_where_a_backslash_is_a_letter():
    if connection.vendor != "mysql":
        pytest.skip("a setting of MySQL and MariaDB")
    attributes = vars(connections[connection.alias])

    def forget_server():
        attributes.pop("mysql_server_data", None)
        attributes.pop("sql_mode", None)

    with connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')")
    forget_server()
    try:
        insert(Trace, COLUMNS, rows_of(TEXTS))
        assert stored() == TEXTS
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', '')")
        forget_server()


@pytest.mark.django_db(transaction=True)
def test_nothing():
    with transaction.atomic(), behind.sending():
        insert_behind(Trace, COLUMNS, rows_of(["a"]))
        insert(Trace, COLUMNS, [])
        insert_behind(Trace, COLUMNS, [])
        assert select_in(Trace, ["valor"], "valor", []) == []
    assert stored() == ["a"]


@pytest.mark.django_db
def test_no_value_as_mysql_writes_it():
    if connection.vendor != "mysql":
        pytest.skip("written so for MySQL and MariaDB only")
    assert statements.written_column([None, 7, None]) == ["NULL", "7", "NULL"]
    assert statements.written_column([None]) == ["NULL"]


@pytest.mark.django_db(transaction=True)
def test_who_asks_for_a_table_gets_what_was_sent_to_it():
    with transaction.atomic(), behind.sending():
        for start in range(0, 3000, 1000):
            rows = [("obras", "isbn", f"v{n}", n) for n in range(start, start + 1000)]
            insert_behind(Trace, COLUMNS, rows)
            assert not Redirect.objects.exists()
            behind.proceed()
            assert Trace.objects.count() == start + 1000
        with transaction.atomic():  # a savepoint
            insert_behind(Trace, COLUMNS, [("obras", "isbn", "last", 3000)])
    assert Trace.objects.count() == 3001


def wait_for_sender():
    """Return when the sender, where there is one, has executed what was sent."""
    deadline = time.monotonic() + 10
    while (sender := behind.current.get()) and (sender.pending or sender.is_sending):
        if sender.error is not None:
            return
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.django_db(transaction=True)
def test_what_was_sent_before_a_savepoint_is_not_rolled_back_with_it():
    def fail_within():
        with transaction.atomic():
            behind.proceed()
            wait_for_sender()
            insert(Trace, COLUMNS, [("obras", "isbn", "within", 7)])
            raise RuntimeError

    with transaction.atomic(), behind.sending():
        if sender := behind.current.get():  # it is busy while more is sent
            sender.send("none", "DO SLEEP(0.3)")
        insert_behind(Trace, COLUMNS, rows_of(["before"]))
        with pytest.raises(RuntimeError):
            fail_within()
    assert stored() == ["before"]


@pytest.mark.django_db
def test_ids_of_new_rows_are_theirs_where_the_server_counts_in_steps():
    if connection.vendor == "mysql":
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION auto_increment_increment = 3")
    try:
        ids = insert_new(Trace, COLUMNS, rows_of(["a", "b", "c"]))
    finally:
        if connection.vendor == "mysql":
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION auto_increment_increment = 1")
    assert dict(Trace.objects.values_list("pk", "valor")) == dict(zip(ids, "abc", strict=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "and_then", [stored, list, wait_for_sender], ids=["asked", "ended", "executed"]
)
def test_a_statement_that_fails_leaves_nothing(and_then):
    taken = ("obras", "isbn", "taken", 1)
    insert(Trace, COLUMNS, [taken])

    def send(*rows):
        with transaction.atomic(), behind.sending():
            for row in rows:
                insert_behind(Trace, COLUMNS, [row])
            and_then()

    with pytest.raises(IntegrityError):
        send(("obras", "isbn", "before", 2), taken, ("obras", "isbn", "behind", 3))
    # The connection is good for more.
    assert stored() == ["taken"]
    send(("obras", "isbn", "again", 4))
    assert stored() == ["taken", "again"]


@pytest.mark.django_db(transaction=True)
def test_a_failure_between_leaves_nothing():
    def fail():
        with transaction.atomic(), behind.sending():
            insert_behind(Trace, COLUMNS, rows_of(["a"] * 2000))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert stored() == []


@pytest.mark.django_db(transaction=True)
def test_what_is_sent_is_counted_as_a_query():
    with CaptureQueriesContext(connection) as queries, transaction.atomic(), behind.sending():
        insert_behind(Trace, COLUMNS, rows_of(["a"]))
    assert sum("INSERT INTO" in query["sql"] for query in queries) == 1
