"""Cases that go to somebody else, wait longer, or come to nobody: handing on, more time, absence."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import expect

from governance.locks import database_now
from reviews.models import Absence, Escalation, Extension, Handover
from tests.browser.journeys.conftest import Journey, acts

pytestmark = [pytest.mark.browser, pytest.mark.full]

HAND_ON = "Hand it on, or leave it to the others"


@acts("escalation-take", "escalation-hand-over")
def test_a_case_is_handed_over_to_a_person_who_finds_it_on_their_desk(journey: Journey) -> None:
    case = journey.scene.case()
    ada = journey.begins("ada", f"/escalations/{case.pk}/")
    ada.presses("Take this case")
    ada.unfolds(HAND_ON)
    ada.chooses("Why", "Somebody else knows this customer or type better")
    ada.chooses("To whom", "grace")
    ada.presses("Hand over")
    ada.reads("The case was handed over.")
    given = Handover.objects.get()
    assert (given.kind, given.to, given.reason) == ("person", journey.scene.cast.grace, "knows_better")
    grace = journey.begins("grace")
    grace.reads("You hold these now.")
    grace.follows("Refund $480.00 of $900.00 paid")
    grace.reads("Passed on", "to grace", "Somebody else knows this customer or type better")
    expect(grace.button("Approve")).to_be_enabled()


@acts("escalation-take", "escalation-hand-up")
def test_a_case_is_handed_up_a_rank_with_a_reason(journey: Journey) -> None:
    case = journey.scene.case()
    ada = journey.begins("ada", f"/escalations/{case.pk}/")
    ada.presses("Take this case")
    ada.unfolds(HAND_ON)
    ada.chooses("Why", "It needs more authority than mine")
    ada.presses("Up a rank")
    ada.reads("The case now needs a higher rank.")
    assert Escalation.objects.get().rank == 2
    ada.goes(f"/escalations/{case.pk}/")
    ada.reads("up to rank 2", "It needs more authority than mine")


@acts("escalation-skip")
def test_a_case_is_left_to_the_others_with_a_reason(journey: Journey) -> None:
    first = journey.scene.case(order="W1")
    journey.scene.case("20.00", order="W2", parameters={"memo": "other"})
    ada = journey.begins("ada", f"/escalations/{first.pk}/")
    ada.unfolds("Leave it to the others")
    ada.chooses("Why", "I have an interest of my own in it")
    ada.presses("Skip")
    ada.reads("The case is left to the others for half an hour.")
    expect(ada.button("Take this case")).to_be_visible()
    assert Handover.objects.get().reason == "interest"
    ada.goes("/")
    ada.reads("You skipped 1 case today.")


@acts("escalation-extend")
def test_a_case_is_given_more_time_with_a_reason(journey: Journey) -> None:
    case = journey.scene.case()
    grace = journey.begins("grace", f"/escalations/{case.pk}/")
    grace.unfolds("Give it more time")
    grace.chooses("A specialist must look at it")
    grace.presses("Give more time")
    grace.reads("8 h left")
    assert Extension.objects.get().reason == "specialist"
    expect(grace.page.locator("summary", has_text="Give it more time")).to_have_count(0)


@acts("escalation-take", "escalation-renew")
def test_a_case_stays_longer_with_whoever_has_it(journey: Journey) -> None:
    case = journey.scene.case()
    ada = journey.begins("ada", f"/escalations/{case.pk}/")
    ada.presses("Take this case")
    ada.reads("yours for 5 min")
    before = Escalation.objects.get().taken_until
    ada.presses("More time")
    ada.reads("yours for 5 min")
    after = Escalation.objects.get().taken_until
    assert before is not None
    assert after is not None
    assert after > before


@acts("escalation-take", "absences-leave", "absence-end")
def test_somebody_is_away_holds_and_takes_nothing_and_comes_back(journey: Journey) -> None:
    case = journey.scene.case()
    ada = journey.begins("ada", f"/escalations/{case.pk}/")
    ada.presses("Take this case")
    ada.sees("Refund $480.00 of $900.00 paid")
    ada.goes("/")
    ada.follows("Say when you are away")
    now = database_now()
    ada.fills("From", f"{now - dt.timedelta(hours=1):%Y-%m-%dT%H:%M}")
    ada.fills("Until", f"{now + dt.timedelta(hours=8):%Y-%m-%dT%H:%M}")
    ada.chooses("Who covers for you", "grace")
    ada.presses("Note this absence")
    ada.reads("Your absences", "now")
    assert Absence.objects.get().cover == journey.scene.cast.grace
    assert Escalation.objects.get().taken_by is None
    ada.goes(f"/escalations/{case.pk}/")
    ada.reads("You cannot decide this case.")
    ada.goes("/absences/")
    ada.presses("I am back")
    ada.has_no("Your absences")
    ada.goes(f"/escalations/{case.pk}/")
    ada.presses("Take this case")
    expect(ada.button("Approve")).to_be_enabled()
