"""The four tiers, their table, and the two readings of it: what an action needs, what a level earns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Tier(IntEnum):
    """Authority at one moment. Computed for each decision, never stored as a permission."""

    HALT = 0
    OBSERVE = 1
    PROPOSE = 2
    EXECUTE = 3
    COMMIT = 4


class Risk(IntEnum):
    """Base or effective risk: low is logged, medium is logged and alerted, high needs a person."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Level(IntEnum):
    """Autonomy an agent has earned for one action type; changed slowly, by people, on evidence."""

    L0 = 0
    L1 = 1
    L2 = 2
    L3 = 3


class ActionClass(StrEnum):
    """What kind of effect an action type has."""

    READ = "read"
    DRAFT = "draft"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class TierRow:
    """One tier's four dimensions, as the council's tree and the docs show them."""

    tier: Tier
    action_class: str
    surface: str
    risk_profile: str
    downgrade_trigger: str


TIERS: tuple[TierRow, ...] = (
    TierRow(
        tier=Tier.OBSERVE,
        action_class="read typed records",
        surface="access log, scopes",
        risk_profile="disclosure",
        downgrade_trigger="unmatched record change, suspension",
    ),
    TierRow(
        tier=Tier.PROPOSE,
        action_class="drafts, staged actions",
        surface="approval workflow, review-quality tracking",
        risk_profile="rubber-stamping",
        downgrade_trigger="uncertainty, ambiguous policy, incomplete context",
    ),
    TierRow(
        tier=Tier.EXECUTE,
        action_class="bounded side effects",
        surface="per-entity rate limits, cumulative budgets, anomaly signals, sampling",
        risk_profile="cumulative exposure",
        downgrade_trigger="missing verified data, velocity, tool health, error rate",
    ),
    TierRow(
        tier=Tier.COMMIT,
        action_class="high-stakes or irreversible",
        surface="single-action grant, expiry, re-verification at redemption",
        risk_profile="blast radius",
        downgrade_trigger="grant used, expired, record changed, any halt",
    ),
)

LEVEL_NAMES: dict[Level, str] = {
    Level.L0: "L0 draft only",
    Level.L1: "L1 supervised execution",
    Level.L2: "L2 monitored autonomy",
    Level.L3: "L3 full within guardrails",
}

_CLASS_TIERS: dict[ActionClass, Tier] = {
    ActionClass.READ: Tier.OBSERVE,
    ActionClass.DRAFT: Tier.PROPOSE,
    ActionClass.ACT: Tier.EXECUTE,
}

# Every pair that is not listed earns PROPOSE: an unknown level or risk can never earn more.
_EARNED: dict[tuple[Level, Risk], Tier] = {
    (Level.L1, Risk.LOW): Tier.EXECUTE,
    (Level.L2, Risk.LOW): Tier.EXECUTE,
    (Level.L2, Risk.MEDIUM): Tier.EXECUTE,
    (Level.L3, Risk.LOW): Tier.EXECUTE,
    (Level.L3, Risk.MEDIUM): Tier.EXECUTE,
}

_ALERTS: frozenset[tuple[Level, Risk]] = frozenset(
    {
        (Level.L2, Risk.MEDIUM),
        (Level.L3, Risk.MEDIUM),
        (Level.L3, Risk.HIGH),
    }
)


def required_tier(action_class: ActionClass, risk: Risk) -> Tier:
    """The tier an action needs: its class, or COMMIT at high risk. Anything unknown needs COMMIT."""
    if type(action_class) is not ActionClass or type(risk) is not Risk or risk is Risk.HIGH:
        return Tier.COMMIT
    return _CLASS_TIERS[action_class]


def earned_tier(level: Level, risk: Risk, inside_guardrail: bool = False) -> Tier:
    """The tier a level earns at this effective risk.

    L3 at high risk earns COMMIT only when `inside_guardrail` is True: the machine may then issue a
    grant for this one action. Anything unknown earns PROPOSE.
    """
    if type(level) is not Level or type(risk) is not Risk:
        return Tier.PROPOSE
    if level is Level.L3 and risk is Risk.HIGH and inside_guardrail is True:
        return Tier.COMMIT
    return _EARNED.get((level, risk), Tier.PROPOSE)


def alerts(level: Level, risk: Risk) -> bool:
    """Whether an action executed at this level and effective risk must be shown to a person."""
    return (level, risk) in _ALERTS
