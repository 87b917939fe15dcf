"""The case that takes the place of one whose approval lost its ground, and what is kept of the older."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from governance import catalogue, halt
from governance.models import Grant, Reservation
from governance.problems import Problem
from reviews import relink
from reviews.bell import Bell
from reviews.models import Escalation
from reviews.routing import sort_key
from tests.cast import BY
from tests.reviews.scene import BINDING, Scene, backdate, entries

pytestmark = pytest.mark.usefixtures("no_hold")


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Bell, UUID]]:
    found: list[tuple[Bell, UUID]] = []
    monkeypatch.setattr(relink, "ring", lambda bell, case: found.append((bell, case)))
    return found


def followed(scene: Scene, grant: Grant) -> tuple[Escalation, Escalation]:
    """The older case and the newer, after a redemption that found no ground."""
    with pytest.raises(Problem) as problem:
        scene.redeem(grant)
    fresh = Escalation.objects.get(pk=problem.value.extra["escalation"])
    assert fresh.previous is not None
    return fresh.previous, fresh


def changed(scene: Scene, grant: Grant) -> tuple[Escalation, Escalation]:
    scene.sql("update shop.orders set paid = 700 where record_id = 'W1'")
    return followed(scene, grant)


def halted(scene: Scene, grant: Grant) -> tuple[Escalation, Escalation]:
    halt.halt("agent", str(scene.cast.refunder.pk), reason="test", by=BY)
    return followed(scene, grant)


def test_one_entry_says_what_took_whose_place_and_why(scene: Scene, rung: list[tuple[Bell, UUID]]) -> None:
    grant = scene.approved()
    old, fresh = changed(scene, grant)
    assert fresh.snapshot is not None
    assert entries("case_superseded") == [
        {
            "escalation": str(old.pk),
            "action": str(old.action_id),
            "grant": str(grant.pk),
            "because": "record",
            "released": True,
            "next": str(fresh.pk),
            "snapshot": bytes(fresh.snapshot.digest).hex(),
        }
    ]
    grant.refresh_from_db()
    assert (old.state, old.closed_at, fresh.opened_at) == ("superseded", grant.voided_at, grant.voided_at)


def test_the_new_case_is_as_hard_to_decide_and_queued_by_its_own_deadline(scene: Scene) -> None:
    case = scene.case()
    backdate("update reviews_escalation set rank = 2 where id = %s", case.pk)
    grant = Grant.objects.get(verdict_id=scene.approve(case, scene.cast.grace).pk)
    _, fresh = changed(scene, grant)
    assert (fresh.rank, fresh.taken_by, fresh.taken_until) == (2, None, None)
    assert fresh.sort_key == sort_key(fresh.deadline.timestamp(), 48_000)


def test_a_new_case_is_read_by_a_worker_unless_its_reading_is_what_opened_it(
    scene: Scene, rung: list[tuple[Bell, UUID]]
) -> None:
    changed(scene, scene.approved())
    assert rung == []
    facts = [{**fact, "material": False} for fact in BINDING["facts"]]
    catalogue.save_binding({**BINDING, "facts": facts}, by=BY)
    _, fresh = halted(scene, scene.approved(order="W2"))
    assert (fresh.snapshot, rung) == (None, [(Bell.VERIFY, fresh.pk)])
    assert entries("case_superseded")[-1]["snapshot"] is None


def test_only_the_grant_that_lost_its_ground_is_void(scene: Scene) -> None:
    other, grant = scene.approved(order="W2"), scene.approved()
    changed(scene, grant)
    assert Grant.objects.filter(voided_at=None).get() == other
    assert Reservation.objects.filter(released_at=None).get().action_id == other.action_id


def test_both_cases_say_anew_when_the_cap_frees(scene: Scene) -> None:
    for _ in range(2):
        scene.approve(scene.case())
    case = scene.case()
    before = case.cap_frees_at
    assert before is not None
    grant = Grant.objects.get(verdict_id=scene.approve(case).pk)
    backdate("update reviews_escalation set cap_frees_at = cap_frees_at + interval '9 hours' where id = %s", case.pk)
    for each in halted(scene, grant):
        each.refresh_from_db()
        assert each.cap_frees_at is not None
        assert abs(each.cap_frees_at - before) <= timedelta(hours=1)
    assert entries("case_superseded")[0]["cap_exhausted"] == {"count": 0, "amount": 0}
