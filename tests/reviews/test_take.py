"""The lease of a case: one reviewer at a time, five minutes, by the database clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from governance import enrol, halt, mandates, register
from governance.locks import database_now
from governance.models import Agent
from governance.problems import Code, Problem
from reviews import judge, take
from reviews.cases import due_at
from reviews.models import Escalation
from tests.cast import BY
from tests.reviews.scene import Scene, backdate, entries, overdue


def lease_ends(case: Escalation) -> None:
    backdate(
        "update reviews_escalation set taken_until = clock_timestamp() - interval '1 second' where id = %s", case.pk
    )


def minutes_left(case: Escalation) -> float:
    assert case.taken_until is not None
    return (case.taken_until - database_now()).total_seconds() / 60


def test_taking_leases_a_case_for_five_minutes(scene: Scene) -> None:
    case = scene.take(scene.case())
    assert case.taken_by == scene.cast.ada
    assert 4.9 < minutes_left(case) <= 5
    assert case.taken_until is not None
    assert entries("case_taken") == [{"escalation": str(case.pk), "until": case.taken_until.isoformat()}]


def test_the_same_reviewer_renews_the_lease(scene: Scene) -> None:
    case = scene.take(scene.case())
    backdate(
        "update reviews_escalation set taken_until = clock_timestamp() + interval '9 seconds' where id = %s", case.pk
    )
    assert minutes_left(scene.take(case)) > 4.9


def test_another_reviewer_is_told_who_is_deciding(scene: Scene) -> None:
    case = scene.take(scene.case())
    with pytest.raises(Problem) as problem:
        scene.take(case, scene.cast.grace)
    assert problem.value.code is Code.TAKEN_BY_ANOTHER
    assert problem.value.detail == "ada is deciding this case."
    assert problem.value.extra["taken_by"] == "ada"


def test_a_lease_that_ran_out_is_free_for_anybody(scene: Scene) -> None:
    case = scene.take(scene.case())
    lease_ends(case)
    assert scene.take(case, scene.cast.grace).taken_by == scene.cast.grace


def test_a_released_case_is_free_for_anybody(scene: Scene) -> None:
    case = scene.take(scene.case())
    take.release(case.pk, reviewer=scene.cast.ada)
    case.refresh_from_db()
    assert (case.taken_by, case.taken_until) == (None, None)
    assert scene.take(case, scene.cast.grace).taken_by == scene.cast.grace
    assert len(entries("case_released")) == 1


def test_nobody_releases_what_they_have_not_taken(scene: Scene) -> None:
    case = scene.take(scene.case())
    with pytest.raises(Problem) as problem:
        take.release(case.pk, reviewer=scene.cast.grace)
    assert problem.value.code is Code.TAKEN_BY_ANOTHER
    lease_ends(case)
    with pytest.raises(Problem) as problem:
        take.release(case.pk, reviewer=scene.cast.ada)
    assert problem.value.code is Code.NOT_TAKEN


def test_who_would_give_back_a_decided_case_is_told_what_was_decided(scene: Scene) -> None:
    case = scene.case()
    scene.approve(case)
    with pytest.raises(Problem) as problem:
        take.release(case.pk, reviewer=scene.cast.ada)
    assert problem.value.code is Code.ALREADY_DECIDED


@pytest.mark.parametrize("who", ["mary", "edith", "mallory", "sudo"])
def test_only_reviewers_take_cases_whatever_rights_django_knows(scene: Scene, who: str) -> None:
    with pytest.raises(Problem) as problem:
        scene.take(scene.case(), getattr(scene.cast, who))
    assert problem.value.code is Code.FORBIDDEN


def test_a_reviewer_who_was_switched_off_takes_nothing(scene: Scene) -> None:
    enrol.change_person(scene.cast.ada, active=False, by=BY)
    with pytest.raises(Problem) as problem:
        scene.take(scene.case())
    assert problem.value.code is Code.FORBIDDEN


def test_nobody_takes_a_case_of_an_agent_they_answer_for(scene: Scene) -> None:
    case = scene.case()
    register.change_agent(Agent.objects.get(pk=scene.cast.refunder.pk), owner=scene.cast.ada, by=BY)
    with pytest.raises(Problem) as problem:
        scene.take(case)
    assert problem.value.code is Code.OWN_AGENT


def test_nobody_takes_a_case_of_a_sub_agent_of_their_agent(scene: Scene) -> None:
    case = scene.case(key=scene.cast.drafter_key)
    register.change_agent(Agent.objects.get(pk=scene.cast.refunder.pk), owner=scene.cast.ada, by=BY)
    with pytest.raises(Problem) as problem:
        scene.take(case)
    assert problem.value.code is Code.OWN_AGENT


def test_a_case_outside_the_mandate_can_be_looked_at(scene: Scene) -> None:
    mandates.revoke_mandate(scene.cast.ada, by=BY)
    assert scene.take(scene.case("900.00")).taken_by == scene.cast.ada


def test_an_expired_case_is_not_taken_even_before_any_sweep_ran(scene: Scene) -> None:
    case = scene.case()
    overdue(case)
    with pytest.raises(Problem) as problem:
        scene.take(case)
    assert problem.value.code is Code.CASE_EXPIRED


def test_a_decided_case_says_who_decided_what(scene: Scene) -> None:
    case = scene.take(scene.case())
    judge.reject(case.pk, reviewer=scene.cast.ada, reason="not_needed")
    with pytest.raises(Problem) as problem:
        scene.take(case, scene.cast.grace)
    assert problem.value.code is Code.ALREADY_DECIDED
    assert problem.value.detail.startswith("ada rejected this case at ")


def test_a_case_that_does_not_exist_is_not_found(scene: Scene) -> None:
    with pytest.raises(Problem) as problem:
        take.take(scene.cast.refunder.pk, reviewer=scene.cast.ada)
    assert problem.value.code is Code.NOT_FOUND


def test_under_a_halt_the_time_left_stays_as_it_was(scene: Scene) -> None:
    """An hour before the deadline the agent is halted for two: an hour is left when it is lifted."""
    case = scene.case()
    backdate(
        "update reviews_escalation set opened_at = clock_timestamp() - interval '4 hours',"
        " deadline = clock_timestamp() - interval '1 hour' where id = %s",
        case.pk,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into governance_halt (target, key, reason, halted_at, halted_by, lifted_at, lifted_by) values"
            " ('agent', %s, 'x', clock_timestamp() - interval '2 hours', 'user:mary', clock_timestamp(), 'user:mary'),"
            " ('enterprise', 'acme', 'x', clock_timestamp() - interval '90 minutes', 'user:mary',"
            "  clock_timestamp() - interval '30 minutes', 'user:mary')",
            [str(scene.cast.refunder.pk)],
        )
    case.refresh_from_db()
    left = due_at(case, now := database_now()) - now
    assert 59 < left.total_seconds() / 60 < 61
    assert scene.take(case).taken_by == scene.cast.ada


def test_a_case_is_frozen_from_its_opening_at_the_earliest_and_until_the_halt_was_lifted(scene: Scene) -> None:
    """Opened an hour ago: of a halt that ended 40 minutes ago 20 count, of a later one its 10."""
    case = scene.case()
    backdate("update reviews_escalation set opened_at = clock_timestamp() - interval '1 hour' where id = %s", case.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into governance_halt (target, key, reason, halted_at, halted_by, lifted_at, lifted_by)"
            " select target, key, 'x', clock_timestamp() - begun, 'user:mary', clock_timestamp() - ended, 'user:mary'"
            " from (values ('enterprise', 'acme', interval '2 hours', interval '40 minutes'),"
            " ('project', 'refunds', interval '110 minutes', interval '100 minutes'),"
            " ('domain', 'service', interval '30 minutes', interval '20 minutes')) as h(target, key, begun, ended)"
        )
    case.refresh_from_db()
    frozen = due_at(case, database_now()) - case.deadline
    assert abs(frozen - timedelta(minutes=30)) < timedelta(seconds=5)


def test_a_halt_of_another_agent_freezes_nothing(scene: Scene) -> None:
    case = scene.case(key=scene.cast.drafter_key)
    other = register.register_agent(name="Other", owner=scene.cast.mary, project=scene.cast.refunds, by=BY)
    halt.halt("agent", str(other.pk), reason="other", by=BY)
    assert due_at(case, database_now()) == case.deadline
    halt.halt("agent", str(scene.cast.refunder.pk), reason="its parent", by=BY)
    assert due_at(case, database_now()) > case.deadline


@pytest.mark.parametrize(
    ("target", "key"),
    [("enterprise", "acme"), ("domain", "service"), ("project", "refunds"), ("action_type", "shop.refund")],
)
def test_a_halt_anywhere_above_freezes_the_case(scene: Scene, target: str, key: str) -> None:
    case = scene.case()
    halt.halt(target, key, reason="test", by=BY)
    assert due_at(case, database_now()) > case.deadline
