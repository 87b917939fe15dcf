"""What of the inputs can be named: whatever is in a field, looking at it here never raises."""

from __future__ import annotations

from typing import TypeGuard

from governance.policy.ceilings import Limiter, LimiterKind
from governance.policy.facts import FactSummary
from governance.policy.guardrails import Guardrail
from governance.policy.in_flight import Flight
from governance.policy.velocity import Cap, CapKey, Unit, Usage


def texts(names: object) -> dict[str, None]:
    """The names in a tuple of them, each once."""
    return dict.fromkeys(name for name in names if type(name) is str) if type(names) is tuple else {}


def whole(value: object) -> TypeGuard[int]:
    """A whole number, and no boolean."""
    return type(value) is int


def is_limiter(limiter: object) -> TypeGuard[Limiter]:
    """A limiter whose kind and name can be told."""
    return type(limiter) is Limiter and _types(limiter.kind, limiter.name) == [LimiterKind, str]


def is_fact(fact: object) -> TypeGuard[FactSummary]:
    """A fact that has a name."""
    return type(fact) is FactSummary and type(fact.name) is str


def is_guardrail(rail: object) -> TypeGuard[Guardrail]:
    """A guardrail whose limits can be compared and told."""
    if type(rail) is not Guardrail or type(rail.money) not in (int, type(None)):
        return False
    return _types(rail.count, rail.window_seconds) == [int, int]


def is_usage(use: object) -> TypeGuard[Usage]:
    """A cap against its budget of which every part can be compared and told."""
    if type(use) is not Usage or type(use.cap) is not Cap or type(use.entity) not in (str, type(None)):
        return False
    cap = use.cap
    found = _types(cap.key, cap.unit, cap.hard, cap.limit, cap.window_seconds, use.live, use.amount)
    return found == [CapKey, Unit, bool, int, int, int, int]


def is_flight(flight: object) -> TypeGuard[Flight]:
    """A limit on what is under way of which every part can be compared and told."""
    if type(flight) is not Flight or type(flight.entity) not in (str, type(None)):
        return False
    return _types(flight.key, flight.live, flight.limit) == [CapKey, int, int]


def _types(*values: object) -> list[type]:
    return [type(value) for value in values]
