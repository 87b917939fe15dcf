"""Nobody decides about a record of their own, nor what a key that they issued asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from governance import accounts, enrol, permit, register, sub_agents
from governance.locks import database_now
from governance.models import AgentKey
from governance.policy.tiers import Level
from governance.problems import Code, Problem
from governance.proof import Proof
from governance.rotate import rotate_key
from reviews import deadlines, handover, judge, take
from reviews.ability import ability
from reviews.candidates import candidates
from reviews.eligible import Hindrance
from reviews.hearing import hear
from reviews.models import Escalation
from reviews.practise import waive_practice
from reviews.turn import take_next
from tests.cast import BY
from tests.governance.family import Member, hired, ticket
from tests.reviews.scene import Scene, stated


def refuses(verb: Callable[[], object]) -> str:
    with pytest.raises(Problem) as problem:
        verb()
    assert problem.value.code is Code.OWN_AGENT
    return problem.value.detail


def everything(case: Escalation, person: User) -> set[str]:
    """What each verb says to somebody whose own it is; a lease of theirs would not help."""
    verbs: list[Callable[[], object]] = [
        lambda: take.take(case.pk, reviewer=person),
        lambda: deadlines.extend(case.pk, reviewer=person, reason="specialist"),
    ]
    return {*map(refuses, verbs), ability(case.pk, person).take_obstacle}


ABOUT = "This is about a record of your own, so somebody else decides it."
ASKED = "You issued a key that could ask for this, so somebody else decides it."


@pytest.mark.parametrize("own", ["c-1", "W1"], ids=["the subject", "a record that a parameter names"])
def test_a_case_about_a_record_of_ones_own_is_somebody_elses(scene: Scene, own: str) -> None:
    case = scene.case(order="W1")
    accounts.set_accounts(scene.cast.grace, [own, "c-99"], by=scene.cast.mary)
    assert everything(case, scene.cast.grace) == {ABOUT}
    scene.take(case)
    assert hear(case.pk, viewer=scene.cast.ada.pk, everybody=True).able(besides=scene.cast.ada.pk) == ()
    assert scene.take(scene.case(order="W11"), scene.cast.grace).taken_by, "c-11 and W11 are matched whole"


def test_what_only_the_record_says_is_theirs_goes_back_at_once_and_the_next_case_is_another(scene: Scene) -> None:
    """The agent named nobody, so that nobody could know before the record was read."""
    theirs, other = scene.case(order="W1", subject=None), scene.case(order="W2")
    accounts.set_accounts(scene.cast.grace, ["c-1"], by=scene.cast.mary)
    assert take_next(reviewer=scene.cast.grace) == other.pk
    theirs.refresh_from_db()
    assert (theirs.taken_by_id, theirs.snapshot is not None) == (None, True)
    unread = scene.case(order="W3", subject=None)
    accounts.set_accounts(scene.cast.grace, ["c-3"], by=scene.cast.mary)
    assert refuses(lambda: take.take(unread.pk, reviewer=scene.cast.grace)) == ABOUT
    unread.refresh_from_db()
    assert unread.taken_by_id is None


def test_whose_record_it_is_about_no_colleague_learns(scene: Scene) -> None:
    """Which records are whose the council keeps to itself: handing a case on is no way to ask."""
    case = scene.take(scene.case(order="W1"))
    accounts.set_accounts(scene.cast.grace, ["c-1"], by=scene.cast.mary)
    with pytest.raises(Problem, match="They cannot decide this case"):
        handover.hand_over(case.pk, reviewer=scene.cast.ada, to="grace", reason="knows_better")
    leads = hear(case.pk, viewer=scene.cast.ada.pk, everybody=True).preview(to_reviewer=False)
    told = {each.name: each.why for each in leads}
    assert told["grace"] == "They cannot decide this case.", "nor does whoever leads"


def test_what_the_council_says_after_a_case_was_taken_counts_at_the_verdict(scene: Scene) -> None:
    """I15: neither approved nor rejected, as an agent of one's own."""
    case, ada = scene.take(scene.case(order="W1")), scene.cast.ada
    accounts.set_accounts(ada, ["c-1"], by=BY)
    proof = Proof(ada.pk, database_now(), second=False)
    assert refuses(lambda: judge.approve(case.pk, reviewer=ada, proof=proof, **stated(case))) == ABOUT
    assert refuses(lambda: judge.reject(case.pk, reviewer=ada, reason="not_needed")) == ABOUT


def test_whoever_issued_the_key_that_asked_does_not_decide(scene: Scene) -> None:
    cast = scene.cast
    enrol.change_person(cast.joan, groups=["council", "reviewer"], by=cast.mary)
    waive_practice(cast.joan, by=BY)
    before = scene.case(order="W1")
    key = register.issue_key(cast.refunder, by=cast.joan)
    case = scene.case(order="W2", key=key)
    assert everything(case, cast.joan) == {ASKED}
    assert scene.take(before, cast.joan).taken_by, "asked before there was such a key"
    rotated = rotate_key(caller=scene.caller(key), request_key="a-1").key
    assert AgentKey.objects.latest("pk").issued_by == cast.joan, "who has the one can make the other"
    for live in AgentKey.objects.filter(issued_by=cast.joan, revoked_at=None):
        register.revoke_key(live, by=BY)
    assert rotated
    assert scene.take(scene.case(order="W3"), cast.joan).taken_by, "no key of hers was live any more"


def test_whoever_issued_a_key_above_or_answers_above_does_not_decide_what_is_asked_below(scene: Scene) -> None:
    """A key of the parent makes the sub-agent and its key, or lets another agent act: it could have been asked so."""
    cast = scene.cast
    enrol.change_person(cast.joan, groups=["council", "reviewer"], by=cast.mary)
    waive_practice(cast.joan, by=BY)
    lead = hired(cast, "Lead", owner=cast.grace)
    lead = Member(lead.agent, register.issue_key(lead.agent, by=cast.joan))
    helper = hired(cast, "Helper", shared=True)
    for agent in (lead.agent, helper.agent):
        permit.set_level(agent, scene.refund, level=Level.L2, by=BY)
    alone = scene.case(order="W1", key=helper.key)
    assert {scene.take(alone, cast.joan).taken_by, scene.take(scene.case(order="W2"), cast.grace).taken_by} == {
        cast.joan,
        cast.grace,
    }
    child = sub_agents.register_sub_agent(
        caller=lead.caller, name="child", action_types=["shop.refund"], request_key="c-1", request_hash=b"1" * 32
    )
    assert AgentKey.objects.get(agent=child.agent).issued_by == cast.joan
    permit.set_level(child.agent, scene.refund, level=Level.L2, by=BY)
    given = ticket(lead, helper, types=["shop.refund"])
    asked: list[dict[str, Any]] = [{"key": child.key}, {"key": helper.key, "delegation": given.pk}]
    for number, below in enumerate(asked, 3):
        case = scene.case(order=f"W{number}", **below)
        assert everything(case, cast.joan) == {ASKED}
        assert len(everything(case, cast.grace)) == 1, "she answers for the agent above"
        told = {each.name: each.hindrance for each in candidates(case)}
        assert (told["joan"], told["grace"]) == (Hindrance.OWN_PROPOSAL, Hindrance.OWN_AGENT)
