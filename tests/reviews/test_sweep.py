"""What time has closed is written down: once, by whoever comes round, and never under a halt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection

from governance import halt
from governance.models import Action, Execution, Grant, Reservation, Standing, ToolReading
from governance.policy.tiers import Risk
from governance.problems import Code, Problem
from reviews import report, routing, sample, sweep, tasks, verify, withdraw
from reviews.bell import Bell
from reviews.models import Drawable, Escalation
from tests.cast import BY
from tests.reviews.scene import Scene, backdate, entries, illegible, live, overdue
from tests.support.fixtures import Committed


def test_expiry_rejects(scene: Scene) -> None:
    case, other = scene.case(), scene.case(order="W2")
    overdue(case)
    assert sweep.expire_due() == 1
    case.refresh_from_db()
    assert (case.state, case.action.state) == ("expired", "refused")
    assert case.closed_at is not None
    assert Escalation.objects.get(pk=other.pk).state == "open"
    assert entries("case_expired") == [{"escalation": str(case.pk), "action": str(case.action_id)}]


def test_expiring_twice_is_expiring_once(scene: Scene) -> None:
    overdue(scene.case())
    assert (sweep.expire_due(), sweep.expire_due()) == (1, 0)
    assert len(entries("case_expired")) == 1


def test_nothing_expires_under_a_halt_and_afterwards_the_time_left_is_what_it_was(scene: Scene) -> None:
    case = scene.case()
    halted = halt.halt("agent", str(scene.cast.refunder.pk), reason="test", by=BY)
    overdue(case)
    assert sweep.expire_due() == 0
    halt.lift(halted, by=BY)
    assert sweep.expire_due() == 1


def test_what_a_halt_freezes_is_kept_out_before_anybody_asks_how_long(
    committed: Committed, committed_scene: Scene
) -> None:
    scene = committed_scene
    keys = {"enterprise": "acme", "domain": "service", "project": "refunds", "action_type": "shop.refund"}
    overdue(scene.case())
    overdue(scene.case(order="W2"))
    with committed.connect(role="owner") as owner:  # whoever asks how long it was frozen fails
        owner.execute(
            "create or replace function placet_case_due(p_case uuid, p_at timestamptz) returns timestamptz"
            " language plpgsql stable as $$ begin raise exception 'asked'; end $$"
        )
    for target, key in (*keys.items(), ("agent", str(scene.cast.refunder.pk))):
        halted = halt.halt(target, key, reason="test", by=BY)
        assert sweep.expire_due() == 0, target
        halt.lift(halted, by=BY)
    with pytest.raises(DatabaseError, match="asked"):
        sweep.expire_due()


def test_a_case_frozen_for_longer_than_it_is_overdue_does_not_expire(scene: Scene) -> None:
    case = scene.case()
    backdate(
        "update reviews_escalation set opened_at = clock_timestamp() - interval '3 hours',"
        " deadline = clock_timestamp() - interval '1 hour' where id = %s",
        case.pk,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into governance_halt (target, key, reason, halted_at, halted_by, lifted_at, lifted_by) values"
            " ('enterprise', 'acme', 'x', clock_timestamp() - interval '150 minutes', 'user:mary',"
            " clock_timestamp() - interval '30 minutes', 'user:mary')"
        )
    assert sweep.expire_due() == 0
    assert scene.take(case).state == "open"


def test_an_expired_over_cap_case_sums_its_refusals_in_its_entry(scene: Scene) -> None:
    for _ in range(2):
        scene.approve(scene.case())
    case = scene.case()
    with pytest.raises(Problem) as problem:
        scene.ask("480.00")
    assert problem.value.code is Code.CAP_EXHAUSTED
    overdue(case)
    sweep.expire_due()
    assert entries("case_expired")[0]["cap_exhausted"] == {"count": 1, "amount": 48_000}


def test_a_batch_takes_no_more_than_its_limit(scene: Scene) -> None:
    for number in range(1, 4):
        overdue(scene.case(order=f"W{number}"))
    assert [sweep.expire_due(2), sweep.expire_due(2), sweep.expire_due(2)] == [2, 1, 0]


def test_an_overdue_action_is_abandoned_and_a_bad_mark_for_its_tool(scene: Scene) -> None:
    action = scene.running("300.00", customer="c-1")
    assert sweep.abandon_overdue() == 0
    backdate("update governance_action set report_by = clock_timestamp() where id = %s", action.pk)
    assert (sweep.abandon_overdue(), sweep.abandon_overdue()) == (1, 0)
    action.refresh_from_db()
    assert (action.state, Execution.objects.get().status) == ("abandoned", "abandoned")
    assert list(ToolReading.objects.values_list("tool", "good", "source")) == [("refund_api", False, "report")]
    assert Grant.objects.get().closed_at is not None
    held = Reservation.objects.get()
    assert held.settled_at is not None
    assert live("entity:customer=c-1%") == 30_000
    assert len(entries("action_abandoned")) == 1


def test_a_report_after_abandonment_is_too_late(scene: Scene) -> None:
    action = scene.running()
    backdate("update governance_action set report_by = clock_timestamp() where id = %s", action.pk)
    sweep.abandon_overdue()
    with pytest.raises(Problem) as problem:
        report.report(action.pk, caller=scene.refunder, status="succeeded")
    assert problem.value.code is Code.WRONG_STATE


def test_an_approval_that_nobody_picked_up_lapses_without_a_mark(
    scene: Scene, no_hold: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(routing.PICK_UP, Risk.MEDIUM, 0.02)
    grant = scene.approved()
    readings = ToolReading.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("select pg_sleep(0.03)")
    assert (sweep.lapse_unused(), sweep.lapse_unused()) == (1, 0)
    grant.refresh_from_db()
    assert (grant.closed_at is not None, grant.redeemed_at, grant.voided_at) == (True, None, None)
    assert (Escalation.objects.get().state, Action.objects.get().state) == ("approved", "not_executed")
    assert live("%shop.refund%") == 0
    assert ToolReading.objects.count() == readings
    assert entries("grant_lapsed") == [{"grant": str(grant.pk), "action": str(grant.action_id), "released": True}]
    with pytest.raises(Problem) as problem:
        scene.redeem(grant)
    assert problem.value.code is Code.GRANT_EXPIRED


def test_the_tools_of_what_is_closed_together_are_marked_in_their_order(scene: Scene) -> None:
    """So that of two who close at once one waits for the other, and not each for the other."""
    for number in range(1, 9):
        action = (
            scene.ask("20.00", order=f"W{number}", kind="shop.express").body["id"] if number % 2 else scene.running().pk
        )
        backdate("update governance_action set report_by = clock_timestamp() where id = %s", action)
    assert sweep.abandon_overdue() == 8
    tools = list(ToolReading.objects.filter(source="report").order_by("pk").values_list("tool", flat=True))
    assert tools == ["refund_api"] * 4 + ["shop.payments"] * 4


def test_a_type_that_cannot_be_read_keeps_nothing_from_being_closed(
    scene: Scene, no_hold: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its own actions, which would come first in every batch, nor those of others behind them."""
    monkeypatch.setitem(routing.PICK_UP, Risk.MEDIUM, 0.02)
    first, second = scene.running().pk, scene.ask("20.00", order="W2", kind="shop.express").body["id"]
    late = "update governance_action set report_by = clock_timestamp() - %s * interval '1 second' where id = %s"
    for seconds, action in ((2, first), (1, second)):
        backdate(late, seconds, action)
    cases = [scene.case() for _ in range(3)]  # the third is over the cap
    for case in cases:
        scene.approve(case)
    illegible(scene.cast.refund)
    illegible(scene.refund)
    with connection.cursor() as cursor:
        cursor.execute("select pg_sleep(0.03)")
    assert (sweep.abandon_overdue(), sweep.lapse_unused()) == (2, 3)
    readings = ToolReading.objects.filter(source="report").order_by("pk").values_list("tool", "good")
    assert list(readings) == [("refund_api", False), ("shop.payments", False)]
    assert Standing.objects.get(why="abandoned", latch=f"type:{scene.cast.refund.pk}").in_episode
    assert live("%shop.refund%") == 0


