"""Findings: one per draw, by a reviewer with a mandate, never about one's own agent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from governance import enrol, mandates, record, register
from governance.locks import database_now
from governance.models import Action, Agent, Snapshot
from governance.policy.tiers import Risk
from governance.problems import Code, Problem
from governance.records.snapshots import store
from reviews import report, spot_review
from reviews.models import Draw, Finding
from reviews.practise import waive_practice
from reviews.spot_review import decided_on, judge_draw, latest_look, look_again
from reviews.verify import read_now
from tests.cast import BY
from tests.reviews.scene import Scene, entries


def drawn(scene: Scene, action: Action | None = None) -> Draw:
    """A draw of an executed action."""
    action = action or scene.running()
    report.report(action.pk, caller=scene.refunder, status="succeeded")
    decision = action.decision
    return Draw.objects.create(
        action=action, cell=decision.cell, probability=decision.probability, drawn_at=database_now()
    )


def express(scene: Scene) -> Action:
    return Action.objects.get(pk=scene.ask("20.00", kind="shop.express").body["id"])


def refused(scene: Scene, draw: Draw, who: str = "ada", **more: Any) -> Problem:
    with pytest.raises(Problem) as problem:
        judge_draw(draw.pk, reviewer=getattr(scene.cast, who), **{"sound": True, **more})
    return problem.value


def test_a_sound_finding_is_one_row_and_one_entry(scene: Scene) -> None:
    draw = drawn(scene)
    finding = judge_draw(draw.pk, reviewer=scene.cast.ada, sound=True)
    assert (finding.sound, finding.reason, finding.reviewer) == (True, "", scene.cast.ada)
    assert entries("draw_judged") == [
        {
            "draw": str(draw.pk),
            "action": str(draw.action_id),
            "finding": finding.pk,
            "sound": True,
            "reason": "",
            "snapshot": None,
            "standing": [],
        }
    ]


def test_an_unsound_finding_says_why(scene: Scene) -> None:
    finding = judge_draw(drawn(scene).pk, reviewer=scene.cast.ada, sound=False, reason="wrong_value")
    assert (finding.sound, finding.reason) == (False, "wrong_value")


@pytest.mark.parametrize(
    ("sound", "reason"), [(False, ""), (False, "because"), (True, "wrong_value"), (True, "because")]
)
def test_a_finding_without_a_fitting_reason_is_none(scene: Scene, sound: bool, reason: str) -> None:
    assert refused(scene, drawn(scene), sound=sound, reason=reason).code is Code.INVALID
    assert not Finding.objects.exists()


def test_a_draw_is_judged_once_and_the_second_is_told_by_whom(scene: Scene) -> None:
    draw = drawn(scene)
    judge_draw(draw.pk, reviewer=scene.cast.ada, sound=False, reason="harmful")
    problem = refused(scene, draw, "grace")
    assert (problem.code, problem.detail) == (Code.ALREADY_DECIDED, "ada found this action unsound.")
    found_at = Finding.objects.get().found_at.isoformat()
    assert problem.extra == {"decided_by": "ada", "finding": "unsound", "decided_at": found_at}


def test_who_could_not_judge_it_is_told_first_that_it_is_judged(scene: Scene) -> None:
    draw = drawn(scene)
    judge_draw(draw.pk, reviewer=scene.cast.ada, sound=True)
    mandates.revoke_mandate(scene.cast.grace, by=BY)
    assert refused(scene, draw, "grace").detail == "ada found this action sound."


def test_the_database_too_keeps_one_finding_per_draw(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = drawn(scene)
    first = judge_draw(draw.pk, reviewer=scene.cast.ada, sound=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Finding.objects.create(draw=draw, reviewer=scene.cast.grace, sound=True, found_at=first.found_at)


def test_a_race_between_two_reviewers_ends_with_the_same_sentence(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = drawn(scene)
    judge_draw(draw.pk, reviewer=scene.cast.ada, sound=True)

    def late(*_: object) -> Finding:
        raise IntegrityError("the other one was faster")

    monkeypatch.setattr(spot_review, "_judge", late)
    assert refused(scene, draw, "grace").detail == "ada found this action sound."


@pytest.mark.parametrize("who", ["mary", "edith", "mallory", "sudo"])
def test_only_reviewers_judge_draws(scene: Scene, who: str) -> None:
    assert refused(scene, drawn(scene), who).code is Code.FORBIDDEN


def test_nobody_judges_draws_before_their_practice_is_over(scene: Scene) -> None:
    zoe = enrol.enrol("zoe", groups=["reviewer"], by=BY)
    mandates.set_mandate(zoe, rank=3, money_limit=500_00, by=BY)
    draw = drawn(scene)
    with pytest.raises(Problem) as problem:
        judge_draw(draw.pk, reviewer=zoe, sound=True)
    assert problem.value.code is Code.PRACTICE_FIRST
    waive_practice(zoe, by=BY)
    assert judge_draw(draw.pk, reviewer=zoe, sound=True).sound


def test_who_was_switched_off_judges_nothing(scene: Scene) -> None:
    draw = drawn(scene)
    enrol.change_person(scene.cast.ada, active=False, by=BY)
    assert refused(scene, draw).code is Code.FORBIDDEN


def test_without_a_mandate_nobody_judges(scene: Scene) -> None:
    draw = drawn(scene)
    mandates.revoke_mandate(scene.cast.ada, by=BY)
    assert refused(scene, draw).code is Code.OUTSIDE_MANDATE


def test_a_mandate_for_other_types_judges_nothing(scene: Scene) -> None:
    draw = drawn(scene)
    mandates.set_mandate(scene.cast.ada, rank=1, money_limit=0, action_types=[scene.refund], by=BY)
    assert refused(scene, draw).code is Code.OUTSIDE_MANDATE


def test_what_has_happened_is_judged_whatever_it_cost(scene: Scene) -> None:
    draw = drawn(scene, scene.running("480.00"))
    mandates.set_mandate(scene.cast.ada, rank=1, money_limit=0, max_risk=Risk.LOW, by=BY)
    assert judge_draw(draw.pk, reviewer=scene.cast.ada, sound=True).sound


def test_nobody_judges_an_agent_they_answer_for(scene: Scene) -> None:
    draw = drawn(scene)
    register.change_agent(Agent.objects.get(pk=scene.cast.refunder.pk), owner=scene.cast.ada, by=BY)
    assert refused(scene, draw).code is Code.OWN_AGENT


def test_a_draw_that_does_not_exist_is_not_found(scene: Scene) -> None:
    with pytest.raises(Problem) as problem:
        judge_draw(scene.cast.refunder.pk, reviewer=scene.cast.ada, sound=True)
    assert problem.value.code is Code.NOT_FOUND


def test_the_record_is_looked_at_again_beside_what_it_was_when_it_was_decided(scene: Scene) -> None:
    draw = drawn(scene, express(scene))
    scene.sql("update shop.orders set paid = 700 where record_id = 'W1'")
    now, before = look_again(draw.pk), decided_on(draw)
    assert before is not None
    assert (before.values["paid"], now.values["paid"]) == (90_000, 70_000)
    assert entries("case_verified") == [
        {
            "draw": str(draw.pk),
            "action": str(draw.action_id),
            "snapshot": now.pk,
            "status": "read",
            "digest": bytes(now.digest).hex(),
        }
    ]
    assert judge_draw(draw.pk, reviewer=scene.cast.ada, sound=True).snapshot == now


def test_the_record_is_looked_at_once(scene: Scene) -> None:
    draw = drawn(scene, express(scene))
    assert look_again(draw.pk) == look_again(draw.pk)
    assert Snapshot.objects.filter(action=draw.action).count() == 2


def test_each_draw_has_readings_and_a_finding_of_its_own(scene: Scene) -> None:
    first, second = drawn(scene), drawn(scene)
    judge_draw(first.pk, reviewer=scene.cast.ada, sound=False, reason="harmful")
    look_again(first.pk)
    assert latest_look(second) is None
    finding = judge_draw(second.pk, reviewer=scene.cast.grace, sound=True)
    assert (finding.draw, finding.sound, finding.snapshot) == (second, True, None)
    assert refused(scene, second).detail == "grace found this action sound."


def test_of_several_looks_the_newest_counts_and_the_decision_stays_with_the_oldest(scene: Scene) -> None:
    draw = drawn(scene, express(scene))
    first = decided_on(draw)
    for _ in range(2):
        with transaction.atomic():
            latest = store(read_now(draw.action))
            record.append(event=record.Event.AGENT_CHANGED, actor=BY, body={"test": "read again"})
    assert (decided_on(draw), latest_look(draw)) == (first, latest)


def test_an_expired_mandate_judges_nothing(scene: Scene) -> None:
    draw = drawn(scene)
    soon = database_now() + timedelta(milliseconds=300)
    mandates.set_mandate(scene.cast.ada, rank=1, money_limit=500_00, expires_at=soon, by=BY)
    with connection.cursor() as cursor:
        cursor.execute("select pg_sleep(0.3)")
    assert refused(scene, draw).detail == "Your mandate has expired."


def test_an_outage_is_looked_at_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    draw, url = drawn(scene, express(scene)), settings.PLACET_CONNECTORS["records"]
    monkeypatch.setitem(settings.PLACET_CONNECTORS, "records", "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    assert look_again(draw.pk).status == "unavailable"
    assert latest_look(draw) is None
    monkeypatch.setitem(settings.PLACET_CONNECTORS, "records", url)
    assert look_again(draw.pk).status == "read"


def test_a_type_without_a_record_is_judged_without_one(scene: Scene) -> None:
    draw = drawn(scene)
    assert decided_on(draw) is None
    assert look_again(draw.pk).status == "unbound"
    finding = judge_draw(draw.pk, reviewer=scene.cast.ada, sound=True)
    assert finding.snapshot is not None
