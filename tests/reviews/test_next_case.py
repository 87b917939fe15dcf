"""The next case of a reviewer: looked for no longer than it can be theirs, and whatever became of other types."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance import entries, mandates
from governance.locks import database_now
from governance.models import ActionType
from reviews import candidates as looked
from reviews import turn
from reviews.candidates import candidates, next_case
from reviews.eligible import Hindrance
from reviews.leave import leave
from reviews.models import Escalation, Notice
from reviews.notify import rounds
from reviews.take import take_theirs
from reviews.turn import take_next
from tests.cast import BY
from tests.reviews.scene import Scene, backdate
from tests.web.reading import visitor

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def cases(scene: Scene) -> list[Escalation]:
    return [scene.case(order=f"W{number}") for number in range(1, 13)]


def statements(scene: Scene) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert next_case(viewer=scene.cast.ada.pk) is None
    return len(asked)


@pytest.mark.parametrize("why", ["away", "load", "expired"])
def test_what_binds_a_person_in_every_case_is_found_with_the_first(
    scene: Scene, cases: list[Escalation], no_hold: None, why: str
) -> None:
    ada, now = scene.cast.ada, database_now()
    if why == "away":
        leave(reviewer=ada, begins=now, ends=now + HOUR)
    elif why == "load":
        mandates.set_mandate(ada, rank=1, money_limit=500_00, per_hour=1, by=BY)
        scene.approve(cases[0])
    else:
        expires = "update governance_mandate set expires_at = clock_timestamp() - interval '1 s' where reviewer_id = %s"
        backdate(expires, ada.pk)
    assert statements(scene) < 20


@pytest.mark.parametrize("action_types", [{}, {"shop.refund": None}], ids=["any type", "one type"])
def test_what_costs_more_than_the_mandate_hides_nothing_that_it_reaches(
    scene: Scene, cases: list[Escalation], monkeypatch: pytest.MonkeyPatch, action_types: dict[str, None]
) -> None:
    monkeypatch.setattr(looked, "LOOKED_AT", 2)
    monkeypatch.setattr(looked, "AT_ONCE", 2)
    named = {ActionType.objects.get(key=key): until for key, until in action_types.items()}
    mandates.set_mandate(scene.cast.ada, rank=1, money_limit=105_00, action_types=named, by=BY)
    scene.case("105.01", order="W20")
    assert next_case(viewer=scene.cast.ada.pk) is None, "twelve of 480, and one that is a cent too much"
    within = scene.case("105.00", order="W21")
    assert next_case(viewer=scene.cast.ada.pk) == within.pk


def test_a_type_that_cannot_be_read_keeps_no_other_case_and_no_message_from_anybody(scene: Scene) -> None:
    unread, other = scene.case("600.00", kind="shop.express", order="W1"), scene.case(order="W2")
    backdate("update governance_actiontype set document = '{}', revision = revision + 1 where key = 'shop.express'")
    entries._parsed.clear()
    assert candidates(unread) == ()
    assert next_case(viewer=scene.cast.grace.pk) == other.pk
    assert visitor(scene.cast.grace).get("/queue/next/")["Location"] == f"/escalations/{other.pk}/"
    assert rounds.tell_due() == 2
    assert {notice.case_id for notice in Notice.objects.all()} == {other.pk}
    assert take_next(reviewer=scene.cast.grace) == other.pk
    assert taken(unread) is None, "nobody can approve it, so nobody is given it"


def test_whether_a_case_is_theirs_is_asked_again_under_its_lock(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the lease a mandate may have been narrowed, or the case passed up."""
    beyond, theirs = scene.case("600.00", order="W1"), scene.case("480.00", order="W2")
    monkeypatch.setattr(turn, "free", lambda **asked: iter((beyond.pk, theirs.pk)))
    assert take_next(reviewer=scene.cast.ada) == theirs.pk
    assert (taken(beyond), taken(theirs)) == (None, scene.cast.ada.pk)


def test_what_binds_a_person_in_every_case_locks_no_second_one(
    scene: Scene, cases: list[Escalation], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[UUID] = []
    now = database_now()
    leave(reviewer=scene.cast.ada, begins=now, ends=now + HOUR)

    def noted(case: UUID, *, reviewer: User) -> Hindrance | None:
        asked.append(case)
        return take_theirs(case, reviewer=reviewer)

    monkeypatch.setattr(turn, "take_theirs", noted)
    assert take_next(reviewer=scene.cast.ada) is None
    assert asked == [cases[0].pk]


def test_whoever_loses_a_race_is_given_the_case_behind_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    lost, other = scene.case(order="W1"), scene.case(order="W2")
    scene.take(lost, scene.cast.grace)
    free = [iter((lost.pk, other.pk)), iter((other.pk,))]
    monkeypatch.setattr(turn, "free", lambda **asked: free.pop(0))
    assert take_next(reviewer=scene.cast.ada) == other.pk
    assert (taken(lost), free) == (scene.cast.grace.pk, [])


def taken(case: Escalation) -> int | None:
    case.refresh_from_db()
    return case.taken_by_id
