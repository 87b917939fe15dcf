"""The inputs of a decision with one thing changed: each function returns how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from governance.policy.ceilings import Limiter
from governance.policy.evidence import Kind, Signal, completeness, velocity_signal
from governance.policy.facts import FactSummary, Result
from governance.policy.guards import is_fact, is_usage
from governance.policy.in_flight import Flight
from governance.policy.inputs import Inputs
from governance.policy.tiers import Tier
from governance.policy.velocity import Unit, Usage

_BEHIND_SIGNALS = frozenset({"facts", "bound", "usages"})


def with_values(inputs: Inputs, **values: Any) -> Inputs:
    """The inputs with other values; a signal that was computed from what changes is computed again."""
    after = replace(inputs, **values)
    if _BEHIND_SIGNALS.isdisjoint(values):
        return after
    before, now = computed(inputs), computed(after)
    follow = {kind: now[kind] for kind, signal in before.items() if signals_of(inputs).get(kind) is signal}
    return replace(after, signals={**signals_of(after), **follow}) if follow else after


def signals_of(inputs: Inputs) -> Mapping[Kind, Signal]:
    """The signals, as far as there are any."""
    given: object = inputs.signals
    return given if isinstance(given, Mapping) else {}


def computed(inputs: Inputs) -> dict[Kind, Signal]:
    """The signals that the rule computes from what else was gathered."""
    complete = completeness(inputs.facts) if inputs.bound is True else Signal.UNKNOWN
    return {Kind.COMPLETENESS: complete, Kind.VELOCITY: velocity_signal(inputs.usages)}


def without(name: str, text: str) -> Callable[[Inputs], Inputs]:
    """One name less in a tuple of them."""
    return lambda inputs: with_values(inputs, **{name: tuple(each for each in getattr(inputs, name) if each != text)})


def lifted(limiter: Limiter, tier: Tier) -> Callable[[Inputs], Inputs]:
    """This limiter at another tier."""

    def lift(each: Limiter) -> Limiter:
        return replace(each, tier=tier) if each is limiter else each

    return lambda inputs: replace(inputs, limiters=tuple(map(lift, inputs.limiters)))


def added(limiter: Limiter) -> Callable[[Inputs], Inputs]:
    """One limiter more."""
    return lambda inputs: replace(inputs, limiters=(*inputs.limiters, limiter))


def agreeing(name: str) -> Callable[[Inputs], Inputs]:
    """The facts of this name agree."""

    def agrees(fact: FactSummary) -> FactSummary:
        return replace(fact, result=Result.AGREES) if is_fact(fact) and fact.name == name else fact

    return lambda inputs: with_values(inputs, facts=tuple(map(agrees, inputs.facts or ())))


def made_green(kind: Kind) -> Callable[[Inputs], Inputs]:
    """This kind of evidence is green."""
    return lambda inputs: replace(inputs, signals={**inputs.signals, kind: Signal.GREEN})


def used(inputs: Inputs, use: Usage, change: Callable[[Usage], Usage]) -> Inputs:
    """The same change for every budget of one cap and one entity."""
    usages = (
        change(each) if is_usage(each) and (each.cap, each.entity) == (use.cap, use.entity) else each
        for each in inputs.usages
    )
    return with_values(inputs, usages=tuple(usages))


def waited(use: Usage) -> Callable[[Inputs], Inputs]:
    """The budgets of this cap have room for the action again."""

    def room(each: Usage) -> Usage:
        return replace(each, live=max(0, min(each.live, each.cap.limit - each.amount)))

    return lambda inputs: used(inputs, use, room)


def reported(flight: Flight, most: int) -> Callable[[Inputs], Inputs]:
    """No more than so many others are under way."""

    def fewer(each: Flight) -> Flight:
        return replace(each, live=most, limit=max(1, each.limit)) if each == flight else each

    return lambda inputs: replace(inputs, in_flight=tuple(map(fewer, inputs.in_flight)))


def widened(use: Usage, most: int) -> Callable[[Inputs], Inputs]:
    """This cap is so high."""

    def wider(each: Usage) -> Usage:
        return replace(each, cap=replace(each.cap, limit=most), live=max(0, each.live))

    return lambda inputs: used(inputs, use, wider)


def at_most(most: int) -> Callable[[Inputs], Inputs]:
    """A smaller amount, also for every cap on money."""

    def less(each: Usage) -> Usage:
        money = is_usage(each) and each.cap.unit is Unit.MONEY
        return replace(each, amount=min(each.amount, most)) if money else each

    return lambda inputs: with_values(inputs, amount=most, usages=tuple(map(less, inputs.usages)))
