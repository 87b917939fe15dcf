"""Cases decided by whoever may: taken, read, approved, rejected, withdrawn, and what holds Approve back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from governance import catalogue
from reviews import take
from reviews.models import BindingRequest, Escalation, Verdict
from tests.browser.journeys.conftest import Journey, acts
from tests.cast import BY
from tests.governance.policies.rego import children
from tests.reviews.gift import unbound
from tests.reviews.scene import REFUND, no_hold
from tests.reviews.test_four_eyes import FOUR
from tests.reviews.test_over_facts import soften
from tests.reviews.test_policy_decisions import patient
from tests.reviews.test_policy_overrides import held
from tests.web.test_case import notice_of

__all__ = ["children", "no_hold", "patient"]

pytestmark = [pytest.mark.browser, pytest.mark.full]


@acts("escalation-take", "escalation-approve", "verdict-withdraw")
def test_the_next_case_is_taken_read_approved_and_withdrawn(journey: Journey) -> None:
    journey.scene.case()
    ada = journey.begins("ada")
    ada.follows("Open the next case")
    ada.sees("Refund, $480.00")
    ada.presses("Take this case")
    ada.sees("Refund $480.00 of $900.00 paid")
    ada.reads("Why you are asked", "Facts", "agrees")
    ada.presses("Approve")
    ada.reads("You approved this case", "until then you can withdraw it")
    ada.presses("Withdraw")
    ada.presses("Approve")
    ada.reads("You approved this case")
    ada.follows("Next case")
    ada.reads("No cases need you.")
    assert [each.withdrawn_at is None for each in Verdict.objects.order_by("pk")] == [False, True]


@acts("queue-then", "escalation-take", "escalation-reject")
def test_a_case_is_rejected_for_a_preset_reason_and_the_next_one_comes_with_it(journey: Journey) -> None:
    journey.scene.case(order="W1")
    journey.scene.case("20.00", order="W2", parameters={"memo": "other"})
    ada = journey.begins("ada", "/preferences/")
    ada.chooses("Take the next case and show it")
    ada.presses("Keep for this browser")
    ada.goes("/queue/")
    ada.follows("Refund, $480.00")
    ada.presses("Take this case")
    ada.chooses("Too much for this customer or agent")
    ada.presses("Reject")
    ada.reads("The case before this one is decided.", "yours for")
    assert Verdict.objects.get().reject_reason == "over_limit"
    ada.follows("See it, or withdraw")
    ada.reads("You rejected this case", "Reason: Too much for this customer or agent")


@acts("escalation-take", "escalation-verify", "escalation-approve")
def test_a_record_that_does_not_answer_is_read_again_before_anything_is_approved(journey: Journey) -> None:
    scene = journey.scene
    case = scene.case()
    scene.sql("alter table shop.orders rename to elsewhere")
    ada = journey.begins("ada", f"/escalations/{case.pk}/")
    ada.presses("Take this case")
    ada.reads("Unverified: the system of record does not answer.", "Approve is off.")
    expect(ada.button("Approve")).to_be_disabled()
    scene.sql("alter table shop.elsewhere rename to orders")
    ada.presses("Verify again")
    ada.has_no("Approve is off.")
    ada.presses("Approve")
    ada.reads("You approved this case")


@acts("escalation-take", "escalation-release", "approve-over-facts")
def test_a_fact_that_differs_blocks_approve_and_the_highest_rank_approves_against_it_with_a_reason(
    journey: Journey,
) -> None:
    scene = journey.scene
    soften(scene, "state")
    scene.sql("update shop.orders set status = 'cancelled' where record_id = 'W1'")
    path = f"/escalations/{scene.case().pk}/"
    ada = journey.begins("ada", path)
    ada.presses("Take this case")
    ada.reads("Approve is off.", "The system of record differs: State.")
    expect(ada.button("Approve")).to_be_disabled()
    expect(ada.link("Approve against the record, with a reason")).to_have_count(0)
    ada.presses("Give the case back")
    expect(ada.button("Take this case")).to_be_visible()
    grace = journey.begins("grace", path)
    grace.presses("Take this case")
    expect(grace.button("Approve")).to_be_disabled()
    grace.follows("Approve against the record, with a reason")
    grace.sees("Approve against the record?")
    grace.chooses("The record is known to be out of date")
    grace.presses("Approve against the record")
    grace.reads("You approved this case", "Approved against the record: The record is known to be out of date")
    assert Verdict.objects.get().facts_override == "record_outdated"


@acts("escalation-take", "escalation-approve")
def test_a_rule_of_policy_is_overridden_by_the_highest_rank_with_a_reason(journey: Journey, patient: None) -> None:
    path = f"/escalations/{held(journey.scene).pk}/"
    ada = journey.begins("ada", path)
    ada.presses("Take this case")
    ada.reads("Approve is off.")
    expect(ada.button("Approve")).to_be_disabled()
    take.release(Escalation.objects.get().pk, reviewer=journey.scene.cast.ada)
    grace = journey.begins("grace", path)
    grace.presses("Take this case")
    grace.chooses("The rule was not made for a case like this")
    grace.presses("Approve")
    grace.reads("You approved this case")
    assert Verdict.objects.get().override_reason == "rule_unfit"


@acts("escalation-take", "escalation-approve")
def test_the_second_of_two_approvers_sees_nothing_of_the_first(journey: Journey, no_hold: None) -> None:
    scene = journey.scene
    catalogue.save_action_type({**REFUND, "four_eyes": FOUR}, domain=scene.cast.service, by=BY)
    path = f"/escalations/{scene.case().pk}/"
    ada = journey.begins("ada", path)
    ada.presses("Take this case")
    ada.reads("2 people must approve this, each without seeing what the others said.")
    ada.presses("Approve")
    ada.reads("You approved this case", "Another person must approve it as well.")
    grace = journey.begins("grace", path)
    grace.presses("Take this case")
    grace.reads("2 people must approve this, each without seeing what the others said.")
    grace.names_nowhere("ada", but="option")  # a colleague it can be handed to, whether she decided or not
    grace.presses("Approve")
    grace.reads("You approved this case", "Approved before by ada.", "This is final.")
    assert Verdict.objects.filter(approve=True).count() == 2


@acts("escalation-take", "escalation-request-binding", "escalation-reject")
def test_of_what_no_record_is_bound_to_a_binding_is_asked_for_and_the_council_reads_it(journey: Journey) -> None:
    path = f"/escalations/{unbound(journey.scene).pk}/"
    ada = journey.begins("ada", path)
    ada.presses("Take this case")
    ada.reads("No record is bound: nothing was verified.", "Approve is off.")
    ada.presses("Ask the council for a binding")
    ada.reads("You asked for that on ")
    assert BindingRequest.objects.get().reviewer == journey.scene.cast.ada
    ada.chooses("The action is not needed")
    ada.presses("Reject")
    ada.reads("You rejected this case")
    mary = journey.begins("mary", "/authority/")
    mary.reads("Bindings that reviewers ask for", "shop.gift")
    mary.follows("Add a binding")
    mary.sees("Add binding")


@acts("escalation-take", "escalation-acknowledge")
def test_a_notice_is_taken_notice_of(journey: Journey) -> None:
    case = notice_of(journey.scene, {"reason": "no_tool", "record": "R-17"})
    ada = journey.begins("ada", f"/escalations/{case}/")
    ada.presses("Take this case")
    expect(ada.button("Approve")).to_have_count(0)
    ada.presses("Take note")
    ada.reads("Somebody has taken note of this.")
    assert Escalation.objects.get(pk=case).state == "acknowledged"


@acts("escalation-take")
def test_enter_alone_decides_nothing_for_nothing_is_chosen_before_somebody_chooses(journey: Journey) -> None:
    case = journey.scene.case()
    ada = journey.begins("ada", f"/escalations/{case.pk}/")
    for step in ("as it comes", "taken", "opened again"):
        chosen = ada.page.evaluate("document.activeElement.closest('button, a, input, .choices, .stay') === null")
        assert chosen, f"{step}: nothing that does anything has the focus"
        expect(ada.page.locator("input:checked")).to_have_count(0)
        expect(ada.page.locator(".choices [autofocus]")).to_have_count(0)
        ada.page.keyboard.press("Enter")
        if step == "as it comes":
            ada.presses("Take this case")
            expect(ada.button("Approve")).to_be_enabled()
            ada.sees("Refund $480.00 of $900.00 paid")
        elif step == "taken":
            ada.goes(f"/escalations/{case.pk}/")
    assert not Verdict.objects.exists()
