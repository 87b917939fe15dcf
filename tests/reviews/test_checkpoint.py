"""Starting is not continuing: every checkpoint judges again, and who was told to stop stays told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance import catalogue, halt, mandates, narrow, permit, register
from governance.models import Action, ActionState, Agent, Execution, Grant, Instance, ToolReading
from governance.policy.continuing import Stop
from governance.policy.tiers import Level, Risk, Tier
from governance.problems import Code, Problem
from reviews import checkpoint, redeem, report, sweep
from reviews.checkpoint import Continuation
from tests.cast import BENCH_REFUND, BY
from tests.governance.asking import guarded
from tests.reviews.rails import policy, railed
from tests.reviews.scene import REFUND, Scene, backdate, entries, given_earlier

TARGETS = ("enterprise", "domain", "project", "agent", "action_type")


@pytest.fixture
def leased(scene: Scene) -> Scene:
    """Refunds of both kinds ask at least every minute."""
    for document in (BENCH_REFUND, REFUND):
        catalogue.save_action_type({**document, "checkpoint": "60s"}, domain=scene.cast.service, by=BY)
    return scene


def ask(scene: Scene, action: Action) -> Continuation:
    return checkpoint.checkpoint(action.pk, caller=scene.refunder)


def stopped(scene: Scene, action: Action) -> Stop | None:
    return ask(scene, action).stop


def refused(scene: Scene, action: Action) -> Code:
    with pytest.raises(Problem) as problem:
        ask(scene, action)
    return problem.value.code


def approved(scene: Scene) -> Action:
    """A refund that Ada approved, running."""
    return redeem_it(scene, scene.approved())


def redeem_it(scene: Scene, grant: object) -> Action:
    used = scene.redeem(grant)  # type: ignore[arg-type]
    return Action.objects.get(pk=used.action_id)


def key_of(scene: Scene, target: str) -> str:
    agent = str(scene.cast.refunder.pk)
    names = dict(zip(TARGETS, ("acme", "service", "refunds", agent, "bench.refund"), strict=True))
    return names[target]


def test_what_begins_holds_a_lease_and_its_report_is_due_after_it(leased: Scene) -> None:
    action = leased.running()
    assert action.started_at == action.created_at
    assert (action.lease_seconds, action.checkpoints, action.stopped_at) == (60, 0, None)
    assert action.lease_until is not None
    assert action.report_by is not None
    assert timedelta(seconds=59) < action.lease_until - action.created_at <= timedelta(seconds=60)
    assert timedelta(seconds=658) < action.report_by - action.created_at <= timedelta(seconds=660)


def test_what_a_person_approved_holds_its_lease_from_the_redemption_on(leased: Scene, no_hold: None) -> None:
    grant = leased.approved()
    waiting = Action.objects.get(pk=grant.action_id)
    assert (waiting.started_at, waiting.lease_until) == (None, None)
    action = redeem_it(leased, grant)
    assert (action.lease_seconds, action.started_at is not None) == (60, True)
    assert action.lease_until == (action.started_at or action.created_at) + timedelta(seconds=60)


def test_a_checkpoint_renews_the_lease_and_the_time_for_the_report(leased: Scene) -> None:
    action = leased.running()
    given_earlier(action.pk, 16)
    first = ask(leased, action).action
    assert action.lease_until is not None
    assert action.report_by is not None
    assert first.lease_until is not None
    assert first.report_by is not None
    assert first.lease_until > action.lease_until
    assert first.report_by > action.report_by
    given_earlier(action.pk, 16)
    assert ask(leased, action).action.checkpoints == 2
    assert [entry["checkpoints"] for entry in entries("action_continued")] == [1, 2]


def test_who_asks_all_the_time_keeps_its_lease_and_writes_nothing(leased: Scene) -> None:
    action = leased.running()
    given_earlier(action.pk, 14)
    before = Action.objects.get(pk=action.pk)
    for _ in range(3):
        told = ask(leased, action)
        assert (told.stop, told.action.lease_until, told.action.report_by) == (
            None,
            before.lease_until,
            before.report_by,
        )
    assert (told.action.checkpoints, entries("action_continued")) == (0, [])
    halt.halt("agent", str(leased.cast.refunder.pk), reason="test", by=BY)
    assert stopped(leased, action) is Stop.HALTED


def test_without_a_lease_an_action_may_ask_too(scene: Scene) -> None:
    action = scene.running()
    assert (action.lease_until, action.started_at) == (None, action.created_at)
    assert ask(scene, action).action.checkpoints == 0
    given_earlier(action.pk, 151)
    done = ask(scene, action)
    assert (done.stop, done.action.lease_until, done.action.checkpoints) == (None, None, 1)
    halt.halt("agent", str(scene.cast.refunder.pk), reason="test", by=BY)
    assert stopped(scene, action) is Stop.HALTED


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("by_person", [False, True], ids=["machine", "person"])
def test_i5_a_halt_stops_what_runs_at_its_next_checkpoint(
    leased: Scene, no_hold: None, target: str, by_person: bool
) -> None:
    action = approved(leased) if by_person else leased.running()
    key = "shop.refund" if by_person and target == "action_type" else key_of(leased, target)
    halt.halt(target, key, reason="test", by=BY)
    done = ask(leased, action)
    assert done.stop is Stop.HALTED
    assert "halted" in {given.code.value for given in done.reasons}
    assert (done.action.lease_until, done.action.state) == (None, ActionState.EXECUTING)
    assert entries("action_stopped") == [{"action": str(action.pk), "stop": "halted", "reasons": ["halted"]}]


def test_a_halt_that_was_lifted_before_the_checkpoint_stops_it_all_the_same(leased: Scene) -> None:
    action = leased.running()
    halt.lift(halt.halt("agent", str(leased.cast.refunder.pk), reason="test", by=BY), by=BY)
    assert stopped(leased, action) is Stop.HALTED


def test_a_halt_from_before_it_began_stops_nothing(leased: Scene) -> None:
    halt.lift(halt.halt("agent", str(leased.cast.refunder.pk), reason="test", by=BY), recovery=0, by=BY)
    assert stopped(leased, leased.running()) is None


def test_a_stop_is_latched_and_told_again_whatever_changes(leased: Scene) -> None:
    action = leased.running()
    narrow.set_ceiling(leased.cast.refunds, ceiling=Tier.PROPOSE, by=BY)
    first = ask(leased, action)
    assert first.stop is Stop.NARROWED
    assert first.reasons
    leased.cast.refunds.refresh_from_db()
    narrow.set_ceiling(leased.cast.refunds, ceiling=Tier.EXECUTE, by=BY)
    again = ask(leased, action)
    assert (again.stop, again.reasons) == (Stop.NARROWED, ())
    assert again.action.stopped_at == first.action.stopped_at
    assert len(entries("action_stopped")) == 1
    with guarded("PL013"):
        backdate("update governance_action set stopped_at = null where id = %s", action.pk)
    with guarded("PL013"):
        backdate("update governance_action set stop_reason = '' where id = %s", action.pk)


def test_every_narrowing_stops_the_machine_and_only_a_refusal_what_a_person_approved(
    leased: Scene, no_hold: None
) -> None:
    cast = leased.cast
    machine, person = leased.running(), approved(leased)
    permit.set_level(cast.refunder, cast.refund, level=Level.L0, by=BY)
    permit.set_level(cast.refunder, leased.refund, level=Level.L0, by=BY)
    assert (stopped(leased, machine), stopped(leased, person)) == (Stop.NARROWED, None)
    register.change_agent(Agent.objects.get(pk=cast.refunder.pk), max_tier=Tier.OBSERVE, by=BY)
    assert stopped(leased, person) is Stop.NARROWED


def test_a_type_that_is_always_for_people_now_stops_what_the_machine_let_begin(leased: Scene, no_hold: None) -> None:
    machine, person = leased.running(), approved(leased)
    for document in (BENCH_REFUND, REFUND):
        edited = {**document, "checkpoint": "60s", "human_required": True, "legal_basis": "A law."}
        catalogue.save_action_type(edited, domain=leased.cast.service, by=BY)
    assert (stopped(leased, machine), stopped(leased, person)) == (Stop.NARROWED, None)


def test_a_broken_contract_thrice_is_a_red_sign(leased: Scene) -> None:
    action = leased.running()
    for _ in range(3):
        with pytest.raises(Problem):
            leased.ask(kind="bench.refund", parameters={"customer": 7})
    assert stopped(leased, action) is Stop.RED


def test_the_mandate_of_the_approver_is_read_again(leased: Scene, no_hold: None) -> None:
    action = approved(leased)
    assert stopped(leased, action) is None
    mandates.set_mandate(leased.cast.ada, rank=1, money_limit=100_00, max_risk=Risk.MEDIUM, by=BY)
    assert stopped(leased, action) is Stop.APPROVER


def test_an_approver_who_left_stops_it(leased: Scene, no_hold: None) -> None:
    action = approved(leased)
    leased.cast.ada.groups.clear()
    assert stopped(leased, action) is Stop.APPROVER


def test_what_policy_granted_goes_on_inside_its_guardrail_only(leased: Scene) -> None:
    railed(leased.cast)
    with policy():
        action = leased.running("150.00")
        assert action.grants.get().issued_by == "policy"
        assert stopped(leased, action) is None
        with policy(False):
            assert stopped(leased, action) is Stop.NARROWED


def test_a_restored_instance_stops_what_ran_before(leased: Scene) -> None:
    action = leased.running()
    Instance.objects.update(instance_epoch=9)
    assert stopped(leased, action) is Stop.GRANT_VOID


def test_nothing_runs_for_longer_than_a_day(leased: Scene) -> None:
    action = leased.running()
    backdate(
        "update governance_action set started_at = clock_timestamp() - interval '24 hours' where id = %s", action.pk
    )
    assert stopped(leased, action) is Stop.TOO_LONG


def test_the_action_of_somebody_else_does_not_exist(leased: Scene) -> None:
    action = leased.running()
    with pytest.raises(Problem) as problem:
        checkpoint.checkpoint(action.pk, caller=leased.caller(leased.cast.drafter_key))
    assert problem.value.code is Code.NOT_FOUND


def test_only_what_is_executing_has_checkpoints(leased: Scene) -> None:
    done, waiting = leased.running(), leased.case()
    report.report(done.pk, caller=leased.refunder, status="succeeded")
    assert refused(leased, done) is Code.WRONG_STATE
    assert refused(leased, waiting.action) is Code.WRONG_STATE


def test_who_was_told_to_stop_reports_what_it_did(leased: Scene) -> None:
    action = leased.running()
    halt.halt("enterprise", "acme", reason="test", by=BY)
    assert stopped(leased, action) is Stop.HALTED
    report.report(action.pk, caller=leased.refunder, status="failed")
    assert Action.objects.get(pk=action.pk).state == ActionState.FAILED
    assert sweep.abandon_overdue() == 0


def lapse(action: Action, seconds: int) -> None:
    sql = "update governance_action set lease_until = clock_timestamp() - %s * interval '1 second' where id = %s"
    backdate(sql, seconds, action.pk)


def test_a_lease_that_nobody_renewed_is_abandoned_with_a_bad_mark(leased: Scene) -> None:
    late, barely, good = leased.running(), leased.running(), leased.running()
    lapse(late, 6)
    lapse(barely, 3)  # within the grace
    assert (sweep.abandon_overdue(), sweep.abandon_overdue()) == (1, 0)
    states = [Action.objects.get(pk=action.pk).state for action in (late, barely, good)]
    assert states == ["abandoned", "executing", "executing"]
    assert Execution.objects.get().status == "abandoned"
    assert list(ToolReading.objects.values_list("tool", "good", "source")) == [("refund_api", False, "report")]
    assert entries("action_abandoned")[0]["overdue"] == "checkpoint"
    assert refused(leased, late) is Code.WRONG_STATE
    with pytest.raises(Problem) as problem:
        report.report(late.pk, caller=leased.refunder, status="succeeded")
    assert problem.value.code is Code.WRONG_STATE


def test_a_lease_that_ran_out_is_not_renewed_even_before_the_sweep(leased: Scene) -> None:
    action = leased.running()
    lapse(action, 6)
    assert refused(leased, action) is Code.WRONG_STATE
    lapse(action, 3)
    assert stopped(leased, action) is None
    backdate("update governance_action set report_by = clock_timestamp() where id = %s", action.pk)
    assert refused(leased, action) is Code.WRONG_STATE


def test_what_ran_out_is_neither_reported_nor_begun_even_before_the_sweep(leased: Scene) -> None:
    """Rows are the truth: with the worker dead nobody works for hours on a lease of a minute and calls it a success."""
    action = leased.running()
    lapse(action, 6)
    with pytest.raises(Problem) as late:
        report.report(action.pk, caller=leased.refunder, status="succeeded")
    with pytest.raises(Problem) as unused:
        leased.redeem(Grant.objects.get(action=action))
    assert (late.value.code, unused.value.code) == (Code.WRONG_STATE, Code.WRONG_STATE)
    assert Grant.objects.get(action=action).redeemed_at is None
    assert (sweep.abandon_overdue(), Execution.objects.get().status) == (1, "abandoned")


def test_within_its_grace_it_is_begun_and_reported(leased: Scene) -> None:
    action = leased.running()
    lapse(action, 3)
    leased.redeem(Grant.objects.get(action=action))
    report.report(action.pk, caller=leased.refunder, status="succeeded")
    assert sweep.abandon_overdue() == 0


def test_who_was_told_to_stop_and_never_reports_is_abandoned(leased: Scene) -> None:
    action = leased.running()
    halt.halt("enterprise", "acme", reason="test", by=BY)
    ask(leased, action)
    backdate("update governance_action set report_by = clock_timestamp() where id = %s", action.pk)
    assert sweep.abandon_overdue() == 1
    assert entries("action_abandoned")[0]["overdue"] == "report"


def test_the_sweep_takes_the_longest_overdue_of_both_kinds_in_bounded_batches(leased: Scene) -> None:
    first, second, third = (leased.running() for _ in range(3))
    lapse(first, 7200)
    backdate(
        "update governance_action set report_by = clock_timestamp() - interval '1 hour',"
        " lease_until = clock_timestamp() + interval '1 hour' where id = %s",
        second.pk,
    )
    lapse(third, 60)
    for action in (first, second, third):
        assert sweep.abandon_overdue(1) == 1
        assert Action.objects.get(pk=action.pk).state == "abandoned"


def test_the_authority_lock_is_taken_before_anything_is_read(leased: Scene) -> None:
    action = leased.running()
    caller = leased.refunder
    with CaptureQueriesContext(connection) as captured:
        checkpoint.checkpoint(action.pk, caller=caller)
    statements = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    assert "pg_advisory_xact_lock_shared" in statements[0]


def test_a_grant_used_by_the_machine_does_not_begin_anew(leased: Scene) -> None:
    action = leased.running()
    grant = action.grants.get()
    redeem.redeem(grant.pk, caller=leased.refunder, digest=bytes(grant.digest).hex())
    assert Action.objects.get(pk=action.pk).lease_until == action.lease_until


def test_what_was_told_to_stop_begins_no_more_though_its_grant_is_open(leased: Scene) -> None:
    """A stop is for good: its grant of a minute must not begin elsewhere what the checkpoint ended."""
    action = leased.running()
    agent = Agent.objects.get(pk=leased.cast.refunder.pk)
    register.change_agent(agent, max_tier=Tier.PROPOSE, by=BY)
    backdate("update governance_action set lease_until = lease_until - interval '30 seconds' where id = %s", action.pk)
    assert stopped(leased, action) is Stop.NARROWED
    register.change_agent(agent, max_tier=Tier.EXECUTE, by=BY)
    with pytest.raises(Problem) as problem:
        leased.redeem(Grant.objects.get(action=action))
    assert (problem.value.code, problem.value.detail) == (Code.REFUSED, "It was told to stop.")
    assert Grant.objects.get(action=action).redeemed_at is None
