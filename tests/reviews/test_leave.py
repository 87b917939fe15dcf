"""Whoever is away holds no case, is given none and approves none; being back ends it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from governance import enrol
from governance.locks import database_now
from governance.models import LedgerEntry
from governance.problems import Code, Problem
from reviews import judge, take
from reviews.ability import ability
from reviews.leave import MOST_AHEAD, come_back, leave
from reviews.models import Absence, Escalation
from tests.cast import BY
from tests.reviews.scene import Scene, backdate, entries, proven, stated
from tests.support.fixtures import Committed
from tests.web.reading import said, visitor, words

HOUR = dt.timedelta(hours=1)


def code_of(problem: pytest.ExceptionInfo[Problem]) -> Code:
    return problem.value.code


def test_leaving_gives_every_case_back_and_coming_back_ends_it(scene: Scene) -> None:
    ada, case = scene.cast.ada, scene.take(scene.case())
    form = stated(case)
    now, before = database_now(), LedgerEntry.objects.count()
    away = leave(reviewer=ada, begins=now - HOUR, ends=now + HOUR, cover="grace")
    assert LedgerEntry.objects.count() == before + 1
    (entry,) = entries("absence_set")
    assert (entry["of"], entry["cover"], entry["released"]) == ("ada", "grace", [str(case.pk)])
    assert Escalation.objects.get(pk=case.pk).taken_by is None
    for verb in (
        lambda: take.take(case.pk, reviewer=ada),
        lambda: judge.approve(case.pk, reviewer=ada, proof=proven(ada), **form),
    ):
        with pytest.raises(Problem) as problem:
            verb()
        assert code_of(problem) in (Code.OUTSIDE_MANDATE, Code.NOT_TAKEN)
    until = f"{away.ends_at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
    assert ability(case.pk, ada).take_obstacle == f"You are away until {until}: end your absence first."
    come_back(away.pk, reviewer=ada)
    assert scene.approve(case).approve


def test_a_case_taken_before_an_absence_begins_is_not_approved_in_it(scene: Scene) -> None:
    """I15: what is true when the verdict commits counts, not what was true when the case was taken."""
    ada, case, now = scene.cast.ada, scene.take(scene.case()), database_now()
    form = stated(case)
    leave(reviewer=ada, begins=now + HOUR, ends=now + 3 * HOUR)
    assert Escalation.objects.get(pk=case.pk).taken_by == ada
    backdate(
        "insert into reviews_absence (person_id, begins_at, ends_at, set_at) values (%s, %s, %s, clock_timestamp())",
        *(ada.pk, now - HOUR, now + HOUR),
    )
    with pytest.raises(Problem, match="You are away until"):
        judge.approve(case.pk, reviewer=ada, proof=proven(ada), **form)
    assert judge.reject(case.pk, reviewer=ada, reason="not_needed").closes


def test_an_absence_is_kept_and_ends_earlier_once(scene: Scene) -> None:
    ada, now = scene.cast.ada, database_now()
    away = leave(reviewer=ada, begins=now + HOUR, ends=now + 2 * HOUR)
    for change in (
        "update reviews_absence set ends_at = ends_at + interval '1 day' where id = %s",
        "delete from reviews_absence where id = %s",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            backdate(change, away.pk)
    with pytest.raises(Problem) as problem:
        come_back(away.pk, reviewer=scene.cast.grace)
    assert code_of(problem) is Code.NOT_FOUND
    come_back(away.pk, reviewer=ada)
    with pytest.raises(Problem) as problem:
        come_back(away.pk, reviewer=ada)
    assert code_of(problem) is Code.WRONG_STATE
    with pytest.raises(IntegrityError), transaction.atomic():
        Absence.objects.create(person=ada, cover=ada, begins_at=now, ends_at=now + HOUR, set_at=now)


def test_an_absence_that_makes_no_sense_is_refused(scene: Scene) -> None:
    ada, now = scene.cast.ada, database_now()
    enrol.change_person(scene.cast.grace, groups=[], by=BY)
    for begins, ends, cover in (
        (now, now - HOUR, ""),
        (now + HOUR, now + HOUR, ""),
        (now, now + dt.timedelta(days=400), ""),
        (now, now + HOUR, "ada"),
        (now, now + HOUR, "grace"),
        (now, now + HOUR, "nobody"),
    ):
        with pytest.raises(Problem) as problem:
            leave(reviewer=ada, begins=begins, ends=ends, cover=cover)
        assert code_of(problem) is Code.INVALID
    with pytest.raises(Problem) as problem:
        leave(reviewer=scene.cast.mary, begins=now, ends=now + HOUR)
    assert code_of(problem) is Code.FORBIDDEN
    for _ in range(MOST_AHEAD):
        leave(reviewer=ada, begins=now + HOUR, ends=now + 2 * HOUR)
    with pytest.raises(Problem) as problem:
        leave(reviewer=ada, begins=now + HOUR, ends=now + 2 * HOUR)
    assert code_of(problem) is Code.WRONG_STATE


def test_the_page_sets_an_absence_in_the_time_zone_of_its_reader_and_ends_it(scene: Scene) -> None:
    browser = visitor(scene.cast.ada)
    browser.post("/preferences/choose/", {"time_zone": "Asia/Kathmandu"})
    day = f"{database_now() + dt.timedelta(days=30):%Y-%m-%d}"
    sent = {"begins": f"{day}T09:00", "ends": f"{day}T18:00", "cover": "grace"}
    assert browser.post("/absences/leave/", sent).status_code == 302
    away = Absence.objects.get()
    assert f"{away.begins_at.astimezone(dt.UTC):%Y-%m-%d %H:%M}" == f"{day} 03:15"
    page = words(browser.get("/absences/"))
    assert "09:00" in page
    assert "grace Take it back" in page
    wrong = browser.post("/absences/leave/", {**sent, "ends": "soon"})
    assert wrong.status_code == 422
    assert "A day and time look like" in said(wrong)
    assert browser.post(f"/absences/{away.pk}/end/").status_code == 302
    assert "Take it back" not in words(browser.get("/absences/"))


@pytest.mark.parametrize("begins", ["9999-12-31T00:00", "9998-12-30T01:00"])
def test_nobody_leaves_at_the_end_of_time(scene: Scene, begins: str) -> None:
    """What no calendar reaches ends in a sentence, not in an error of this page now or in another time zone."""
    sent = {"begins": begins, "ends": "9999-12-31T00:30", "cover": ""}
    response = visitor(scene.cast.ada).post("/absences/leave/", sent)
    assert response.status_code == 422
    assert "An absence ends after it begins, in the future, and within a year." in said(response)


def leave_in_haste(reviewer: User, now: dt.datetime) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = '300ms'")
        leave(reviewer=reviewer, begins=now, ends=now + HOUR)


def test_leaving_waits_for_a_case_that_is_being_taken(committed: Committed, committed_scene: Scene) -> None:
    """Else it would not see that lease, and who is away would hold a case."""
    ada, now = committed_scene.cast.ada, database_now()
    case = committed_scene.case()
    with committed.connect() as other, other.transaction():  # as `take` does, which has not committed yet
        other.execute("select 1 from auth_user where id = %s for share", [ada.pk])
        with pytest.raises(OperationalError, match="statement timeout"):
            leave_in_haste(ada, now)
    assert committed_scene.take(case).taken_by == ada
    leave(reviewer=ada, begins=now, ends=now + HOUR)
    assert Escalation.objects.get(pk=case.pk).taken_by is None


def test_leaving_waits_for_a_case_of_theirs_that_is_only_looked_at(
    committed: Committed, committed_scene: Scene
) -> None:
    """Its record is being stored, or somebody is told that it is taken: that ends no lease, so leaving must."""
    ada, now = committed_scene.cast.ada, database_now()
    case = committed_scene.take(committed_scene.case())
    with committed.connect() as other, other.transaction():
        other.execute("select 1 from reviews_escalation where id = %s for no key update", [case.pk])
        with pytest.raises(OperationalError, match="statement timeout"):
            leave_in_haste(ada, now)
    assert not Absence.objects.exists()
    leave(reviewer=ada, begins=now, ends=now + HOUR)
    assert Escalation.objects.get(pk=case.pk).taken_by is None


@pytest.mark.parametrize("row", ["auth_user", "reviews_escalation"])
def test_leaving_gives_up_where_somebody_keeps_it_waiting(
    committed: Committed, committed_scene: Scene, row: str
) -> None:
    """It holds up every decision meanwhile."""
    ada, now = committed_scene.cast.ada, database_now()
    case = committed_scene.take(committed_scene.case())
    key = case.pk if row == "reviews_escalation" else ada.pk
    with committed.connect() as other, other.transaction():
        other.execute(f"select 1 from {row} where id = %s for share".encode(), [key])
        with pytest.raises(Problem, match="in use at this moment") as problem:
            leave(reviewer=ada, begins=now, ends=now + HOUR)
    assert code_of(problem) is Code.UNAVAILABLE
    assert Escalation.objects.get(pk=case.pk).taken_by == ada
    assert not Absence.objects.exists()
