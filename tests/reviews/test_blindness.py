"""Where several people decide a case, no page tells one of them who was there before."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from governance import actors, catalogue, enrol, mandates
from governance.problems import Code, Problem
from reviews import handover, lead, take
from reviews.practise import waive_practice
from tests.cast import BY
from tests.reviews.scene import REFUND, Scene, backdate
from tests.web.reading import visitor, words

FOUR = {"stages": [{"rank": 1}, {"rank": 2}]}


@pytest.fixture
def eyes(scene: Scene) -> Scene:
    """The shop where a refund needs a peer and a manager."""
    catalogue.save_action_type({**REFUND, "four_eyes": FOUR}, domain=scene.cast.service, by=BY)
    return scene


def peer(name: str, rank: int = 1) -> User:
    """One more reviewer."""
    found = enrol.enrol(name, groups=[actors.REVIEWER], by=BY)
    waive_practice(found, by=BY)
    mandates.set_mandate(found, rank=rank, money_limit=500_00, by=BY)
    return found


def test_the_page_of_a_lead_does_not_name_who_is_deciding(eyes: Scene) -> None:
    case = eyes.case()
    eyes.approve(case, eyes.cast.ada)  # hers until its hold ends
    backdate("update reviews_escalation set deadline = clock_timestamp() + interval '9 min' where id = %s", case.pk)
    backdate("update reviews_escalation set taken_until = clock_timestamp() + interval '9 min' where id = %s", case.pk)
    assert [due.taken_by for due in lead.read().soon] == ["another reviewer"]
    assert "another reviewer" in words(visitor(eyes.cast.grace).get("/lead/"))


def test_whoever_approves_and_signs_out_leaves_it_as_it_was(eyes: Scene) -> None:
    case = eyes.case()
    eyes.approve(case, eyes.cast.ada)
    grace = visitor(eyes.cast.grace)
    assert "another reviewer is deciding" in words(grace.get(f"/escalations/{case.pk}/"))
    assert take.release_all(reviewer=eyes.cast.ada) == 0
    assert "another reviewer is deciding" in words(grace.get(f"/escalations/{case.pk}/"))
    assert take.release_all(reviewer=eyes.cast.grace) == 0


def test_the_list_of_who_passed_it_on_names_nobody_to_the_next(eyes: Scene, no_hold: None) -> None:
    barbara, case = peer("barbara"), eyes.take(eyes.case())
    handover.hand_over(case.pk, reviewer=eyes.cast.ada, to="barbara", reason="knows_better")
    eyes.approve(case, barbara)
    page = words(visitor(eyes.cast.grace).get(f"/escalations/{case.pk}/"))
    assert "Passed on another reviewer to another reviewer: Somebody else knows" in page
    assert "barbara" not in page
    own = words(visitor(eyes.cast.ada).get(f"/escalations/{case.pk}/"))
    assert "Passed on ada to another reviewer" in own


def test_who_it_cannot_be_handed_to_does_not_tell_why(eyes: Scene, no_hold: None) -> None:
    case, said = eyes.case(), set()
    peer("barbara")
    mandates.revoke_mandate(peer("carol", rank=2), by=BY)
    eyes.approve(case, eyes.cast.ada)
    eyes.take(case, eyes.cast.grace)
    for name in ("ada", "carol", "barbara"):
        with pytest.raises(Problem) as problem:
            handover.hand_over(case.pk, reviewer=eyes.cast.grace, to=name, reason="knows_better")
        assert problem.value.code is Code.INVALID
        said.add(problem.value.detail)
    assert said == {"They cannot decide this case."}
