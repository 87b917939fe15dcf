from __future__ import annotations

import subprocess
import sys

import httpx
import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import connection

from config.services.stack import BASE, Endpoints
from governance.models import Agent
from governance.policy.tiers import Tier
from tests.cast import Cast
from tests.support.fixtures import Committed, Records
from tests.support.live import Servers


def _groups(url: str) -> int:
    with psycopg.connect(url) as other:
        row = other.execute("select count(*) from auth_group").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("_turn", [1, 2])
def test_a_normal_test_leaves_nothing_behind(db: None, _turn: int) -> None:
    assert not Group.objects.filter(name="left behind").exists()
    Group.objects.create(name="left behind")


@pytest.mark.parametrize("_turn", [1, 2])
def test_a_committed_test_has_a_database_of_its_own(committed: Committed, _turn: int) -> None:
    assert _groups(committed.url) == Group.objects.count()
    Group.objects.create(name="committed")
    assert Group.objects.filter(name="committed").count() == 1
    assert _groups(committed.url) == Group.objects.count()


@pytest.mark.parametrize("_turn", [1, 2])
def test_the_cast_is_for_every_test_as_it_was_built(cast: Cast, _turn: int) -> None:
    assert Agent.objects.get(name="Refunder").max_tier == cast.refunder.max_tier == Tier.EXECUTE
    cast.refunder.max_tier = Tier.PROPOSE
    cast.refunder.save()


def test_the_cast_where_commits_are_real_is_a_copy_too(committed_cast: Cast, committed: Committed) -> None:
    with committed.connect() as other:
        found = other.execute("select id from governance_agent order by name").fetchall()
    assert found == [(committed_cast.drafter.pk,), (committed_cast.refunder.pk,)]


def test_tests_work_as_the_application_and_not_as_the_owner(db: None, services: Endpoints) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("placet_app",)
        cursor.execute("select rolsuper or rolcreatedb or rolcreaterole from pg_roles where rolname = current_user")
        assert cursor.fetchone() == (False,)


def test_the_application_can_neither_truncate_nor_create_a_table(committed: Committed) -> None:
    with committed.connect() as app:
        for forbidden in ("truncate auth_group cascade", "create table x (a int)", "drop table auth_group"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(forbidden)


def test_the_reader_of_records_only_reads(records: Records) -> None:
    with psycopg.connect(records.owner_url) as owner:
        owner.execute("create schema shop")
        owner.execute("create table shop.orders (record_id text primary key)")
        owner.execute("insert into shop.orders values ('#W1')")
    with psycopg.connect(records.reader_url, autocommit=True) as reader:
        assert reader.execute("select * from shop.orders").fetchall() == [("#W1",)]
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reader.execute("delete from shop.orders")
        reader.execute("set default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("delete from shop.orders")


def test_two_server_processes_and_a_child_share_the_committed_database(servers: Servers, records: Records) -> None:
    for surface in ("api", "all"):
        assert httpx.get(f"{servers.start(surface)}/readyz").text == "ok\n"
    Group.objects.create(name="seen by a child")
    code = "from django.contrib.auth.models import Group; print(Group.objects.filter(name='seen by a child').count())"
    child = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    assert subprocess.run(child, cwd=BASE, capture_output=True, text=True, check=True).stdout.strip() == "1"
