"""What is stopped and let go again: halts, standings, ceilings that stewards lower."""

from __future__ import annotations

import pytest

from governance.enrol import enrol
from governance.models import Halt, Scope, Standing
from governance.policy.tiers import Tier
from governance.record import Event
from tests.browser.journeys.conftest import Journey, acts
from tests.cast import BY
from tests.governance.asking import entries

pytestmark = [pytest.mark.browser, pytest.mark.full]


@acts("halt-declare", "halt-lift", "halt-end-recovery", "escalation-take", "escalation-reject")
def test_an_agent_is_halted_its_cases_are_rejected_and_the_halt_is_lifted(journey: Journey) -> None:
    scene = journey.scene
    case = scene.case()
    ada = journey.begins("ada", "/halts/")
    ada.chooses("Halt what", "Agent")
    ada.fills("Its name or key", "Refunder")
    ada.presses("Go on to halt it")
    ada.sees("Halt agent Refunder?")
    ada.fills("Why", "odd refunds")
    ada.presses("Halt agent Refunder")
    ada.sees("Halt of agent Refunder")
    ada.reads("In force.", "odd refunds")
    ada.goes(f"/escalations/{case.pk}/")
    ada.presses("Take this case")
    ada.reads("A halt is in force:", "Approve is off.")
    ada.chooses("The action is not needed")
    ada.presses("Reject")
    ada.reads("You rejected this case")
    mary = journey.begins("mary", "/halts/")
    mary.follows("agent Refunder")
    mary.follows("Lift it")
    mary.chooses("15 minutes")
    mary.presses("Lift the halt")
    mary.reads("Recovering.")
    mary.follows("End the recovery")
    mary.presses("End the recovery")
    mary.reads("Over.")
    assert Halt.objects.get().lifted_by == "user:mary"


@acts("agent-pull", "agent-restore")
def test_the_standing_of_an_agent_is_pulled_down_and_restored(journey: Journey) -> None:
    mary = journey.begins("mary", "/agents/")
    mary.follows("Refunder")
    mary.unfolds("Pull its standing down")
    mary.chooses("To", "OBSERVE")
    mary.fills("Reason", "odd amounts")
    mary.presses("Pull down")
    mary.reads("Pulled to OBSERVE by mary.")
    mary.presses("Restore")
    mary.reads("Nothing holds its standing down.")
    assert Standing.objects.get().pulled_tier is None


@acts("admin:governance_scope_change", "authority-lower")
def test_a_steward_is_named_and_lowers_what_they_look_after(journey: Journey) -> None:
    scope = journey.scene.cast.service
    olga = enrol("olga", groups=["operator"], by=BY)
    mary = journey.begins("mary", f"/council/governance/scope/{scope.pk}/change/")
    mary.chooses("olga")
    mary.saves()
    mary.reads("was changed successfully")
    steward = journey.begins(olga, "/authority/")
    steward.reads("Looked after by olga")
    steward.unfolds("Lower its ceiling Customer Service")
    steward.chooses("Lower it to", "PROPOSE")
    steward.presses("Lower, with everything in it Customer Service")
    steward.reads("The ceiling of Customer Service is PROPOSE now, and nothing in it stands higher.")
    assert [Scope.objects.get(key=key).ceiling for key in ("service", "refunds")] == [Tier.PROPOSE] * 2
    assert entries(Event.CEILING_NARROWED)[-1]["actor"] == "user:olga"
