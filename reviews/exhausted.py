"""What has its one case already: a budget that is spent, or a limit on what is under way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from governance.cursors import kept
from governance.gather import Gathered
from governance.policy.decision import Decision, Inputs, Outcome
from governance.policy.in_flight import acts_for_others
from governance.policy.reasons import Given, Reason
from governance.policy.velocity import Usage, whose
from governance.problems import Code, Problem


@dataclass(frozen=True, slots=True)
class Exhausted:
    """A key that has its case already, and the sentence that names it. `frees_at` None: when others end."""

    case: str
    sentence: str
    frees_at: datetime | None = None


def exhausted(inputs: Inputs | None, gathered: Gathered, decision: Decision) -> Exhausted | None:
    """What this action would pass and what has its case already: then there is no other case, of no key."""
    if inputs is None or decision.outcome is not Outcome.ESCALATE:
        return None
    passed = {usage.budget_key: usage for usage in inputs.usages if usage.breached}
    for each in gathered.budgets if passed else ():
        if each.key in passed and each.case is not None:
            return Exhausted(each.case, _spent(passed[each.key]), each.frees_at)
    chain = acts_for_others(inputs.in_flight)
    for flown, flight in zip(gathered.flights, inputs.in_flight, strict=True):
        if flight.passed and flown.case is not None:
            key = whose(flight.key, flight.entity, chain=chain)
            busy = f"As much is under way for {key} as may be, and that has its case: report what has ended."
            return Exhausted(flown.case, busy)
    return None


def _spent(usage: Usage) -> str:
    cap = usage.cap
    slots = {"limit": cap.limit_text, "window": cap.window_text, "key": whose(cap.key, usage.entity)}
    return Given(Reason.CAP_EXHAUSTED, slots).sentence


def refuse_exhausted(gathered: Gathered, found: Exhausted, key: str, amount: int | None) -> Problem:
    """Count one refusal of a key whose case exists, insert-only, and say when to ask again."""
    with kept() as cursor:
        cursor.execute(
            "insert into governance_refusal (escalation_id, agent_id, idempotency_key, amount, refused_at)"
            " values (%s, %s, %s, %s, clock_timestamp()) on conflict (agent_id, idempotency_key) do nothing",
            [found.case, gathered.agent, key, amount],
        )
    return refusal_of(gathered, found)


def refusal_of(gathered: Gathered, found: Exhausted) -> Problem:
    """The refusal of a key whose case exists, counted nowhere."""
    wait = 60 if found.frees_at is None else int((found.frees_at - gathered.now).total_seconds()) + 1
    return Problem(
        Code.CAP_EXHAUSTED,
        found.sentence,
        retry_after=max(1, wait),
        extra={"escalation": found.case},
    )
