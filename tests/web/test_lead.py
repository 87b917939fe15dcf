"""The page of whoever leads reviewers: what waits, whether it is decided in time, and who decides."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from governance import halt, mandates
from governance.policy.tiers import Risk
from reviews import handover, judge, lead, leave, sweep
from reviews.lead import Kept, backlog
from tests.cast import BY
from tests.reviews.scene import Scene, backdate, overdue
from tests.web.reading import visitor, words

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def case(key: str = "shop.refund", *, rank: int = 1, waited: float = 0.0, left: float = 60.0) -> dict[str, Any]:
    """An open case that has waited so many hours and has so many minutes left."""
    opened, deadline = NOW - dt.timedelta(hours=waited), NOW + dt.timedelta(minutes=left)
    return {"key": key, "rank": rank, "opened_at": opened, "deadline": deadline}


def test_a_backlog_is_told_by_type_rank_and_age_with_links_into_the_queue() -> None:
    found = backlog([case(waited=0.5), case(waited=2, left=15), case("bench.refund", rank=2, waited=30, left=-1)], NOW)
    assert [(line.query, line.count, line.late) for line in found.types] == [
        ("type=shop.refund", 2, 1), ("type=bench.refund", 1, 1),
    ]  # fmt: skip
    assert [(line.name, line.key) for line in found.types] == [("Refund", "shop.refund"), ("Refund", "bench.refund")]
    assert [line.key for line in backlog([case()], NOW).types] == [""]
    assert [(line.query, line.count) for line in found.ranks] == [("rank=1", 2), ("rank=2", 1)]
    assert [(line.name, line.count) for line in found.ages] == [("under 1 h", 1), ("1 to 4 h", 1), ("over 24 h", 1)]
    assert (found.half, found.most, found.oldest) == ("2 h 0 min", "30 h 0 min", "30 h 0 min")


def test_nine_of_ten_is_the_ninth_of_ten() -> None:
    found = backlog([case(waited=hours) for hours in range(1, 11)], NOW)
    assert (found.half, found.most, found.oldest) == ("5 h 0 min", "9 h 0 min", "10 h 0 min")
    assert backlog([case(waited=3)], NOW).half == "3 h 0 min"


def test_nothing_open_has_no_ages() -> None:
    assert backlog([], NOW).oldest == ""


@pytest.mark.parametrize(("kept", "share"), [(Kept(0, 0), None), (Kept(3, 1), 0.75), (Kept(0, 2), 0.0)])
def test_the_share_that_was_decided_in_time(kept: Kept, share: float | None) -> None:
    assert kept.share == share


def test_the_page_tells_how_the_work_stands(scene: Scene, no_hold: None) -> None:
    judge.reject(scene.take(scene.case(order="W1")).pk, reviewer=scene.cast.ada, reason="not_needed")
    late = scene.case(order="W2")
    overdue(late)
    assert sweep.expire_due() == 1
    scene.take(scene.case(order="W3"), scene.cast.grace)
    handover.skip(scene.case(order="W5").pk, reviewer=scene.cast.grace, reason="interrupted")
    nearly = scene.case(order="W4")
    backdate("update reviews_escalation set deadline = clock_timestamp() + interval '9 min' where id = %s", nearly.pk)
    found = lead.read()
    assert (found.day, found.week) == (Kept(1, 1), Kept(1, 1))
    assert [due.case for due in found.soon] == [nearly.pk]
    assert (sum(hour.opened for hour in found.hours), sum(hour.closed for hour in found.hours)) == (5, 2)
    assert {(each.name, each.rank, each.holds, each.hour, each.today, each.skips) for each in found.people} == {
        ("ada", 1, 0, 1, 1, 0), ("grace", 3, 1, 0, 0, 1),
    }  # fmt: skip
    assert [(each.agent, each.count, each.caps) for each in found.blocked] == [("Refunder", 3, 0)]
    page = words(visitor(scene.cast.grace).get("/lead/"))
    assert "50 % 1 decided, 1 expired" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "3 in all." in page
    assert "No case expires" not in page


def test_no_age_on_desk_and_lead_page_grows_stale_while_they_stay_open(scene: Scene, no_hold: None) -> None:
    judge.reject(scene.take(scene.case(order="W1")).pk, reviewer=scene.cast.ada, reason="not_needed")
    scene.take(scene.case(order="W2"))
    for path, reader in (("/", scene.cast.ada), ("/lead/", scene.cast.grace), ("/verdicts/", scene.cast.ada)):
        text = words(visitor(reader).get(path))
        assert "just now" not in text, path
        assert " ago" not in text, path
        assert path == "/verdicts/" or re.search(r"As of [0-9]+ \w+ [0-9]{2}:[0-9]{2} UTC\.", text), path


def test_people_are_shown_with_their_limits_and_who_is_away(scene: Scene, no_hold: None) -> None:
    cast = scene.cast
    mandates.set_mandate(cast.ada, rank=1, money_limit=500_00, per_hour=20, per_day=60, by=BY)
    judge.reject(scene.take(scene.case(order="W1")).pk, reviewer=cast.ada, reason="not_needed")
    ends = lead.read().now + dt.timedelta(days=2)
    leave.leave(reviewer=cast.grace, begins=lead.read().now, ends=ends)
    ada, grace = lead.read().people
    assert (ada.per_hour, ada.per_day, ada.away) == (20, 60, None)
    assert (grace.per_hour, grace.per_day, grace.away) == (None, None, ends)
    page = words(visitor(cast.mary).get("/lead/"))
    assert "ada 1 0 1 of 20 1 at most 60 in 24 h 0" in page
    assert "grace away until" in page


def test_an_hour_that_is_long_over_is_in_the_week_and_not_in_the_day(scene: Scene, no_hold: None) -> None:
    case = scene.take(scene.case(order="W1"))
    judge.reject(case.pk, reviewer=scene.cast.ada, reason="not_needed")
    backdate("update reviews_escalation set closed_at = closed_at - interval '30 hours' where id = %s", case.pk)
    found = lead.read()
    assert (found.day, found.week) == (Kept(0, 0), Kept(1, 0))
    assert sum(hour.closed for hour in found.hours) == 0


def test_an_empty_house_says_so_and_a_halt_is_told(scene: Scene) -> None:
    page = words(visitor(scene.cast.mary).get("/lead/"))
    assert "No case is open: nobody waits for a verdict." in page
    assert "no case was closed" in page
    assert "No agent waits for a person." in page
    halt.halt("action_type", "bench.refund", reason="Odd.", by=BY)
    assert "A halt is in force: action type Refund." in words(visitor(scene.cast.mary).get("/lead/"))


def test_a_reviewer_of_the_first_rank_leads_nobody(scene: Scene) -> None:
    cast = scene.cast
    assert visitor(cast.ada).get("/lead/").status_code == 403
    assert 'href="/lead/"' not in visitor(cast.ada).get("/queue/").content.decode()
    for user in (cast.grace, cast.mary, cast.edith):
        assert visitor(user).get("/lead/").status_code == 200
    mandates.set_mandate(cast.ada, rank=2, money_limit=500_00, max_risk=Risk.MEDIUM, by=BY)
    assert visitor(cast.ada).get("/lead/").status_code == 200
    expires = "update governance_mandate set expires_at = clock_timestamp() - interval '1 s' where reviewer_id = %s"
    backdate(expires, cast.ada.pk)
    assert visitor(cast.ada).get("/lead/").status_code == 403