def test_what_is_redeemed_or_not_due_does_not_lapse(scene: Scene, no_hold: None) -> None:
    scene.redeem(scene.approved())
    scene.approved(order="W2")
    assert sweep.lapse_unused() == 0


def test_unread_cases_are_found_oldest_first_when_their_ring_was_lost(scene: Scene) -> None:
    first, second, third = (scene.case(order=f"W{number}") for number in (1, 2, 3))
    for case, seconds in ((first, 60), (second, 90)):
        sql = "update reviews_escalation set opened_at = clock_timestamp() - %s * interval '1 second' where id = %s"
        backdate(sql, seconds, case.pk)
    assert sweep.unread() == [second.pk, first.pk]
    verify.verify(second.pk)
    assert sweep.unread() == [first.pk]
    assert third.snapshot is None


# -- bells ----------------------------------------------------------------------------------------


def test_a_ring_reads_a_case_once(scene: Scene) -> None:
    case = scene.case()
    tasks.verify_case(str(case.pk))
    case.refresh_from_db()
    snapshot = case.snapshot
    assert snapshot is not None
    tasks.verify_case(str(case.pk))
    case.refresh_from_db()
    assert case.snapshot == snapshot


def test_a_ring_for_a_closed_or_unknown_case_does_nothing(scene: Scene) -> None:
    case = scene.case()
    overdue(case)
    sweep.expire_due()
    tasks.verify_case(str(case.pk))
    tasks.verify_case(str(case.action_id))
    case.refresh_from_db()
    assert case.snapshot is None


