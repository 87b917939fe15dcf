"""Recorded systems of record become tables: typed, deterministic, readable and not writable by Placet."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.records.exact import dumps, loads, storable
from governance.records.load import LoadError, load_folder, plain_name
from governance.records.parse import COLUMN
from tests.governance.records.support import Database
from tests.policy.prove import examples

SHOP: dict[str, Any] = {
    "orders": {
        "#W1": {"order id": "#W1", "paid": 480.10, "open": True, "items": [{"price": 16.63}], "note": None, "mixed": 1},
        "#W2": {"order id": "#W2", "paid": 1, "open": False, "items": [], "mixed": "one", "extra": "x"},
    },
    "account": {"balance": 1810.0, "iban": "DE89", "Transactions": [{"amount": 0.1}]},
    "words": ["a", "b"],
    "Orders": {"o": {"a": 1}},
    "empty": {},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop-2.json").write_text(json.dumps(SHOP))
    return tmp_path


def load(folder: Path, database: Database) -> Any:
    return load_folder(folder, owner_url=database.owner_url, reader=database.reader)


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.reader_url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_records_become_typed_tables(folder: Path, database: Database) -> None:
    (loaded,) = load(folder, database)
    assert loaded.schema == "shop_2"
    assert loaded.rows == {"orders": 1, "account": 1, "empty": 1, "orders_2": 2, "words": 1}
    types = rows(database, "select column_name, data_type from information_schema.columns where table_schema = 'shop_2'"
                           " and table_name = 'orders_2' order by column_name")  # fmt: skip
    assert dict(types) == {
        "record_id": "text", "order_id": "text", "paid": "numeric", "open": "boolean", "items": "jsonb",
        "note": "jsonb", "mixed": "jsonb", "extra": "text",
    }  # fmt: skip
    assert rows(database, "select record_id, paid::text, items->0->>'price' from shop_2.orders_2 order by 1") == [
        ("#W1", "480.1", "16.63"),
        ("#W2", "1", None),
    ]
    assert rows(database, "select record_id, balance, iban from shop_2.account") == [("account", 1810, "DE89")]
    assert rows(database, "select value from shop_2.words") == [(["a", "b"],)]
    assert rows(database, "select record_id from shop_2.empty") == [("empty",)]


def test_loading_twice_changes_nothing(folder: Path, database: Database) -> None:
    load(folder, database)
    before = rows(database, "select xmin::text, ctid::text from shop_2.orders order by 1, 2")
    (again,) = load(folder, database)
    assert again.unchanged
    assert rows(database, "select xmin::text, ctid::text from shop_2.orders order by 1, 2") == before


def test_a_changed_file_replaces_what_was_loaded_from_it(folder: Path, database: Database) -> None:
    load(folder, database)
    (folder / "shop-2.json").write_text(json.dumps({"orders": {"#W9": {"paid": 1}}}))
    (again,) = load(folder, database)
    assert not again.unchanged
    assert rows(database, "select record_id from shop_2.orders") == [("#W9",)]


def test_packed_and_plain_files_are_the_same(folder: Path, database: Database) -> None:
    load(folder, database)
    content = (folder / "shop-2.json").read_bytes()
    (folder / "shop-2.json").unlink()
    (folder / "shop-2.json.gz").write_bytes(gzip.compress(content))
    (again,) = load(folder, database)
    assert again.unchanged


def test_a_schema_of_somebody_else_is_never_replaced(folder: Path, database: Database) -> None:
    database.run("create schema theirs", "create table theirs.work (x int)")
    (folder / "theirs.json").write_text("{}")
    with pytest.raises(LoadError, match="not loaded by Placet"):
        load(folder, database)
    database.run("select * from theirs.work", "drop schema theirs cascade")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"7", b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000, b'{"a": Infinity}']
)
def test_a_file_that_is_no_records_is_refused_by_name(tmp_path: Path, database: Database, content: bytes) -> None:
    (tmp_path / "broken.json").write_bytes(content)
    with pytest.raises(LoadError, match=r"broken\.json"):
        load(tmp_path, database)


def test_a_broken_archive_is_refused_by_name(tmp_path: Path, database: Database) -> None:
    (tmp_path / "broken.json.gz").write_bytes(gzip.compress(b"{}" * 1000)[:20])
    with pytest.raises(LoadError, match=r"broken\.json\.gz"):
        load(tmp_path, database)


def test_a_file_that_fails_leaves_nothing_behind(tmp_path: Path, database: Database) -> None:
    # Two record ids that become one when made storable.
    (tmp_path / "twice.json").write_text('{"t": {"a\\u0000": {"x": 1}, "a\\ufffd": {"x": 1}}}')
    with pytest.raises(LoadError, match=r"twice\.json"):
        load(tmp_path, database)
    assert rows(database, "select 1 from pg_namespace where nspname = 'twice'") == []


def test_text_that_cannot_be_stored_is_made_storable(tmp_path: Path, database: Database) -> None:
    (tmp_path / "odd.json").write_text('{"t": {"a": {"x": "nul \\u0000", "y": ["\\ud800"], "z": "caf\\u00e9"}}}')
    load(tmp_path, database)
    assert rows(database, "select x, y->>0, z from odd.t") == [("nul \ufffd", "\ufffd", "café")]


def test_without_an_owner_nothing_can_be_loaded(folder: Path, settings: Any) -> None:
    settings.PLACET_RECORDS_OWNER_URL = None
    with pytest.raises(LoadError, match="PLACET_RECORDS_OWNER_URL"):
        load_folder(folder)


def test_a_database_that_is_not_there_is_told_without_its_address(folder: Path) -> None:
    with pytest.raises(LoadError) as told:
        load_folder(folder, owner_url="postgresql://owner:hunter2@127.0.0.1:1/records", reader="r")
    assert "hunter2" not in str(told.value)
    assert "127.0.0.1" not in str(told.value)


def test_a_role_that_may_not_load_is_told_so(folder: Path, database: Database) -> None:
    with pytest.raises(LoadError, match="may not"):
        load_folder(folder, owner_url=database.reader_url, reader=database.reader)


def test_a_reader_that_is_not_there_is_told_so(folder: Path, database: Database) -> None:
    with pytest.raises(LoadError):
        load_folder(folder, owner_url=database.owner_url, reader="nobody_at_all")


def test_everything_recorded_is_loaded(replayed: Database) -> None:
    counted = "select (select count(*) from retail.orders), (select count(*) from retail.users),"
    assert rows(replayed, f"{counted} (select count(*) from workbench.emails)") == [(1000, 500, 500)]
    assert rows(replayed, "select iban from dojo_banking.bank_account") == [("DE89370400440532013000",)]


@examples(80)
@given(st.text(max_size=80))
def test_every_name_becomes_a_plain_one(text: str) -> None:
    assert COLUMN.fullmatch(plain_name(text))
    assert plain_name(text) == plain_name(text)


@examples(80)
@given(st.text(max_size=40))
def test_any_text_can_be_stored(text: str) -> None:
    stored = storable(text + "\ud800\x00")
    stored.encode("utf-8")
    assert "\x00" not in stored


NUMBERS = st.one_of(
    st.integers(), st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9)
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(st.characters(exclude_characters="\x00"), max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
    ),
)


@examples(80)
@given(JSON)
def test_json_goes_through_exactly(value: Any) -> None:
    assert loads(dumps(value)) == value
