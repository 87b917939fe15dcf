"""What would have to be so for policy to issue the grant of an action by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from governance.policy.change import Change, Changes
from governance.policy.guardrails import Guardrail
from governance.policy.guards import is_guardrail, whole
from governance.policy.inputs import Inputs
from governance.policy.tiers import Risk, Tier, required_tier

_DAY = 24 * 3600


def way_to_grant(inputs: Inputs) -> Changes:
    """What policy needs, the amount apart: its own answer, a guardrail, and room in it."""
    if inputs.policy_grants is not True:
        yield _change("A policy that covers this action type must grant it.", policy_grants=True)
    rail, used = inputs.guardrail, inputs.guardrail_used
    if not is_guardrail(rail):
        made = Guardrail(None, 1, _DAY)
        yield _change("This action type must have a guardrail.", guardrail=made, guardrail_used=0)
    elif rail.count < 1:
        yield _change("The guardrail must allow a grant.", guardrail=replace(rail, count=1), guardrail_used=0)
    elif not whole(used) or not 0 <= used < rail.count:
        grants = f"{rail.count} grant{'s' if rail.count > 1 else ''} in {rail.cap.window_text}"
        sentence = f"The guardrail of {grants} must have room again: it frees with time."
        yield _change(sentence, guardrail_used=rail.count - 1)


def railed(inputs: Inputs, goal: Risk) -> int | None:
    """The most that one grant may move on the way through the guardrail; None on any other, or without that limit."""
    if required_tier(inputs.action_class, goal) is not Tier.COMMIT or not is_guardrail(inputs.guardrail):
        return None
    return inputs.guardrail.money


def _change(sentence: str, **values: Any) -> Change:
    return Change(sentence, lambda given: replace(given, **values))
