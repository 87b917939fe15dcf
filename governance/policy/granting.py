"""Whether policy may issue the grant of an action by itself: level L3, high risk, inside the guardrail of its type."""

from __future__ import annotations

from governance.policy.guardrails import Guardrail, money_text
from governance.policy.inputs import Inputs
from governance.policy.reasons import Given, Reason
from governance.policy.tiers import ActionClass, Level, Risk

_NOT_GRANTED = "no policy that covers it grants it"
_NOT_KNOWN = "the amount is not known"
# A guardrail limits money and counts grants: of these two it says nothing, so it lets neither through.
_TOO_MANY = "its quantity is over the threshold of its type"
_TOO_SENSITIVE = "its class of data is over the threshold of its type"


def by_guardrail(inputs: Inputs) -> bool:
    """Whether policy may issue the grant: a type that acts and demands no person, and no limit of it missed."""
    return inputs.policy_grants is True and _may_be_granted(inputs) and not _limits_missed(inputs)


def granted(inputs: Inputs, risk: Risk) -> bool:
    """Whether the grant of this action, if it executes, is one that policy issues."""
    return risk is Risk.HIGH and inputs.level is Level.L3 and by_guardrail(inputs)


def missed(inputs: Inputs, risk: Risk) -> list[Given]:
    """A reason for each limit of the guardrail that an L3 action at high risk misses; none where it has none."""
    if risk is not Risk.HIGH or inputs.level is not Level.L3 or not _may_be_granted(inputs):
        return []
    found = _limits_missed(inputs) if inputs.policy_grants is True else [_NOT_GRANTED, *_limits_missed(inputs)]
    return [Given(Reason.GUARDRAIL_MISSED, {"limit": limit}) for limit in found]


def _may_be_granted(inputs: Inputs) -> bool:
    return (
        type(inputs.guardrail) is Guardrail
        and inputs.action_class is ActionClass.ACT
        and inputs.human_required is False
    )


def _limits_missed(inputs: Inputs) -> list[str]:
    """What of the guardrail does not hold, in words with figures. Figures that cannot be are outside of it."""
    found: list[str] = []
    rail, used, amount = inputs.guardrail, inputs.guardrail_used, inputs.amount
    if rail is None:
        return found
    if rail.money is not None:
        if not (inputs.amount_known is True and inputs.currency_known is True and type(amount) is int and amount >= 0):
            found.append(_NOT_KNOWN)
        elif not amount <= rail.money:
            found.append(f"{money_text(amount)} is over {money_text(rail.money)}")
    limits = inputs.thresholds
    found += [
        over
        for over, value, most in (
            (_TOO_MANY, inputs.quantity, limits.quantity),
            (_TOO_SENSITIVE, inputs.data_class, limits.data_class),
        )
        if most is not None and not (type(value) is int and value <= most)
    ]
    if type(used) is not int or used < 0 or not used + 1 <= rail.count:
        times = f"{used + 1}" if type(used) is int and used >= 0 else "an unknown number of"
        found.append(f"with it there would be {times} grants in {rail.cap.window_text}, over {rail.count}")
    return found
