"""What ran by itself and what must be seen: spot reviews, alerts, messages, what screens lack, practice."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from reviews.models import Alert, Delivery, Finding, Lack, Notice, Practised
from reviews.notify import rounds
from reviews.practice import drills
from reviews.practise import answer_practice
from tests.browser.journeys.conftest import Journey, acts
from tests.reviews.test_practice import RIGHT, hired
from tests.support.proof import PROVE
from tests.web.test_spot_review_pages import drawn, every_action_is_drawn

__all__ = ["every_action_is_drawn"]

pytestmark = [pytest.mark.browser, pytest.mark.full]


@acts("spot-review-look", "spot-review-unsound", "spot-review-sound")
@pytest.mark.usefixtures("every_action_is_drawn")
def test_what_ran_by_itself_is_judged_against_the_record_of_now(journey: Journey) -> None:
    scene = journey.scene
    drawn(scene, kind="shop.express", order="W1")
    drawn(scene)
    scene.sql("update shop.orders set status = 'cancelled' where record_id = 'W1'")
    ada = journey.begins("ada", "/spot-reviews/")
    ada.reads("2 actions ran on their own and were drawn for a look, oldest first.")
    ada.page.locator("[data-row]").first.click()
    ada.reads("What was done", "Why it was allowed")
    if not journey.coat.scripts:  # with them it is read as soon as somebody looks
        ada.presses("Read the record now")
    ada.reads("differs")
    ada.chooses("An amount or value is wrong")
    ada.presses("Unsound")
    ada.reads("ada found this unsound", "Reason: An amount or value is wrong.")
    ada.follows("Next sample")
    ada.presses("Sound")
    ada.reads("ada found this sound")
    ada.follows("Next sample")
    ada.reads("No samples wait.")
    assert [each.sound for each in Finding.objects.order_by("pk")] == [False, True]


@acts("alerts-acknowledge")
def test_an_alert_is_looked_into_and_acknowledged(journey: Journey) -> None:
    journey.scene.running()
    mary = journey.begins("mary", "/alerts/")
    mary.chooses("Kind", "Ran by itself at medium risk")
    mary.presses("Filter")
    mary.follows("The decision")
    mary.reads("The answer was execute")
    mary.goes("/alerts/")
    mary.presses("Acknowledge Ran by itself at medium risk Refunder Refund")
    mary.reads("No alert waits for you.")
    assert Alert.objects.get().acknowledged_by == journey.scene.cast.mary


@acts("notices-send-again")
def test_a_message_leads_to_its_case_and_one_that_was_not_delivered_is_sent_again(journey: Journey) -> None:
    journey.scene.case()
    rounds.tell_due()
    ada = journey.begins("ada", "/preferences/")
    ada.follows("What you were told")
    ada.sees("Messages to you")
    ada.page.locator("[data-row]").first.click()
    ada.sees("Refund, $480.00")
    notice = Notice.objects.all()[0]
    Delivery.objects.filter(notice=notice).delete()
    now = notice.created_at
    Delivery.objects.create(
        notice=notice, channel="email", state="dead", why="refused", attempts=8, due_at=now, ended_at=now
    )
    mary = journey.begins("mary", "/health/")
    mary.follows("Look at them")
    mary.sees("Messages that could not be delivered")
    mary.presses("Send all of these again")
    mary.reads("Every message was delivered.")
    assert not Delivery.objects.filter(state="dead").exists()


@acts("lack-tell", "lacks-answer")
def test_that_a_screen_lacks_a_fact_is_told_to_the_council_which_answers(journey: Journey) -> None:
    case = journey.scene.take(journey.scene.case())
    ada = journey.begins("ada", f"/escalations/{case.pk}/")
    ada.follows("This screen lacks a fact")
    ada.chooses("A fact does not say what it means")
    ada.chooses("Which field", "State")
    ada.presses("Tell the council")
    ada.reads("The council was told.")
    ada.follows("This screen lacks a fact")
    ada.reads("What you said of this case", "not answered yet")
    mary = journey.begins("mary", "/authority/")
    mary.follows("What reviewers say that screens lack")
    mary.reads("A fact does not say what it means", "1 reviewer")
    mary.chooses("Answer", "It stands elsewhere on the screen")
    mary.presses("Answer")
    mary.reads("Last answers")
    assert Lack.objects.get().answer == "elsewhere"
    ada.page.reload()
    ada.reads("It stands elsewhere on the screen")


@acts("practice-answer", "escalation-take")
def test_a_newcomer_practises_before_the_first_real_case(journey: Journey) -> None:
    case = journey.scene.case("20.00")
    person = hired()
    every = list(drills.every())
    asked = every if PROVE else every[-2:]
    for key in every[: len(every) - len(asked)]:
        answer_practice(key, reviewer=person, approve=key in RIGHT)
    barbara = journey.begins(person, f"/escalations/{case.pk}/")
    barbara.reads("Finish the practice cases first")
    expect(barbara.button("Take this case")).to_have_count(0)
    barbara.follows("Go to the practice cases")
    barbara.follows("Next practice case" if len(asked) < len(every) else "Open the first practice case")
    for key in asked:
        barbara.reads("Its record is made up and frozen", "Facts")
        if key in RIGHT:
            barbara.presses("Approve")
        else:
            barbara.chooses("The action is not needed")
            barbara.presses("Reject")
        barbara.reads("right")
        if key != asked[-1]:
            barbara.follows("Next practice case")
    barbara.reads("That was the last one: real cases are open to you now.")
    assert Practised.objects.filter(reviewer=person).exists()
    barbara.follows("Open the next case")
    barbara.presses("Take this case")
    expect(barbara.button("Approve")).to_be_enabled()
