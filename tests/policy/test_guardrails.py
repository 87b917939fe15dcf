"""The table of earned tiers cell by cell, and the guardrail inside which policy grants what L3 does at high risk."""

from __future__ import annotations

import dataclasses
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.decision import Inputs, Outcome, Thresholds, decide
from governance.policy.facts import Result
from governance.policy.guardrails import Guardrail
from governance.policy.reasons import Reason
from governance.policy.tiers import ActionClass, Level, Risk, Tier
from tests.policy import strategies as some
from tests.policy.build import DAY, RAIL, committed, facts, inputs, top
from tests.policy.prove import examples

# As the design writes it: E executes, A executes and alerts, G executes by a grant of policy and alerts, - is a case.
TABLE = {
    ActionClass.READ: {Level.L0: "EE-", Level.L1: "EE-", Level.L2: "EA-", Level.L3: "EA-"},
    ActionClass.DRAFT: {Level.L0: "EE-", Level.L1: "EE-", Level.L2: "EA-", Level.L3: "EA-"},
    ActionClass.ACT: {Level.L0: "---", Level.L1: "E--", Level.L2: "EA-", Level.L3: "EAG"},
}
CELLS = [
    (action_class, level, risk, cells[risk - 1])
    for action_class, rows in TABLE.items()
    for level, cells in rows.items()
    for risk in Risk
]
IDS = [f"{action_class}-{level.name}-{risk.name}" for action_class, level, risk, _ in CELLS]
GRANTS = {"policy_grants": True, "guardrail": RAIL}


def codes(made: Inputs) -> list[Reason]:
    return [given.code for given in decide(made).reasons]


@pytest.mark.parametrize(("action_class", "level", "risk", "cell"), CELLS, ids=IDS)
def test_the_table_of_levels_decides(action_class: ActionClass, level: Level, risk: Risk, cell: str) -> None:
    decision = decide(inputs(action_class=action_class, level=level, base_risk=risk, limiters=top(), **GRANTS))
    assert decision.outcome is (Outcome.ESCALATE if cell == "-" else Outcome.EXECUTE)
    assert (decision.alert, decision.by_guardrail) == (cell in "AG", cell == "G")
    if cell == "-":
        assert codes(inputs(action_class=action_class, level=level, base_risk=risk, limiters=top())) == [
            Reason.LEVEL_TOO_LOW
        ]
        assert decision.bound_by == f"level {level.name} at {risk.name.lower()} risk: PROPOSE"


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("risk", [Risk.LOW, Risk.MEDIUM])
def test_low_and_medium_risk_do_not_know_guardrails(level: Level, risk: Risk) -> None:
    plain = inputs(level=level, base_risk=risk, limiters=top())
    narrow = Guardrail(money=0, count=1, window_seconds=DAY)
    for more in (GRANTS, {"guardrail": narrow, "guardrail_used": 9}, {"policy_grants": True}):
        assert decide(dataclasses.replace(plain, **more)) == decide(plain)


@pytest.mark.parametrize(
    ("changes", "limits"),
    [
        ({"policy_grants": False}, ["no policy that covers it grants it"]),
        ({"amount": 2_000_01, "usages": ()}, ["$2,000.01 is over $2,000.00"]),
        ({"guardrail_used": 10}, ["with it there would be 11 grants in 24 hours, over 10"]),
        (
            {"policy_grants": False, "amount": 9_000_00, "usages": (), "guardrail_used": 10},
            [
                "no policy that covers it grants it",
                "$9,000.00 is over $2,000.00",
                "with it there would be 11 grants in 24 hours, over 10",
            ],
        ),
    ],
    ids=["no policy", "amount", "count", "all of it"],
)
def test_a_missed_guardrail_is_a_case_that_names_each_limit(changes: dict[str, Any], limits: list[str]) -> None:
    decision = decide(committed(**changes))
    assert (decision.outcome, decision.effective, decision.by_guardrail) == (Outcome.ESCALATE, Tier.PROPOSE, False)
    assert decision.bound_by == "level L3 at high risk: PROPOSE"
    missed = [given for given in decision.reasons if given.code is Reason.GUARDRAIL_MISSED]
    assert [given.sentence for given in missed] == [
        f"This action is outside the guardrail of its type: {limit}." for limit in limits
    ]
    assert Reason.LEVEL_TOO_LOW not in [given.code for given in decision.reasons]


@pytest.mark.parametrize("unknown", [{"amount": None}, {"amount_known": False}, {"currency_known": False}], ids=str)
def test_an_amount_that_is_not_known_is_outside(unknown: dict[str, Any]) -> None:
    decision = decide(committed(**unknown))
    assert decision.outcome is Outcome.ESCALATE
    assert "This action is outside the guardrail of its type: the amount is not known." in [
        given.sentence for given in decision.reasons
    ]


