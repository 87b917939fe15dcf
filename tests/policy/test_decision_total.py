"""Totality: whatever is in a field, there is an answer, and a narrow one."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy import conditions
from governance.policy.ceilings import Limiter, LimiterKind
from governance.policy.decision import Decision, Inputs, Outcome, decide
from governance.policy.evidence import Kind, Signal
from governance.policy.facts import FactSummary, Result
from governance.policy.reasons import Reason
from governance.policy.tiers import ActionClass, Level, Risk, Tier
from governance.policy.velocity import Cap, CapKey, Unit, Usage
from tests.policy import strategies as some
from tests.policy.build import ceilings, committed, inputs
from tests.policy.prove import examples


class Hostile:
    """Everything that is done with it raises."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")

    def __hash__(self) -> int:
        raise RuntimeError("hashed")

    def __bool__(self) -> bool:
        raise RuntimeError("judged")

    def __repr__(self) -> str:
        return "Hostile()"


GARBAGE: list[Any] = [
    *(None, True, False, 0, 1, 4, -1, 10**40, 1.5, float("nan"), float("inf"), "", "COMMIT", "act", "green", "L3"),
    *(b"x", [], {}, (), (None,), (Hostile(),), [1], {"a": 1}, frozenset({1}), object(), Hostile(), int, Ellipsis),
    *(
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Tier.COMMIT,
        Risk.LOW,
        Level.L3,
        Signal.GREEN,
        Kind.CONTRACT,
    ),
    (Limiter(LimiterKind.AGENT, "x", 4),),  # type: ignore[arg-type]
    (Limiter("planet", "x", Tier.COMMIT),),  # type: ignore[arg-type]
    (Limiter(LimiterKind.AGENT, Hostile(), Tier.COMMIT),),  # type: ignore[arg-type]
    (FactSummary("x", "agrees", False),),  # type: ignore[arg-type]
    (FactSummary(None, Result.DIFFERS, True),),  # type: ignore[arg-type]
    (Usage(None, "k", 0, 1),),  # type: ignore[arg-type]
    (Usage(Cap(CapKey.RUN, Unit.MONEY, float("nan"), 60), "k", 0, 1),),  # type: ignore[arg-type]
    {Kind.CONTRACT: "green", Kind.TOOL_HEALTH: 1},
    dict.fromkeys(Kind, "green"),
]
FIELD_NAMES = [field.name for field in dataclasses.fields(Inputs)]


# Drawn by place: some of it cannot even be compared by those who draw.
PLACES = st.integers(0, len(GARBAGE) - 1)


def is_narrow(decision: Decision) -> bool:
    return decision.outcome is not Outcome.EXECUTE or decision.effective >= decision.required


def test_garbage_in_any_one_field_never_raises_and_never_gives_more() -> None:
    for good in (inputs(), committed(), inputs(action_class=ActionClass.READ, base_risk=Risk.LOW)):
        before = decide(good)
        for name in FIELD_NAMES:
            for value in GARBAGE:
                after = decide(dataclasses.replace(good, **{name: value}))
                assert is_narrow(after), (name, value)
                if name not in ("action_class", "base_risk"):
                    assert after.effective <= before.effective, (name, value)


def test_garbage_of_a_wrong_type_is_never_executed() -> None:
    right = committed()
    for name in (
        "action_class",
        "base_risk",
        "level",
        "standing",
        "policy",
        "halts",
        "usages",
        "required_evidence",
        "facts",
    ):
        for value in GARBAGE:
            if type(value) is not type(getattr(right, name)):
                decision = decide(dataclasses.replace(right, **{name: value}))
                assert decision.outcome is not Outcome.EXECUTE, (name, value)


@given(some.every_input, st.dictionaries(st.sampled_from(FIELD_NAMES), PLACES, min_size=1, max_size=4))
@examples(100)
def test_decide_is_total(made: Inputs, garbage: dict[str, int]) -> None:
    decision = decide(dataclasses.replace(made, **{name: GARBAGE[place] for name, place in garbage.items()}))
    assert isinstance(decision.outcome, Outcome)
    assert is_narrow(decision)
    if decision.reasons[0].code is Reason.DECISION_ERROR:
        assert decision.effective <= Tier.PROPOSE
        assert decision.outcome is not Outcome.EXECUTE


def test_what_is_not_inputs_at_all_is_refused() -> None:
    for value in GARBAGE:
        decision = decide(value)
        assert (decision.outcome, decision.effective) == (Outcome.REFUSE, Tier.HALT)


def test_a_defect_inside_is_a_case_at_propose(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(conditions, "_judge_facts", broken)
    for made in (inputs(), committed(), inputs(action_class=ActionClass.READ)):
        decision = decide(made)
        assert (decision.outcome, decision.effective) == (Outcome.ESCALATE, Tier.PROPOSE)
        assert [given.code for given in decision.reasons] == [Reason.DECISION_ERROR]
    for stopped in (
        inputs(halts=("agent Refunder",)),
        inputs(inactive=("Refunder",)),
        inputs(level=None),
        inputs(ancestors_permitted=False),
        inputs(ticket_stands=False),
        inputs(standing=Tier.OBSERVE),
        inputs(policy=Tier.HALT),
        inputs(limiters=(Limiter(LimiterKind.PROJECT, "refunds", Tier.OBSERVE),)),
    ):
        assert decide(stopped).outcome is Outcome.REFUSE


@pytest.mark.parametrize(
    "known",
    [
        {"halts": ("refunds",)},
        {"halts": []},
        {"inactive": ("Refunder",)},
        {"inactive": []},
        {"level": None},
        {"ancestors_permitted": False},
        {"ticket_stands": False},
        {"limiters": ceilings(project=Tier.OBSERVE)},
        {"standing": Tier.HALT},
        {"policy": Tier.OBSERVE},
    ],
    ids=str,
)
def test_a_decision_that_fails_refuses_what_is_known_to_be_refused(known: dict[str, Any]) -> None:
    decision = decide(inputs(usages=[], **known))
    assert (decision.outcome, decision.effective) == (Outcome.REFUSE, Tier.HALT)


@pytest.mark.parametrize(
    "known",
    [{}, {"standing": Tier.PROPOSE}, {"policy": None}, {"limiters": None}, {"limiters": (object(),)}],
    ids=["nothing", "a standing", "no policy", "no limiters", "a limiter that is none"],
)
def test_a_decision_that_fails_for_no_known_reason_is_a_persons_as_high_risk(known: dict[str, Any]) -> None:
    decision = decide(inputs(usages=[], **known))
    assert (decision.outcome, decision.effective) == (Outcome.ESCALATE, Tier.PROPOSE)
    assert (decision.required, decision.risk) == (Tier.COMMIT, Risk.HIGH)
    assert [(rung.tier, rung.bound) for rung in decision.ladder] == [(Tier.PROPOSE, True)]
    assert [given.code for given in decision.reasons] == [Reason.DECISION_ERROR]
    assert (decision.alert, decision.contradicted, decision.score) == (False, False, Decimal(0))
    assert decision.breach is None
