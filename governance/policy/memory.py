"""The inputs of a decision as plain JSON and back, so that any decision can be made again from what was stored.

Only what differs from the default of `Inputs` is written: a decision stores what it knew, not what it did not need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from governance.policy.ceilings import Limiter, LimiterKind
from governance.policy.evidence import Kind, Signal
from governance.policy.facts import FactSummary, Result
from governance.policy.guardrails import Guardrail
from governance.policy.holds import Hold, Over
from governance.policy.in_flight import Flight
from governance.policy.inputs import Inputs, Thresholds
from governance.policy.money import Pinned
from governance.policy.novelty import Novel, NovelKind
from governance.policy.rulings import Enforcement, RuleSaid
from governance.policy.tiers import ActionClass, Level, Risk, Tier
from governance.policy.velocity import Cap, CapKey, Unit, Usage


class _Form(NamedTuple):
    """How one field is written and read."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def remembered(inputs: Inputs) -> dict[str, Any]:
    """Inputs as JSON values, by the names of their fields. Nothing in it was written by an agent."""
    stored: dict[str, Any] = {}
    for (name, form, default), value in zip(_FIELDS, _VALUES(inputs), strict=True):
        if value is not default and (value != default or type(value) is not type(default)):
            stored[name] = None if value is None else form.write(value)
    return stored


def recalled(stored: object) -> Inputs:
    """The inputs that were remembered. Raises `ValueError` for anything that `remembered` does not write."""
    if not isinstance(stored, Mapping) or not set(stored) <= set(_FORMS):
        raise ValueError("These are not the inputs of a decision.")
    try:
        values: dict[str, Any] = {
            name: None if value is None else _FORMS[name].read(value) for name, value in stored.items()
        }
        return Inputs(**values)
    except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ValueError("The inputs of this decision cannot be read.") from error


def usage_of(row: Any) -> Usage:
    """One cap against its budget, as `remembered` writes it."""
    key, unit, limit, window, hard, budget, live, amount, entity = row
    return Usage(Cap(CapKey(key), Unit(unit), limit, window, hard), budget, live, amount, entity)


def _usage(usage: Usage) -> list[Any]:
    cap = usage.cap
    terms = [cap.key.value, cap.unit.value, cap.limit, cap.window_seconds, cap.hard]
    return [*terms, usage.budget_key, usage.live, usage.amount, usage.entity]


def _limiter(limiter: Limiter) -> list[Any]:
    row = [limiter.kind.value, limiter.name, None if limiter.tier is None else int(limiter.tier)]
    return row if limiter.until is None else [*row, limiter.until.isoformat()]


def _limiter_of(row: Any) -> Limiter:
    kind, name, tier, *until = row
    (moment,) = map(datetime.fromisoformat, until) if until else (None,)
    return Limiter(LimiterKind(kind), name, None if tier is None else Tier(tier), moment)


def _fact(fact: FactSummary) -> list[Any]:
    return [fact.name, fact.result.value, fact.required, fact.claimed, *([True] if fact.less else [])]


def _fact_of(row: Any) -> FactSummary:
    name, result, required, claimed, *less = row
    return FactSummary(name, Result(result), required, claimed, any(less))


def _hold(hold: Hold) -> list[Any]:
    rises = None if hold.rises_at is None else hold.rises_at.isoformat()
    return [hold.over.value, hold.name, hold.pulled, rises, hold.step]


def _hold_of(row: Any) -> Hold:
    over, name, pulled, rises, step = row
    return Hold(Over(over), name, pulled, None if rises is None else datetime.fromisoformat(rises), step)


def _flight(flight: Flight) -> list[Any]:
    return [flight.key.value, flight.live, flight.limit, flight.entity]


def _flight_of(row: Any) -> Flight:
    key, live, limit, entity = row
    return Flight(CapKey(key), live, limit, entity)


def _novel(novel: Novel) -> list[Any]:
    return [novel.kind.value, novel.parameter, novel.figure, novel.bound]


def _novel_of(row: Any) -> Novel:
    kind, parameter, figure, bound = row
    return Novel(NovelKind(kind), parameter, figure, bound)


def pinned_of(row: Any) -> Pinned:
    """The rate of a decision, as `remembered` writes it."""
    currency, rate, pinned_on = row
    return Pinned(currency, Decimal(rate), pinned_on)


def _rule(rule: RuleSaid) -> list[Any]:
    tier = None if rule.tier is None else int(rule.tier)
    named = [rule.bundle, rule.version, rule.digest, rule.rule, rule.enforcement.value]
    return [*named, tier, list(rule.reasons), rule.failure]


def _rule_of(row: Any) -> RuleSaid:
    bundle, version, digest, rule, enforcement, tier, reasons, failure = row
    said = None if tier is None else Tier(tier)
    return RuleSaid(bundle, version, digest, rule, Enforcement(enforcement), said, tuple(reasons), failure)


def _each(write: Callable[[Any], Any], read: Callable[[Any], Any]) -> _Form:
    return _Form(lambda values: [write(value) for value in values], lambda rows: tuple(read(row) for row in rows))


def _same(value: Any) -> Any:
    return value


_PLAIN = _Form(_same, _same)
_NAMES = _Form(list, tuple)
_SIGNAL = _Form(str, Signal)
_TIER = _Form(int, Tier)
_DECIMAL = _Form(str, Decimal)

_FORMS: dict[str, _Form] = {field.name: _PLAIN for field in fields(Inputs)} | {
    "action_class": _Form(str, ActionClass),
    "base_risk": _Form(int, Risk),
    "thresholds": _Form(lambda t: [t.amount, t.quantity, t.data_class], lambda row: Thresholds(*row)),
    "level": _Form(int, Level),
    "above": _each(lambda held: [held[0], int(held[1])], lambda row: (row[0], Level(row[1]))),
    "limiters": _each(_limiter, _limiter_of),
    "halts": _NAMES,
    "inactive": _NAMES,
    "standing": _TIER,
    "standing_hold": _Form(_hold, _hold_of),
    "policy": _TIER,
    "policy_rules": _each(_rule, _rule_of),
    "signals": _Form(
        lambda by_kind: {kind.value: signal.value for kind, signal in by_kind.items()},
        lambda row: {Kind(kind): Signal(signal) for kind, signal in row.items()},
    ),
    "guardrail": _Form(lambda rail: [rail.money, rail.count, rail.window_seconds], lambda row: Guardrail(*row)),
    "required_evidence": _Form(
        lambda kinds: sorted(kind.value for kind in kinds), lambda row: frozenset(map(Kind, row))
    ),
    "connector_health": _SIGNAL,
    "facts": _each(_fact, _fact_of),
    "usages": _each(_usage, usage_of),
    "in_flight": _each(_flight, _flight_of),
    "rate": _Form(lambda pinned: [pinned.currency, str(pinned.rate), pinned.pinned_on], pinned_of),
    "novelty": _SIGNAL,
    "novel": _each(_novel, _novel_of),
    "error_rate": _SIGNAL,
    "confidence": _DECIMAL,
    "confidence_threshold": _DECIMAL,
    "score_threshold": _DECIMAL,
}
_FIELDS = tuple((field.name, _FORMS[field.name], field.default) for field in fields(Inputs))
_VALUES = attrgetter(*_FORMS)