def test_every_round_of_the_beat_is_a_task_that_can_run_at_any_time(scene: Scene) -> None:
    from celery import current_app
    from django.conf import settings

    for round_ in settings.CELERY_BEAT_SCHEDULE.values():
        current_app.tasks[round_["task"]]()
    assert Bell.VERIFY.value in current_app.tasks


def test_an_idempotency_key_is_kept_for_a_week_and_then_asks_for_something_new(scene: Scene) -> None:
    """Within three weeks that is: the search looks no further back."""
    minute = timedelta(minutes=1)
    ages = (timedelta(0), timedelta(days=7) - minute, timedelta(days=7), timedelta(days=21) - minute)
    actions = [scene.running() for _ in (*ages, "older")]
    for action, age in zip(actions, (*ages, timedelta(days=21) + minute), strict=True):
        backdate("update governance_action set created_at = clock_timestamp() - %s where id = %s", age, action.pk)
    assert (sweep.forget_keys(), sweep.forget_keys()) == (2, 0)
    kept = [Action.objects.get(pk=action.pk).idempotency_key is not None for action in actions]
    assert kept == [True, True, False, False, True]
    assert entries("keys_forgotten") == [{"actions": 2}]


def test_the_longest_overdue_comes_first(scene: Scene) -> None:
    cases = [scene.case(order=f"W{number}") for number in (1, 2, 3)]
    actions = [scene.running() for _ in range(3)]
    for place, hours in enumerate((1, 3, 2)):
        for table, column, row in (
            ("reviews_escalation", "deadline", cases[place].pk),
            ("governance_action", "report_by", actions[place].pk),
        ):
            backdate(
                f"update {table} set {column} = clock_timestamp() - %s * interval '1 hour' where id = %s", hours, row
            )
    for place in (1, 2, 0):
        assert (sweep.expire_due(1), sweep.abandon_overdue(1)) == (1, 1)
        assert Escalation.objects.get(pk=cases[place].pk).state == "expired"
        assert Action.objects.get(pk=actions[place].pk).state == "abandoned"


