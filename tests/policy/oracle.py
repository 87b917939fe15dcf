"""A slow, independent reading of the rule of authority, written from the design's text and not from the code.

It knows tiers as words and numbers of its own, and answers only what the text settles: outcome and effective tier.
"""

from __future__ import annotations

from governance.policy.ceilings import LimiterKind
from governance.policy.decision import Inputs
from governance.policy.evidence import Kind, Signal
from governance.policy.facts import Result
from governance.policy.velocity import Unit

HALT, OBSERVE, PROPOSE, EXECUTE, COMMIT = range(5)

EARNED = """
    L0 PROPOSE PROPOSE PROPOSE
    L1 EXECUTE PROPOSE PROPOSE
    L2 EXECUTE EXECUTE PROPOSE
    L3 EXECUTE EXECUTE GUARDED
"""


def rule(inputs: Inputs) -> tuple[str, int]:
    """Outcome and effective tier of well-typed inputs."""
    if len(inputs.halts) + len(inputs.inactive) > 0:
        return "refuse", HALT
    if inputs.level is None or not inputs.ancestors_permitted or not inputs.ticket_stands:
        return "refuse", HALT
    high = over_a_threshold(inputs) or limited_but_unknown(inputs) or inputs.base_risk.name == "HIGH"
    risk = "HIGH" if high else inputs.base_risk.name
    required = max({"read": OBSERVE, "draft": PROPOSE, "act": EXECUTE}[inputs.action_class], COMMIT if high else HALT)
    evidence = evidence_tier(inputs)
    own = [earned(inputs, risk, inputs.level.name), *(earned(inputs, risk, level.name) for _, level in inputs.above)]
    effective = min(*own, *(known(limiter.tier) for limiter in inputs.limiters), *missing(inputs))
    effective = min(effective, known(inputs.standing), evidence, policy(inputs))
    person = inputs.human_required or inputs.agent_reason is not None or inputs.waits or evidence < COMMIT
    guardrail_grant = inputs.level.name == "L3" and risk == "HIGH" and inside(inputs)
    if inputs.elevate and not guardrail_grant:
        person = True
    if effective >= required and not person:
        return "execute", effective
    return ("escalate" if effective >= PROPOSE else "refuse"), effective


def known(tier: int | None) -> int:
    return PROPOSE if tier is None else int(tier)


def missing(inputs: Inputs) -> list[int]:
    """A ceiling that is not there is never above PROPOSE."""
    present = [limiter.kind for limiter in inputs.limiters]
    needed = (LimiterKind.ENTERPRISE, LimiterKind.DOMAIN, LimiterKind.PROJECT, LimiterKind.AGENT)
    return [PROPOSE for kind in needed if kind not in present]


def policy(inputs: Inputs) -> int:
    return known(inputs.policy) if inputs.policy_available else min(known(inputs.policy), PROPOSE)


def earned(inputs: Inputs, risk: str, level: str) -> int:
    """What a level earns: of the agent, and in the same way of every agent above it."""
    row = next(line.split() for line in EARNED.strip().splitlines() if line.split()[0] == level)
    word = dict(zip(("LOW", "MEDIUM", "HIGH"), row[1:], strict=True))[risk]
    if word == "GUARDED":
        return COMMIT if inside(inputs) else PROPOSE
    return {"PROPOSE": PROPOSE, "EXECUTE": EXECUTE}[word]


def inside(inputs: Inputs) -> bool:
    """Policy answered COMMIT, the type acts and needs no person, and amount and count are inside its limits."""
    rail = inputs.guardrail
    if rail is None or not inputs.policy_grants or inputs.human_required or inputs.action_class != "act":
        return False
    known = inputs.amount is not None and inputs.amount >= 0 and inputs.amount_known and inputs.currency_known
    if rail.money is not None and (not known or (inputs.amount or 0) > rail.money):
        return False
    for value, most in (
        (inputs.quantity, inputs.thresholds.quantity),
        (inputs.data_class, inputs.thresholds.data_class),
    ):
        if most is not None and (value is None or value > most):
            return False
    return inputs.guardrail_used + 1 <= rail.count


def over_a_threshold(inputs: Inputs) -> bool:
    pairs = (
        (inputs.amount, inputs.thresholds.amount),
        (inputs.quantity, inputs.thresholds.quantity),
        (inputs.data_class, inputs.thresholds.data_class),
    )
    return any(value is not None and limit is not None and value > limit for value, limit in pairs)


def limited_but_unknown(inputs: Inputs) -> bool:
    """Money is limited by a threshold or a money cap; a quantity or a class of data by its threshold."""
    money = inputs.thresholds.amount is not None or Unit.MONEY in [usage.cap.unit for usage in inputs.usages]
    amount_is_known = inputs.amount is not None and inputs.amount >= 0 and inputs.amount_known and inputs.currency_known
    quantity_is_known = inputs.quantity is not None and inputs.quantity >= 0
    return (
        (money and not amount_is_known)
        or (inputs.thresholds.quantity is not None and not quantity_is_known)
        or (inputs.thresholds.data_class is not None and inputs.data_class is None)
    )


def evidence_tier(inputs: Inputs) -> int:
    """HALT for a red tool that is needed, PROPOSE for any doubt, COMMIT when there is none."""
    required = inputs.required_evidence
    if Kind.TOOL_HEALTH in required and inputs.signals.get(Kind.TOOL_HEALTH) == "red":
        return HALT
    doubts = [
        Kind.TOOL_HEALTH in required and inputs.connector_health != Signal.GREEN,
        limited_but_unknown(inputs),
        any(inputs.signals.get(kind, "unknown") != "green" for kind in required if kind not in COMPUTED),
        any(inputs.signals.get(kind, "green") != "green" for kind in required if kind in COMPUTED),
        Kind.COMPLETENESS in required and not (inputs.bound and inputs.facts is not None and inputs.facts_first),
        any(fact.required and fact.result != Result.AGREES for fact in inputs.facts or ()),
        any(fact.claimed and fact.result == Result.DIFFERS for fact in inputs.facts or ()),
        any(usage.live + usage.amount > usage.cap.limit for usage in inputs.usages),
        any(flight.live >= flight.limit for flight in inputs.in_flight),
        len(inputs.novel) > 0,
        inputs.novelty != Signal.GREEN or inputs.error_rate != Signal.GREEN or inputs.uncertain or inputs.contended,
        doubtful_confidence(inputs),
        inputs.score_threshold > 1,
    ]
    return PROPOSE if any(doubts) else COMMIT


COMPUTED = (Kind.COMPLETENESS, Kind.VELOCITY)


def doubtful_confidence(inputs: Inputs) -> bool:
    if inputs.confidence is None:
        return inputs.confidence_threshold is not None
    if not 0 <= inputs.confidence <= 1:
        return True
    return inputs.confidence_threshold is not None and inputs.confidence < inputs.confidence_threshold
