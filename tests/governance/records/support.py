"""What the tests of records share: databases, catalogue entries by key, and readings without ceremony."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from governance.policy.action_types import ActionTypeSpec, parse_action_type
from governance.policy.contracts import Parsed
from governance.policy.facts import Fact
from governance.records.bindings import Binding
from governance.records.evaluate import evaluate
from governance.records.fit import misfits
from governance.records.parse import parse_binding
from governance.records.protocol import Connector, Outage, Rows, Unavailable
from governance.records.reading import Reading
from tests.support import catalogues

CATALOGUES = Path(__file__).parents[3] / "governance" / "catalogues"

# Odd in every way that a table may be.
SCHEMA = """
create schema shop;
create table shop.orders (record_id text primary key, paid numeric, ratio float8, placed timestamptz, note text,
                          items jsonb, number integer, kind char(5));
insert into shop.orders values
  ('O-1', 480.10, 0.1, '2026-11-22T12:00:00+02', null, '[{"price": 1.10, "big": 123456789012345678.25}]', 7, 'box'),
  ('O-2', 'NaN', null, null, null, null, 8, null);
create table shop.lines (order_id text, text text);
insert into shop.lines select 'O-1', 'line' from generate_series(1, 600);
create table shop.big (record_id text primary key, body text);
insert into shop.big values ('B-1', repeat('x', 300000)), ('B-2', repeat('y', 200000)), ('B-3', repeat('z', 200000));
create view shop.slow as select record_id, pg_sleep(30)::text as body from shop.orders;
create table shop.locked (record_id text primary key);
create table shop.odd (record_id text primary key, body json);
insert into shop.odd values
  ('nul', '{"a": "\\u0000"}'), ('lone', '{"a": "\\ud800"}'), ('fine', '{"a": "\\u00e9"}'),
  ('deep', (repeat('[', 3000) || repeat(']', 3000))::json), ('digits', repeat('9', 5000)::json);
create table shop.moving (record_id text primary key, n int);
insert into shop.moving values ('M', 1);
create table shop.hidden (record_id text primary key);
grant usage on schema shop to placet_reader;
grant select on all tables in schema shop to placet_reader;
revoke select on shop.hidden from placet_reader;
"""


@dataclass(frozen=True)
class Database:
    """Addresses of one database of records by role."""

    owner_url: str
    reader_url: str
    admin_url: str

    @property
    def reader(self) -> str:
        return urlsplit(self.reader_url).username or ""

    def run(self, *statements: str) -> None:
        """As the owner, each statement committed."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@cache
def entry(key: str) -> tuple[ActionTypeSpec, Binding]:
    """A committed catalogue entry that is bound, parsed and fitting."""
    for path in sorted(CATALOGUES.glob("*.yaml")):
        content = catalogues.content(path)
        specs = {each["key"]: parse_action_type(each) for each in content.get("action_types", [])}
        bindings = {each["action_type"]: parse_binding(each) for each in content.get("bindings", [])}
        if key in specs and key in bindings:
            spec, binding = specs[key], bindings[key]
            assert isinstance(spec, ActionTypeSpec), spec
            assert isinstance(binding, Binding), binding
            assert not misfits(spec, binding)
            return spec, binding
    raise AssertionError(f"{key} is in no catalogue, or not bound")


def fetch(
    connector: Connector, table: str = "shop.orders", *, key: Any = "O-1", by: str = "record_id",
    columns: tuple[str, ...] = (), most: int = 10,
) -> Rows | Unavailable:  # fmt: skip
    with connector.reading() as session:
        values = key if isinstance(key, list) else [key]
        return session.fetch(table, columns=columns, keys={by: values}, most=most)


def reason(found: Rows | Unavailable) -> Outage:
    assert isinstance(found, Unavailable), found
    return found.reason


def rows(found: Rows | Unavailable) -> tuple[Any, ...]:
    assert isinstance(found, Rows), found
    return found.rows


@contextmanager
def took(seconds: float) -> Iterator[None]:
    """It ended by its deadline and did not hang; a busy machine may take five times as long."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < 5 * seconds


def bound(document: Mapping[str, Any]) -> Binding:
    """A binding of a test, which must be sound."""
    found = parse_binding(document)
    assert isinstance(found, Binding), [str(problem) for problem in found]
    return found


def read(
    key: str,
    connector: Connector,
    parameters: Mapping[str, Any],
    claims: Mapping[str, Any] | None = None,
    subject: str | None = None,
) -> Reading:
    """A reading for a catalogue type, its contract applied as the API does."""
    spec, binding = entry(key)
    stated, claimed = spec.contract.parse(dict(parameters)), spec.claims.parse(dict(claims or {}))
    assert isinstance(stated, Parsed), stated
    assert isinstance(claimed, Parsed), claimed
    return evaluate(
        binding, connector, parameters=stated.values, claims=claimed.values, subject=subject, sealed=stated.sealed
    )


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def named(reading: Reading) -> dict[str, Fact]:
    """The facts of a reading by name."""
    return {fact.name: fact for fact in reading.facts}