def test_what_another_worker_holds_is_skipped_and_neither_waited_for_nor_an_error(
    committed: Committed, committed_scene: Scene, no_hold: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = committed_scene
    due = [scene.case(order=f"W{number}") for number in (1, 2)]
    for case in due:
        overdue(case)
    late = [scene.running() for _ in range(2)]
    for action in late:
        backdate("update governance_action set report_by = clock_timestamp() where id = %s", action.pk)
    monkeypatch.setitem(routing.PICK_UP, Risk.MEDIUM, 0.01)
    unused = [Escalation.objects.get(action=scene.approved(order=f"W{number}").action) for number in (3, 4)]
    closed = [scene.running() for _ in range(2)]
    for action in closed:
        report.report(action.pk, caller=scene.refunder, status="succeeded")
        backdate("update governance_action set created_at = created_at - interval '8 days' where id = %s", action.pk)
    with connection.cursor() as cursor:
        cursor.execute("set lock_timeout = '2s'")
    rounds: list[tuple[str, Any, Callable[[], int]]] = [
        ("reviews_escalation where id", due[0].pk, sweep.expire_due),
        ("governance_action where id", late[0].pk, sweep.abandon_overdue),
        ("reviews_escalation where id", unused[0].pk, sweep.lapse_unused),
        ("governance_action where id", closed[0].pk, sweep.forget_keys),
    ]
    for rows, held, sweeps in rounds:
        with committed.connect() as other:
            with other.transaction():
                other.execute(f"select 1 from {rows} = %s for no key update".encode(), [held])
                assert sweeps() == 1, rows
            assert sweeps() == 1, rows
            assert sweeps() == 0, rows
    with committed.connect() as other, other.transaction():
        other.execute("select 1 from reviews_drawable where action_id = %s for update", [closed[0].pk])
        sample.draw_due()
        assert list(Drawable.objects.values_list("action_id", flat=True)) == [closed[0].pk]
    sample.draw_due()
    assert not Drawable.objects.exists()


def test_grants_that_are_done_with_take_no_place_in_a_batch(
    committed: Committed, committed_scene: Scene, no_hold: None
) -> None:
    """Whatever was used, voided or closed stays for ever; were it looked at again, nobody else would come next."""
    scene = committed_scene
    used, voided, closed, unused = (scene.approved(order=f"W{number}") for number in (1, 2, 3, 4))
    scene.redeem(used)
    withdraw.withdraw(voided.action_id, caller=scene.refunder)
    backdate("update governance_grant set closed_at = clock_timestamp() where id = %s", closed.pk)
    with committed.connect(role="owner") as owner, owner.transaction():
        owner.execute("alter table governance_grant disable trigger grant_once")
        owner.execute("insert into governance_ledgerentry (kind, actor, body) values ('forged', 'user:x', '{}')")
        for hours, grant in ((4, used), (3, voided), (2, closed), (1, unused)):
            owner.execute(
                "update governance_grant set expires_at = clock_timestamp() - %s * interval '1 hour',"
                " not_before = not_before - interval '1 day' where id = %s",
                [hours, grant.pk],
            )
    assert [sweep.lapse_unused(1), sweep.lapse_unused(1)] == [1, 0]
    assert Grant.objects.get(pk=unused.pk).closed_at is not None


def test_a_case_that_was_closed_unread_is_not_read_any_more(scene: Scene) -> None:
    case = scene.case()
    backdate("update reviews_escalation set opened_at = clock_timestamp() - interval '1 hour' where id = %s", case.pk)
    assert sweep.unread() == [case.pk]
    withdraw.withdraw(case.action_id, caller=scene.refunder)
    assert sweep.unread() == []
