"""A grant is used once, by its agent, for its digest, in its time, and only while what it rests on stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from governance import catalogue, enrol, halt, mandates, narrow, permit, register
from governance.locks import database_now
from governance.models import (
    Action,
    Agent,
    AgentState,
    Grant,
    Instance,
    Permission,
    Reservation,
    Scope,
    Snapshot,
    ToolReading,
)
from governance.policy.tiers import Risk, Tier
from governance.problems import Code, Problem
from governance.records.snapshots import Frozen
from reviews import judge, redeem, report, routing, withdraw
from reviews.models import Escalation
from reviews.verify import read_now
from tests.cast import BENCH_REFUND, BY
from tests.reviews.scene import BINDING, REFUND, Scene, backdate, entries, live

pytestmark = pytest.mark.usefixtures("no_hold")

NOBODY = "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1"


def refused(scene: Scene, grant: Grant, **more: Any) -> Problem:
    with pytest.raises(Problem) as problem:
        scene.redeem(grant, **more)
    return problem.value


def machine_grant(scene: Scene, **more: Any) -> Grant:
    return Grant.objects.get(action=scene.running(**more))


def express_grant(scene: Scene) -> Grant:
    """A grant of the machine for an action whose facts were read first."""
    answer = scene.ask("20.00", kind="shop.express")
    assert answer.body["outcome"] == "execute", answer.body
    return Grant.objects.get(pk=answer.body["grant"]["id"])


def followed(problem: Problem, code: Code, grant: Grant, held: int = 0) -> Escalation:
    """The new case, after checking that the old one made room for it; `held`: what stays in the budgets."""
    grant.refresh_from_db()
    assert problem.code is code
    assert grant.voided_at is not None
    assert grant.redeemed_at is None
    fresh = Escalation.objects.get(pk=problem.extra["escalation"])
    assert fresh.previous is not None
    assert (fresh.state, fresh.opened_by, fresh.previous.state) == ("open", "redeem", "superseded")
    assert fresh.previous.action_id == fresh.action_id == grant.action_id
    assert Action.objects.get(pk=fresh.action_id).state == "escalated"
    assert live("%shop.refund%") == held
    return fresh


def test_a_redeemed_grant_lets_its_action_run_for_ten_minutes(scene: Scene) -> None:
    grant = scene.redeem(scene.approved())
    action = grant.action
    assert grant.redeemed_at is not None
    assert action.state == "executing"
    assert action.report_by is not None
    assert timedelta(minutes=9, seconds=50) < action.report_by - database_now() <= timedelta(minutes=10)
    assert [entry["grant"] for entry in entries("grant_redeemed")] == [str(grant.pk)]


def test_a_grant_is_used_once(scene: Scene) -> None:
    grant = scene.approved()
    scene.redeem(grant)
    assert refused(scene, grant).code is Code.GRANT_USED


def test_the_database_too_lets_a_grant_be_used_once(scene: Scene) -> None:
    grant = scene.redeem(scene.approved())
    with pytest.raises(DatabaseError, match="used once"), transaction.atomic():
        Grant.objects.filter(pk=grant.pk).update(redeemed_at=None)


@pytest.mark.parametrize("digest", ["", "00", "00" * 32, "zz" * 32, "A" * 63])
def test_a_grant_is_for_one_digest(scene: Scene, digest: str) -> None:
    grant = scene.approved()
    assert refused(scene, grant, digest=digest).code is Code.DIGEST_MISMATCH
    assert scene.redeem(grant, digest=bytes(grant.digest).hex().upper()).redeemed_at is not None


def test_a_grant_is_its_agents_alone(scene: Scene) -> None:
    grant = scene.approved()
    drafter = scene.caller(scene.cast.drafter_key)
    with pytest.raises(Problem) as problem:
        redeem.redeem(grant.pk, caller=drafter, digest=bytes(grant.digest).hex())
    assert problem.value.code is Code.NOT_FOUND


def test_a_grant_opens_when_the_hold_ends(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "hold_seconds", lambda spec: 4)
    problem = refused(scene, scene.approved())
    assert (problem.code, problem.status) == (Code.GRANT_NOT_YET_OPEN, 409)
    assert problem.retry_after in (3, 4)


def test_a_grant_expires_by_the_database_clock(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(routing.PICK_UP, Risk.MEDIUM, 0.02)
    grant = scene.approved()
    with connection.cursor() as cursor:
        cursor.execute("select pg_sleep(0.03)")
    problem = refused(scene, grant)
    assert (problem.code, problem.status) == (Code.GRANT_EXPIRED, 410)


def test_a_grant_lives_from_its_opening_to_just_before_its_expiry(scene: Scene) -> None:
    grant = scene.approved()
    redeem._require_usable(grant, grant.not_before)
    with pytest.raises(Problem) as problem:
        redeem._require_usable(grant, grant.expires_at)
    assert problem.value.code is Code.GRANT_EXPIRED


def test_a_withdrawn_approval_is_void(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "hold_seconds", lambda spec: 5)
    grant = scene.approved()
    judge.withdraw(grant.verdict_id or 0, reviewer=scene.cast.ada)
    assert refused(scene, grant).code is Code.GRANT_VOID


@pytest.mark.parametrize("state", ["used", "void", "closed", "expired", "held", "restored"])
def test_the_statement_that_uses_a_grant_judges_it_by_itself(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """Whatever was looked at before: between a look and the use the clock goes on and others write."""
    if state == "expired":
        monkeypatch.setitem(routing.PICK_UP, Risk.MEDIUM, 0.02)
    if state == "held":
        monkeypatch.setattr(judge, "hold_seconds", lambda spec: 60)
    grant = machine_grant(scene) if state == "closed" else scene.approved()
    if state == "used":
        scene.redeem(grant)
    elif state == "void":
        halt.lift(halt.halt("agent", str(scene.cast.refunder.pk), reason="test", by=BY), by=BY)
        followed(refused(scene, grant), Code.GRANT_VOID, grant)
    elif state == "closed":
        report.report(grant.action_id, caller=scene.refunder, status="succeeded")
    elif state == "restored":
        Instance.objects.update(instance_epoch=2)
    with connection.cursor() as cursor:
        cursor.execute("select pg_sleep(0.03)")
    before = Grant.objects.get(pk=grant.pk).redeemed_at
    monkeypatch.setattr(redeem, "_require_usable", lambda grant, now: None)
    monkeypatch.setattr(redeem, "_lost", lambda held: None)
    assert refused(scene, grant).code is Code.GRANT_VOID
    assert Grant.objects.get(pk=grant.pk).redeemed_at == before


# -- the record -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", ["set customer_id = 'c-2'", "set status = 'cancelled'", "set paid = 480", "set record_id = 'gone'"]
)
def test_a_material_fact_that_changed_opens_a_new_case_with_the_new_record(scene: Scene, change: str) -> None:
    grant = scene.approved()
    scene.sql(f"update shop.orders {change} where record_id = 'W1'")
    fresh = followed(refused(scene, grant), Code.RECORD_CHANGED, grant)
    assert fresh.snapshot is not None
    assert fresh.previous is not None
    assert fresh.previous.snapshot is not None
    assert bytes(fresh.snapshot.digest) != bytes(fresh.previous.snapshot.digest)
    said = entries("case_superseded")
    assert [(one["because"], one["next"], one["released"]) for one in said] == [("record", str(fresh.pk), True)]


def test_a_fact_that_is_not_material_may_change(scene: Scene) -> None:
    grant = scene.approved()
    scene.sql("update shop.orders set note = 'changed' where record_id = 'W1'")
    assert scene.redeem(grant).redeemed_at is not None


def test_a_material_fact_may_not_change_even_to_one_that_still_agrees(scene: Scene) -> None:
    grant = scene.approved()
    scene.sql("update shop.orders set paid = 901 where record_id = 'W1'")
    followed(refused(scene, grant), Code.RECORD_CHANGED, grant)


def test_the_new_case_can_be_approved_redeemed_and_only_that_grant_works(scene: Scene) -> None:
    grant = scene.approved()
    scene.sql("update shop.orders set paid = 700 where record_id = 'W1'")
    fresh = followed(refused(scene, grant), Code.RECORD_CHANGED, grant)
    again = Grant.objects.get(verdict_id=scene.approve(fresh).pk)
    assert refused(scene, grant).code is Code.GRANT_VOID
    assert scene.redeem(again).action.state == "executing"
    assert live("entity:subject=c-1%") == 48_000


def test_a_source_that_is_down_holds_the_grant_and_voids_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    grant, url = scene.approved(), settings.PLACET_CONNECTORS["records"]
    monkeypatch.setitem(settings.PLACET_CONNECTORS, "records", "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    problem = refused(scene, grant)
    assert (problem.code, problem.status, problem.retry_after) == (Code.SOURCE_UNAVAILABLE, 503, 30)
    assert ToolReading.objects.order_by("-id")[0].good is False
    monkeypatch.setitem(settings.PLACET_CONNECTORS, "records", url)
    assert scene.redeem(grant).redeemed_at is not None


def test_a_grant_that_rests_on_no_material_fact_needs_no_record_system(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = [{**fact, "material": False} for fact in BINDING["facts"]]
    catalogue.save_binding({**BINDING, "facts": facts}, by=BY)
    grant = scene.approved()
    monkeypatch.setitem(settings.PLACET_CONNECTORS, "records", NOBODY)
    readings = ToolReading.objects.count()
    assert scene.redeem(grant).redeemed_at is not None
    assert ToolReading.objects.count() == readings


def test_a_used_grant_is_told_so_even_while_the_source_is_down(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    grant = scene.redeem(scene.approved())
    monkeypatch.setitem(settings.PLACET_CONNECTORS, "records", NOBODY)
    assert refused(scene, grant).code is Code.GRANT_USED


def test_what_was_used_while_its_record_was_read_again_stays_used_whatever_was_halted_since(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = scene.approved()

    def overtaken(action: Action) -> Frozen:
        found = read_now(action)
        monkeypatch.setattr(redeem, "read_now", read_now)
        scene.redeem(grant)
        halt.halt("agent", str(scene.cast.refunder.pk), reason="test", by=BY)
        return found

    monkeypatch.setattr(redeem, "read_now", overtaken)
    assert refused(scene, grant).code is Code.GRANT_USED
    assert Escalation.objects.get().state == "approved"


def test_a_halt_is_named_before_a_record_that_changed_too(scene: Scene) -> None:
    grant = scene.approved()
    scene.sql("update shop.orders set paid = 700 where record_id = 'W1'")
    halt.halt("agent", str(scene.cast.refunder.pk), reason="test", by=BY)
    followed(refused(scene, grant), Code.GRANT_VOID, grant)


def test_a_reading_at_redemption_counts_for_the_tool_and_stores_no_snapshot(scene: Scene) -> None:
    grant = scene.approved()
    before = ToolReading.objects.count(), Snapshot.objects.count()
    scene.redeem(grant)
    assert (ToolReading.objects.count(), Snapshot.objects.count()) == (before[0] + 1, before[1])


# -- authority ------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["enterprise", "domain", "project", "agent", "action_type"])
def test_a_halt_declared_after_the_approval_voids_it_and_a_person_decides_again(scene: Scene, target: str) -> None:
    keys = {"enterprise": "acme", "domain": "service", "project": "refunds", "action_type": "shop.refund"}
    grant = scene.approved()
    halted = halt.halt(target, keys.get(target, str(scene.cast.refunder.pk)), reason="test", by=BY)
    fresh = followed(refused(scene, grant), Code.GRANT_VOID, grant)
    with pytest.raises(Problem) as problem:
        scene.approve(fresh)
    assert problem.value.code is Code.HALTED
    halt.lift(halted, by=BY)
    assert scene.redeem(Grant.objects.get(verdict_id=scene.approve(fresh).pk)).redeemed_at is not None


def test_a_halt_that_was_lifted_again_voided_what_was_approved_before_it(scene: Scene) -> None:
    grant = scene.approved()
    halt.lift(halt.halt("agent", str(scene.cast.refunder.pk), reason="test", by=BY), by=BY)
    followed(refused(scene, grant), Code.GRANT_VOID, grant)


def test_a_halt_elsewhere_voids_nothing(scene: Scene) -> None:
    grant = scene.approved()
    halt.halt("action_type", "bench.refund", reason="test", by=BY)
    assert scene.redeem(grant).redeemed_at is not None


@pytest.mark.parametrize(
    "demote",
    [
        lambda ada: mandates.revoke_mandate(ada, by=BY),
        lambda ada: mandates.set_mandate(ada, rank=1, money_limit=479_99, by=BY),
        lambda ada: mandates.set_mandate(ada, rank=1, money_limit=500_00, max_risk=Risk.LOW, by=BY),
        lambda ada: enrol.change_person(ada, groups=[], by=BY),
        lambda ada: enrol.change_person(ada, active=False, by=BY),
    ],
    ids=["no mandate", "money", "risk", "group", "inactive"],
)
def test_a_demotion_of_the_approver_voids_the_approval(scene: Scene, demote: Any) -> None:
    grant = scene.approved()
    demote(scene.cast.ada)
    fresh = followed(refused(scene, grant), Code.GRANT_VOID, grant)
    assert scene.approve(fresh, scene.cast.grace).rank == 3


def test_a_demotion_of_somebody_else_voids_nothing(scene: Scene) -> None:
    grant = scene.approved()
    mandates.revoke_mandate(scene.cast.grace, by=BY)
    assert scene.redeem(grant).redeemed_at is not None


def test_a_restored_backup_voids_every_grant(scene: Scene) -> None:
    grant, own = scene.approved(), machine_grant(scene)
    Instance.objects.update(instance_epoch=2)
    fresh = followed(refused(scene, grant), Code.GRANT_VOID, grant, held=live("%shop.refund%"))
    assert refused(scene, own).code is Code.GRANT_VOID
    assert entries("grant_voided")[0]["because"] == "restored"
    assert entries("case_superseded")[0]["released"] is False, "perhaps it was used in the time that was lost"
    again = scene.redeem(Grant.objects.get(verdict_id=scene.approve(fresh).pk))
    assert again.redeemed_at is not None


def test_what_was_approved_before_a_restore_gives_nothing_back(scene: Scene) -> None:
    """That nobody used it is only known of the time since."""
    grant = scene.approved()
    before = live("%shop.refund%")
    Instance.objects.update(instance_epoch=2)
    withdraw.withdraw(grant.action_id, caller=scene.refunder)
    assert (live("%shop.refund%"), entries("action_withdrawn")[0]["released"]) == (before, False)


def test_of_a_decision_made_now_only_a_refusal_stops_a_persons_grant(scene: Scene) -> None:
    """Human authority is not machine authority: a lower ceiling does not undo an approval."""
    grant = scene.approved()
    narrow.set_ceiling(Scope.objects.get(pk=scene.cast.refunds.pk), ceiling=Tier.PROPOSE, by=BY)
    assert scene.redeem(grant).redeemed_at is not None


@pytest.mark.parametrize("how", ["permission", "ceiling", "suspended"])
def test_a_refusal_now_stops_the_grant_and_voids_nothing(scene: Scene, how: str) -> None:
    grant = scene.approved()
    if how == "permission":
        permit.revoke(Permission.objects.get(agent=scene.cast.refunder, action_type=scene.refund), by=BY)
    elif how == "ceiling":
        narrow.set_ceiling(Scope.objects.get(pk=scene.cast.refunds.pk), ceiling=Tier.OBSERVE, by=BY)
    else:
        register.change_agent(Agent.objects.get(pk=scene.cast.refunder.pk), state=AgentState.SUSPENDED, by=BY)
    problem = refused(scene, grant)
    assert (problem.code, problem.status) == (Code.REFUSED, 403)
    grant.refresh_from_db()
    assert grant.voided_at is None


def test_a_failing_tool_holds_the_grant_and_voids_nothing(scene: Scene) -> None:
    evidence = [*REFUND["evidence"], "tool_health"]
    catalogue.save_action_type({**REFUND, "evidence": evidence}, domain=scene.cast.service, by=BY)
    grant = scene.approved()
    now = database_now()
    ToolReading.objects.bulk_create(
        ToolReading(tool="shop.payments", good=False, source="report", read_at=now) for _ in range(20)
    )
    problem = refused(scene, grant)
    assert (problem.code, problem.status, problem.retry_after) == (Code.TOOL_RED, 503, 60)
    grant.refresh_from_db()
    assert grant.voided_at is None


# -- grants of the machine ------------------------------------------------------------------------


def test_the_machines_own_grant_is_redeemed_too(scene: Scene) -> None:
    grant = machine_grant(scene)
    report_by = grant.action.report_by
    assert scene.redeem(grant).redeemed_at is not None
    assert Action.objects.get(pk=grant.action_id).report_by == report_by
    assert refused(scene, grant).code is Code.GRANT_USED


def test_what_the_machine_authorised_does_not_run_above_a_ceiling_narrowed_since(scene: Scene) -> None:
    grant = machine_grant(scene)
    narrow.set_ceiling(Scope.objects.get(pk=scene.cast.refunds.pk), ceiling=Tier.PROPOSE, by=BY)
    problem = refused(scene, grant)
    assert problem.code is Code.REFUSED
    assert problem.detail == "Narrowed since it was decided: project Refunds: ceiling PROPOSE."


def test_what_the_machine_authorised_does_not_begin_once_its_type_is_always_for_people(scene: Scene) -> None:
    grant = machine_grant(scene)
    edited = {**BENCH_REFUND, "human_required": True, "legal_basis": "A law."}
    catalogue.save_action_type(edited, domain=scene.cast.service, by=BY)
    problem = refused(scene, grant)
    assert problem.code is Code.REFUSED
    assert problem.detail == "Narrowed since it was decided: request: A person must decide every action of this type."


def test_a_halt_voids_the_machines_grant_without_a_case(scene: Scene) -> None:
    grant = machine_grant(scene)
    halt.halt("agent", str(scene.cast.refunder.pk), reason="test", by=BY)
    problem = refused(scene, grant)
    assert (problem.code, problem.extra) == (Code.GRANT_VOID, {})
    assert not Escalation.objects.exists()
    assert [entry["because"] for entry in entries("grant_voided")] == ["halted"]


def test_the_machines_grant_on_a_changed_record_is_void_without_a_case(scene: Scene) -> None:
    grant = express_grant(scene)
    scene.sql("update shop.orders set paid = 700 where record_id = 'W1'")
    problem = refused(scene, grant)
    assert (problem.code, problem.extra) == (Code.RECORD_CHANGED, {})
    assert not Escalation.objects.exists()
    assert refused(scene, grant).code is Code.GRANT_VOID


def test_the_machines_grant_on_an_unchanged_record_is_redeemed(scene: Scene) -> None:
    assert scene.redeem(express_grant(scene)).redeemed_at is not None


def test_a_new_linked_case_keeps_the_cap_it_stands_for(scene: Scene) -> None:
    for _ in range(2):
        scene.approved()
    grant = scene.approved()
    old = Escalation.objects.get(action=grant.action)
    halt.lift(halt.halt("agent", str(scene.cast.refunder.pk), reason="test", by=BY), by=BY)
    problem = refused(scene, grant)
    fresh = Escalation.objects.get(pk=problem.extra["escalation"])
    assert fresh.cap_key == old.cap_key == "entity:subject=c-1|shop.refund|money"
    with pytest.raises(Problem) as problem_of_next:
        scene.ask()
    assert problem_of_next.value.code is Code.CAP_EXHAUSTED
    assert problem_of_next.value.extra["escalation"] == str(fresh.pk)


def test_a_reservation_is_not_given_back_twice(scene: Scene) -> None:
    grant = scene.approved()
    halt.halt("agent", str(scene.cast.refunder.pk), reason="test", by=BY)
    refused(scene, grant)
    held = Reservation.objects.get(action=grant.action)
    assert held.released_at is not None
    assert refused(scene, grant).code is Code.GRANT_VOID
    assert live("%shop.refund%") == 0


def test_a_deadline_begins_anew_with_the_linked_case(scene: Scene) -> None:
    grant = scene.approved()
    old = Escalation.objects.get()
    backdate("update reviews_escalation set deadline = clock_timestamp() where id = %s", old.pk)
    scene.sql("update shop.orders set paid = 700 where record_id = 'W1'")
    fresh = followed(refused(scene, grant), Code.RECORD_CHANGED, grant)
    assert fresh.deadline - fresh.opened_at == timedelta(hours=4)
