"""The tables of the rule, row by row."""

from __future__ import annotations

from itertools import product

import pytest

from governance.policy.tiers import (
    LEVEL_NAMES,
    TIERS,
    ActionClass,
    Level,
    Risk,
    Tier,
    alerts,
    earned_tier,
    required_tier,
)

LOW, MEDIUM, HIGH = Risk.LOW, Risk.MEDIUM, Risk.HIGH


def test_tiers_risks_and_levels_are_stored_as_these_numbers() -> None:
    assert list(Tier) == sorted(Tier)
    assert [int(tier) for tier in Tier] == [0, 1, 2, 3, 4]
    assert [int(risk) for risk in Risk] == [1, 2, 3]
    assert [int(level) for level in Level] == [0, 1, 2, 3]
    assert [tier.name for tier in Tier] == ["HALT", "OBSERVE", "PROPOSE", "EXECUTE", "COMMIT"]


@pytest.mark.parametrize(
    ("action_class", "low", "medium", "high"),
    [
        (ActionClass.READ, Tier.OBSERVE, Tier.OBSERVE, Tier.COMMIT),
        (ActionClass.DRAFT, Tier.PROPOSE, Tier.PROPOSE, Tier.COMMIT),
        (ActionClass.ACT, Tier.EXECUTE, Tier.EXECUTE, Tier.COMMIT),
    ],
)
def test_what_an_action_requires(action_class: ActionClass, low: Tier, medium: Tier, high: Tier) -> None:
    assert [required_tier(action_class, risk) for risk in Risk] == [low, medium, high]


@pytest.mark.parametrize(
    ("level", "low", "medium", "high"),
    [
        (Level.L0, Tier.PROPOSE, Tier.PROPOSE, Tier.PROPOSE),
        (Level.L1, Tier.EXECUTE, Tier.PROPOSE, Tier.PROPOSE),
        (Level.L2, Tier.EXECUTE, Tier.EXECUTE, Tier.PROPOSE),
        (Level.L3, Tier.EXECUTE, Tier.EXECUTE, Tier.PROPOSE),
    ],
)
def test_what_a_level_earns(level: Level, low: Tier, medium: Tier, high: Tier) -> None:
    assert [earned_tier(level, risk) for risk in Risk] == [low, medium, high]


def test_only_l3_at_high_risk_gains_from_a_guardrail() -> None:
    gained = [
        (level, risk)
        for level, risk in product(Level, Risk)
        if earned_tier(level, risk, inside_guardrail=True) != earned_tier(level, risk)
    ]
    assert gained == [(Level.L3, HIGH)]
    assert earned_tier(Level.L3, HIGH, inside_guardrail=True) is Tier.COMMIT


def test_a_guardrail_that_is_merely_truthy_earns_nothing() -> None:
    assert earned_tier(Level.L3, HIGH, inside_guardrail=1) is Tier.PROPOSE  # type: ignore[arg-type]


def test_which_executions_are_alerted() -> None:
    assert {pair for pair in product(Level, Risk) if alerts(*pair)} == {
        (Level.L2, MEDIUM),
        (Level.L3, MEDIUM),
        (Level.L3, HIGH),
    }


def test_a_higher_level_never_earns_less_and_a_higher_risk_never_more() -> None:
    for risk in Risk:
        tiers = [earned_tier(level, risk) for level in Level]
        assert tiers == sorted(tiers)
    for level in Level:
        tiers = [earned_tier(level, risk) for risk in Risk]
        assert tiers == sorted(tiers, reverse=True)


@pytest.mark.parametrize("unknown", [None, 2, "L2", True, 3.0, [], Tier.COMMIT])
def test_what_is_unknown_earns_propose_and_requires_commit(unknown: object) -> None:
    assert earned_tier(unknown, LOW) is Tier.PROPOSE  # type: ignore[arg-type]
    assert earned_tier(Level.L3, unknown) is Tier.PROPOSE  # type: ignore[arg-type]
    assert required_tier(unknown, LOW) is Tier.COMMIT  # type: ignore[arg-type]
    assert required_tier(ActionClass.READ, unknown) is Tier.COMMIT  # type: ignore[arg-type]


def test_the_four_tiers_have_their_four_dimensions() -> None:
    assert [row.tier for row in TIERS] == [Tier.OBSERVE, Tier.PROPOSE, Tier.EXECUTE, Tier.COMMIT]
    for row in TIERS:
        assert all([row.action_class, row.surface, row.risk_profile, row.downgrade_trigger])
    assert len({row.surface for row in TIERS}) == len(TIERS)
    assert list(LEVEL_NAMES) == list(Level)
