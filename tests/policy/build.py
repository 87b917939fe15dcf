"""Refunder's ordinary refund, with everything in order; tests change one thing of it."""

from __future__ import annotations

from typing import Any

from governance.policy.ceilings import Limiter, LimiterKind
from governance.policy.decision import Inputs, Thresholds
from governance.policy.evidence import Kind, Signal
from governance.policy.facts import FactSummary, Result
from governance.policy.guardrails import Guardrail
from governance.policy.tiers import ActionClass, Level, Risk, Tier
from governance.policy.velocity import Cap, CapKey, Unit, Usage

DAY = 24 * 3600
REQUIRED = frozenset({Kind.CONTRACT, Kind.COMPLETENESS, Kind.VELOCITY, Kind.TOOL_HEALTH})
GREEN = {Kind.CONTRACT: Signal.GREEN, Kind.TOOL_HEALTH: Signal.GREEN}
MONEY_CAP = Cap(CapKey.ENTITY, Unit.MONEY, 1_000_00, DAY)
RAIL = Guardrail(money=2_000_00, count=10, window_seconds=DAY)
COUNT_CAP = Cap(CapKey.ENTITY, Unit.COUNT, 2, DAY)


def ceilings(**changes: Tier | None) -> tuple[Limiter, ...]:
    """The limiters above Refunder, all at EXECUTE except those named."""
    names = {"enterprise": "acme", "domain": "shop", "project": "refunds", "agent": "Refunder"}
    return tuple(Limiter(LimiterKind(kind), name, changes.get(kind, Tier.EXECUTE)) for kind, name in names.items())


def top() -> tuple[Limiter, ...]:
    """The same limiters, all at COMMIT."""
    return ceilings(enterprise=Tier.COMMIT, domain=Tier.COMMIT, project=Tier.COMMIT, agent=Tier.COMMIT)


def facts(**changes: Result) -> tuple[FactSummary, ...]:
    """Three required facts with claims, all agreeing except those named."""
    return tuple(
        FactSummary(name, changes.get(name, Result.AGREES), required=True, claimed=True)
        for name in ("amount", "status", "owner")
    )


def usages(paid: int = 0, amount: int = 480_00) -> tuple[Usage, ...]:
    """The customer's money and count budgets after `paid` actions of the same amount."""
    return (
        Usage(MONEY_CAP, "money", paid * amount, amount, "customer"),
        Usage(COUNT_CAP, "count", paid, 1, "customer"),
    )


def inputs(**changes: Any) -> Inputs:
    """A refund of 480 by Refunder at L2 under an EXECUTE ceiling: it may execute, with an alert."""
    ordinary: dict[str, Any] = {
        "action_class": ActionClass.ACT,
        "base_risk": Risk.MEDIUM,
        "amount": 480_00,
        "amount_known": True,
        "currency_known": True,
        "thresholds": Thresholds(amount=500_00),
        "level": Level.L2,
        "limiters": ceilings(),
        "halts": (),
        "signals": GREEN,
        "required_evidence": REQUIRED,
        "tool": "shop.payments",
        "connector": "records",
        "facts": facts(),
        "bound": True,
        "facts_first": True,
        "usages": usages(),
    }
    return Inputs(**{**ordinary, **changes})


def committed(**changes: Any) -> Inputs:
    """A high-risk refund by Refunder at L3 inside the guardrail: policy grants it."""
    high = {"base_risk": Risk.HIGH, "level": Level.L3, "policy_grants": True, "guardrail": RAIL, "limiters": top()}
    return inputs(**{**high, **changes})
