"""Starting is not continuing: what stops an action that has begun, judged by a decision made now."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from governance.policy.decision import Decision, Outcome
from governance.policy.evidence import Signal
from governance.policy.reasons import Reason
from governance.policy.tiers import Tier


class Stop(StrEnum):
    """Why a running action is told to stop. The value is the stable word on the wire; it never changes its meaning."""

    HALTED = "halted"
    NARROWED = "narrowed"
    RED = "red"
    APPROVER = "approver"
    GRANT_VOID = "grant_void"
    TOO_LONG = "too_long"


STOPS: Mapping[Stop, str] = MappingProxyType(
    {
        Stop.HALTED: "A halt over this action was declared after it began. Stop, and report what was done.",
        Stop.NARROWED: "Authority was narrowed below what this action needs. Stop, and report what was done.",
        Stop.RED: "Evidence turned red while it was running. Stop, and report what was done.",
        Stop.APPROVER: "The approver's mandate no longer reaches this action. Stop, and report what was done.",
        Stop.GRANT_VOID: "The grant that it runs on is void. Stop, and report what was done.",
        Stop.TOO_LONG: "It has run as long as any action may. Stop, and report what was done.",
    }
)


def authority(decision: Decision) -> Tier:
    """The lowest of all limiters but evidence, which was judged when the action was decided."""
    return min((rung.tier for rung in decision.ladder if rung.name != "evidence"), default=decision.effective)


def narrowed(decision: Decision) -> bool:
    """Whether the machine lets such an action begin no more: it stands too low, or is always for people now."""
    for_people = any(given.code is Reason.HUMAN_REQUIRED for given in decision.reasons)
    return for_people or authority(decision) < decision.required


def stops(decision: Decision, *, by_person: bool) -> Stop | None:
    """What of a decision made now stops a running action; None while it may go on.

    Human authority is not machine authority: only a refusal stops what a person approved (`by_person`). What the
    machine authorised must still stand under every limiter, and no evidence that it requires may be red.
    """
    codes = {given.code for given in decision.reasons}
    if decision.outcome is Outcome.REFUSE:
        if Reason.HALTED in codes:
            return Stop.HALTED
        return Stop.RED if Reason.TOOL_RED in codes else Stop.NARROWED
    if by_person:
        return None
    if narrowed(decision):
        return Stop.RED if codes & {Reason.STANDING, Reason.FLOODING, Reason.TOO_MANY_ERRORS} else Stop.NARROWED
    red = any(given.slots.get("signal") == Signal.RED for given in decision.reasons)
    return Stop.RED if red else None
