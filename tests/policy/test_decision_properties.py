"""What holds of every decision: the oracle agrees, less never gives more, and nothing raises."""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from governance.policy.ceilings import Limiter, LimiterKind
from governance.policy.decision import Decision, Inputs, Outcome, decide
from governance.policy.evidence import Kind, Signal
from governance.policy.reasons import HELP, SENTENCES, Reason
from governance.policy.tiers import Level, Tier
from governance.policy.velocity import Unit
from tests.policy import strategies as some
from tests.policy.build import committed
from tests.policy.oracle import rule
from tests.policy.prove import examples

OUTCOMES = [Outcome.REFUSE, Outcome.ESCALATE, Outcome.EXECUTE]
SEVERITY = [Signal.GREEN, Signal.AMBER, Signal.UNKNOWN, Signal.RED]


def not_above(narrower: Decision, wider: Decision) -> bool:
    """Neither the outcome nor the effective tier is higher."""
    return OUTCOMES.index(narrower.outcome) <= OUTCOMES.index(wider.outcome) and narrower.effective <= wider.effective


@given(some.every_input)
@examples(150)
def test_the_decision_is_what_the_text_of_the_rule_says(made: Inputs) -> None:
    decision = decide(made)
    assert (decision.outcome.value, int(decision.effective)) == rule(made)


@given(some.every_input)
@examples(80)
def test_execute_implies_authority_permission_and_no_halt(made: Inputs) -> None:
    decision = decide(made)
    if decision.outcome is Outcome.EXECUTE:
        assert decision.effective >= decision.required
        assert not made.halts
        assert not made.inactive
        assert made.level is not None
        assert made.ancestors_permitted
        assert made.ticket_stands
        assert not made.human_required
        assert decision.breach is None
        assert not decision.contradicted
    if decision.outcome is Outcome.ESCALATE:
        assert decision.effective >= Tier.PROPOSE


@given(some.every_input)
@examples(80)
def test_every_decision_says_what_bound_it_and_what_would_help(made: Inputs) -> None:
    decision = decide(made)
    assert decision.bound_by
    assert decision.reasons
    assert sum(rung.bound for rung in decision.ladder) == 1
    assert min(rung.tier for rung in decision.ladder) is decision.effective
    first = next(rung for rung in decision.ladder if rung.tier is decision.effective)
    assert first.bound
    assert 0 <= decision.score <= 1
    refusal_or_case = [given for given in decision.reasons if given.code is not Reason.WITHIN_AUTHORITY]
    assert decision.outcome is Outcome.EXECUTE or refusal_or_case
    for reason in decision.reasons:
        wanted = slots_of(SENTENCES[reason.code]) | slots_of(HELP[reason.code])
        assert wanted <= set(reason.slots)
        assert "unknown" not in set(reason.slots) - {"signal", "level"}


