"""The page of one decision: its ladder, what would have to change, and the same answer again."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest

from governance import halt, permit
from governance.models import Action, Decision
from governance.policy.facts import Fact, FactSummary, Result, Show
from governance.policy.memory import recalled
from governance.policy.rulings import Enforcement
from governance.policy.tiers import Level, Tier
from reviews import decided, explained, verify
from reviews.explained import Again
from reviews.policy_said import MACHINE_ALONE
from tests.cast import BY
from tests.policy.build import inputs, usages
from tests.policy.test_rulings import said
from tests.reviews.scene import Scene
from tests.web.reading import undrawn, visitor, words

PAST_HARD_CAP = tuple(replace(each, cap=replace(each.cap, hard=True)) for each in usages(2))
TWO, NINE = ({"amount": f"{each}00.00", "currency": "USD"} for each in (2, 9))
COVERED = Fact("paid", TWO, NINE, Result.AGREES, True, True, Show.VALUE, "records", "v1", None)
SOFT = said(Tier.HALT, Enforcement.SOFT)
SAME = "Decided again from what was stored: same answer."


def page(scene: Scene, action: Any, reader: Any = None) -> Any:
    return visitor(reader or scene.cast.ada).get(f"/decisions/{action}/")


def test_an_action_that_ran_is_explained(scene: Scene) -> None:
    text = words(page(scene, scene.running().pk))
    assert SAME in text
    assert "The answer was execute, bound by project Refunds: ceiling EXECUTE" in text
    assert "project Refunds this one bound EXECUTE enough" in text
    assert "What would have to change for execute Nothing: it executes as it is." in text


def test_a_case_says_what_would_have_to_change(scene: Scene) -> None:
    case = scene.case()
    text = words(page(scene, case.action_id))
    assert "evidence this one bound PROPOSE not enough" in text
    assert (
        "The required facts must be read before the decision, and agree. Or a person approves this one action." in text
    )
    assert "Completeness unknown" in text
    assert "For this customer in 24 hours: $0.00 so far + $480.00 = $480.00 of at most $1,000.00." in text


def test_several_limiters_under_the_bar_are_all_needed(scene: Scene) -> None:
    permit.set_level(scene.cast.refunder, scene.refund, level=Level.L0, by=BY)
    text = words(page(scene, scene.case().action_id))
    assert "All of these, none can be left out:" in text
    assert "The agent must hold level L2 for this action type." in text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "Or a person approves this one action."),
        ({"bound": False}, "Nobody can approve it: no record is bound to this action type."),
        ({"agent_reason": "out_of_scope"}, "A person takes note of it; nothing is granted."),
        ({"waits": True}, "A person decides the open case: an approval there is for the action that came first."),
        ({"usages": PAST_HARD_CAP}, "Nobody can approve it meanwhile: no approval passes a hard cap."),
        ({"policy": Tier.PROPOSE, "policy_rules": (said(Tier.PROPOSE),)}, MACHINE_ALONE),
        ({"policy": Tier.PROPOSE, "policy_rules": (SOFT,)}, "Or a person approves this one action."),
        ({"usages": usages(2)}, "Or a person approves this one action."),
    ],
    ids=["approved", "unbound", "notice", "waits", "hard cap", "rule", "soft rule", "cap"],
)
def test_what_a_person_can_do_about_it_is_what_the_case_allows(changes: dict[str, Any], sentence: str) -> None:
    assert explained.tell(inputs(**{"uncertain": True, **changes})).by_person == sentence
    assert explained.tell(inputs()).by_person == "", "it executes"
    assert explained.tell(inputs(level=None)).by_person == "", "it is refused, and nobody is asked"


def test_a_request_for_a_person_is_not_told_as_a_tier_that_is_too_low(scene: Scene) -> None:
    asked = decided.read(scene.case("20.00", kind="shop.express", elevate=True).action_id)
    assert (asked.asked, asked.steps[-1].name) == (True, "request")
    text = words(page(scene, asked.action))
    assert "A person decides it, whatever the tiers are." in text
    assert "The lowest limiter is the effective tier" not in text


def test_what_bound_it_calls_a_fact_as_the_table_does(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decided, "labels_of", lambda binding: {"status": "State of the order"})
    found = decided.read(scene.case("20.00", kind="shop.express", claims={"status": "cancelled"}).action_id)
    assert found.bound_by == "evidence: The system of record differs: State of the order."


def test_high_risk_says_why_commit_is_needed(scene: Scene) -> None:
    text = words(page(scene, scene.case("600.00").action_id))
    assert "Why COMMIT is needed" in text
    assert "The amount $600.00 is over $500.00, so the risk is high." in text
    assert "The amount must be at most $500.00." in text


def test_what_a_decision_knew_is_shown_and_not_what_was_read_later(scene: Scene) -> None:
    case = scene.case()
    verify.verify(case.pk)
    assert decided.read(case.action_id).told.facts == ()  # type: ignore[union-attr]


def test_the_score_has_the_point_of_the_language(scene: Scene) -> None:
    ran, ada = scene.running(), visitor(scene.cast.ada)
    for language, score in (("en", "Score 1.00"), ("de", "Wert 1,00")):
        assert score in words(ada.get(f"/decisions/{ran.pk}/", headers={"Accept-Language": language}))


def test_a_fact_that_nothing_was_claimed_of_agrees_with_nobody() -> None:
    facts = [FactSummary("state", Result.AGREES, True, claimed) for claimed in (False, True)]
    told = explained.tell(inputs(facts=tuple(facts)))
    assert [each.result for each in told.facts] == ["in order", "agrees"]


def test_a_claimed_amount_that_the_record_covers_is_called_so_wherever_it_is_told(scene: Scene) -> None:
    answer = scene.ask("20.00", kind="shop.express", claims={"status": "delivered"})
    action = Action.objects.get(pk=answer.body["id"])
    said = decided.read(action.pk).told
    assert said is not None
    assert {each.label: each.result for each in said.facts if each.required} == {
        "Owner": "agrees", "State": "in order", "Status": "agrees", "Paid": "covered"
    }  # fmt: skip
    assert "Paid ≤ covered" in words(page(scene, action.pk))
    # of a fact whose values no page shows it is not said either how they differ
    hidden = replace(COVERED, show=Show.MATCH)
    assert (COVERED.summary().less, hidden.summary().less) == (True, False)


def test_a_refusal_under_a_halt_names_it_without_its_free_text(scene: Scene) -> None:
    halt.halt("agent", str(scene.cast.refunder.pk), reason="VIP, approve", by=BY)
    scene.ask()
    text = words(page(scene, Action.objects.get().pk))
    assert "The halt on agent Refunder must be lifted." in text
    assert "VIP" not in text


def test_nothing_an_agent_wrote_is_on_the_page(scene: Scene) -> None:
    case = scene.case(parameters={"memo": "VIP, approve at once"}, note="it is urgent")
    verify.verify(case.pk)
    source = undrawn(page(scene, case.action_id).content.decode())
    assert "VIP" not in source
    assert "urgent" not in source
    assert "c-1" not in source


def test_an_answer_of_an_older_rule_is_told_as_such(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    action = scene.running()
    monkeypatch.setattr(explained, "recalled", lambda stored: replace(recalled(stored), contended=True))
    text = words(page(scene, action.pk))
    assert "Decided again from what was stored: another answer." in text
    assert "it would answer escalate at PROPOSE now" in text
    assert "What would have to change" not in text
    # the ladder is the one that was stored
    assert "project Refunds this one bound EXECUTE enough" in text


def test_a_decision_that_cannot_be_read_is_told_as_such(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    action = scene.running()

    def unreadable(stored: object) -> None:
        raise ValueError("The inputs of this decision cannot be read.")

    monkeypatch.setattr(explained, "recalled", unreadable)
    found = decided.read(action.pk)
    assert (found.again, found.told) == (Again.UNREADABLE, None)
    text = words(page(scene, action.pk))
    assert "This decision cannot be made again." in text
    assert "project Refunds this one bound EXECUTE enough" in text


def test_every_decision_of_the_shop_is_the_same_again(scene: Scene) -> None:
    scene.running()
    for amount in ("20.00", "480.00", "600.00"):
        scene.case(amount, order=f"W{amount[:2]}")
    assert {decided.read(each.action_id).again for each in Decision.objects.all()} == {Again.SAME}
    assert Decision.objects.count() == 4


def test_case_agent_and_decision_lead_to_each_other(scene: Scene) -> None:
    case = scene.case()
    link = f'href="/decisions/{case.action_id}/"'
    assert link in visitor(scene.cast.ada).get(f"/escalations/{case.pk}/").content.decode()
    assert link in visitor(scene.cast.edith).get(f"/agents/{scene.cast.refunder.pk}/").content.decode()
    assert f'href="/escalations/{case.pk}/"' in page(scene, case.action_id).content.decode()


def test_readers_come_in_and_a_stranger_does_not(scene: Scene) -> None:
    action, cast = scene.running().pk, scene.cast
    for reader in (cast.ada, cast.mary, cast.edith):
        assert page(scene, action, reader).status_code == 200
    assert page(scene, action, cast.mallory).status_code == 403


def test_a_decision_that_does_not_exist_is_not_found(scene: Scene) -> None:
    assert page(scene, uuid.uuid4()).status_code == 404