@pytest.mark.parametrize(
    ("over", "limit"),
    [
        (
            {"quantity": 10_000, "thresholds": Thresholds(quantity=100)},
            "its quantity is over the threshold of its type",
        ),
        (
            {"data_class": 2, "thresholds": Thresholds(data_class=1)},
            "its class of data is over the threshold of its type",
        ),
    ],
    ids=["quantity", "data class"],
)
def test_a_guardrail_lets_nothing_through_that_it_does_not_limit(over: dict[str, Any], limit: str) -> None:
    """A guardrail knows money and counts grants; one mail to ten thousand is one grant and no money."""
    free = {**over, "guardrail": Guardrail(money=None, count=3, window_seconds=DAY), "amount": None, "usages": ()}
    decision = decide(committed(**free))
    assert (decision.outcome, decision.by_guardrail) == (Outcome.ESCALATE, False)
    missed = [given.sentence for given in decision.reasons if given.code is Reason.GUARDRAIL_MISSED]
    assert missed == [f"This action is outside the guardrail of its type: {limit}."]
    name = next(iter(over))
    inside = {**free, name: getattr(over["thresholds"], name)}
    assert decide(committed(**inside)).by_guardrail


def test_a_grant_needs_every_limit_and_the_last_of_each_is_inside() -> None:
    assert decide(committed(amount=2_000_00, usages=(), guardrail_used=9)).by_guardrail


def test_a_type_that_moves_no_money_counts_only() -> None:
    rail = Guardrail(money=None, count=1, window_seconds=DAY)
    no_money = {"amount": None, "thresholds": inputs().thresholds.__class__(), "usages": ()}
    assert decide(committed(guardrail=rail, **no_money)).by_guardrail
    assert codes(committed(guardrail=rail, guardrail_used=1, **no_money)) == [Reason.GUARDRAIL_MISSED]


def test_a_type_without_a_guardrail_is_told_that_its_level_is_too_low() -> None:
    assert codes(committed(guardrail=None)) == [Reason.LEVEL_TOO_LOW]


@pytest.mark.parametrize(("field", "value"), [("policy_grants", 1), ("guardrail", (1, 1, 1)), ("guardrail_used", -1)])
def test_what_is_merely_truthy_grants_nothing(field: str, value: object) -> None:
    assert not decide(committed(**{field: value})).by_guardrail


def test_evidence_against_it_is_a_case_inside_the_guardrail_too() -> None:
    decision = decide(committed(facts=facts(amount=Result.DIFFERS)))
    assert (decision.outcome, decision.by_guardrail, decision.alert) == (Outcome.ESCALATE, False, False)


@given(some.every_input)
@examples(80)
def test_policy_grants_only_what_the_text_allows(made: Inputs) -> None:
    decision = decide(made)
    if decision.by_guardrail:
        assert decision.outcome is Outcome.EXECUTE
        assert decision.alert
        assert (made.level, decision.risk, made.action_class) == (Level.L3, Risk.HIGH, ActionClass.ACT)
        assert made.policy_grants
        assert not made.human_required
        assert made.guardrail is not None
        assert made.guardrail_used < made.guardrail.count
    assert decision.by_guardrail is (decision.outcome is Outcome.EXECUTE and decision.risk is Risk.HIGH)


@given(some.every_input, some.guardrails, st.integers(0, 5))
@examples(120)
def test_a_narrower_guardrail_never_widens(made: Inputs, other: Guardrail, more: int) -> None:
    rail = made.guardrail
    if rail is None:
        return
    money = other.money if rail.money is None else min(rail.money, rail.money if other.money is None else other.money)
    narrow = Guardrail(money, min(rail.count, other.count), rail.window_seconds)
    before = decide(made)
    for after in (
        dataclasses.replace(made, guardrail=narrow, guardrail_used=made.guardrail_used + more),
        dataclasses.replace(made, guardrail=None),
        dataclasses.replace(made, policy_grants=False),
        dataclasses.replace(made, human_required=True),
    ):
        decision = decide(after)
        assert decision.effective <= before.effective
        assert not (decision.outcome is Outcome.EXECUTE and before.outcome is not Outcome.EXECUTE)
        # a missed guardrail alone never refuses
        assert (decision.outcome is Outcome.REFUSE) is (before.outcome is Outcome.REFUSE)


def test_the_table_has_every_cell() -> None:
    assert len(CELLS) == len(list(product(ActionClass, Level, Risk)))
