"""Nobody decides about a record of their own, nor what a key that they issued asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from governance import accounts, enrol, register
from governance.locks import database_now
from governance.models import AgentKey
from governance.problems import Code, Problem
from governance.proof import Proof
from governance.rotate import rotate_key
from reviews import deadlines, judge, take
from reviews.ability import ability
from reviews.colleagues import able
from reviews.models import Escalation
from reviews.practise import waive_practice
from tests.cast import BY
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
ASKED = "You issued the key that asked for this, so somebody else decides it."


@pytest.mark.parametrize("own", ["c-1", "W1"], ids=["the subject", "a record that a parameter names"])
def test_a_case_about_a_record_of_ones_own_is_somebody_elses(scene: Scene, own: str) -> None:
    case = scene.case(order="W1")
    accounts.set_accounts(scene.cast.grace, [own, "c-99"], by=scene.cast.mary)
    assert everything(case, scene.cast.grace) == {ABOUT}
    scene.take(case)
    assert able(case.pk, besides=scene.cast.ada.pk) == ()
    assert scene.take(scene.case(order="W11"), scene.cast.grace).taken_by, "c-11 and W11 are matched whole"


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
