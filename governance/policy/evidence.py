"""Signals of evidence, what each kind is computed from, and the one score over them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

from governance.policy.facts import FactSummary, Result
from governance.policy.velocity import Usage


class Signal(StrEnum):
    """Colour of one kind of evidence."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """Kinds of evidence an action type can require."""

    CONTRACT = "contract"
    COMPLETENESS = "completeness"
    VELOCITY = "velocity"
    TOOL_HEALTH = "tool_health"
    NOVELTY = "novelty"
    ERROR_RATE = "error_rate"
    UNCERTAINTY = "uncertainty"


SCORE_THRESHOLD = Decimal("0.92")
BREACHES_RED = 3

# Tenths, and points in halves: the score is exact until its one division.
WEIGHTS: dict[Kind, int] = {Kind.COMPLETENESS: 4, Kind.CONTRACT: 2, Kind.TOOL_HEALTH: 2, Kind.VELOCITY: 2}

_POINTS: dict[Signal, int] = {Signal.GREEN: 2, Signal.AMBER: 1}
_FULL = Decimal(1)
# Worst first. UNKNOWN is worse than AMBER: an amber source has at least spoken.
_SEVERITY: tuple[Signal, ...] = (Signal.RED, Signal.UNKNOWN, Signal.AMBER, Signal.GREEN)


def worst(signals: Iterable[Signal]) -> Signal:
    """The worst of some signals: red, unknown, amber, green. None at all, or one of a wrong type, is UNKNOWN."""
    found = [signal if type(signal) is Signal else Signal.UNKNOWN for signal in signals]
    return min(found, key=_SEVERITY.index, default=Signal.UNKNOWN)


def contract_signal(breaches_10min: int) -> Signal:
    """Contract integrity from the breaches of the last 10 minutes: 0 GREEN, 1 or 2 AMBER, 3 or more RED."""
    if type(breaches_10min) is not int or breaches_10min < 0:
        return Signal.UNKNOWN
    if breaches_10min == 0:
        return Signal.GREEN
    return Signal.RED if breaches_10min >= BREACHES_RED else Signal.AMBER


def completeness(facts: Sequence[FactSummary] | None) -> Signal:
    """Data completeness from the facts; None means that they were not read.

    RED: a claim contradicts the record. UNKNOWN: a required fact is missing, unreachable or unverifiable.
    AMBER: a required fact is stale, or differs without anything having been claimed.
    """
    if facts is None:
        return Signal.UNKNOWN
    against = [fact for fact in facts if fact.result is not Result.AGREES]
    return worst([Signal.GREEN, *map(_fact_signal, against)]) if against else Signal.GREEN


def contradicted(facts: Iterable[FactSummary]) -> bool:
    """Whether any claim, required or not, contradicts the record."""
    return any(fact.result is Result.DIFFERS and fact.claimed is not False for fact in facts)


def velocity_signal(usages: Iterable[Usage]) -> Signal:
    """AMBER when the action would pass a cap, else GREEN.

    Never RED: one full cap concerns its key, not the agent's standing.
    """
    return Signal.AMBER if any(usage.breached for usage in usages) else Signal.GREEN


def score(signals: Mapping[Kind, Signal], required: Collection[Kind]) -> Decimal:
    """Evidence score in [0, 1]: weighted points of the required kinds, weights renormalised over them.

    GREEN counts 1, AMBER 0.5, anything else (or nothing) 0. A type that requires no weighted kind scores 1.
    """
    total = points = 0
    for kind in required:
        weight = WEIGHTS.get(kind, 0)
        total += weight * 2
        points += weight * _POINTS.get(signals.get(kind, Signal.UNKNOWN), 0)
    return _FULL if points == total else Decimal(points) / Decimal(total)


def _fact_signal(fact: FactSummary) -> Signal:
    """What a fact that does not agree means for completeness."""
    if fact.result is Result.DIFFERS and fact.claimed is not False:
        return Signal.RED
    if fact.required is False:
        return Signal.GREEN
    return Signal.AMBER if fact.result in (Result.STALE, Result.DIFFERS) else Signal.UNKNOWN
