"""The PostgreSQL connector reads, only reads, and answers in time whatever the server does."""

from __future__ import annotations

import psycopg
import pytest

from governance.records.postgresql import PostgresConnector
from governance.records.protocol import Outage, Rows
from tests.governance.records.support import SCHEMA, Database, fetch, reason, rows

HOSTILE = [
    "O-1'; drop table shop.orders; --",
    "O-1' or '1'='1",
    '"; select 1; --',
    "O-1\\'; --",
    "$$O-1$$",
    "%s%(x)s{}",
    "O-1\x00",
    "O-1\ud800",
    "O-1‮",
    "",
    "O-1 ",
    " O-1",
    "o-1",
    "9" * 10_000,
]

WRITES = [
    "insert into shop.orders (record_id) values ('X')",
    "update shop.orders set paid = 1",
    "delete from shop.orders",
    "truncate shop.orders",
    "create table shop.mine (x int)",
    "create schema mine",
]


@pytest.fixture(scope="module", autouse=True)
def orders(database: Database) -> None:
    database.run(SCHEMA)


def test_a_row_comes_with_exact_numbers_and_utc_times(connector: PostgresConnector) -> None:
    found = fetch(connector, columns=("paid", "ratio", "placed", "items", "note"))
    (row,) = rows(found)
    assert str(row["paid"]) == "480.1"
    assert str(row["ratio"]) == "0.1"
    assert row["placed"] == "2026-11-22T10:00:00+00:00"
    assert str(row["items"][0]["price"]) == "1.1"
    assert str(row["items"][0]["big"]) == "123456789012345678.25"
    assert row["note"] is None


def test_the_time_of_reading_is_the_record_systems_own(connector: PostgresConnector, database: Database) -> None:
    with psycopg.connect(database.admin_url) as admin:
        before = admin.execute("select clock_timestamp()").fetchone()
        found = fetch(connector)
        after = admin.execute("select clock_timestamp()").fetchone()
    assert isinstance(found, Rows)
    assert before is not None
    assert after is not None
    assert before[0] <= found.read_at <= after[0]


def test_only_the_asked_columns_leave_the_server(connector: PostgresConnector) -> None:
    (row,) = rows(fetch(connector, columns=("paid",)))
    assert set(row) == {"record_id", "paid"}


def test_one_reading_sees_one_state_of_the_records(connector: PostgresConnector, database: Database) -> None:
    with connector.reading() as session:
        first = session.fetch("shop.moving", columns=("n",), keys={"record_id": ["M"]}, most=1)
        database.run("update shop.moving set n = 2")
        second = session.fetch("shop.moving", columns=("n",), keys={"record_id": ["M"]}, most=1)
    assert rows(first) == rows(second)
    assert rows(fetch(connector, "shop.moving", key="M", columns=("n",)))[0]["n"] == 2


@pytest.mark.parametrize("key", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_id_finds_nothing_and_harms_nothing(connector: PostgresConnector, key: str) -> None:
    assert rows(fetch(connector, key=key)) == ()
    assert len(rows(fetch(connector, key="O-1"))) == 1


@pytest.mark.parametrize("key", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_key_of_a_number_column_finds_nothing(connector: PostgresConnector, key: str) -> None:
    assert rows(fetch(connector, by="number", key=key)) == ()


def test_after_a_key_that_cannot_be_the_reading_goes_on(connector: PostgresConnector) -> None:
    with connector.reading() as session:
        nothing = session.fetch("shop.orders", columns=(), keys={"number": ["seven"]}, most=1)
        something = session.fetch("shop.orders", columns=(), keys={"number": ["7"]}, most=1)
    assert rows(nothing) == ()
    assert len(rows(something)) == 1


def test_only_the_very_key_counts_not_what_the_type_makes_equal(connector: PostgresConnector) -> None:
    assert len(rows(fetch(connector, by="number", key=7))) == 1
    assert rows(fetch(connector, by="number", key="007")) == ()
    assert rows(fetch(connector, by="kind", key="box")) == ()


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("shop.orders; drop table shop.orders", "paid"),
        ('shop."orders"', "paid"),
        ("orders", "paid"),
        ("shop.orders", 'paid" from shop.hidden --'),
        ("shop.orders", "PAID"),
        ("shop.orders", ""),
        ("", "paid"),
    ],
)
def test_names_outside_the_closed_pattern_are_refused(connector: PostgresConnector, table: str, column: str) -> None:
    assert reason(fetch(connector, table, columns=(column,))) is Outage.REFUSED
    assert len(rows(fetch(connector))) == 1


@pytest.mark.parametrize("table", ["shop.nowhere", "nowhere.orders", "shop.hidden", "pg_catalog.pg_authid"])
def test_a_missing_or_forbidden_table_is_refused(connector: PostgresConnector, table: str) -> None:
    assert reason(fetch(connector, table)) is Outage.REFUSED


def test_a_missing_column_is_refused(connector: PostgresConnector) -> None:
    assert reason(fetch(connector, columns=("price",))) is Outage.REFUSED


def test_more_rows_than_expected_are_too_many(connector: PostgresConnector) -> None:
    assert reason(fetch(connector, "shop.lines", by="order_id", most=500)) is Outage.TOO_LARGE
    assert len(rows(fetch(connector, "shop.lines", by="order_id", most=600))) == 600


def test_a_huge_record_stays_where_it_is(connector: PostgresConnector) -> None:
    assert reason(fetch(connector, "shop.big", key="B-1", columns=("body",))) is Outage.TOO_LARGE
    assert len(rows(fetch(connector, "shop.big", key="B-2", columns=("body",)))) == 1
    assert reason(fetch(connector, "shop.big", key=["B-2", "B-3"], columns=("body",))) is Outage.TOO_LARGE


def test_too_many_keys_are_not_asked_for(connector: PostgresConnector) -> None:
    assert reason(fetch(connector, key=[f"O-{number}" for number in range(500)], most=500)) is Outage.TOO_LARGE


@pytest.mark.parametrize("key", ["nul", "lone", "deep", "digits"])
def test_json_that_cannot_be_used_is_no_answer(connector: PostgresConnector, key: str) -> None:
    assert reason(fetch(connector, "shop.odd", key=key, columns=("body",))) is Outage.INVALID
    assert len(rows(fetch(connector, "shop.odd", key="fine", columns=("body",)))) == 1


def test_not_a_number_is_no_number(connector: PostgresConnector) -> None:
    (row,) = rows(fetch(connector, key="O-2", columns=("paid",)))
    assert row["paid"] == "NaN"


def test_the_readers_role_cannot_write(database: Database) -> None:
    with psycopg.connect(database.reader_url, autocommit=True) as connection:
        # Whatever the role starts with, it can undo: only what it was never granted counts.
        connection.execute("set default_transaction_read_only = off")
        for statement in WRITES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def test_even_a_role_that_may_write_only_reads_through_the_connector(database: Database) -> None:
    database.run(
        "create or replace function shop.sneaky() returns text language plpgsql as"
        " $$ begin insert into shop.orders (record_id) values ('sneaky'); return 'done'; end $$",
        "create or replace view shop.trap as select 'T'::text as record_id, shop.sneaky() as body",
    )
    owner = PostgresConnector("records", database.owner_url)
    assert reason(fetch(owner, "shop.trap", key="T", columns=("body",))) is Outage.REFUSED
    owner.close()
    with psycopg.connect(database.owner_url) as connection:
        assert connection.execute("select 1 from shop.orders where record_id = 'sneaky'").fetchone() is None
