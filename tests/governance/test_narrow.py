from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance import narrow
from governance.models import Scope, ScopeKind
from governance.policy.tiers import Tier
from governance.problems import Code, Problem
from governance.record import Event
from tests.cast import BY, Cast
from tests.governance.asking import entries, epoch, guarded, refused
from tests.support.fixtures import Committed

CEILINGS = [Tier.OBSERVE, Tier.PROPOSE, Tier.EXECUTE, Tier.COMMIT]


def ceiling(*scopes: Scope) -> list[int]:
    return [Scope.objects.get(pk=scope.pk).ceiling for scope in scopes]


def test_a_ceiling_is_never_set_above_its_parent(cast: Cast) -> None:
    narrow.set_ceiling(cast.service, ceiling=Tier.EXECUTE, by=cast.mary)
    with refused(Code.ABOVE_PARENT) as problem:
        narrow.set_ceiling(cast.refunds, ceiling=Tier.COMMIT, by=cast.mary)
    assert problem.value.detail == "The parent's ceiling is EXECUTE: nothing below it stands higher."
    with refused(Code.ABOVE_PARENT):
        narrow.create_scope(
            key="bold", name="Bold", kind=ScopeKind.PROJECT, parent=cast.service, ceiling=Tier.COMMIT, by=cast.mary
        )


def test_a_shell_cannot_set_a_ceiling_above_its_parent(cast: Cast) -> None:
    narrow.set_ceiling(cast.service, ceiling=Tier.EXECUTE, by=cast.mary)
    with guarded("PL012"):
        Scope.objects.filter(pk=cast.refunds.pk).update(ceiling=Tier.COMMIT)
    with guarded("PL012"):
        project = Scope.objects.get(pk=cast.refunds.pk)
        project.ceiling = Tier.COMMIT
        project.save()
    with guarded("PL012"):
        Scope.objects.create(key="bold", name="Bold", kind="project", parent=cast.service, ceiling=Tier.COMMIT)


INSERT = """insert into governance_scope (key, name, kind, parent_id, ceiling)
    select 'bold', 'Bold', 'project', id, 4 from governance_scope where key = 'service'"""
# a project moved to the enterprise would escape its domain
MOVE = """update governance_scope set parent_id = (select id from governance_scope where key = 'acme')
    where key = 'refunds'"""


@pytest.mark.parametrize("role", ["app", "owner", "admin"])
def test_sql_cannot_set_a_ceiling_above_its_parent_in_any_role(
    committed_cast: Cast, committed: Committed, role: str
) -> None:
    narrow.set_ceiling(committed_cast.service, ceiling=Tier.PROPOSE, by=committed_cast.mary)
    forbidden: list[LiteralString] = [
        "update governance_scope set ceiling = 4 where key = 'refunds'",
        # narrowing a parent and leaving its child above it
        "update governance_scope set ceiling = 1 where key = 'service'",
        INSERT,
        MOVE,
    ]
    for statement in forbidden:
        with committed.connect(role=role) as sql:
            assert _refusal(sql, statement) == "PL012", statement


def _refusal(sql: psycopg.Connection[tuple[object, ...]], statement: LiteralString) -> str | None:
    """What the database answers to a statement that comes with a ledger entry, as a lawful one would."""
    with pytest.raises(psycopg.Error) as refusal, sql.transaction():  # noqa: PT012 - refused at commit
        sql.execute("insert into governance_ledgerentry (kind, actor, body) values ('forged', 'user:x', '{}')")
        sql.execute(statement)
    return refusal.value.sqlstate


def test_even_a_lawful_ceiling_is_not_written_without_its_ledger_entry(
    committed_cast: Cast, committed: Committed
) -> None:
    with committed.connect() as sql, pytest.raises(psycopg.Error) as refusal:
        sql.execute("update governance_scope set ceiling = 2 where key = 'refunds'")
    assert refusal.value.sqlstate == "PL011"


def test_narrowing_a_parent_clamps_every_scope_below_with_an_entry_each(cast: Cast) -> None:
    before = epoch()
    changed = narrow.set_ceiling(cast.acme, ceiling=Tier.PROPOSE, by=cast.mary)
    assert [scope.key for scope in changed] == ["acme", "service", "refunds"]
    assert ceiling(cast.acme, cast.service, cast.refunds) == [Tier.PROPOSE] * 3
    said = entries(Event.CEILING_NARROWED)
    assert [(entry["key"], entry["from"], entry["to"]) for entry in said] == [
        ("acme", 4, 2),
        ("service", 4, 2),
        ("refunds", 3, 2),
    ]
    assert [entry.get("because") for entry in said] == [None, "acme", "service"]
    assert {entry["actor"] for entry in said} == {"user:mary"}
    assert epoch() == before + 3


