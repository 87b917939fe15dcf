"""With a finger on a small screen: everything is within reach and large enough, and nothing needs more than taps."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from reviews.models import Verdict
from tests.browser.journeys.coats import NARROW
from tests.browser.journeys.conftest import Journey, acts
from tests.browser.journeys.person import Person
from tests.browser.test_pages import violations
from tests.web.test_spot_review_pages import drawn, every_action_is_drawn

__all__ = ["every_action_is_drawn"]

pytestmark = [pytest.mark.browser, pytest.mark.full]

PHONE: dict[str, Any] = {"viewport": NARROW, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
# What decides, or takes back what was decided.
LARGE = 44


def is_large(button: Locator) -> None:
    """A thumb meets it, and it is on the screen without scrolling."""
    expect(button).to_be_in_viewport(ratio=1)
    box = button.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= LARGE, box


def small(person: Person) -> list[Any]:
    """Targets under 24 px that are neither in a line of text nor far enough from others (WCAG 2.2, 2.5.8)."""
    return violations(person.page, "target-size")


@acts("escalation-take", "escalation-approve", "verdict-withdraw", "escalation-reject")
def test_one_case_is_approved_and_another_rejected_with_taps_alone(journey: Journey) -> None:
    journey.scene.case(order="W1")
    journey.scene.case("20.00", order="W2", parameters={"memo": "other"})
    ada = journey.begins("ada", "/queue/", **PHONE)
    ada.follows("Refund, $480.00")
    is_large(ada.button("Take this case"))
    ada.presses("Take this case")
    for verdict in ("Approve", "Reject"):
        is_large(ada.button(verdict))
    ada.presses("Approve")
    ada.reads("You approved this case")
    is_large(ada.button("Withdraw"))
    ada.presses("Withdraw")
    ada.presses("Approve")
    ada.reads("You approved this case")
    ada.follows("Next case")
    ada.presses("Take this case")
    ada.chooses("Too much for this customer or agent")
    ada.presses("Reject")
    ada.reads("You rejected this case")
    given = Verdict.objects.filter(withdrawn_at=None).order_by("pk")
    assert [(each.approve, each.reject_reason) for each in given] == [(True, ""), (False, "over_limit")]


@acts("spot-review-sound")
@pytest.mark.usefixtures("every_action_is_drawn")
def test_no_target_is_too_small_for_a_finger(journey: Journey) -> None:
    scene = journey.scene
    mine, other = scene.take(scene.case(order="W1")), scene.case("20.00", order="W2")
    draw = drawn(scene)
    cases = [f"/escalations/{case.pk}/" for case in (mine, other)]
    paths = ["/", "/queue/", *cases, f"{cases[0]}lacks/", "/spot-reviews/", "/preferences/", "/absences/", "/practice/"]
    measured = {**PHONE, "java_script_enabled": True}  # axe is a script itself
    ada = journey.begins("ada", f"/spot-reviews/{draw.pk}/", **measured)
    assert small(ada) == []
    for finding in ("Sound", "Unsound"):
        is_large(ada.button(finding))
    ada.presses("Sound")
    for path in (*paths, "/security/", "/agents/", f"/agents/{scene.cast.refunder.pk}/", "/search/?q=none"):
        ada.goes(path)
        assert small(ada) == [], path
    mary = journey.begins("mary", "/lead/", **measured)
    for path in ("/lead/", "/alerts/", "/halts/", "/authority/", "/what-if/", "/health/", "/notices/"):
        mary.goes(path)
        assert small(mary) == [], path
