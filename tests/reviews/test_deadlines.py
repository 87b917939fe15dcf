"""More time for a case, once; and the next rank before its time is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from governance import mandates
from governance.locks import database_now
from governance.problems import Code, Problem
from reviews import deadlines, take
from reviews.models import Escalation, Notice, Occasion
from reviews.notify import rounds
from reviews.routing import MOST_HOURS, extended
from tests.cast import BY
from tests.reviews.scene import Scene, backdate, entries, overdue
from tests.reviews.test_notices import aged

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
SECONDS = st.integers(1, MOST_HOURS * 3600)


def refused(case: Escalation, reviewer: User, reason: str = "specialist") -> Code:
    with pytest.raises(Problem) as problem:
        deadlines.extend(case.pk, reviewer=reviewer, reason=reason)
    return problem.value.code


@given(SECONDS)
def test_more_time_is_the_time_of_a_case_once_more_and_never_over_48_hours(seconds: int) -> None:
    whole = timedelta(seconds=seconds)
    until = extended(NOON, NOON + whole)
    assert until == min(NOON + 2 * whole, NOON + timedelta(hours=MOST_HOURS))


def test_rank_2_gives_a_case_its_time_once_more(scene: Scene) -> None:
    case, grace = scene.case(), scene.cast.grace
    more = deadlines.extend(case.pk, reviewer=grace, reason="specialist")
    before = case.deadline
    key = case.sort_key
    case.refresh_from_db()
    assert (more.before, more.until) == (before, case.deadline)
    assert case.deadline - before == before - case.opened_at
    assert case.sort_key > key, "the queue puts it behind what is due before"
    (said,) = entries("case_extended")
    assert (said["reason"], said["from"], said["to"]) == ("specialist", before.isoformat(), case.deadline.isoformat())
    assert refused(case, grace) is Code.WRONG_STATE, "once"
    for change in ("update reviews_extension set reason = 'asked_owner'", "delete from reviews_extension"):
        with pytest.raises(DatabaseError), transaction.atomic():
            backdate(f"{change} where id = %s", more.pk)


def test_who_may_not_and_what_cannot_be_given_more_time(scene: Scene) -> None:
    case, (ada, grace) = scene.case(), (scene.cast.ada, scene.cast.grace)
    assert refused(case, ada) is Code.OUTSIDE_MANDATE
    assert refused(case, scene.cast.mary) is Code.FORBIDDEN
    assert refused(case, grace, reason="because") is Code.INVALID
    backdate("update reviews_escalation set opened_at = deadline - interval '48 hours' where id = %s", case.pk)
    assert refused(case, grace) is Code.WRONG_STATE
    overdue(case)
    assert refused(case, grace) is Code.CASE_EXPIRED
    mandates.set_mandate(grace, rank=1, money_limit=1, by=BY)
    assert refused(scene.case(order="W2"), grace) is Code.OUTSIDE_MANDATE


def test_the_page_offers_it_to_who_may_and_does_it(scene: Scene, client: Client) -> None:
    case = scene.case()
    for name, offered in (("ada", False), ("grace", True)):
        client.force_login(getattr(scene.cast, name))
        assert ("Give it more time" in client.get(f"/escalations/{case.pk}/").content.decode()) is offered
    client.post(f"/escalations/{case.pk}/extend/", {"extension": "asked_owner"})
    before = case.deadline
    case.refresh_from_db()
    assert case.deadline > before
    assert "Give it more time" not in client.get(f"/escalations/{case.pk}/").content.decode()


def test_what_nobody_took_in_three_quarters_of_its_time_goes_to_the_next_rank(scene: Scene) -> None:
    case = scene.case()
    rounds.tell_due()
    aged(case, 0.8)
    rounds.tell_due()
    case.refresh_from_db()
    assert case.rank == 2
    assert [(said["from"], said["to"]) for said in entries("case_raised")] == [(1, 2)]
    assert {told.person.username for told in Notice.objects.filter(kind="case_escalated")} == {"grace"}
    with pytest.raises(Problem) as problem:
        scene.approve(case, scene.cast.ada)
    assert problem.value.code is Code.OUTSIDE_MANDATE
    take.release(case.pk, reviewer=scene.cast.ada)
    Occasion.objects.filter(case=case).update(stage=rounds.RAISED, due_at=database_now())
    scene.take(case, scene.cast.grace)
    rounds.tell_due()
    case.refresh_from_db()
    assert case.rank == 2, "whoever holds it decides it"
    assert scene.approve(case, scene.cast.grace).closes


def test_a_rank_that_nobody_has_is_not_needed(scene: Scene) -> None:
    mandates.revoke_mandate(scene.cast.grace, by=BY)
    case = scene.case()
    aged(case, 0.8)
    rounds.tell_due()
    case.refresh_from_db()
    assert (case.rank, entries("case_raised")) == (1, [])
