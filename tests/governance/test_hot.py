"""The decision path's own way to the server: prepared once, and every error told as it is."""

from __future__ import annotations

import threading
import time

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.backends.postgresql.base import ServerBindingCursor

from governance.hot import ServerError, Statement
from governance.models import Budget
from tests.support.fixtures import Committed

ECHO = Statement("test_echo", "select concat($1::text, '|', $2::bigint, '|', encode($3::bytea, 'hex'), '|', $4::text)")


def prepared() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_prepared_statements where name = 'test_echo'")
        return int(cursor.fetchone()[0])


def test_values_arrive_as_what_the_statement_says_they_are(db: None) -> None:
    assert ECHO(["a\"'é\\", 2**53, b"\x00\xff", None]) == "a\"'é\\|9007199254740992|00ff|"


def test_a_statement_is_prepared_once_for_a_connection(committed: Committed) -> None:
    for number in range(3):
        assert ECHO(["x", number, b"", "y"]) == f"x|{number}||y"
    assert connection.connection.prepare_threshold == 5
    assert prepared() == 1


def test_tests_send_their_statements_as_the_product_does(committed: Committed) -> None:
    asked = settings.DATABASES["default"]["OPTIONS"]["server_side_binding"]
    connection.ensure_connection()
    assert issubclass(connection.connection.cursor_factory, ServerBindingCursor) is asked


def test_text_that_the_server_would_cut_short_is_not_sent(db: None) -> None:
    with pytest.raises(ValueError, match="NUL"):
        ECHO(["a\0b", 1, b"", None])


def test_an_error_carries_what_the_server_said_and_rolls_back_its_transaction(db: None) -> None:
    with pytest.raises(ServerError) as told, transaction.atomic():
        ECHO(["x", "not a number", b"", None])
    assert told.value.sqlstate == "22P02"
    assert "not a number" in str(told.value)
    assert ECHO(["x", 1, b"", None]) == "x|1||"


def test_behind_a_pooler_that_keeps_nothing_no_statement_is_prepared(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    monkeypatch.setattr(connection.connection, "prepare_threshold", None)
    statement = Statement("test_unprepared", "select $1::text")
    assert statement(["x"]) == "x"
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_prepared_statements where name = 'test_unprepared'")
        assert cursor.fetchone()[0] == 0


def test_what_the_server_forgot_is_prepared_again(committed: Committed) -> None:
    assert ECHO(["x", 1, b"", None]) == "x|1||"
    with connection.cursor() as cursor:
        cursor.execute("deallocate all")
    assert ECHO(["y", 2, b"", None]) == "y|2||"


def test_a_statement_that_comes_first_in_a_transaction_is_undone_with_it(committed: Committed) -> None:
    write = Statement(
        "test_write", "insert into governance_budget values ($1, 50, 1, array_fill(0, array[61])) returning 1"
    )
    with transaction.atomic():
        write(["first"])
        transaction.set_rollback(True)
    assert not Budget.objects.exists()


def test_what_was_forgotten_costs_no_transaction(committed: Committed) -> None:
    ECHO(["x", 1, b"", None])
    with connection.cursor() as cursor:
        cursor.execute("deallocate all")
    with transaction.atomic():
        assert ECHO(["x", 1, b"", None]) == "x|1||"
    assert ECHO(["y", 2, b"", None]) == "y|2||"


def test_a_transaction_that_came_to_nothing_costs_the_next_one_nothing(committed: Committed) -> None:
    """The driver gives up all that is prepared in a session when it rolls back, also what it did not prepare."""
    ECHO(["x", 1, b"", None])
    for _ in range(8):
        with connection.cursor() as cursor:
            cursor.execute("select %s::text", ["often enough to stay prepared"])
    with transaction.atomic():
        Budget.objects.exists()
        transaction.set_rollback(True)
    with transaction.atomic():
        assert ECHO(["y", 2, b"", None]) == "y|2||"


def test_what_an_error_says_quotes_no_row(db: None) -> None:
    bad = Statement(
        "test_bad", "insert into governance_budget values ($1, -50, 1, array_fill(0, array[61])) returning 1"
    )
    with pytest.raises(ServerError) as told, transaction.atomic():
        bad(["entity:customer=Jane"])
    assert told.value.sqlstate == "23514"
    assert "Jane" not in f"{told.value}{told.value.context}"


def test_a_broken_connection_is_an_error_and_the_next_request_has_a_new_one(committed: Committed) -> None:
    ECHO(["x", 1, b"", None])
    with committed.connect(role="admin") as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid()"
        )
    for _ in range(2):  # the second one finds a connection that libpq knows to be broken
        with pytest.raises(ServerError) as told:
            ECHO(["x", 1, b"", None])
        assert isinstance(told.value, OperationalError)
    connection.close_if_unusable_or_obsolete()
    assert ECHO(["x", 1, b"", None]) == "x|1||"


def test_other_threads_go_on_while_one_waits_for_the_server(committed: Committed) -> None:
    passed: list[float] = []
    worker = threading.Thread(target=lambda: passed.append(time.monotonic()))
    slow = Statement("test_slow", "select pg_sleep(2)::text")
    timer = threading.Timer(0.05, worker.start)
    timer.start()
    slow([])
    done = time.monotonic()
    timer.join()
    worker.join()
    assert passed[0] < done
