"""Single changes to the inputs of a decision, each with the sentence that says what would have to be so.

A route is every change that may be needed on one way to execute. What of it is needed is found by deciding again.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from governance.policy.above import earned_above
from governance.policy.ceilings import MANDATORY, Limiter, LimiterKind, held
from governance.policy.change import Change as Change
from governance.policy.change import Changes
from governance.policy.changed import (
    added,
    agreeing,
    at_most,
    lifted,
    made_green,
    reported,
    signals_of,
    waited,
    widened,
    with_values,
    without,
)
from governance.policy.conditions import raised_risk
from governance.policy.data_classes import class_name
from governance.policy.evidence import Kind, Signal
from governance.policy.facts import Result
from governance.policy.guards import is_fact, is_flight, is_limiter, is_usage, texts, whole
from governance.policy.holds import UNNAMED, Hold
from governance.policy.in_flight import acts_for_others
from governance.policy.inputs import Inputs
from governance.policy.ladder import label
from governance.policy.money import REFERENCE_CURRENCY, format_money
from governance.policy.rails import railed, way_to_grant
from governance.policy.reasons import registry_name
from governance.policy.tiers import Level, Risk, Tier, earned_tier, required_tier
from governance.policy.velocity import Cap, Unit, Usage, whose

# These two are computed by the rule as well, so that nothing said of them is nothing against them.
_UNSAID = {Kind.COMPLETENESS: Signal.GREEN, Kind.VELOCITY: Signal.GREEN}

# What these say of the agent and its request is said by another input as well: both change together.
_OF_THE_AGENT = frozenset({Kind.NOVELTY, Kind.ERROR_RATE, Kind.UNCERTAINTY})


def routes(inputs: Inputs) -> list[tuple[Change, ...]]:
    """The ways to execute that are worth trying, the one with the least authority first."""
    risk, _, _ = raised_risk(inputs)
    goals = dict.fromkeys((inputs.base_risk, risk))
    cuts = (False, True) if any(use.cap.unit is Unit.MONEY for use in _breached(inputs)) else (False,)
    return [tuple(_route(inputs, goal, cut)) for goal in goals for cut in cuts]


def _route(inputs: Inputs, goal: Risk, cut: bool) -> Changes:
    yield from _released(inputs)
    yield from _known(inputs, goal)
    yield from _smaller(inputs, goal, cut)
    yield from _raised(inputs, goal)
    yield from _verified(inputs)
    yield from _freed(inputs, cut)
    yield from _landed(inputs)
    yield from _stated(inputs)


def _released(inputs: Inputs) -> Changes:
    """What refuses before any tier is compared."""
    for name in texts(inputs.halts):
        yield Change(f"The halt on {registry_name(name)} must be lifted.", without("halts", name))
    for name in texts(inputs.inactive):
        yield Change(f"{registry_name(name)} must be active again.", without("inactive", name))
    yield from _set(inputs, "Every agent above must hold a permission for this action type.", ancestors_permitted=True)
    yield from _set(inputs, "The delegation under which it was asked must be in force.", ticket_stands=True)


def _known(inputs: Inputs, goal: Risk) -> Changes:
    """What is unknown raises the risk and caps as well, so it is needed on every way."""
    limits = inputs.thresholds
    foreign = inputs.amount_known is True and inputs.currency_known is not True
    over = _amounts(inputs, goal)
    most = min(map(_limit, over), default=0)
    sound = whole(inputs.amount) and inputs.amount >= 0
    if not foreign and not (inputs.amount_known is True and sound):
        reach = f", and at most {_money(most)}" if over else ""
        # where there is a most, it is tried with just that: what is said must be so of all of it
        amount = most if over or not sound else inputs.amount
        bound = most if over else None
        yield from _set(inputs, f"The amount must be known{reach}.", bound, amount_known=True, amount=amount)
    if foreign and not sound:
        reach = f", and be at most {_money(most)}" if over else ""
        sentence = f"The amount must have a rate in the reference currency{reach}."
        yield from _set(inputs, sentence, most if over else None, currency_known=True, amount=most)
    else:
        yield from _set(inputs, "The amount must have a rate in the reference currency.", currency_known=True)
    if limits.quantity is not None and (not whole(inputs.quantity) or inputs.quantity < 0):
        most = _limit(limits.quantity)
        yield from _set(inputs, f"The quantity must be known, and at most {most}.", quantity=most)
    if limits.data_class is not None and not whole(inputs.data_class):
        most = _limit(limits.data_class)
        limit = class_name(most)
        yield from _set(inputs, f"The class of the data must be known, and at most {limit}.", data_class=most)


def _smaller(inputs: Inputs, goal: Risk, cut: bool) -> Changes:
    """Less of it: under the thresholds that keep the risk down, and with `cut` under the caps on money too."""
    limits = inputs.thresholds
    # nor does a guardrail let through what is over one of these
    bounded = _keeps(inputs, goal) or required_tier(inputs.action_class, goal) is Tier.COMMIT
    most = [limit for limit in _amounts(inputs, goal) if whole(limit)]
    if cut:
        most += [use.cap.limit - use.live for use in _breached(inputs) if use.cap.unit is Unit.MONEY]
    if most and min(most) >= 0 and whole(inputs.amount) and inputs.amount > min(most):
        yield Change(f"The amount must be at most {_money(min(most))}.", at_most(min(most)), min(most))
    for name in ("quantity", "data_class"):
        value, limit = getattr(inputs, name), getattr(limits, name)
        if bounded and whole(value) and whole(limit) and value > limit:
            sentence = f"The quantity must be at most {limit}."
            if name == "data_class":
                sentence = f"The class of the data must be at most {class_name(limit)}."
            yield from _set(inputs, sentence, **{name: limit})


def _keeps(inputs: Inputs, goal: Risk) -> bool:
    """Whether a threshold keeps the risk where this way goes; a base risk that is high already is kept by none."""
    return goal is inputs.base_risk and goal is not Risk.HIGH


def _amounts(inputs: Inputs, goal: Risk) -> list[int]:
    """What bounds the amount on this way: the threshold under which the risk stays, or the guardrail of a grant."""
    limits = (inputs.thresholds.amount if _keeps(inputs, goal) else None, railed(inputs, goal))
    return [limit for limit in limits if limit is not None]


def _raised(inputs: Inputs, goal: Risk) -> Changes:
    """Every limiter that is under what this action requires at this risk."""
    required = required_tier(inputs.action_class, goal)
    for limiter in inputs.limiters:
        if is_limiter(limiter) and held(limiter.tier) < required:
            yield Change(_must(limiter, required), lifted(limiter, required))
    for kind in sorted(MANDATORY.difference([limiter.kind for limiter in inputs.limiters])):
        unset = Limiter(kind, "not set", required)
        yield Change(f"A ceiling of {required.name} must be set for the {kind.value}.", added(unset))
    yield from earned_above(inputs, goal, required)
    yield from _earned(inputs, goal, required)
    if held(inputs.standing) < required:
        yield from _set(inputs, _must_stand(inputs.standing_hold, held(inputs.standing), required), standing=required)
    yield from _set(inputs, "The policy that governs this action type must answer again.", policy_available=True)
    if held(inputs.policy) < required:
        yield from _set(inputs, f"Policy must allow {required.name}.", policy=required)


def _earned(inputs: Inputs, goal: Risk, required: Tier) -> Changes:
    """The lowest level that earns enough; where no level does, the guardrails of policy as well."""
    enough = [level for level in Level if earned_tier(level, goal) >= required]
    level = enough[0] if enough else Level.L3
    if not enough:
        yield from way_to_grant(inputs)
    if inputs.level is None:
        held_at = f"The agent must hold a permission for this action type, at level {level.name}."
        yield from _set(inputs, held_at, level=level)
    elif type(inputs.level) is not Level or inputs.level < level:
        yield from _set(inputs, f"The agent must hold level {level.name} for this action type.", level=level)


def _verified(inputs: Inputs) -> Changes:
    """The record, the facts and every required signal."""
    yield from _set(inputs, "A record must be bound to this action type.", bound=True)
    if inputs.facts is None or inputs.facts_first is not True:
        facts = inputs.facts if type(inputs.facts) is tuple else ()
        yield from _set(
            inputs, "The required facts must be read before the decision, and agree.", facts=facts, facts_first=True
        )
    found = [fact for fact in inputs.facts or () if is_fact(fact) and fact.result is not Result.AGREES]
    old = {fact.name for fact in found if fact.result is Result.STALE}
    for name in dict.fromkeys(fact.name for fact in found):
        sentence = f"The fact {registry_name(name)} must agree."
        if name in old:
            sentence = f"The fact {registry_name(name)} must be recent enough, and agree."
        yield Change(sentence, agreeing(name))
    signals = signals_of(inputs)
    for kind in Kind:
        if (
            kind not in _OF_THE_AGENT
            and kind in inputs.required_evidence
            and signals.get(kind, _UNSAID.get(kind)) is not Signal.GREEN
        ):
            yield Change(f"The evidence of {kind.value.replace('_', ' ')} must be green.", made_green(kind))
    if Kind.TOOL_HEALTH in inputs.required_evidence:
        sentence = f"The connector {registry_name(inputs.connector)} must read reliably again."
        yield from _set(inputs, sentence, connector_health=Signal.GREEN)


def _freed(inputs: Inputs, cut: bool) -> Changes:
    """Room in every cap that this action would pass: by waiting, or by a higher cap where waiting cannot help."""
    seen: list[tuple[Cap, str | None]] = []
    for use in _breached(inputs):
        if (use.cap, use.entity) in seen or use.amount < 0 or (cut and use.cap.unit is Unit.MONEY):
            continue
        seen.append((use.cap, use.entity))
        alike = [each for each in _breached(inputs) if (each.cap, each.entity) == seen[-1]]
        most = max(each.amount for each in alike)
        entity = None if use.entity is None else registry_name(use.entity)
        cap = f"The cap of {use.cap.limit_text} in {use.cap.window_text} for {whose(use.cap.key, entity)}"
        if most <= use.cap.limit:
            room = "this action" if use.cap.unit is Unit.COUNT else _money(most)
            yield Change(f"{cap} must have room for {room} again: it frees with time.", waited(use))
        else:
            # no wait makes room for it, so the cap must hold also what is in it now
            wide = max(max(0, each.live) + each.amount for each in alike)
            yield Change(f"{cap} must be at least {use.cap.counted(wide)}.", widened(use, wide))


def _landed(inputs: Inputs) -> Changes:
    """An end of enough of what is under way."""
    for flight in dict.fromkeys(flight for flight in inputs.in_flight if is_flight(flight) and flight.passed):
        entity = None if flight.entity is None else registry_name(flight.entity)
        most = max(0, flight.limit - 1)
        key = whose(flight.key, entity, chain=acts_for_others(inputs.in_flight))
        sentence = f"Nothing else may be under way for {key}: a report ends it."
        if most:
            limit = "1 action" if most == 1 else f"{most} actions"
            sentence = f"Beside this one at most {limit} may be under way for {key}: a report ends one."
        yield Change(sentence, reported(flight, most))


def _familiar(inputs: Inputs) -> Changes:
    """A history in which this is nothing new: longer, or with more like it."""
    sentence = "The input must be like what this agent has handled before."
    yield from _settled(inputs, Kind.NOVELTY, sentence, novelty=Signal.GREEN, novel=())


def _stated(inputs: Inputs) -> Changes:
    """What the agent says of its own request, and what is seen of the agent and of the moment."""
    yield from _familiar(inputs)
    sentence = "The reviewed error rate of this agent must be within its limit."
    yield from _settled(inputs, Kind.ERROR_RATE, sentence, error_rate=Signal.GREEN)
    yield from _settled(inputs, Kind.UNCERTAINTY, "The agent must be certain of it.", uncertain=False)
    yield from _set(inputs, "The agent must ask to act, not for a person.", agent_reason=None)
    yield from _set(inputs, "The agent must ask without an elevation.", elevate=False)
    yield from _set(inputs, "No other change of authority may be under way.", contended=False)
    yield from _set(inputs, "The open case of the same action must be closed.", waits=False)
    if inputs.confidence is None and inputs.confidence_threshold is None:
        return
    threshold = Decimal(0) if inputs.confidence_threshold is None else inputs.confidence_threshold
    if type(threshold) is Decimal and threshold.is_finite() and 0 <= threshold <= 1:
        sentence = f"The agent must state a confidence of at least {threshold.normalize():f}."
        yield from _set(inputs, sentence, confidence=max(threshold, Decimal(0)))


def _settled(inputs: Inputs, kind: Kind, sentence: str, /, **values: Any) -> Changes:
    """As `_set`, with the signal of a kind that says the same: one thing to change, told once."""
    signal = signals_of(inputs).get(kind)
    if kind not in inputs.required_evidence or signal is Signal.GREEN:
        yield from _set(inputs, sentence, **values)
    else:
        green = {kind: Signal.GREEN}
        yield Change(sentence, lambda given: with_values(given, **values, signals={**signals_of(given), **green}))


def _set(inputs: Inputs, sentence: str, most: int | None = None, /, **values: Any) -> Changes:
    if any(getattr(inputs, name) is not value for name, value in values.items()):
        yield Change(sentence, lambda given: with_values(given, **values), most)


def _breached(inputs: Inputs) -> list[Usage]:
    return [use for use in inputs.usages if is_usage(use) and use.breached]


def _must(limiter: Limiter, tier: Tier) -> str:
    name = label(limiter.kind, limiter.name)
    if limiter.kind is LimiterKind.AGENT:
        return f"The {name} must be allowed to reach {tier.name}."
    if limiter.kind is LimiterKind.ANCESTOR:
        return f"The agent above, {registry_name(limiter.name)}, must be allowed to reach {tier.name}."
    if limiter.kind is LimiterKind.RECOVERY:
        return f"The {name} must have reached {tier.name}, or be over: it goes on with time."
    return f"The ceiling of {name} must be {tier.name}."


def _must_stand(hold: object, tier: Tier, required: Tier) -> str:
    if type(hold) is Hold:
        return hold.remedy(tier, required)
    return f"The standing of {UNNAMED.whose} must be {required.name}."


def _limit(threshold: object) -> int:
    return max(0, threshold) if whole(threshold) else 0


def _money(minor: int) -> str:
    return format_money(minor, REFERENCE_CURRENCY)
