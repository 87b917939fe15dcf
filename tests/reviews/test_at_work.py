"""Nobody takes or approves outside their working hours, beyond their load, or for a type they are not qualified for."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from governance import mandates
from governance.locks import database_now
from governance.policy.working_hours import DAYS, Hours
from governance.problems import Code, Problem
from reviews import judge, take
from reviews.ability import ability
from reviews.hearing import hear
from reviews.models import Escalation
from tests.cast import BY
from tests.reviews.scene import Scene, backdate, proven, stated


def allow(scene: Scene, **terms: Any) -> None:
    mandates.set_mandate(scene.cast.ada, rank=1, money_limit=500_00, by=BY, **terms)


def hours(*, today: bool) -> Hours:
    """The whole of the day of the database, or of every other day."""
    day = database_now().astimezone(dt.UTC).isoweekday()
    days = {day} if today else {*DAYS} - {day}
    return Hours("UTC", frozenset(days), dt.time(), dt.time())


def told(scene: Scene, case: Escalation) -> Problem:
    with pytest.raises(Problem) as problem:
        scene.approve(case)
    return problem.value


@pytest.fixture
def off(scene: Scene) -> Escalation:
    """A case that Ada took before her hours ended."""
    return scene.take(scene.case())


def test_outside_working_hours_nothing_is_taken_renewed_or_approved(scene: Scene, off: Escalation) -> None:
    allow(scene, hours=hours(today=True))
    assert ability(off.pk, scene.cast.ada).approve_obstacle == ""
    allow(scene, hours=hours(today=False))
    tomorrow = (database_now().astimezone(dt.UTC) + dt.timedelta(days=1)).date()
    sentence = f"This is outside your working hours; they begin again at {tomorrow} 00:00:00 UTC."
    other = scene.case(order="W2")
    problem = told(scene, other)
    assert (problem.code, problem.detail) == (Code.OUTSIDE_MANDATE, sentence)
    with pytest.raises(Problem, match="outside your working hours"):
        take.renew(off.pk, reviewer=scene.cast.ada)
    can = ability(other.pk, scene.cast.ada)
    assert can.take_obstacle == sentence


def test_who_holds_a_case_when_their_hours_end_rejects_it_and_approves_it_no_more(
    scene: Scene, off: Escalation
) -> None:
    allow(scene, hours=hours(today=False))
    can = ability(off.pk, scene.cast.ada)
    assert (can.take_obstacle, can.approve_obstacle[:12]) == ("", "This is outs")
    with pytest.raises(Problem, match="outside your working hours"):
        judge.approve(off.pk, reviewer=scene.cast.ada, proof=proven(scene.cast.ada), **stated(off))
    assert judge.reject(off.pk, reviewer=scene.cast.ada, reason="not_needed").closes


def test_a_verdict_beyond_the_load_waits_and_a_reject_does_not(scene: Scene, no_hold: None) -> None:
    allow(scene, per_hour=2, per_day=3)
    first = scene.approve(scene.case(order="W1"))
    scene.take(case := scene.case(order="W2"))
    judge.reject(case.pk, reviewer=scene.cast.ada, reason="not_needed")
    over = scene.case(order="W3")
    again = f"{(first.decided_at + dt.timedelta(hours=1)).astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
    problem = told(scene, over)
    sentence = f"You gave as many verdicts as your mandate allows. You can approve again at {again}."
    assert (problem.code, problem.detail) == (Code.OUTSIDE_MANDATE, sentence)
    can = ability(over.pk, scene.cast.ada)
    assert (can.take_obstacle, can.approve_obstacle) == ("", sentence)
    allow(scene, per_hour=3, per_day=3)
    assert scene.approve(over).approve
    last = scene.take(scene.case(order="W4"))
    allow(scene, per_day=3)
    assert "as many verdicts" in told(scene, last).detail, "three in a day"
    assert judge.reject(last.pk, reviewer=scene.cast.ada, reason="not_needed").closes


def test_a_qualification_that_has_ended_reaches_nothing(scene: Scene) -> None:
    allow(scene, action_types={scene.refund: database_now() + dt.timedelta(hours=1)})
    assert scene.approve(scene.case()).approve
    backdate("update governance_qualification set expires_at = clock_timestamp()")
    assert told(scene, scene.case(order="W2")).detail == "Your qualification for this action type has ended."


def test_a_case_is_handed_to_nobody_who_is_not_at_work(scene: Scene) -> None:
    case = scene.take(scene.case(), scene.cast.grace)
    assert hear(case.pk, viewer=scene.cast.grace.pk, everybody=True).able(besides=scene.cast.grace.pk) == ("ada",)
    allow(scene, hours=hours(today=False))
    assert hear(case.pk, viewer=scene.cast.grace.pk, everybody=True).able(besides=scene.cast.grace.pk) == ()
