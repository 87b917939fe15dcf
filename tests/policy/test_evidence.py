"""Each kind of evidence at its borders, and the score over them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.evidence import (
    SCORE_THRESHOLD,
    Kind,
    Signal,
    completeness,
    contract_signal,
    contradicted,
    score,
    velocity_signal,
    worst,
)
from governance.policy.facts import FactSummary, Result
from tests.policy.build import usages
from tests.policy.prove import examples

WEIGHTED = frozenset({Kind.COMPLETENESS, Kind.CONTRACT, Kind.TOOL_HEALTH, Kind.VELOCITY})
GREEN = dict.fromkeys(Kind, Signal.GREEN)
POINTS = {signal: Decimal(points) for signal, points in zip(Signal, ("1", "0.5", "0", "0"), strict=True)}


@pytest.mark.parametrize(
    ("breaches", "signal"),
    [
        (0, Signal.GREEN),
        (1, Signal.AMBER),
        (2, Signal.AMBER),
        (3, Signal.RED),
        (300, Signal.RED),
        (-1, Signal.UNKNOWN),
        (None, Signal.UNKNOWN),
        (1.0, Signal.UNKNOWN),
        (False, Signal.UNKNOWN),
    ],
)
def test_three_breaches_of_the_contract_in_ten_minutes_are_red(breaches: int, signal: Signal) -> None:
    assert contract_signal(breaches) is signal


def fact(result: Result, required: bool = True, claimed: bool = True) -> FactSummary:
    return FactSummary("amount", result, required, claimed)


def test_completeness_of_facts_that_were_not_read_is_unknown() -> None:
    assert completeness(None) is Signal.UNKNOWN
    assert completeness(()) is Signal.GREEN


@pytest.mark.parametrize(
    ("facts", "signal"),
    [
        ([fact(Result.AGREES)], Signal.GREEN),
        ([fact(Result.DIFFERS)], Signal.RED),
        ([fact(Result.DIFFERS, required=False)], Signal.RED),
        ([fact(Result.DIFFERS, claimed=False)], Signal.AMBER),
        ([fact(Result.STALE)], Signal.AMBER),
        ([fact(Result.MISSING)], Signal.UNKNOWN),
        ([fact(Result.UNREACHABLE)], Signal.UNKNOWN),
        ([fact(Result.UNVERIFIABLE)], Signal.UNKNOWN),
        ([fact(Result.MISSING, required=False)], Signal.GREEN),
        ([fact(Result.DIFFERS, required=False, claimed=False)], Signal.GREEN),
        ([fact(Result.AGREES), fact(Result.STALE), fact(Result.MISSING)], Signal.UNKNOWN),
        ([fact(Result.MISSING), fact(Result.DIFFERS)], Signal.RED),
    ],
)
def test_completeness_is_the_worst_of_its_facts(facts: list[FactSummary], signal: Signal) -> None:
    assert completeness(facts) is signal


def test_only_a_claim_can_contradict() -> None:
    assert contradicted([fact(Result.DIFFERS, required=False)])
    assert not contradicted([fact(Result.DIFFERS, claimed=False), fact(Result.MISSING), fact(Result.AGREES)])


def test_a_full_cap_is_amber_never_red() -> None:
    assert velocity_signal(usages(paid=0)) is Signal.GREEN
    assert velocity_signal(usages(paid=9)) is Signal.AMBER
    assert velocity_signal(()) is Signal.GREEN


def test_the_worst_signal_is_red_then_unknown_then_amber() -> None:
    assert worst(Signal) is Signal.RED
    assert worst([Signal.AMBER, Signal.UNKNOWN, Signal.GREEN]) is Signal.UNKNOWN
    assert worst([Signal.GREEN, Signal.AMBER]) is Signal.AMBER
    assert worst([]) is Signal.UNKNOWN
    assert worst(["green"]) is Signal.UNKNOWN  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("changes", "required", "expected"),
    [
        ({}, WEIGHTED, "1"),
        ({Kind.CONTRACT: Signal.AMBER}, WEIGHTED, "0.9"),
        ({Kind.COMPLETENESS: Signal.AMBER}, WEIGHTED, "0.8"),
        ({Kind.COMPLETENESS: Signal.RED}, WEIGHTED, "0.6"),
        ({Kind.VELOCITY: Signal.UNKNOWN, Kind.TOOL_HEALTH: Signal.RED}, WEIGHTED, "0.6"),
        ({Kind.CONTRACT: Signal.AMBER}, {Kind.CONTRACT}, "0.5"),
        ({Kind.CONTRACT: Signal.AMBER}, {Kind.CONTRACT, Kind.VELOCITY}, "0.75"),
        ({Kind.COMPLETENESS: Signal.RED}, {Kind.CONTRACT}, "1"),
        ({Kind.NOVELTY: Signal.RED}, {Kind.CONTRACT, Kind.NOVELTY}, "1"),
        ({}, set(), "1"),
    ],
)
def test_the_score_is_weighted_over_the_required_kinds(
    changes: dict[Kind, Signal], required: set[Kind], expected: str
) -> None:
    assert score({**GREEN, **changes}, required) == Decimal(expected)


@pytest.mark.parametrize("kind", sorted(WEIGHTED))
def test_one_amber_signal_is_already_under_the_default_threshold(kind: Kind) -> None:
    assert score({**GREEN, kind: Signal.AMBER}, WEIGHTED) < SCORE_THRESHOLD


@given(st.dictionaries(st.sampled_from(Kind), st.sampled_from(Signal)), st.frozensets(st.sampled_from(Kind)))
@examples(100)
def test_the_score_is_what_the_formula_says(signals: dict[Kind, Signal], required: frozenset[Kind]) -> None:
    weights = {Kind.COMPLETENESS: 4, Kind.CONTRACT: 2, Kind.TOOL_HEALTH: 2, Kind.VELOCITY: 2}
    counted = {kind: weight for kind, weight in weights.items() if kind in required}
    points = sum((weight * POINTS[signals.get(kind, Signal.RED)] for kind, weight in counted.items()), Decimal(0))
    expected = points / sum(counted.values()) if counted else Decimal(1)
    assert score(signals, required) == expected
    assert 0 <= score(signals, required) <= 1


@given(st.dictionaries(st.sampled_from(Kind), st.sampled_from(Signal)), st.sampled_from(Kind), st.sampled_from(Signal))
@examples(60)
def test_a_worse_signal_never_raises_the_score(signals: dict[Kind, Signal], kind: Kind, other: Signal) -> None:
    now = signals.get(kind, Signal.UNKNOWN)
    worse, better = sorted((now, other), key=lambda signal: POINTS[signal])
    assert score({**signals, kind: worse}, WEIGHTED) <= score({**signals, kind: better}, WEIGHTED)
