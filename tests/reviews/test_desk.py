"""What a reviewer sees of their own work: what waits, how much they decided, and what became of it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import timezone

from governance import mandates, record, register
from governance.locks import database_now
from governance.models import Grant
from reviews import desk, handover, judge, lead, queue
from reviews.desk import After
from reviews.models import Draw
from reviews.report import report
from reviews.spot_review import judge_draw
from tests.cast import BY
from tests.reviews.scene import Scene, backdate
from tests.web.reading import visitor, words

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
SOON, BEFORE = NOW + dt.timedelta(seconds=1), NOW - dt.timedelta(seconds=1)
NOTHING: dict[str, Any] = {
    "withdrawn_at": None, "final_at": BEFORE, "approve": True, "voided_at": None, "sound": None, "status": None,
    "redeemed_at": None, "closed_at": None, "expires_at": SOON, "state": "open",
}  # fmt: skip


@pytest.mark.parametrize(
    ("known", "after"),
    [
        ({}, After.WAITING),
        ({"expires_at": NOW}, After.UNUSED),
        ({"closed_at": BEFORE}, After.UNUSED),
        ({"redeemed_at": BEFORE, "expires_at": BEFORE}, After.RUNNING),
        ({"redeemed_at": BEFORE, "status": "succeeded"}, After.SUCCEEDED),
        ({"redeemed_at": BEFORE, "status": "failed"}, After.FAILED),
        ({"redeemed_at": BEFORE, "status": "abandoned"}, After.ABANDONED),
        ({"redeemed_at": BEFORE, "status": "not_executed"}, After.NOT_EXECUTED),
        ({"redeemed_at": BEFORE, "status": "succeeded", "sound": True}, After.SUCCEEDED),
        ({"redeemed_at": BEFORE, "status": "succeeded", "sound": False}, After.UNSOUND),
        ({"voided_at": BEFORE}, After.REFUSED),
        ({"approve": False}, After.TOLD),
        ({"expires_at": None}, After.NEXT),
        ({"expires_at": None, "state": "rejected"}, After.OVERRULED),
        ({"approve": False, "final_at": SOON}, After.HELD),
        ({"final_at": SOON}, After.HELD),
        ({"voided_at": BEFORE, "withdrawn_at": BEFORE, "final_at": SOON}, After.WITHDRAWN),
    ],
    ids=str,
)
def test_what_followed_a_verdict(known: dict[str, Any], after: After) -> None:
    assert desk.followed(NOTHING | known, NOW) is after


def approved(scene: Scene, order: str, status: str) -> Grant:
    """An approval that was picked up and reported on."""
    grant = scene.redeem(scene.approved("10.00", order=order))
    report(grant.action_id, caller=scene.refunder, status=status)
    return grant


def test_the_home_page_of_a_reviewer_tells_what_became_of_each_verdict(scene: Scene, no_hold: None) -> None:
    approved(scene, "W1", "succeeded")
    approved(scene, "W2", "failed")
    scene.approve(scene.case(order="W3"))
    held = scene.take(scene.case(order="W4"))
    judge.reject(held.pk, reviewer=scene.cast.ada, reason="not_needed")
    past = desk.verdicts(scene.cast.ada.pk).past
    assert [each.after for each in past] == [After.TOLD, After.WAITING, After.FAILED, After.SUCCEEDED]
    page = words(visitor(scene.cast.ada).get("/"))
    assert "4 verdicts in the last hour, 4 today" in page
    assert "Of 2 approvals whose outcome is known 1 did not hold: 1 failed, 0 were found unsound." in page
    assert "reported as failed" in page
    assert "The action is not needed the agent was told" not in page  # the reason stands beside the verdict
    assert "rejected The action is not needed" in page


def test_an_approval_that_was_refused_at_pick_up_leads_to_its_new_case(scene: Scene, no_hold: None) -> None:
    grant = scene.approved(order="W5")
    scene.sql("update shop.orders set paid = 100 where record_id = 'W5'")
    with pytest.raises(Exception, match="changed"):
        scene.redeem(grant)
    (past,) = desk.verdicts(scene.cast.ada.pk).past
    assert past.after is After.REFUSED
    assert f'href="/escalations/{past.next}/"' in visitor(scene.cast.ada).get("/verdicts/").content.decode()


def test_what_was_found_unsound_counts_against_the_approval_even_where_it_succeeded(
    scene: Scene, no_hold: None
) -> None:
    grant = approved(scene, "W6", "succeeded")
    with transaction.atomic():
        draw = Draw.objects.create(action_id=grant.action_id, cell="a|b|c|d", probability=1, drawn_at=database_now())
        record.append(event=record.Event.ACTIONS_DRAWN, actor=BY, body={"draw": str(draw.pk)})
    judge_draw(draw.pk, reviewer=scene.cast.grace, sound=False, reason="not_asked")
    found = desk.accuracy(scene.cast.ada.pk)
    assert (found.known, found.failed, found.unsound) == (1, 0, 1)
    assert found.range.high == 1.0
    assert desk.accuracy(scene.cast.grace.pk).known == 0


def test_verdicts_come_page_by_page_and_are_nobody_elses(scene: Scene, no_hold: None) -> None:
    for number in range(1, 4):
        case = scene.take(scene.case(order=f"W{number}"))
        judge.reject(case.pk, reviewer=scene.cast.ada, reason="not_needed")
    first = desk.verdicts(scene.cast.ada.pk, most=2)
    rest = desk.verdicts(scene.cast.ada.pk, before=first.older, most=2)
    ids = [each.id for each in (*first.past, *rest.past)]
    assert len(ids) == 3
    assert ids == sorted(ids, reverse=True)
    assert rest.older is None
    assert desk.verdicts(scene.cast.grace.pk).past == ()
    assert desk.verdicts(scene.cast.grace.pk, before=first.older).past == ()
    page = visitor(scene.cast.ada).get("/verdicts/", {"before": str(first.older)})
    assert "The newest" in words(page)
    assert visitor(scene.cast.ada).get("/verdicts/?before=nonsense").status_code == 200


def test_cases_that_could_be_taken_are_counted_without_those_of_ones_own_agents(scene: Scene) -> None:
    empty = desk.read(scene.cast.ada.pk)
    assert (empty.free, empty.held) == ("0", ())
    assert "No other case needs you." in words(visitor(scene.cast.ada).get("/"))
    scene.take(scene.case(order="W1"))
    scene.take(scene.case(order="W2"), scene.cast.grace)
    scene.case(order="W3")
    late = scene.case(order="W4")
    backdate("update reviews_escalation set sort_key = 1 where id = %s", late.pk)
    found = desk.read(scene.cast.ada.pk)
    assert found.free == "1"
    assert [row.mine for row in found.held] == [True]
    assert "of 1 that nobody has." in words(visitor(scene.cast.ada).get("/"))
    register.change_agent(scene.cast.refunder, owner=scene.cast.ada, by=BY)
    scene.case(order="W5")
    assert desk.read(scene.cast.ada.pk).free == "1"
    assert desk.read(scene.cast.grace.pk).free == "2"


def test_a_load_is_of_the_hour_and_of_the_day(scene: Scene, no_hold: None) -> None:
    case = scene.take(scene.case(order="W1"))
    judge.reject(case.pk, reviewer=scene.cast.ada, reason="not_needed")
    handover.skip(scene.case(order="W2").pk, reviewer=scene.cast.ada, reason="interrupted")
    assert desk.read(scene.cast.ada.pk).load == desk.Load(1, 1, 1, None, None)
    assert "You skipped 1 case today." in words(visitor(scene.cast.ada).get("/"))
    mandates.set_mandate(scene.cast.grace, rank=3, money_limit=10**9, per_hour=30, per_day=200, by=BY)
    assert desk.read(scene.cast.grace.pk).load == desk.Load(0, 0, 0, 30, 200)
    text = words(visitor(scene.cast.grace).get("/"))
    assert "0 verdicts in the last hour of 30, 0 today. · at most 200 in 24 h" in text


def zone_where_it_is(hour: int, now: dt.datetime) -> str:
    """A time zone in which this hour of the day has begun."""
    ahead = (hour - now.astimezone(dt.UTC).hour) % 24
    return f"Etc/GMT{(24 - ahead) if ahead > 14 else -ahead:+d}"


@pytest.mark.parametrize(("hour", "count"), [(1, 0), (22, 1)])
def test_today_begins_at_the_midnight_of_whoever_looks(
    scene: Scene, no_hold: None, monkeypatch: pytest.MonkeyPatch, hour: int, count: int
) -> None:
    approved(scene, "W1", "succeeded")
    handover.skip(scene.case(order="W2").pk, reviewer=scene.cast.ada, reason="interrupted")
    later = database_now() + dt.timedelta(hours=3)
    for each in (desk, lead):
        monkeypatch.setattr(each, "database_now", lambda: later)
    zone = zone_where_it_is(hour, later)
    ada = visitor(scene.cast.ada)
    ada.post("/preferences/choose/", {"language": "en", "time_zone": zone})
    page = words(ada.get("/"))
    assert f"0 verdicts in the last hour, {count} today." in page
    assert ("You skipped 1 case today." in page) is bool(count)
    with timezone.override(ZoneInfo(zone)):
        found = {each.name: each for each in lead.read().people}["ada"]
        assert (found.today, found.skips) == (count, count)
        assert queue.quiet(later).executed == count
