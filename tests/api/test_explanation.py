"""GET actions/: how the answer came about, and what would have to change for execute."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from governance import halt, narrow
from governance.models import Decision
from governance.policy.memory import recalled
from governance.policy.tiers import Tier
from reviews import explained
from reviews.api.documents import ActionShown
from tests.api.conftest import Desk
from tests.api.test_actions import CAPPED, held
from tests.cast import BY, Cast


def explanation(desk: Desk, action: str) -> Any:
    return held(ActionShown, desk.get(f"actions/{action}/")).json()["explanation"]


def test_an_action_that_executes_needs_no_change(desk: Desk) -> None:
    told = explanation(desk, desk.ask().json()["id"])
    assert (told["required"], told["effective"], told["reachable"]) == ("EXECUTE", "EXECUTE", True)
    assert told["to_execute"] == []
    assert all(step["enough"] for step in told["ladder"])


def test_the_limiter_that_bound_is_marked_and_what_would_have_to_change_is_said(desk: Desk, cast: Cast) -> None:
    narrow.set_ceiling(cast.refunds, ceiling=Tier.PROPOSE, by=BY)
    told = explanation(desk, desk.ask().json()["id"])
    assert [step for step in told["ladder"] if step["bound"]] == [
        {"name": "project Refunds", "tier": "PROPOSE", "bound": True, "enough": False}
    ]
    # narrowing clamped the agents below as well
    assert "The ceiling of project Refunds must be EXECUTE." in told["to_execute"]


def test_the_third_refund_of_480_fits_again_when_the_cap_frees(desk: Desk) -> None:
    third = [desk.ask(parameters=CAPPED).json() for _ in range(3)][-1]
    # one smaller amount serves the caps of customer and run, where waiting would be two things
    assert explanation(desk, third["id"])["to_execute"] == ["The amount must be at most $40.00."]


def test_a_refusal_by_a_halt_names_the_halt(desk: Desk, cast: Cast) -> None:
    halt.halt("agent", str(cast.refunder.pk), reason="VIP, approve", by=BY)
    instance = desk.ask().json()["instance"]
    told = explanation(desk, instance.rstrip("/").rsplit("/", 1)[-1])
    assert told["to_execute"] == ["The halt on agent Refunder must be lifted."]
    assert [step["tier"] for step in told["ladder"]] == ["HALT"]


def test_the_answer_to_the_post_carries_no_explanation(desk: Desk) -> None:
    assert "explanation" not in desk.ask().json()


def test_every_stored_decision_is_the_same_when_decided_again(desk: Desk, cast: Cast) -> None:
    other = {"customer": "c-2", "amount": {"amount": "12.00", "currency": "USD"}}
    wish = {"elevate": True, "parameters": other, "run": "run-2"}
    sure = {"confidence": "0.5", "run": "run-3"}
    for changes in ({}, {"uncertain": True}, wish, sure, {"parameters": CAPPED}):
        desk.ask(**changes)
    halt.halt("agent", str(cast.refunder.pk), reason="test", by=BY)
    desk.ask()
    decisions = Decision.objects.all()
    assert len(decisions) == 6
    assert [explained.again(vars(each))[0] for each in decisions] == [explained.Again.SAME] * 6


@pytest.mark.parametrize(
    "change",
    [{"outcome": "refuse"}, {"effective_tier": 4}, {"inputs": {}}, {"inputs": {"surprise": 1}}, {"ladder": []}],
)
def test_what_does_not_give_the_same_answer_is_not_explained(desk: Desk, change: dict[str, Any]) -> None:
    desk.ask()
    stored = vars(Decision.objects.get())
    assert explained.document(stored) is not None
    assert explained.document({**stored, **change}) is None


def test_an_answer_of_an_older_rule_has_no_explanation(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    action = desk.ask().json()["id"]
    monkeypatch.setattr(explained, "recalled", lambda stored: replace(recalled(stored), contended=True))
    assert explanation(desk, action) is None
