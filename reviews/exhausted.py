"""What has its one case already: a budget that is spent, or a limit on what is under way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from governance.gather import Gathered
from governance.policy.decision import Decision, Inputs, Outcome
from governance.problems import Code, Problem

_SPENT = "The cap is exhausted; its case is open or its window has not freed."
_BUSY = "As much is under way as may be, and that has its case: report what has ended."


@dataclass(frozen=True, slots=True)
class Exhausted:
    """A key that has its case already. `frees_at` None: when others end, which nobody knows."""

    case: str
    frees_at: datetime | None = None
    under_way: bool = False


def exhausted(inputs: Inputs | None, gathered: Gathered, decision: Decision) -> Exhausted | None:
    """What this action would pass and what has its case already: then there is no other case, of no key."""
    if inputs is None or decision.outcome is not Outcome.ESCALATE:
        return None
    passed = {usage.budget_key for usage in inputs.usages if usage.breached}
    for each in gathered.budgets if passed else ():
        if each.key in passed and each.case is not None:
            return Exhausted(each.case, each.frees_at)
    for flown, flight in zip(gathered.flights, inputs.in_flight, strict=True):
        if flight.passed and flown.case is not None:
            return Exhausted(flown.case, under_way=True)
    return None


def refuse_exhausted(gathered: Gathered, found: Exhausted, key: str, amount: int | None) -> Problem:
    """Count one refusal of a key whose case exists, insert-only, and say when to ask again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into governance_refusal (escalation_id, agent_id, idempotency_key, amount, refused_at)"
            " values (%s, %s, %s, %s, clock_timestamp()) on conflict (agent_id, idempotency_key) do nothing",
            [found.case, gathered.agent, key, amount],
        )
    wait = 60 if found.frees_at is None else int((found.frees_at - gathered.now).total_seconds()) + 1
    return Problem(
        Code.CAP_EXHAUSTED,
        _BUSY if found.under_way else _SPENT,
        retry_after=max(1, wait),
        extra={"escalation": found.case},
    )