def slots_of(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@given(some.every_input)
@examples(30)
def test_the_same_inputs_give_the_same_decision(made: Inputs) -> None:
    assert decide(made) == decide(dataclasses.replace(made))


# Less never gives more. Each narrowing returns inputs with one thing worse.


def lower_ceiling(made: Inputs, draw: Callable[..., Any]) -> Inputs:
    place = draw(st.integers(0, max(0, len(made.limiters) - 1)))
    chain = list(made.limiters)
    if chain:
        held = Tier.PROPOSE if chain[place].tier is None else chain[place].tier
        chain[place] = dataclasses.replace(chain[place], tier=min(draw(some.tiers), held))
    return dataclasses.replace(made, limiters=tuple(chain))


def another_ancestor(made: Inputs, draw: Callable[..., Any]) -> Inputs:
    parent = Limiter(LimiterKind.ANCESTOR, "Refunder", draw(st.none() | some.tiers))
    return dataclasses.replace(made, limiters=(*made.limiters, parent))


def lower_standing(made: Inputs, draw: Callable[..., Any]) -> Inputs:
    held = Tier.PROPOSE if made.standing is None else made.standing
    return dataclasses.replace(made, standing=min(draw(some.tiers), held))


def lower_policy(made: Inputs, draw: Callable[..., Any]) -> Inputs:
    held = Tier.PROPOSE if made.policy is None else made.policy
    return dataclasses.replace(made, policy=min(draw(some.tiers), held))


def lower_level(made: Inputs, draw: Callable[..., Any]) -> Inputs:
    lower = [level for level in Level if made.level is not None and level <= made.level]
    return dataclasses.replace(made, level=draw(st.sampled_from([None, *lower])))


def worse_signal(made: Inputs, draw: Callable[..., Any]) -> Inputs:
    kind = draw(st.sampled_from(Kind))
    now = made.signals.get(kind)
    worse = SEVERITY if now is None else SEVERITY[SEVERITY.index(now) :]
    if now is None and kind not in (Kind.COMPLETENESS, Kind.VELOCITY):
        worse = SEVERITY[2:]
    return dataclasses.replace(made, signals={**made.signals, kind: draw(st.sampled_from(worse))})


def another_required_kind(made: Inputs, draw: Callable[..., Any]) -> Inputs:
    return dataclasses.replace(made, required_evidence=made.required_evidence | {draw(st.sampled_from(Kind))})


def another_fact(made: Inputs, draw: Callable[..., Any]) -> Inputs:
    return made if made.facts is None else dataclasses.replace(made, facts=(*made.facts, draw(some.facts)))


def another_cap(made: Inputs, draw: Callable[..., Any]) -> Inputs:
    counted = some.usages.filter(lambda usage: usage.cap.unit is Unit.COUNT)
    return dataclasses.replace(made, usages=(*made.usages, draw(counted)))


def fuller_budget(made: Inputs, draw: Callable[..., Any]) -> Inputs:
    more = draw(st.integers(0, 10**7))
    return dataclasses.replace(
        made, usages=tuple(dataclasses.replace(usage, live=usage.live + more) for usage in made.usages)
    )


def flag(made: Inputs, draw: Callable[..., Any]) -> Inputs:
    worse: dict[str, Any] = {
        "human_required": True,
        "elevate": True,
        "agent_reason": "uncertain",
        "ancestors_permitted": False,
        "ticket_stands": False,
        "halts": ("project refunds",),
        "inactive": ("Refunder",),
        "policy_available": False,
        "bound": False,
        "facts_first": False,
        "uncertain": True,
        "contended": True,
        "waits": True,
        "novelty": Signal.RED,
        "error_rate": Signal.UNKNOWN,
        "confidence": Decimal("NaN"),
        "confidence_threshold": Decimal(2),
        "score_threshold": Decimal(2),
    }
    name = draw(st.sampled_from(sorted(worse)))
    return dataclasses.replace(made, **{name: worse[name]})


NARROWINGS = [
    lower_ceiling,
    another_ancestor,
    lower_standing,
    lower_policy,
    lower_level,
    worse_signal,
    another_required_kind,
    another_fact,
    another_cap,
    fuller_budget,
    flag,
]


@given(some.every_input, st.sampled_from(NARROWINGS), st.data())
@examples(250)
def test_narrowing_never_widens(made: Inputs, narrowing: Callable[..., Inputs], data: st.DataObject) -> None:
    assert not_above(decide(narrowing(made, data.draw)), decide(made))


@given(some.every_input, st.integers(0, 30))
@examples(60)
def test_a_larger_amount_never_runs_where_a_smaller_did_not(made: Inputs, more: int) -> None:
    """An elevation inside the guardrails apart: there a grant is asked for, and only high risk has grants."""
    made = dataclasses.replace(made, amount=5, elevate=False)
    larger = decide(dataclasses.replace(made, amount=5 + more))
    assert OUTCOMES.index(larger.outcome) <= OUTCOMES.index(decide(made).outcome)


@given(some.every_input, st.lists(st.none() | some.tiers, max_size=6))
@examples(60)
def test_a_child_never_stands_above_any_of_its_parents(made: Inputs, parents: list[Tier | None]) -> None:
    chain = tuple(Limiter(LimiterKind.ANCESTOR, "parent", tier) for tier in parents)
    child = decide(dataclasses.replace(made, limiters=(*made.limiters, *chain)))
    assert all(child.effective <= (Tier.PROPOSE if tier is None else tier) for tier in parents)


@given(st.permutations(list(committed().limiters)))
@examples(20)
def test_the_order_in_which_limiters_come_changes_nothing(order: list[Limiter]) -> None:
    assert decide(committed(limiters=tuple(order))) == decide(committed())
