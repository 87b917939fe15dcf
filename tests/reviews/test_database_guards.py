"""What the database refuses by itself, even to the owner of its tables, and what it notices without being told."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeAlias

import psycopg
import pytest
from django.db import connection, transaction

from governance import halt, narrow, register
from governance.models import Grant, Halt
from governance.policy.tiers import Tier
from governance.roles import APPEND_ONLY
from reviews import judge, report
from reviews.budgets import release
from reviews.models import Escalation, Verdict
from tests.cast import BY
from tests.reviews.scene import Scene, backdate, live
from tests.support.fixtures import Committed

Owner: TypeAlias = psycopg.Connection[tuple[Any, ...]]

NEED_AN_ENTRY = {
    "auth_user_groups", "governance_account", "governance_action", "governance_actiontype", "governance_agent",
    "governance_agentkey",
    "governance_binding", "governance_breach", "governance_bundle", "governance_bundleversion", "governance_daykey",
    "governance_execution", "governance_familiar", "governance_grant", "governance_halt", "governance_identity",
    "governance_instance", "governance_invitation",
    "governance_mandate", "governance_permission", "governance_qualification", "governance_rate",
    "governance_reservation", "governance_scope", "governance_seen", "governance_snapshot", "governance_standing",
    "governance_steward", "governance_ticket", "governance_toolsignal", "governance_watch",
    "reviews_absence", "reviews_alert", "reviews_bindingrequest", "reviews_draw", "reviews_escalation",
    "reviews_extension", "reviews_finding", "reviews_handover", "reviews_lack",
    "reviews_practiceanswer", "reviews_practised", "reviews_preference", "reviews_rejectreason", "reviews_repeat",
    "reviews_showing", "reviews_verdict",
}  # fmt: skip

# Replication and restore scripts switch ordinary triggers off: these stay on ("enable always").
STANDING = {
    "absence_kept": {"reviews_absence"},
    "action_frozen": {"governance_action"},
    "activity_needs_entry": {"auth_user"},
    "against_facts_alerts": {"reviews_verdict"},
    "agent_chain": {"governance_agent"},
    "agent_ticket_chain": {"governance_agent"},
    "alert_kept": {"reviews_alert"},
    "append_only": {*APPEND_ONLY},
    "case_closed": {"reviews_escalation"},
    "delegation_frozen": {"governance_action"},
    "delivery_kept": {"reviews_delivery"},
    "drawable": {"governance_execution"},
    "edit_action_type": {"governance_actiontype"},
    "edit_binding": {"governance_binding"},
    "end_ticket": {"governance_ticket"},
    "grant_by_all": {"governance_grant"},
    "grant_once": {"governance_grant"},
    "halt_alerts": {"governance_halt"},
    "halt_kept": {"governance_halt"},
    "halt_on": {"governance_halt"},
    "independent": {
        "governance_actiontype",
        "governance_agent",
        "governance_binding",
        "governance_permission",
        "governance_watch",
    },
    "invitation_kept": {"governance_invitation"},
    "key_follows": {"governance_agentkey"},
    "key_spent": {"governance_agentkey"},
    "lack_kept": {"reviews_lack"},
    "ledger_leaf": {"governance_ledgerentry"},
    "mandate_ended": {"governance_mandate"},
    "mandate_lowered": {"governance_mandate"},
    "member_left": {"auth_user_groups"},
    "named_once": {"auth_user"},
    "narrow_agent": {"governance_agent"},
    "narrow_permission": {"governance_permission"},
    "narrow_scope": {"governance_scope"},
    "needs_entry": NEED_AN_ENTRY,
    "never_deleted": {
        "governance_actiontype",
        "governance_agent",
        "governance_standing",
        "governance_ticket",
        "reviews_absence",
        "reviews_alert",
        "reviews_lack",
    },
    "number_kept": {"governance_agent"},
    "occasion_of_alert": {"reviews_alert"},
    "occasion_of_case": {"reviews_escalation"},
    "only_unbound": {"reviews_bindingrequest"},
    "over_children": {"governance_agent", "governance_scope"},
    "password_changed": {"auth_user"},
    "policy_moved": {"governance_bundleversion"},
    "qualification_ended": {"governance_qualification"},
    "reason_kept": {"reviews_rejectreason"},
    "reason_kept_whole": {"reviews_rejectreason"},
    "red_alerts": {"governance_standing"},
    "revoke_key": {"governance_agentkey"},
    "revoke_permission": {"governance_permission"},
    "signed_out": {"auth_user"},
    "standing_kept": {"governance_standing"},
    "steward_below": {"governance_steward"},
    "stop_latched": {"governance_action"},
    "ticket_chain": {"governance_ticket"},
    "ticket_depth": {"governance_ticket"},
    "ticket_kept": {"governance_ticket"},
    "tool_heard": {"governance_toolreading"},
    "under_parent": {"governance_scope"},
    "unshare_agent": {"governance_agent"},
    "version_fixed": {"governance_bundleversion"},
    "verdict_fixed": {"reviews_verdict"},
}


def test_every_guard_stands_on_its_table_and_is_always_on(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select tgname, array_agg(tgrelid::regclass::text) from pg_trigger"
            " where not tgisinternal and tgenabled = 'A' group by 1"
        )
        assert {name: {*tables} for name, tables in cursor.fetchall()} == STANDING


@pytest.fixture
def owner(committed: Committed) -> Iterator[Owner]:
    """The owner of the tables, whom no privilege stops."""
    with committed.connect(role="owner") as found:
        yield found


def state_of(owner: Owner, statement: str, *params: Any) -> str | None:
    """The SQLSTATE that refuses a statement which comes with a ledger entry, or None; always rolled back."""
    try:
        with owner.transaction(force_rollback=True):
            owner.execute("insert into governance_ledgerentry (kind, actor, body) values ('forged', 'user:x', '{}')")
            owner.execute(statement.encode(), params)
            owner.execute("set constraints all immediate")
    except psycopg.Error as refused:
        return refused.sqlstate
    return None


def wait_for_lock(owner: Owner, other: Owner, running: Future[Any]) -> None:
    """Until what runs on the other connection waits for this one."""
    waits = "select exists (select 1 from pg_locks where pid = %s and not granted)"
    while owner.execute(waits, [other.info.backend_pid]).fetchone() != (True,):
        assert not running.done()


def test_what_is_append_only_is_so_for_the_owner_too(owner: Owner) -> None:
    for table in APPEND_ONLY:
        (column,) = owner.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum = 2", [table]
        ).fetchone() or ("",)
        for statement in (
            f"update {table} set {column} = {column} where false",
            f"delete from {table} where false",
            f"truncate {table} cascade",
        ):
            assert state_of(owner, statement) == "PL010", statement


def test_agents_action_types_and_standings_are_never_deleted(owner: Owner) -> None:
    for table in ("governance_agent", "governance_actiontype", "governance_standing"):
        for statement in (f"delete from {table} where false", f"truncate {table} cascade"):
            assert state_of(owner, statement) == "PL013", statement


def test_a_ledger_entry_is_written_by_the_clock_of_the_database_and_its_parts_stay_apart(owner: Owner) -> None:
    with owner.transaction(force_rollback=True):
        row = owner.execute(
            "insert into governance_ledgerentry (at, kind, actor, body) values ('2020-01-01', 'forged', 'user:x', '{}')"
            " returning clock_timestamp() - at < interval '1 minute'"
        ).fetchone()
    assert row == (True,)
    for kind, actor in (("a\x1fb", "user:x"), ("forged", "user\x1fx")):
        statement = "insert into governance_ledgerentry (kind, actor, body) values (%s, %s, '{}')"
        assert state_of(owner, statement, kind, actor) == "23514"


def test_an_entry_never_brings_its_own_number(owner: Owner, committed: Committed) -> None:
    brought = "insert into governance_ledgerentry (seq, kind, actor, body){} values ({}, 'forged', 'user:x', '{{}}')"
    for number in (-1, 0, 10**15):
        assert state_of(owner, brought.format("", number)) == "428C9"
        for how, refusal in (("", "428C9"), (" overriding system value", "42501")):
            with committed.connect() as app, pytest.raises(psycopg.Error) as refused:
                app.execute(brought.format(how, number).encode())
            assert refused.value.sqlstate == refusal


@pytest.mark.parametrize("column", ["seq", "at", "leaf"])
def test_the_application_writes_of_an_entry_what_happened_and_nothing_else(committed: Committed, column: str) -> None:
    with committed.connect() as app:
        rights = "select has_column_privilege('governance_ledgerentry', %s, 'insert')"
        assert app.execute(rights, [column]).fetchone() == (False,)
        assert [app.execute(rights, [each]).fetchone() for each in ("kind", "actor", "body")] == [(True,)] * 3
        entry = "insert into governance_ledgerentry (kind, actor, body) values ('forged', 'user:x', '{}') returning seq"
        with app.transaction(force_rollback=True):
            assert app.execute(entry).fetchone() is not None


@pytest.mark.parametrize("statement", ["delete from governance_budget", "truncate governance_budget"])
def test_the_application_forgets_no_budget(committed: Committed, statement: str) -> None:
    with committed.connect() as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement.encode())


def test_an_entry_counts_for_its_own_transaction_only(owner: Owner, committed_scene: Scene) -> None:
    with owner.transaction():
        owner.execute("insert into governance_ledgerentry (kind, actor, body) values ('forged', 'user:x', '{}')")
    with pytest.raises(psycopg.Error) as refused:
        owner.execute("update governance_permission set level = level")
    assert refused.value.sqlstate == "PL011"


GRANT_TERMS = [
    "action_id = gen_random_uuid()",
    "agent_id = gen_random_uuid()",
    "digest = '\\x00'",
    "issued_at = issued_at + interval '1 second'",
    "not_before = not_before - interval '1 second'",
    "expires_at = expires_at + interval '1 hour'",
]


def test_a_grant_keeps_its_terms_and_what_became_of_it(
    owner: Owner, committed_scene: Scene, no_hold: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = committed_scene
    used = scene.redeem(scene.approved())
    report.report(used.action_id, caller=scene.refunder, status="succeeded")
    monkeypatch.setattr(judge, "hold_seconds", lambda spec: 60)
    voided = scene.approved(order="W2")
    judge.withdraw(voided.verdict_id or 0, reviewer=scene.cast.ada)
    open_one = scene.approved(order="W3")
    again = [
        (grant, f"{column} = {value}")
        for grant, column in ((used, "redeemed_at"), (used, "closed_at"), (voided, "voided_at"))
        for value in ("null", f"{column} + interval '1 second'")
    ]
    for grant, change in [*again, *((open_one, term) for term in GRANT_TERMS)]:
        assert state_of(owner, f"update governance_grant set {change} where id = %s", grant.pk) == "PL013", change
    assert state_of(owner, "delete from governance_grant where id = %s", open_one.pk) == "PL013"


def test_an_action_is_frozen_when_it_is_posted(owner: Owner, committed_scene: Scene) -> None:
    action = committed_scene.case(claims={"status": "delivered"}).action_id
    for change in (
        "agent_id = gen_random_uuid()",
        "action_type_id = action_type_id + 1",
        "body_hash = '\\x00'",
        "digest = '\\x00'",
        "run = 'another'",
        "parameters = '{}'",
        "claims = '{}'",
        "ticket_id = gen_random_uuid()",
        "chain = array[agent_id]",
        "trace_id = repeat('0', 32)",
        "parent_span = repeat('0', 16)",
    ):
        assert state_of(owner, f"update governance_action set {change} where id = %s", action) == "PL013", change
    assert state_of(owner, "delete from governance_action where id = %s", action) == "PL013"


VERDICT_PARTS = [
    "escalation_id = (select id from reviews_escalation e where e.id <> escalation_id limit 1)",
    "reviewer_id = reviewer_id + 1",
    "approve = false, reject_reason = 'not_needed'",
    "reject_reason = 'not_needed'",
    "action_digest = '\\x00'",
    "snapshot_digest = '\\x00'",
    "policy_revision = policy_revision + 1",
    "rank = 3",
    "decided_at = decided_at - interval '1 second'",
    "final_at = final_at + interval '1 hour'",
]
TAKE_BACK = "update reviews_verdict set withdrawn_at = clock_timestamp()"


def test_a_verdict_is_withdrawn_once_within_its_hold_and_otherwise_fixed(
    owner: Owner, committed_scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = committed_scene
    monkeypatch.setattr(judge, "hold_seconds", lambda spec: 0)
    final = scene.approve(scene.case(order="W2"))
    monkeypatch.setattr(judge, "hold_seconds", lambda spec: 60)
    withdrawn = judge.withdraw(scene.approve(scene.case(order="W3")).pk, reviewer=scene.cast.ada)
    held = scene.approve(scene.case())
    refused: list[tuple[Verdict, str]] = [
        (final, TAKE_BACK),
        (withdrawn, TAKE_BACK),
        (withdrawn, "update reviews_verdict set withdrawn_at = null"),
        (held, "update reviews_verdict set rank = rank"),
        *((held, f"{TAKE_BACK}, {part}") for part in VERDICT_PARTS),
        (held, "delete from reviews_verdict"),
    ]
    for verdict, statement in refused:
        assert state_of(owner, f"{statement} where id = %s", verdict.pk) == "PL014", statement
    assert state_of(owner, f"{TAKE_BACK} where id = %s", held.pk) is None


def test_a_closed_case_stays_closed(owner: Owner, committed_scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = committed_scene
    monkeypatch.setattr(judge, "hold_seconds", lambda spec: 60)
    approved = scene.approve(scene.case()).escalation_id
    rejected = scene.take(scene.case(order="W2")).pk
    judge.reject(rejected, reviewer=scene.cast.ada, reason="not_needed")
    expired = scene.case(order="W3").pk
    backdate("update reviews_escalation set state = 'expired' where id = %s", expired)
    still_open = scene.case(order="W4").pk
    lawful = [(approved, "superseded"), (approved, "withdrawn")]
    for case in (approved, rejected, expired):
        for state in ("open", "approved", "rejected", "expired", "withdrawn", "superseded", "acknowledged"):
            before = Escalation.objects.get(pk=case).state
            found = state_of(owner, "update reviews_escalation set state = %s where id = %s", state, case)
            expected = None if state == before or (case, state) in lawful else "PL014"
            assert found == expected, (before, state)
    for case in (approved, rejected, expired, still_open):
        assert state_of(owner, "delete from reviews_escalation where id = %s", case) == "PL014"


def test_a_halt_is_lifted_once_by_somebody_and_nothing_else_of_it_changes(owner: Owner, committed_scene: Scene) -> None:
    lifted = halt.halt("action_type", "bench.refund", reason="test", by=BY)
    halt.lift(lifted, by=BY)
    active = halt.halt("action_type", "shop.refund", reason="test", by=BY)
    lift = "update governance_halt set lifted_at = clock_timestamp(), lifted_by = 'user:mary'"
    refused: list[tuple[Halt, str]] = [
        (lifted, lift),
        (lifted, "update governance_halt set lifted_at = null, lifted_by = ''"),
        (active, "update governance_halt set lifted_at = clock_timestamp()"),
        (active, "update governance_halt set lifted_by = 'user:mary'"),
        (active, f"{lift}, target = 'agent'"),
        (active, f"{lift}, key = 'bench.refund'"),
        (active, f"{lift}, reason = 'another'"),
        (active, f"{lift}, halted_at = halted_at - interval '1 hour'"),
        (active, f"{lift}, halted_by = 'user:mallory'"),
        (active, "delete from governance_halt"),
    ]
    for row, statement in refused:
        assert state_of(owner, f"{statement} where id = %s", row.pk) == "PL015", statement


def test_a_key_belongs_to_one_agent_and_stays_revoked(owner: Owner, committed_scene: Scene) -> None:
    key = committed_scene.cast.refunder.keys.get().pk
    revoke = "update governance_agentkey set revoked_at = clock_timestamp() where id = %s"
    for change in ("agent_id = (select id from governance_agent where name = 'Drafter')", "prefix = 'another1'",
                   "digest = '\\x00'"):  # fmt: skip
        assert state_of(owner, f"update governance_agentkey set {change} where id = %s", key) == "PL016", change
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(revoke, [key])
        cursor.execute("insert into governance_ledgerentry (kind, actor, body) values ('forged', 'user:x', '{}')")
    assert state_of(owner, revoke, key) == "PL016"


SECOND_DOMAIN = """insert into governance_scope (key, name, kind, parent_id, ceiling)
    select 'second', 'Second', 'domain', id, 4 from governance_scope where key = 'acme'"""
TO_SECOND = "(select id from governance_scope where key = 'second')"
NARROWINGS = [
    "update governance_scope set ceiling = ceiling - 1 where key = 'refunds'",
    f"update governance_scope set parent_id = {TO_SECOND} where key = 'refunds'",
    "update governance_agent set max_tier = max_tier - 1 where name = 'Drafter'",
    "update governance_agent set state = 'suspended' where name = 'Drafter'",
    "update governance_agent set parent_id = null where name = 'Drafter'",
    "update governance_agent set project_id = project_id + 1 where name = 'Drafter'",
    "update governance_permission set level = level - 1 where level > 0",
    "delete from governance_permission",
    """insert into governance_halt (target, key, reason, halted_at, halted_by, lifted_by)
    values ('enterprise', 'acme', 'x', clock_timestamp(), 'user:mary', '')""",
    "update governance_actiontype set revision = revision + 1",
    "update governance_binding set document = document",
    "delete from governance_binding",
    "update governance_agentkey set revoked_at = clock_timestamp()",
    "update governance_agentkey set expires_at = clock_timestamp()",
]
NOT_NARROWING = [
    "update governance_scope set name = 'Other' where key = 'refunds'",
    "update governance_scope set ceiling = ceiling where key = 'refunds'",
    "update governance_agent set fingerprint = 'new' where name = 'Drafter'",
    "update governance_permission set level = level",
]
# The exclusive lock that everything which authorises holds shared.
HELD = """select count(*) from pg_locks where locktype = 'advisory' and objid = 7 and mode = 'ExclusiveLock'
    and pid = pg_backend_pid() and granted"""


def test_every_narrowing_moves_the_epoch_under_the_lock_of_authority(owner: Owner, committed_scene: Scene) -> None:
    for statement in NARROWINGS + NOT_NARROWING:
        with owner.transaction(force_rollback=True):
            owner.execute(SECOND_DOMAIN)
            before = owner.execute("select authority_epoch from governance_instance").fetchone() or (0,)
            changed = owner.execute(statement.encode())
            assert changed.rowcount > 0, statement
            after = owner.execute("select authority_epoch from governance_instance").fetchone() or (0,)
            narrows = statement in NARROWINGS
            assert (after[0] > before[0], owner.execute(HELD).fetchone() != (0,)) == (narrows, narrows), statement
            if statement.startswith("delete"):
                assert owner.execute(f"select count(*) from {statement.split()[2]}".encode()).fetchone() == (0,)


def test_an_approval_has_one_grant_whatever_became_of_the_first(owner: Owner, committed_scene: Scene) -> None:
    grant = committed_scene.approved()
    other = committed_scene.case(order="W2").action
    kept = [field for field in Grant._meta.concrete_fields if field.name not in ("id", "action")]
    columns = ", ".join(f"{field.column}" for field in kept)
    statement = (
        f"insert into governance_grant (id, action_id, {columns})"
        f" select gen_random_uuid(), %s, {columns} from governance_grant where id = %s"
    )
    assert state_of(owner, statement, other.pk, grant.pk) == "23505"


def test_a_domain_stands_under_the_enterprise_and_a_project_under_a_domain(
    owner: Owner, committed_scene: Scene
) -> None:
    below = "insert into governance_scope (key, name, kind, parent_id, ceiling) select 'new', 'New', %s, id, 1"
    found = {
        (kind, parent): state_of(owner, f"{below} from governance_scope where key = %s", kind, parent)
        for kind in ("domain", "project")
        for parent in ("acme", "service", "refunds")
    }
    lawful = {("domain", "acme"), ("project", "service")}
    assert found == {place: None if place in lawful else "PL012" for place in found}


@pytest.mark.parametrize("key", ["", "Refunds", "two words", "é", "-first", "x" * 65, "two\nlines"])
def test_the_key_of_a_scope_is_plain(owner: Owner, committed_scene: Scene, key: str) -> None:
    statement = "update governance_scope set key = %s where key = 'refunds'"
    assert state_of(owner, statement, key) in ("23514", "22001")
    assert state_of(owner, statement, "refunds-2.b_c") is None


def test_a_child_stands_as_high_as_its_parent_and_not_one_tier_above(owner: Owner, committed_scene: Scene) -> None:
    """Service is lowered to EXECUTE here, Refunder stands there: what is below them reaches EXECUTE, not COMMIT."""
    narrow.set_ceiling(committed_scene.cast.service, ceiling=Tier.EXECUTE, by=BY)
    below = "insert into governance_scope (key, name, kind, parent_id, ceiling) select 'new', 'New', 'project', id, %s"
    for tier, state in ((Tier.EXECUTE, None), (Tier.COMMIT, "PL012")):
        assert state_of(owner, "update governance_scope set ceiling = %s where key = 'refunds'", tier.value) == state
        assert state_of(owner, f"{below} from governance_scope where key = 'service'", tier.value) == state
        assert state_of(owner, "update governance_agent set max_tier = %s where name = 'Drafter'", tier.value) == state


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            "update governance_scope set ceiling = 2 where key = 'service'",
            "update governance_scope set ceiling = 3 where key = 'refunds'",
        ),
        (
            "update governance_agent set max_tier = 2 where name = 'Refunder'",
            "update governance_agent set max_tier = 3 where name = 'Drafter'",
        ),
    ],
    ids=["scope", "agent"],
)
def test_a_child_that_is_raised_waits_for_its_parent_that_is_narrowed(
    owner: Owner, committed: Committed, committed_scene: Scene, first: str, second: str
) -> None:
    with committed.connect(role="owner") as other, owner.transaction(force_rollback=True):
        owner.execute(first.encode())
        other.execute("set lock_timeout = '100ms'")
        assert state_of(other, second) == "55P03"
    assert state_of(owner, second) is None


def test_two_edits_that_would_close_a_cycle_together_see_each_other(
    owner: Owner, committed: Committed, committed_scene: Scene
) -> None:
    under = "update governance_agent c set parent_id = p.id from governance_agent p where c.name = %s and p.name = %s"
    entry = b"insert into governance_ledgerentry (kind, actor, body) values ('forged', 'user:x', '{}')"
    for name in ("One", "Two", "Three", "Four"):
        register.register_agent(name=name, owner=committed_scene.cast.mary, project=committed_scene.cast.refunds, by=BY)
    for child, parent in (("Two", "Three"), ("Four", "One")):
        with owner.transaction():
            owner.execute(under.encode(), [child, parent])
            owner.execute(entry)
    with committed.connect(role="owner") as other, ThreadPoolExecutor(1) as pool:
        with owner.transaction():
            owner.execute(under.encode(), ["One", "Two"])
            owner.execute(entry)
            second = pool.submit(state_of, other, under, "Three", "Four")
            wait_for_lock(owner, other, second)
        assert second.result() == "PL012"


def test_what_was_reported_is_never_given_back(scene: Scene) -> None:
    action = scene.running("300.00", customer="c-1")
    report.report(action.pk, caller=scene.refunder, status="not_executed")
    assert release(action.pk) is False
    assert live("entity:customer=c-1%") == 30_000


def test_two_that_give_back_at_once_give_back_once(owner: Owner, committed: Committed, committed_scene: Scene) -> None:
    scene = committed_scene
    first, _ = scene.approved(), scene.approved()
    held = live("entity:subject=c-1%")
    give_back, entry = b"select placet_release(%s)", b"insert into governance_ledgerentry (kind, actor, body)"
    with committed.connect() as other, ThreadPoolExecutor(1) as pool:
        with owner.transaction():
            owner.execute(entry + b" values ('forged', 'user:x', '{}')")
            assert owner.execute(give_back, [first.action_id]).fetchone() == (True,)
            second = pool.submit(lambda: other.execute(give_back, [first.action_id]).fetchone())
            wait_for_lock(owner, other, second)
        assert second.result() == (False,)
    assert live("entity:subject=c-1%") == held // 2 > 0
