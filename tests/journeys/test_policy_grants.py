"""A policy of two people grants an L3 agent's high-risk refunds inside a guardrail, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest

from governance import catalogue, permit, policies
from governance.models import BundleVersion, Grant
from governance.policy.tiers import Level
from reviews.models import Alert, AlertKind, Escalation
from tests.api.conftest import Desk, agents_surface, desk, wanted
from tests.cast import BY, Cast
from tests.governance.policies.rego import children, files
from tests.governance.policies.test_policies import digest
from tests.reviews.rails import HIGH, railed
from tests.reviews.scene import entries
from tests.reviews.test_policy_decisions import patient

__all__ = ["agents_surface", "children", "desk", "patient"]

UP_TO = """package p

default tier := "propose"

tier := "commit" if input.amount.minor <= {most}

reasons contains "because" if tier == "propose"
"""


def governs(cast: Cast, version: int = 1, *, most: int = 100_000) -> BundleVersion:
    """A version that answers COMMIT up to so many cents: Mary proposes it, Joan activates it."""
    proposed = policies.propose(files(version=version, rego=UP_TO.format(most=most)), by=cast.mary)
    return policies.activate(proposed.pk, digest=digest(proposed), by=cast.joan)


def refund(desk: Desk, amount: str = "150.00") -> Any:
    """What is answered to a refund; the guardrail of the type is 200.00 and 3 in a day."""
    return desk.ask(**wanted(amount)).json()


def redeem(desk: Desk, answer: Any) -> Any:
    return desk.post(f"grants/{answer['grant']['id']}/redeem/", {"digest": answer["action_digest"]})


def sentences(answer: Any) -> list[str]:
    return [reason["sentence"] for reason in answer["reasons"]]


@pytest.fixture
def rails(cast: Cast) -> Cast:
    """Refunder at L3 for a high-risk refund with a guardrail."""
    railed(cast)
    return cast


def test_inside_the_guardrail_it_runs_by_a_grant_of_policy_and_an_alert_says_so(desk: Desk, rails: Cast) -> None:
    version = governs(rails)
    answer = refund(desk)
    assert (answer["outcome"], answer["effective_tier"], answer["effective_risk"]) == ("execute", "COMMIT", "high")
    assert answer["grant"]["issued_by"] == "policy"
    alert = Alert.objects.get()
    assert (alert.kind, str(alert.action_id)) == (AlertKind.GUARDRAIL_GRANT, answer["id"])
    assert redeem(desk, answer).status_code == 200
    assert redeem(desk, answer).json()["code"] == "grant_used"
    assert desk.post(f"actions/{answer['id']}/report/", {"status": "succeeded"}).status_code == 200
    assert [(each["digest"], each["proposed_by"]) for each in entries("policy_activated")] == [
        (digest(version), "mary")
    ]


def test_a_version_that_no_longer_answers_commit_stops_a_grant_given_before(desk: Desk, rails: Cast) -> None:
    governs(rails)
    answer = refund(desk)
    governs(rails, 2, most=10_000)
    refused = redeem(desk, answer)
    assert (refused.status_code, refused.json()["code"]) == (403, "refused")
    assert Grant.objects.get().redeemed_at is None
    assert refund(desk)["outcome"] == "escalate"


def test_a_version_that_still_answers_commit_does_not(desk: Desk, rails: Cast) -> None:
    governs(rails)
    answer = refund(desk)
    governs(rails, 2, most=20_000)
    assert redeem(desk, answer).status_code == 200


def test_a_policy_that_was_retired_grants_nothing_and_redeems_nothing(desk: Desk, rails: Cast) -> None:
    version, answer = governs(rails), refund(desk)
    for who in (rails.mary, rails.joan):
        policies.retire(version.pk, by=who)
    assert redeem(desk, answer).status_code == 403
    assert refund(desk)["outcome"] == "escalate"


def test_over_the_amount_of_the_guardrail_it_is_a_case(desk: Desk, rails: Cast) -> None:
    governs(rails)
    answer = refund(desk, "200.01")
    assert (answer["outcome"], answer["effective_tier"]) == ("escalate", "PROPOSE")
    assert sentences(answer) == ["This action is outside the guardrail of its type: $200.01 is over $200.00."]
    assert not Alert.objects.exists()


def test_after_the_count_of_the_guardrail_it_is_a_case(desk: Desk, rails: Cast) -> None:
    governs(rails)
    assert [refund(desk)["outcome"] for _ in range(4)] == ["execute"] * 3 + ["escalate"]
    assert Escalation.objects.get().action.decision.reasons[0]["code"] == "guardrail_missed"
    assert Alert.objects.count() == Grant.objects.count() == 3


def test_where_the_rule_does_not_answer_commit_the_case_says_what_it_said(desk: Desk, rails: Cast) -> None:
    governs(rails, most=10_000)
    answer = refund(desk)
    assert answer["outcome"] == "escalate"
    assert "Policy tests v1, rule only, allows PROPOSE: The rule says so." in sentences(answer)


def test_what_always_needs_a_person_is_a_case_whatever_policy_answers(desk: Desk, rails: Cast) -> None:
    governs(rails)
    document = {name: value for name, value in HIGH.items() if name != "guardrail"}
    held = {**document, "human_required": True, "legal_basis": "A law."}
    refunds = catalogue.save_action_type(held, domain=rails.service, by=BY)
    permit.set_level(rails.refunder, refunds, level=Level.L3, by=BY)
    answer = refund(desk, "1.00")
    assert answer["outcome"] == "escalate"
    assert "human_required" in [reason["code"] for reason in answer["reasons"]]
    assert not Grant.objects.exists()


def test_without_a_policy_that_covers_it_l3_at_high_risk_is_propose(desk: Desk, rails: Cast) -> None:
    alone = refund(desk)
    assert (alone["outcome"], alone["effective_tier"], alone["bound_by"]) == (
        "escalate",
        "PROPOSE",
        "level L3 at high risk: PROPOSE",
    )
    other = policies.propose(files("commit", types="retail.cancel_pending_order"), by=rails.mary)
    policies.activate(other.pk, digest=digest(other), by=rails.joan)
    assert refund(desk, "160.00")["effective_tier"] == "PROPOSE", "a bundle grants what it names and nothing else"
    assert sentences(alone) == ["This action is outside the guardrail of its type: no policy that covers it grants it."]
