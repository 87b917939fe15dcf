"""A database whose clock stands still until a test moves it.

Placet reads no clock but the database's, by the bare name `clock_timestamp()`. A function of that name in a schema
before `pg_catalog` is found first, so that days pass in a test without a line of Placet knowing.
"""

from __future__ import annotations

import datetime as dt

import psycopg
from django.db import connection
from psycopg import sql

from tests.support.fixtures import Committed

BEGINNING = dt.datetime(2031, 3, 4, 9, 0, tzinfo=dt.UTC)

_SCHEMA = """
create schema warp;
create table warp.moment (at timestamptz not null);
insert into warp.moment values ('%s');
create function warp.clock_timestamp() returns timestamptz language sql volatile as 'select at from warp.moment';
grant usage on schema warp to public;
grant select, update on warp.moment to public;
"""


def stop_the_clock(committed: Committed) -> None:
    """Every connection made from now on lives at the moment that `move` sets."""
    with psycopg.connect(committed.admin_url, autocommit=True) as admin:
        admin.execute((_SCHEMA % BEGINNING.isoformat()).encode())
        name = sql.Identifier(admin.info.dbname)
        admin.execute(sql.SQL("alter database {} set search_path = warp, public, pg_catalog").format(name))
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]


def move(to: dt.datetime) -> None:
    """Set the clock, in the transaction of the test."""
    with connection.cursor() as cursor:
        cursor.execute("update warp.moment set at = %s", [to])
