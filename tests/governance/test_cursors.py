"""The cursor of what is asked all day: planned once in a session, and never in the way of anything else."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from governance.cursors import kept
from governance.hot import Statement
from tests.support.fixtures import Committed

ASKED = "select %s::int + 1 as asked_all_day"
HOT = Statement("test_beside", "select $1::text")


def ask(value: object) -> int:
    with kept() as cursor:
        cursor.execute(ASKED, [value])
        return int(cursor.fetchone()[0])


def prepared() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_prepared_statements where statement like '%asked_all_day%'")
        return int(cursor.fetchone()[0])


def test_what_is_asked_often_is_kept_in_the_session_whatever_its_values(committed: Committed) -> None:
    assert [ask(value) for value in range(12)] == list(range(1, 13))
    assert prepared() == 1


def test_django_s_own_cursor_keeps_nothing(committed: Committed) -> None:
    """Why there is another one: the values are a part of its text."""
    for value in range(12):
        with connection.cursor() as cursor:
            cursor.execute("select %s::int as asked_all_day_anew", [value])
    assert prepared() == 0


def test_behind_a_pooler_that_keeps_nothing_nothing_is_kept(
    committed: Committed, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.ensure_connection()
    monkeypatch.setattr(connection.connection, "prepare_threshold", None)
    assert [ask(value) for value in range(12)] == list(range(1, 13))
    assert prepared() == 0


def test_what_a_rollback_makes_the_session_forget_is_asked_again(committed: Committed) -> None:
    for value in range(12):
        ask(value)
    assert HOT(["x"]) == "x"
    with pytest.raises(DatabaseError), transaction.atomic():
        ask("no number")
    assert [ask(value) for value in range(12)] == list(range(1, 13))
    assert HOT(["x"]) == "x"


def test_it_is_in_the_transaction_and_counted_like_every_statement(committed: Committed) -> None:
    sent: list[str] = []

    def noted(execute: object, sql: str, params: object, many: bool, context: object) -> object:
        sent.append(sql)
        assert callable(execute)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(noted), transaction.atomic():
        with kept() as cursor:
            cursor.execute("create temporary table asked_within (id int) on commit drop")
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from asked_within")
            assert cursor.fetchone() == (0,)
    assert len(sent) == 2
