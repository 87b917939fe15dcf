"""A case is handed on or skipped, never lost: who, to whom and why stands in the ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from governance import enrol, mandates, register
from governance.models import Agent
from governance.policy.tiers import Risk
from governance.problems import Code, Problem
from reviews import candidates, handover, judge, queue, take
from reviews.hearing import hear
from reviews.models import Escalation, Handover
from reviews.queue import Filters
from tests.cast import BY
from tests.reviews.scene import Scene, backdate, entries, overdue

WHY = "needs_authority"


def shown(user: User) -> list[Any]:
    return [row.case for row in queue.read(viewer=user.pk, filters=Filters()).rows]


def refused(verb: Callable[[], object]) -> tuple[Code, str]:
    with pytest.raises(Problem) as problem:
        verb()
    return problem.value.code, problem.value.detail


def test_a_case_is_handed_to_a_named_person_who_has_it_for_five_minutes(scene: Scene) -> None:
    case = scene.take(scene.case())
    handover.hand_over(case.pk, reviewer=scene.cast.ada, to="grace", reason=WHY)
    case.refresh_from_db()
    assert case.taken_by == scene.cast.grace
    assert refused(lambda: scene.take(case))[0] is Code.TAKEN_BY_ANOTHER
    told = entries("case_handed_on")[0]
    assert case.taken_until is not None
    assert told | {"handover": 0} == {
        "escalation": str(case.pk), "handover": 0, "to": "grace", "reason": WHY, "until": case.taken_until.isoformat()
    }  # fmt: skip
    judge.reject(case.pk, reviewer=scene.cast.grace, reason="not_needed")


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("ada", "Nobody else has that name."),
        ("nobody", "Nobody else has that name."),
        ("mary", "Only an active reviewer may do this."),
        ("mallory", "Only an active reviewer may do this."),
        ("\u202eecarg", "Nobody else has that name."),
    ],
)
def test_nobody_is_handed_a_case_whom_nobody_could_ask_to_decide_it(scene: Scene, to: str, told: str) -> None:
    case = scene.take(scene.case())
    assert refused(lambda: handover.hand_over(case.pk, reviewer=scene.cast.ada, to=to, reason=WHY)) == (
        Code.INVALID,
        told,
    )
    assert not Handover.objects.exists()


def test_nobody_is_handed_what_their_mandate_does_not_reach_or_what_is_their_own_agents(scene: Scene) -> None:
    case = scene.take(scene.case("900.00"), scene.cast.grace)
    hand = lambda: handover.hand_over(case.pk, reviewer=scene.cast.grace, to="ada", reason=WHY)  # noqa: E731
    assert refused(hand)[1] == "The risk is beyond their mandate."
    assert hear(case.pk, viewer=scene.cast.grace.pk, everybody=True).able(besides=scene.cast.grace.pk) == ()
    mandates.set_mandate(scene.cast.ada, rank=3, money_limit=10**9, max_risk=Risk.HIGH, by=BY)
    assert hear(case.pk, viewer=scene.cast.grace.pk, everybody=True).able(besides=scene.cast.grace.pk) == ("ada",)
    register.change_agent(Agent.objects.get(pk=scene.cast.refunder.pk), owner=scene.cast.ada, by=BY)
    assert refused(hand)[1] == "They answer for this agent."
    enrol.change_person(scene.cast.ada, active=False, by=BY)
    assert refused(hand)[1] == "Only an active reviewer may do this."


def test_a_case_handed_up_needs_the_next_rank_and_is_free(scene: Scene) -> None:
    case = scene.take(scene.case())
    handover.hand_up(case.pk, reviewer=scene.cast.ada, reason=WHY)
    case.refresh_from_db()
    assert (case.rank, case.taken_by) == (2, None)
    assert refused(lambda: scene.approve(case))[1] == "This case needs rank 2; yours is 1."
    handover.hand_up(case.pk, reviewer=scene.cast.ada, reason=WHY)
    scene.take(case, scene.cast.grace)
    code, _ = refused(lambda: handover.hand_up(case.pk, reviewer=scene.cast.grace, reason=WHY))
    assert code is Code.WRONG_STATE
    assert [told["rank"] for told in entries("case_handed_on")] == [2, 3]


def test_who_skips_a_case_leaves_it_to_the_others_for_half_an_hour(scene: Scene) -> None:
    case = scene.take(scene.case())
    handover.skip(case.pk, reviewer=scene.cast.ada, reason="knows_better")
    assert shown(scene.cast.ada) == []
    assert candidates.next_case(viewer=scene.cast.ada.pk) is None
    assert shown(scene.cast.grace) == [case.pk]
    assert candidates.next_case(viewer=scene.cast.grace.pk) == case.pk
    case.refresh_from_db()
    assert (case.skips, case.taken_by) == (1, None)
    assert refused(lambda: handover.skip(case.pk, reviewer=scene.cast.ada, reason=WHY))[0] is Code.WRONG_STATE
    assert len(entries("case_skipped")) == 1
    scene.take(case)
    assert shown(scene.cast.ada) == [case.pk], "who takes it after all sees it"
    take.release(case.pk, reviewer=scene.cast.ada)


def test_a_case_whose_lease_ran_out_is_skipped_all_the_same(scene: Scene) -> None:
    case = scene.take(scene.case())
    backdate("update reviews_escalation set taken_until = clock_timestamp() where id = %s", case.pk)
    handover.skip(case.pk, reviewer=scene.cast.ada, reason=WHY)
    assert shown(scene.cast.ada) == []


def test_a_skip_ends_by_the_clock(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "SKIP", -handover.SKIP)
    case = scene.case()
    handover.skip(case.pk, reviewer=scene.cast.ada, reason=WHY)
    assert shown(scene.cast.ada) == [case.pk]


def test_nobody_skips_their_way_through_the_queue(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "MOST_SKIPPED", 1)
    first, second = scene.case(order="W1"), scene.case(order="W2")
    handover.skip(first.pk, reviewer=scene.cast.ada, reason=WHY)
    code, told = refused(lambda: handover.skip(second.pk, reviewer=scene.cast.ada, reason=WHY))
    assert (code, told) == (Code.WRONG_STATE, "You have skipped many cases: decide some before you skip more.")


def test_without_the_lease_nobody_hands_a_case_on_and_nobody_skips_anothers(scene: Scene) -> None:
    case, ada = scene.case(), scene.cast.ada
    verbs: list[Callable[[], object]] = [
        lambda: handover.hand_over(case.pk, reviewer=ada, to="grace", reason=WHY),
        lambda: handover.hand_up(case.pk, reviewer=ada, reason=WHY),
        lambda: handover.skip(case.pk, reviewer=ada, reason=WHY),
    ]
    assert [refused(verb)[0] for verb in verbs[:2]] == [Code.NOT_TAKEN] * 2
    scene.take(case, scene.cast.grace)
    assert [refused(verb)[0] for verb in verbs] == [Code.TAKEN_BY_ANOTHER] * 3
    backdate("update reviews_escalation set taken_until = clock_timestamp() where id = %s", case.pk)
    overdue(case)
    assert [refused(verb)[0] for verb in verbs] == [Code.CASE_EXPIRED] * 3


def test_a_reason_is_one_of_ours_and_only_reviewers_have_reasons(scene: Scene) -> None:
    case = scene.take(scene.case())
    assert refused(lambda: handover.skip(case.pk, reviewer=scene.cast.ada, reason="because"))[0] is Code.INVALID
    assert refused(lambda: handover.hand_up(case.pk, reviewer=scene.cast.ada, reason=""))[0] is Code.INVALID
    assert refused(lambda: handover.skip(case.pk, reviewer=scene.cast.mary, reason=WHY))[0] is Code.FORBIDDEN


def test_a_lease_is_prolonged_five_times_and_then_it_is_somebody_elses_turn(scene: Scene) -> None:
    case = scene.take(scene.case())
    for _ in range(take.MOST_RENEWALS):
        take.renew(case.pk, reviewer=scene.cast.ada)
    assert refused(lambda: take.renew(case.pk, reviewer=scene.cast.ada))[0] is Code.WRONG_STATE
    before = Escalation.objects.get(pk=case.pk).taken_until
    assert scene.take(case).taken_until == before, "taking it again prolongs it no further"
    assert [told.get("renewal") for told in entries("case_taken")] == [None, "1", "2", "3", "4", "5"]
    take.release(case.pk, reviewer=scene.cast.ada)
    assert scene.take(case).renewals == 0
    assert refused(lambda: take.renew(case.pk, reviewer=scene.cast.grace))[0] is Code.TAKEN_BY_ANOTHER


def test_who_leaves_gives_back_every_case_in_one_entry(scene: Scene) -> None:
    mine, hers = {scene.take(scene.case(order=f"W{n}")).pk for n in (1, 2)}, scene.case(order="W3")
    scene.take(hers, scene.cast.grace)
    assert take.release_all(reviewer=scene.cast.ada) == 2
    assert take.release_all(reviewer=scene.cast.ada) == 0
    assert not Escalation.objects.filter(taken_by=scene.cast.ada).exists()
    assert Escalation.objects.get(pk=hers.pk).taken_by == scene.cast.grace
    (told,) = entries("case_released")
    assert ({*told["escalations"]}, told["of"], told["because"]) == ({str(each) for each in mine}, "ada", "signed_out")


def test_whoever_is_switched_off_loses_their_cases_with_that_change(scene: Scene) -> None:
    case = scene.take(scene.case())
    take.renew(case.pk, reviewer=scene.cast.ada)
    enrol.change_person(scene.cast.ada, active=False, by=BY)
    case.refresh_from_db()
    assert case.taken_by is None
    assert scene.take(case, scene.cast.grace).renewals == 0, "the next one has all of the time"
