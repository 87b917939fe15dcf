"""The document that policies judge: closed words and whole numbers, built from the inputs of a decision alone."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from governance.policy.ceilings import Limiter, LimiterKind, held
from governance.policy.conditions import evidence_caps, raised_risk
from governance.policy.evidence import Kind, Signal, completeness, velocity_signal
from governance.policy.inputs import Inputs
from governance.policy.money import REFERENCE_CURRENCY, amount_text
from governance.policy.tiers import Tier, required_tier
from governance.policy.velocity import CapKey, Unit, Usage

FORMAT = 1
_PARTS = 10_000
_SCOPES = (LimiterKind.ENTERPRISE, LimiterKind.DOMAIN, LimiterKind.PROJECT, LimiterKind.AGENT)


def policy_input(inputs: Inputs, *, action_type: str, domain: str, now: datetime) -> dict[str, Any]:
    """The input of every rule; docs/reference/policy.md describes it. Shares are ten-thousandths, rounded down."""
    risk, _, _ = raised_risk(inputs)
    breached = [usage for usage in inputs.usages if usage.breached]
    _, score = evidence_caps(inputs, breached)
    standing = held(inputs.standing)
    return {
        "format": FORMAT,
        "now": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "action_type": action_type,
        "domain": domain,
        "class": inputs.action_class.value,
        "risk": {"base": inputs.base_risk.name.lower(), "effective": risk.name.lower()},
        "required": _tier(required_tier(inputs.action_class, risk)),
        "level": None if inputs.level is None else int(inputs.level),
        "human_required": inputs.human_required,
        "amount": _amount(inputs),
        "quantity": inputs.quantity,
        "data_class": inputs.data_class,
        "evidence": {"score": parts(score), "signals": _signals(inputs)},
        "facts": [
            {"name": fact.name, "result": fact.result.value, "required": fact.required, "claimed": fact.claimed}
            for fact in inputs.facts or ()
        ],
        "facts_read": inputs.facts is not None and inputs.facts_first,
        "ceilings": {kind.value: _ceiling(inputs.limiters, kind) for kind in _SCOPES},
        "standing": {**_tier(standing), "cooldown": standing is not Tier.COMMIT},
        "counts": {key.value: _counted(inputs.usages, key) for key in (CapKey.RUN, CapKey.ENTITY)},
        "caps": [_cap(usage) for usage in inputs.usages],
        "novelty": inputs.novelty.value,
        "error_rate": inputs.error_rate.value,
        "uncertain": inputs.uncertain,
        "confidence": None if inputs.confidence is None else parts(inputs.confidence),
        "asked_for_a_person": inputs.agent_reason is not None or inputs.elevate,
    }


def parts(share: Decimal) -> int | None:
    """A share in [0, 1] in ten-thousandths, rounded down; None for anything else, NaN included."""
    if not share.is_finite() or not 0 <= share <= 1:
        return None
    return int((share * _PARTS).to_integral_value(ROUND_FLOOR))


def _tier(tier: Tier) -> dict[str, Any]:
    return {"name": tier.name.lower(), "order": int(tier)}


def _amount(inputs: Inputs) -> dict[str, Any] | None:
    if not (inputs.amount_known and inputs.currency_known) or inputs.amount is None or inputs.amount < 0:
        return None
    decimal = amount_text(inputs.amount, REFERENCE_CURRENCY)
    return {"minor": inputs.amount, "decimal": decimal, "currency": REFERENCE_CURRENCY}


def _signals(inputs: Inputs) -> dict[str, str]:
    """Every kind; what is computed from facts and caps is computed here as the rule does."""
    own = {
        Kind.COMPLETENESS: completeness(inputs.facts) if inputs.bound and inputs.facts_first else Signal.UNKNOWN,
        Kind.VELOCITY: velocity_signal(inputs.usages),
    }
    return {kind.value: inputs.signals.get(kind, own.get(kind, Signal.UNKNOWN)).value for kind in Kind}


def _ceiling(limiters: tuple[Limiter, ...], kind: LimiterKind) -> dict[str, Any] | None:
    found = [held(limiter.tier) for limiter in limiters if limiter.kind is kind]
    return _tier(min(found)) if found else None


def _counted(usages: tuple[Usage, ...], key: CapKey) -> int | None:
    """How many actions of the family stand in a window of this key already; None where no cap counts them."""
    found = [use.live for use in usages if use.cap.key is key and use.cap.unit is Unit.COUNT]
    return max(found) if found else None


def _cap(usage: Usage) -> dict[str, Any]:
    cap = usage.cap
    return {
        "key": cap.key.value,
        "unit": cap.unit.value,
        "limit": cap.limit,
        "window_seconds": cap.window_seconds,
        "hard": cap.hard,
        "live": usage.live,
        "adds": usage.amount,
    }