def test_restoring_a_parent_never_restores_what_was_clamped(cast: Cast) -> None:
    narrow.set_ceiling(cast.acme, ceiling=Tier.OBSERVE, by=cast.mary)
    changed = narrow.set_ceiling(cast.acme, ceiling=Tier.COMMIT, by=cast.mary)
    assert [scope.key for scope in changed] == ["acme"]
    assert ceiling(cast.acme, cast.service, cast.refunds) == [Tier.COMMIT, Tier.OBSERVE, Tier.OBSERVE]
    assert entries(Event.CEILING_WIDENED)[-1]["widening"] is True


def test_a_child_below_the_new_ceiling_is_left_alone(cast: Cast) -> None:
    narrow.set_ceiling(cast.refunds, ceiling=Tier.OBSERVE, by=cast.mary)
    changed = narrow.set_ceiling(cast.service, ceiling=Tier.PROPOSE, by=cast.mary)
    assert [scope.key for scope in changed] == ["service"]


def test_setting_the_same_ceiling_changes_nothing(cast: Cast) -> None:
    before = epoch()
    assert narrow.set_ceiling(cast.refunds, ceiling=Tier.EXECUTE, by=cast.mary) == []
    assert epoch() == before


@pytest.mark.parametrize("who", ["ada", "edith", "mallory", "sudo"])
def test_only_the_council_sets_ceilings(cast: Cast, who: str) -> None:
    with refused(Code.FORBIDDEN):
        narrow.set_ceiling(cast.refunds, ceiling=Tier.OBSERVE, by=getattr(cast, who))


def test_halt_is_no_ceiling(cast: Cast) -> None:
    with refused(Code.INVALID):
        narrow.set_ceiling(cast.refunds, ceiling=Tier.HALT, by=cast.mary)
    with guarded("23514"), connection.cursor() as cursor:
        cursor.execute("update governance_scope set ceiling = 0 where key = 'refunds'")


def test_a_project_stands_under_a_domain_and_a_domain_under_the_enterprise(cast: Cast) -> None:
    for kind, parent in (("project", cast.acme), ("domain", cast.service), ("project", cast.refunds)):
        with refused(Code.INVALID):
            narrow.create_scope(key="odd", name="Odd", kind=ScopeKind(kind), parent=parent, by=cast.mary)
    with refused(Code.INVALID):
        narrow.create_scope(key="two", name="Two", kind=ScopeKind.ENTERPRISE, parent=cast.acme, by=cast.mary)


def test_a_new_scope_starts_at_propose_and_higher_is_a_widening(cast: Cast) -> None:
    scope = narrow.create_scope(key="mail", name="Mail", kind=ScopeKind.DOMAIN, parent=cast.acme, by=cast.mary)
    assert scope.ceiling == Tier.PROPOSE
    assert entries(Event.SCOPE_CREATED)[-1]["widening"] is False
    narrow.create_scope(
        key="post", name="Post", kind=ScopeKind.DOMAIN, parent=cast.acme, ceiling=Tier.EXECUTE, by=cast.mary
    )
    assert entries(Event.SCOPE_CREATED)[-1]["widening"] is True


@pytest.mark.parametrize(
    ("key", "name"),
    [("refunds", "New"), ("new", "refunds"), ("new", "REFUNDS"), ("New", "New"), ("new", "N\u0435w"), ("", "New")],
)
def test_keys_and_names_are_plain_and_taken_only_once(cast: Cast, key: str, name: str) -> None:
    with refused(Code.INVALID):
        narrow.create_scope(key=key, name=name, kind=ScopeKind.PROJECT, parent=cast.service, by=cast.mary)


def test_a_scope_is_renamed_without_losing_its_key(cast: Cast) -> None:
    narrow.rename_scope(cast.refunds, name="Money Back", by=cast.mary)
    assert Scope.objects.get(key="refunds").name == "Money Back"
    assert entries(Event.SCOPE_RENAMED)[-1]["from"] == "Refunds"
    with guarded("23514"):
        Scope.objects.filter(key="refunds").update(name="Money \u202eBack")


MOVES = st.lists(st.tuples(st.sampled_from(["acme", "service", "refunds"]), st.sampled_from(CEILINGS)), max_size=8)


@given(moves=MOVES)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_set_in_whatever_order_no_child_ever_stands_above_its_parent(
    cast: Cast, moves: list[tuple[str, Tier]]
) -> None:
    for key, tier in moves:
        before = {scope.key: scope.ceiling for scope in Scope.objects.all()}
        changed = _changed(key, tier)
        after = {scope.key: scope.ceiling for scope in Scope.objects.all()}
        assert after["refunds"] <= after["service"] <= after["acme"]
        assert {name for name in after if after[name] != before[name]} == changed
        assert all(after[name] < before[name] for name in changed - {key})


def _changed(key: str, tier: Tier) -> set[str]:
    try:
        return {scope.key for scope in narrow.set_ceiling(Scope.objects.get(key=key), ceiling=tier, by=BY)}
    except Problem as problem:
        if problem.code is not Code.ABOVE_PARENT:
            raise
        return set()
