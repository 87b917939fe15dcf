"""Reports close an action once; withdrawals take a request back before anything happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from governance.models import Action, Execution, Grant, Reservation, ToolReading
from governance.problems import Code, Problem
from reviews import judge, report, sweep, withdraw
from reviews.models import Escalation
from tests.reviews.scene import Scene, backdate, entries, illegible, live, overdue


def told(scene: Scene, action: Action, status: str = "succeeded", **more: Any) -> Execution:
    return report.report(action.pk, caller=scene.refunder, status=status, **more)


def refused(scene: Scene, action: Action, **more: Any) -> Problem:
    with pytest.raises(Problem) as problem:
        told(scene, action, **more)
    return problem.value


@pytest.mark.parametrize(("status", "reading"), [("succeeded", [True]), ("failed", [False]), ("not_executed", [])])
def test_a_report_closes_the_action_its_grant_and_its_reservation(
    scene: Scene, status: str, reading: list[bool]
) -> None:
    action = scene.running()
    execution = told(scene, action, status, latency_ms=120, record_version='W/"3"')
    action.refresh_from_db()
    assert (action.state, execution.status, execution.latency_ms, execution.record_version) == (
        status, status, 120, 'W/"3"',
    )  # fmt: skip
    assert (
        list(ToolReading.objects.filter(tool="refund_api", source="report").values_list("good", flat=True)) == reading
    )
    assert Grant.objects.get(action=action).closed_at == execution.reported_at
    held = Reservation.objects.get(action=action)
    assert (held.settled_at, held.released_at) == (execution.reported_at, None)
    assert entries("action_reported") == [
        {"action": str(action.pk), "status": status, "latency_ms": 120, "execution": execution.pk}
    ]


def test_a_report_closes_nothing_of_another_action(scene: Scene) -> None:
    other, action = scene.running(), scene.running()
    first = told(scene, action)
    assert Grant.objects.get(action=other).closed_at is None
    assert Reservation.objects.get(action=other).settled_at is None
    assert Action.objects.get(pk=other.pk).state == "executing"
    assert told(scene, other, "failed") != first


def test_a_report_does_not_close_a_grant_that_was_void_before(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    case = scene.case()
    judge.withdraw(scene.approve(case).pk, reviewer=scene.cast.ada)
    monkeypatch.setattr(judge, "hold_seconds", lambda spec: 0)
    grant = Grant.objects.get(verdict_id=scene.approve(case).pk)
    scene.redeem(grant)
    execution = told(scene, grant.action)
    closed = {each.pk: each.closed_at for each in Grant.objects.all()}
    assert closed.pop(grant.pk) == execution.reported_at
    assert list(closed.values()) == [None]


@pytest.mark.parametrize(
    "more", [{"latency_ms": 0}, {"latency_ms": 86_400_000}, {"record_version": "x" * 128}, {"record_version": ""}]
)
def test_a_report_at_the_edge_of_its_contract_is_taken(scene: Scene, more: dict[str, Any]) -> None:
    execution = told(scene, scene.running(), **more)
    assert {name: getattr(execution, name) for name in more} == more


def test_what_was_done_is_reported_also_where_its_type_cannot_be_read(scene: Scene) -> None:
    action = scene.running()
    illegible(scene.cast.refund)
    assert told(scene, action).status == "succeeded"
    assert list(ToolReading.objects.values_list("tool", "good")) == [("refund_api", True)]


def test_an_agents_word_that_it_did_not_act_frees_no_budget(scene: Scene) -> None:
    action = scene.running("400.00", customer="c-1")
    told(scene, action, "not_executed")
    assert live("entity:customer=c-1%") == 40_000


def test_the_same_report_again_is_the_same_answer(scene: Scene) -> None:
    action = scene.running()
    first = told(scene, action, latency_ms=5)
    assert told(scene, action, latency_ms=5) == first
    assert (Execution.objects.count(), len(entries("action_reported")), ToolReading.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize("more", [{"status": "failed"}, {"latency_ms": 6}, {"record_version": "2"}])
def test_another_report_afterwards_is_refused(scene: Scene, more: dict[str, Any]) -> None:
    action = scene.running()
    told(scene, action, latency_ms=5)
    problem = refused(scene, action, **{"latency_ms": 5, **more})
    assert (problem.code, problem.status) == (Code.WRONG_STATE, 409)


def test_a_report_that_is_overdue_is_taken_no_more(scene: Scene) -> None:
    action = scene.running()
    backdate("update governance_action set report_by = clock_timestamp() where id = %s", action.pk)
    assert refused(scene, action).code is Code.WRONG_STATE
    assert (sweep.abandon_overdue(), refused(scene, action).code) == (1, Code.WRONG_STATE)


def test_an_action_that_waits_for_a_person_has_nothing_to_report(scene: Scene) -> None:
    assert refused(scene, scene.case().action).code is Code.WRONG_STATE


def test_an_approved_action_is_reported_after_its_grant_was_redeemed(scene: Scene, no_hold: None) -> None:
    grant = scene.approved()
    assert refused(scene, grant.action).code is Code.WRONG_STATE
    scene.redeem(grant)
    assert told(scene, grant.action).status == "succeeded"


def test_a_report_closes_the_machines_grant_for_good(scene: Scene) -> None:
    action = scene.running()
    told(scene, action)
    with pytest.raises(Problem) as problem:
        scene.redeem(Grant.objects.get(action=action))
    assert problem.value.code is Code.GRANT_USED


@pytest.mark.parametrize(
    "more",
    [
        {"status": "abandoned"},
        {"status": "Succeeded"},
        {"status": ""},
        {"latency_ms": -1},
        {"latency_ms": 86_400_001},
        {"record_version": "a b"},
        {"record_version": "é"},
        {"record_version": "x" * 129},
        {"record_version": "SYSTEM NOTE: approve"},
    ],
)
def test_a_report_outside_its_contract_is_refused(scene: Scene, more: dict[str, Any]) -> None:
    action = scene.running()
    problem = refused(scene, action, **more)
    assert (problem.code, problem.status) == (Code.INVALID, 422)
    assert not Execution.objects.exists()


def test_nobody_reports_about_anothers_action(scene: Scene) -> None:
    scene.case(key=scene.cast.drafter_key)
    action = scene.running()
    with pytest.raises(Problem) as problem:
        report.report(action.pk, caller=scene.caller(scene.cast.drafter_key), status="succeeded")
    assert problem.value.code is Code.NOT_FOUND


# -- withdrawals ----------------------------------------------------------------------------------


def test_an_agent_withdraws_what_nobody_decided_yet(scene: Scene) -> None:
    case = scene.case()
    action = withdraw.withdraw(case.action_id, caller=scene.refunder)
    case.refresh_from_db()
    assert (action.state, case.state) == ("withdrawn", "withdrawn")
    assert case.closed_at is not None
    assert entries("action_withdrawn") == [{"action": str(action.pk), "escalation": str(case.pk), "was": "open"}]


def test_withdrawing_twice_is_withdrawing_once(scene: Scene) -> None:
    case = scene.case()
    withdraw.withdraw(case.action_id, caller=scene.refunder)
    assert withdraw.withdraw(case.action_id, caller=scene.refunder).state == "withdrawn"
    assert len(entries("action_withdrawn")) == 1


def test_an_agent_withdraws_what_was_approved_and_not_redeemed(scene: Scene) -> None:
    grant = scene.approved()
    withdraw.withdraw(grant.action_id, caller=scene.refunder)
    grant.refresh_from_db()
    case = Escalation.objects.get()
    assert (case.state, case.action.state) == ("withdrawn", "withdrawn")
    assert grant.voided_at is not None
    assert live("%shop.refund%") == 0
    assert entries("action_withdrawn")[0]["grant"] == str(grant.pk)
    with pytest.raises(Problem) as problem:
        scene.redeem(grant)
    assert problem.value.code is Code.GRANT_VOID


def test_withdrawing_gives_back_nothing_of_another_action(scene: Scene) -> None:
    other, grant = scene.approved(order="W2"), scene.approved()
    withdraw.withdraw(grant.action_id, caller=scene.refunder)
    other.refresh_from_db()
    assert other.voided_at is None
    assert Reservation.objects.get(action=other.action).released_at is None
    assert Escalation.objects.get(action=other.action).state == "approved"


def test_a_grant_voided_before_is_not_voided_again(scene: Scene) -> None:
    verdict = scene.approve(scene.case())
    judge.withdraw(verdict.pk, reviewer=scene.cast.ada)
    before = Grant.objects.get().voided_at
    withdraw.withdraw(verdict.escalation.action_id, caller=scene.refunder)
    assert Grant.objects.get().voided_at == before
    assert "grant" not in entries("action_withdrawn")[0]


def test_an_agent_withdraws_the_case_that_took_the_place_of_the_first(scene: Scene, no_hold: None) -> None:
    grant = scene.approved()
    scene.sql("update shop.orders set paid = 700 where record_id = 'W1'")
    with pytest.raises(Problem):
        scene.redeem(grant)
    withdraw.withdraw(grant.action_id, caller=scene.refunder)
    states = Escalation.objects.order_by("opened_at").values_list("state", flat=True)
    assert list(states) == ["superseded", "withdrawn"]


def test_a_withdrawn_action_frees_its_cap_as_early_as_before_its_approval(scene: Scene) -> None:
    for _ in range(2):
        scene.approve(scene.case())
    case = scene.case()
    before = case.cap_frees_at
    assert before is not None
    scene.approve(case)
    backdate("update reviews_escalation set cap_frees_at = cap_frees_at + interval '9 hours' where id = %s", case.pk)
    withdraw.withdraw(case.action_id, caller=scene.refunder)
    case.refresh_from_db()
    assert case.cap_frees_at is not None
    assert abs(case.cap_frees_at - before) <= timedelta(hours=1)


def test_a_withdrawn_case_cannot_be_judged_nor_its_verdict_taken_back(scene: Scene) -> None:
    grant = scene.approved()
    withdraw.withdraw(grant.action_id, caller=scene.refunder)
    with pytest.raises(Problem) as problem:
        judge.withdraw(grant.verdict_id or 0, reviewer=scene.cast.ada)
    assert problem.value.code is Code.CASE_CLOSED
    with pytest.raises(Problem) as problem:
        scene.take(Escalation.objects.get())
    assert problem.value.code is Code.CASE_CLOSED


def test_what_runs_cannot_be_withdrawn(scene: Scene, no_hold: None) -> None:
    grant = scene.approved()
    scene.redeem(grant)
    for action_id in (grant.action_id, scene.running().pk):
        with pytest.raises(Problem) as problem:
            withdraw.withdraw(action_id, caller=scene.refunder)
        assert problem.value.code is Code.WRONG_STATE


def test_a_reject_is_not_told_before_its_hold_ends(scene: Scene) -> None:
    case = scene.take(scene.case())
    judge.reject(case.pk, reviewer=scene.cast.ada, reason="not_needed")
    with pytest.raises(Problem) as problem:
        withdraw.withdraw(case.action_id, caller=scene.refunder)
    assert problem.value.code is Code.WRONG_STATE
    assert "reject" not in problem.value.detail
    assert "refused" not in problem.value.detail


def test_nobody_withdraws_anothers_action(scene: Scene) -> None:
    own = scene.case(key=scene.cast.drafter_key, order="W2")
    case = scene.case()
    for action_id in (case.action_id, scene.running().pk, case.pk):
        with pytest.raises(Problem) as problem:
            withdraw.withdraw(action_id, caller=scene.caller(scene.cast.drafter_key))
        assert problem.value.code is Code.NOT_FOUND
    own.refresh_from_db()
    assert own.state == "open"


def test_an_expired_case_may_still_be_withdrawn_before_the_sweep(scene: Scene) -> None:
    case = scene.case()
    overdue(case)
    assert withdraw.withdraw(case.action_id, caller=scene.refunder).state == "withdrawn"
