"""The ladder of one decision: every limiter in its fixed order, their names, and what each one under the bar says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from governance.policy.ceilings import MANDATORY, Limiter, LimiterKind, held, rank
from governance.policy.conditions import plain
from governance.policy.granting import by_guardrail, missed
from governance.policy.holds import UNNAMED, Hold, Over
from governance.policy.inputs import Inputs
from governance.policy.reasons import Given, Reason, registry_name
from governance.policy.rulings import RuleSaid
from governance.policy.tiers import Level, Risk, Tier, earned_tier


@dataclass(frozen=True, slots=True)
class Rung:
    """One limiter as the ladder of a decision shows it; `bound` marks the one that bound the result."""

    name: str
    tier: Tier
    bound: bool


_SET = MANDATORY | {LimiterKind.ANCESTOR}
_REASONS: dict[LimiterKind, Reason] = {
    LimiterKind.ENTERPRISE: Reason.CEILING,
    LimiterKind.DOMAIN: Reason.CEILING,
    LimiterKind.PROJECT: Reason.CEILING,
    LimiterKind.ANCESTOR: Reason.ANCESTOR_CEILING,
    LimiterKind.ANCESTOR_LEVEL: Reason.ANCESTOR_LEVEL,
    LimiterKind.AGENT: Reason.AGENT_CEILING,
    LimiterKind.RECOVERY: Reason.RECOVERING,
    LimiterKind.LEVEL: Reason.LEVEL_TOO_LOW,
    LimiterKind.STANDING: Reason.STANDING,
    LimiterKind.POLICY: Reason.POLICY_CAP,
}


def limiters_of(inputs: Inputs, risk: Risk, evidence: Tier) -> list[Limiter]:
    """Every limiter of this decision in the fixed order; a ceiling that is missing is added as unknown."""
    limiters = list(inputs.limiters)
    # what an agent above has not earned, nobody earns for it: the same rule, at the same risk
    limiters += [_above(name, level, risk, by_guardrail(inputs)) for name, level in inputs.above]
    missing = MANDATORY.difference([limiter.kind for limiter in limiters])
    if missing:
        limiters += [Limiter(kind, "not set", None) for kind in sorted(missing)]
    limiters.sort(key=rank)
    earned = Tier.PROPOSE if inputs.level is None else earned_tier(inputs.level, risk, by_guardrail(inputs))
    # A policy that could not be evaluated counts as unknown, but what it said before that can still lower.
    policy = inputs.policy if inputs.policy_available is True else min(held(inputs.policy), Tier.PROPOSE)
    limiters += (
        _own(LimiterKind.LEVEL, _level_name(inputs.level, risk), earned),
        _own(LimiterKind.STANDING, _standing_name(inputs.standing_hold), inputs.standing),
        _own(LimiterKind.EVIDENCE, "", evidence),
        _own(LimiterKind.POLICY, _policy_name(inputs.policy_rules), policy),
    )
    return limiters


def rungs(limiters: list[Limiter], tiers: list[Tier], binding: int) -> tuple[Rung, ...]:
    """The ladder as it is shown; `binding` is the place of the limiter that bound the result."""
    return tuple(
        [
            _rung(limiter.kind, limiter.name, tier, place == binding)
            for place, (limiter, tier) in enumerate(zip(limiters, tiers, strict=True))
        ]
    )


def limits(inputs: Inputs, limiters: list[Limiter], required: Tier, risk: Risk) -> list[Given]:
    """A reason for each limiter, evidence apart, that is under what is required; of policy one for each rule."""
    return [
        given
        for limiter in limiters
        if held(limiter.tier) < required and limiter.kind is not LimiterKind.EVIDENCE
        for given in _limit(inputs, limiter, required, risk)
    ]


@lru_cache(maxsize=4096, typed=True)
def binding_text(kind: LimiterKind, name: str, tier: Tier) -> str:
    """What bound a result: "project refunds: ceiling PROPOSE", "level L1 at high risk: PROPOSE"."""
    return f"{label(kind, name)}: {f'ceiling {tier.name}' if kind in _SET else tier.name}"


def _limit(inputs: Inputs, limiter: Limiter, required: Tier, risk: Risk) -> list[Given]:
    if limiter.kind is LimiterKind.LEVEL and (outside := missed(inputs, risk)):
        return outside
    if limiter.kind is LimiterKind.POLICY and (rules := _rules(inputs.policy_rules, required)):
        return rules if inputs.policy_available is True else [*rules, plain(Reason.POLICY_UNAVAILABLE)]
    return [_limit_of(inputs, limiter, required, risk)]


_HELD = {Over.CASES: Reason.FLOODING, Over.ERRORS: Reason.TOO_MANY_ERRORS}


def _limit_of(inputs: Inputs, limiter: Limiter, required: Tier, risk: Risk) -> Given:
    code, tier = _REASONS.get(limiter.kind, Reason.CEILING), held(limiter.tier).name
    if code is Reason.POLICY_CAP and (inputs.policy_available is not True or type(limiter.tier) is not Tier):
        return plain(Reason.POLICY_UNAVAILABLE)
    if code is Reason.LEVEL_TOO_LOW:
        level = inputs.level.name if isinstance(inputs.level, Level) else "unknown"
        return Given(code, {"level": level, "risk": risk.name.lower(), "tier": tier, "required": required.name})
    if code is Reason.STANDING:
        hold = inputs.standing_hold if type(inputs.standing_hold) is Hold else UNNAMED
        code = _HELD.get(hold.over, code)
        return Given(code, {"whose": hold.whose, "until": hold.until, "tier": tier, "required": required.name})
    kind = _kind(limiter.kind)
    if type(limiter.tier) is not Tier:
        return Given(Reason.CEILING_MISSING, {"kind": kind})
    slots = {"kind": kind, "name": registry_name(limiter.name), "tier": tier, "required": required.name}
    if type(limiter.until) is datetime:
        slots["until"] = f"{limiter.until:%Y-%m-%d %H:%M:%S} UTC"
    return Given(code, slots)


def _policy_name(rules: tuple[RuleSaid, ...]) -> str:
    """The bundle that binds: "refunds v3"; of several the first of those that allow the least."""
    binding = [rule for rule in rules if rule.mandatory]
    lowest = min(binding, key=lambda rule: rule.cap, default=None)
    return "" if lowest is None else f"{lowest.bundle} v{lowest.version}"


def _rules(rules: tuple[RuleSaid, ...], required: Tier) -> list[Given]:
    """What each rule said that answered in full and allows less than is required."""
    return [rule_given(rule) for rule in rules if binds(rule, required)]


def binds(rule: RuleSaid, required: Tier) -> bool:
    """Whether a rule that counts answered in full and allows less than is required."""
    return rule.mandatory and rule.sound and rule.cap < required


def rule_given(rule: RuleSaid) -> Given:
    """The reason of a rule that binds."""
    return Given(
        Reason.POLICY_OVERRIDABLE if rule.withheld and rule.cap is Tier.PROPOSE else Reason.POLICY_RULE,
        {"rule": registry_name(rule.label), "tier": held(rule.tier).name, "why": rule.why.rstrip(".")},
    )


# The same few names come with every decision: their texts are made once. What is kept is named by its whole
# content (typed, since 4 and Tier.COMMIT are equal), so that it can be shared and never be stale.
@lru_cache(maxsize=4096, typed=True)
def _rung(kind: LimiterKind, name: str, tier: Tier, bound: bool) -> Rung:
    return Rung(label(kind, name), tier, bound)


@lru_cache(maxsize=256, typed=True)
def _own(kind: LimiterKind, name: str, tier: Tier | None) -> Limiter:
    return Limiter(kind, name, tier)


def _above(name: str, level: Level, risk: Risk, guardrail: bool) -> Limiter:
    return Limiter(LimiterKind.ANCESTOR_LEVEL, name, earned_tier(level, risk, guardrail))


@lru_cache(maxsize=64, typed=True)
def _level_name(level: Level | None, risk: Risk) -> str:
    return f"{level.name if isinstance(level, Level) else 'unknown'} at {risk.name.lower()} risk"


def _standing_name(hold: object) -> str:
    return hold.rung if type(hold) is Hold else ""


def label(kind: LimiterKind, name: str) -> str:
    """A limiter's name on the ladder: "project refunds", "level L1 at high risk", "standing"."""
    of = "of " if kind is LimiterKind.RECOVERY else ""
    return f"{_kind(kind)} {of}{registry_name(name)}" if name else _kind(kind)


def _kind(kind: object) -> str:
    return kind.value if isinstance(kind, LimiterKind) else "unknown"
