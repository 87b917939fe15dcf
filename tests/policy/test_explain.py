"""A decision is explained by deciding again: what is named is enough, and all of it is needed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.ceilings import Limiter, LimiterKind
from governance.policy.change import Change
from governance.policy.changed import at_most, with_values
from governance.policy.decision import Inputs, Outcome, Thresholds, decide
from governance.policy.evidence import Kind, Signal, completeness, velocity_signal
from governance.policy.explain import applied, explain
from governance.policy.facts import Result
from governance.policy.guardrails import Guardrail
from governance.policy.in_flight import Flight
from governance.policy.tiers import ActionClass, Level, Risk, Tier
from governance.policy.velocity import CapKey
from tests.policy import strategies as some
from tests.policy.build import DAY, GREEN, ceilings, committed, facts, inputs, usages
from tests.policy.prove import examples
from tests.policy.test_decision_total import FIELD_NAMES, GARBAGE, PLACES

ROOM = "The cap of {cap} in 24 hours for this customer must have room for {what} again: it frees with time."
MONEY, COUNT = ROOM.format(cap="$1,000.00", what="$480.00"), ROOM.format(cap="2 actions", what="this action")


def executes(made: Inputs) -> bool:
    return decide(made).outcome is Outcome.EXECUTE


def tried(made: Inputs, changes: Sequence[Change]) -> list[Inputs]:
    """The inputs with these changes; where they bound the amount, with the most and with nothing."""
    after = applied(made, changes)
    return [after, at_most(0)(after)] if any(change.most is not None for change in changes) else [after]


def named(**changes: Any) -> list[str]:
    """What would have to change for execute."""
    return [change.sentence for change in explain(inputs(**changes)).changes]


@given(some.every_input)
@examples(150)
def test_all_that_is_named_leads_to_execute_and_none_of_it_can_be_left_out(made: Inputs) -> None:
    told = explain(made)
    assert told.decision == decide(made)
    assert told.executes is (told.decision.outcome is Outcome.EXECUTE)
    if told.executes or not told.reachable:
        assert told.changes == ()
    if told.reachable:
        assert decide(applied(made, told.changes)).outcome is Outcome.EXECUTE
        for left_out in told.changes:
            rest = [change for change in told.changes if change is not left_out]
            assert not all(map(executes, tried(made, rest))), left_out


@given(some.every_input)
@examples(100)
def test_only_what_a_person_must_decide_or_no_evidence_can_reach_is_said_to_be_out_of_reach(made: Inputs) -> None:
    told = explain(made)
    if not told.reachable:
        assert told.barred
        beyond = made.score_threshold > 1 or any(use.amount < 0 or use.live < 0 for use in made.usages)
        unset = made.thresholds.amount is not None and made.thresholds.amount < 0
        assert made.human_required or beyond or unset or _over_one(made) or _never_granted(made)


@given(some.every_input)
@examples(150)
def test_an_amount_that_is_named_does_with_every_smaller_one_and_with_no_larger(made: Inputs) -> None:
    told = explain(made)
    for change in told.changes:
        if change.most is not None:
            rest = applied(made, [each for each in told.changes if each is not change])
            known = with_values(rest, amount_known=True, currency_known=True)
            for amount in {0, change.most // 2, change.most}:
                assert decide(at_most(amount)(known)).outcome is Outcome.EXECUTE, (amount, change)
            assert decide(at_most(change.most + 1)(known)).outcome is not Outcome.EXECUTE, change


def test_who_asks_for_an_elevation_is_not_told_that_any_amount_inside_the_guardrail_does() -> None:
    # over the threshold policy grants it, below it a person is asked: a bound on the amount must not hide that
    granted = Guardrail(money=2000, count=3, window_seconds=DAY)
    asked = committed(elevate=True, amount=None, amount_known=False, base_risk=Risk.LOW, guardrail=granted)
    told = explain(dataclasses.replace(asked, thresholds=Thresholds(amount=500)))
    assert [change.sentence for change in told.changes] == [
        "The amount must be known, and at most $20.00.",
        "The agent must ask without an elevation.",
    ]


def test_an_amount_that_cannot_be_in_another_currency_is_asked_for_with_its_rate() -> None:
    told = explain(inputs(amount=-1, amount_known=True, currency_known=False, thresholds=Thresholds(amount=500)))
    assert [change.sentence for change in told.changes] == [
        "The amount must have a rate in the reference currency, and be at most $5.00."
    ]


@given(some.every_input)
@examples(100)
def test_a_wider_cap_that_is_named_asks_for_nothing_but_its_width(made: Inputs) -> None:
    told = explain(made)
    waits = any("have room" in change.sentence for change in told.changes)
    after = applied(made, told.changes)
    for before, now in zip(made.usages, after.usages, strict=True):
        assert waits or now.live == max(0, before.live)


def _never_granted(made: Inputs) -> bool:
    """What does not act is granted by nobody but a person."""
    return made.base_risk is Risk.HIGH and made.action_class is not ActionClass.ACT


def _over_one(made: Inputs) -> bool:
    return made.confidence_threshold is not None and made.confidence_threshold > 1


@given(some.every_input)
@examples(100)
def test_one_step_of_the_ladder_is_marked_and_it_is_the_one_that_is_named(made: Inputs) -> None:
    told = explain(made)
    (bound,) = [step for step in told.steps if step.bound]
    assert told.decision.bound_by.startswith(bound.name)
    if told.executes:
        assert all(step.enough for step in told.steps)
    else:
        assert not all(step.enough for step in told.steps)


@given(some.every_input, st.dictionaries(st.sampled_from(FIELD_NAMES), PLACES, min_size=1, max_size=4))
@examples(100)
def test_explaining_is_total(made: Inputs, garbage: dict[str, int]) -> None:
    wrong = dataclasses.replace(made, **{name: GARBAGE[place] for name, place in garbage.items()})
    told = explain(wrong)
    assert all(change.sentence for change in told.changes)
    if told.reachable:
        assert decide(applied(wrong, told.changes)).outcome is Outcome.EXECUTE


def test_garbage_in_any_one_field_is_explained() -> None:
    for good in (committed(), inputs(halts=("agent Refunder",))):
        for name in FIELD_NAMES:
            for value in GARBAGE:
                told = explain(dataclasses.replace(good, **{name: value}))
                assert told.executes or told.changes or told.barred, (name, value)


def test_what_is_not_inputs_at_all_is_explained_as_such() -> None:
    for value in GARBAGE:
        told = explain(value)
        assert (told.changes, told.barred) == ((), ("The decision could not be completed from its inputs.",))


def test_an_action_that_executes_needs_no_change() -> None:
    told = explain(inputs())
    assert (told.executes, told.reachable, told.changes, told.barred) == (True, True, (), ())


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"limiters": ceilings(project=Tier.PROPOSE)}, ["The ceiling of project refunds must be EXECUTE."]),
        ({"limiters": ceilings(agent=Tier.PROPOSE)}, ["The agent Refunder must be allowed to reach EXECUTE."]),
        ({"limiters": ceilings()[1:]}, ["A ceiling of EXECUTE must be set for the enterprise."]),
        ({"level": Level.L1}, ["The agent must hold level L2 for this action type."]),
        ({"level": Level.L0, "base_risk": Risk.LOW}, ["The agent must hold level L1 for this action type."]),
        ({"level": None}, ["The agent must hold a permission for this action type, at level L2."]),
        ({"ancestors_permitted": False}, ["Every agent above must hold a permission for this action type."]),
        ({"ticket_stands": False}, ["The delegation under which it was asked must be in force."]),
        ({"above": (("Lead", Level.L1),)}, ["The agent above, Lead, must hold level L2 for this action type."]),
        ({"halts": ("agent Refunder",)}, ["The halt on agent Refunder must be lifted."]),
        ({"inactive": ("Refunder",)}, ["Refunder must be active again."]),
        ({"standing": Tier.PROPOSE}, ["The standing of this agent for this action type must be EXECUTE."]),
        ({"policy": Tier.PROPOSE}, ["Policy must allow EXECUTE."]),
        ({"policy_available": False}, ["The policy that governs this action type must answer again."]),
        ({"facts": facts(amount=Result.DIFFERS)}, ["The fact amount must agree."]),
        ({"facts": facts(amount=Result.STALE)}, ["The fact amount must be recent enough, and agree."]),
        (
            {"in_flight": (Flight(CapKey.ENTITY, 1, 1, "customer_id"),)},
            ["Nothing else may be under way for this customer: a report ends it."],
        ),
        (
            {"in_flight": (Flight(CapKey.AGENT, 2, 2),)},
            ["Beside this one at most 1 action may be under way for this agent: a report ends one."],
        ),
        (
            {"in_flight": (Flight(CapKey.AGENT, 3, 3),)},
            ["Beside this one at most 2 actions may be under way for this agent: a report ends one."],
        ),
        ({"facts": None}, ["The required facts must be read before the decision, and agree."]),
        ({"signals": {**GREEN, Kind.TOOL_HEALTH: Signal.RED}}, ["The evidence of tool health must be green."]),
        ({"connector_health": Signal.RED}, ["The connector records must read reliably again."]),
        ({"novelty": Signal.AMBER}, ["The input must be like what this agent has handled before."]),
        ({"error_rate": Signal.UNKNOWN}, ["The reviewed error rate of this agent must be within its limit."]),
        ({"uncertain": True}, ["The agent must be certain of it."]),
        ({"elevate": True}, ["The agent must ask without an elevation."]),
        ({"contended": True}, ["No other change of authority may be under way."]),
        ({"waits": True}, ["The open case of the same action must be closed."]),
        ({"amount_known": False, "amount": None}, ["The amount must be known, and at most $500.00."]),
        (
            {"thresholds": Thresholds(data_class=1), "data_class": 2, "level": Level.L2},
            ["The class of the data must be at most internal."],
        ),
        (
            {"thresholds": Thresholds(data_class=1)},
            ["The class of the data must be known, and at most internal."],
        ),
        ({"usages": usages(2)}, [MONEY, COUNT]),
    ],
    ids=str,
)
def test_what_would_have_to_change_is_named(changes: dict[str, Any], sentences: list[str]) -> None:
    assert named(**changes) == sentences


def test_every_limiter_under_the_bar_is_needed() -> None:
    low = {"limiters": ceilings(domain=Tier.PROPOSE, project=Tier.PROPOSE), "level": Level.L0}
    assert named(**low) == [
        "The ceiling of domain shop must be EXECUTE.",
        "The ceiling of project refunds must be EXECUTE.",
        "The agent must hold level L2 for this action type.",
    ]


def test_a_smaller_amount_is_one_change_where_more_authority_would_be_six() -> None:
    assert named(amount=600_00, usages=usages(0, 600_00)) == ["The amount must be at most $500.00."]


@pytest.mark.parametrize(("rail", "most"), [(900_00, "$900.00"), (400_00, "$500.00")], ids=["rail", "threshold"])
def test_of_a_threshold_and_a_guardrail_the_one_that_lets_more_through_is_named(rail: int, most: str) -> None:
    over = {"base_risk": Risk.MEDIUM, "amount": 940_00, "usages": (), "guardrail": Guardrail(rail, 10, DAY)}
    assert [change.sentence for change in explain(committed(**over)).changes] == [f"The amount must be at most {most}."]
    unknown = {**over, "amount": None, "amount_known": False}
    (known,) = explain(committed(**unknown)).changes
    assert known.sentence == f"The amount must be known, and at most {most}."


def test_a_cap_that_must_be_wider_holds_also_what_is_in_it() -> None:
    told = named(usages=(dataclasses.replace(usages(1)[1], amount=3),))
    assert told == ["The cap of 2 actions in 24 hours for this customer must be at least 4 actions."]


def test_one_smaller_amount_serves_threshold_and_cap() -> None:
    assert named(amount=600_00, usages=usages(2)[:1]) == ["The amount must be at most $40.00."]


def test_a_cap_that_could_never_hold_the_action_must_be_wider() -> None:
    told = named(amount=480_00, usages=(dataclasses.replace(usages()[1], amount=3),))
    assert told == ["The cap of 2 actions in 24 hours for this customer must be at least 3 actions."]


def test_high_risk_needs_commit_everywhere_the_highest_level_and_the_guardrails() -> None:
    assert named(base_risk=Risk.HIGH) == [
        "The ceiling of enterprise acme must be COMMIT.",
        "The ceiling of domain shop must be COMMIT.",
        "The ceiling of project refunds must be COMMIT.",
        "The agent Refunder must be allowed to reach COMMIT.",
        "A policy that covers this action type must grant it.",
        "This action type must have a guardrail.",
        "The agent must hold level L3 for this action type.",
    ]


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"policy_grants": False}, ["A policy that covers this action type must grant it."]),
        ({"guardrail": None}, ["This action type must have a guardrail."]),
        ({"amount": 2_500_00, "usages": ()}, ["The amount must be at most $2,000.00."]),
        (
            {"amount": None, "amount_known": False, "usages": (), "thresholds": Thresholds()},
            ["The amount must be known, and at most $2,000.00."],
        ),
        (
            {"guardrail_used": 12},
            ["The guardrail of 10 grants in 24 hours must have room again: it frees with time."],
        ),
        ({"guardrail": Guardrail(None, 0, DAY)}, ["The guardrail must allow a grant."]),
        ({"action_class": ActionClass.READ}, []),
    ],
    ids=["policy", "no guardrail", "amount", "unknown amount", "count", "no count", "a read"],
)
def test_what_a_grant_of_policy_would_need_is_named(changes: dict[str, Any], sentences: list[str]) -> None:
    assert [change.sentence for change in explain(committed(**changes)).changes] == sentences


def test_what_a_person_must_decide_is_lifted_by_nothing() -> None:
    told = explain(inputs(human_required=True, limiters=ceilings(project=Tier.PROPOSE)))
    assert (told.reachable, told.changes) == (False, ())
    assert told.barred == ("A person must decide every action of this type.",)


def test_why_so_much_is_required_is_said() -> None:
    assert explain(inputs(amount=600_00)).required_because == (
        "An action of class act needs EXECUTE; the base risk of this type is medium.",
        "The amount $600.00 is over $500.00, so the risk is high.",
        "At high risk every action needs COMMIT.",
    )
    read = explain(inputs(action_class=ActionClass.READ, base_risk=Risk.LOW, amount=1))
    assert read.required_because[0].startswith("An action of class read needs OBSERVE;")


def test_a_ladder_says_which_limiter_is_enough() -> None:
    steps = {step.name: step for step in explain(inputs(limiters=ceilings(project=Tier.PROPOSE))).steps}
    assert (steps["project refunds"].bound, steps["project refunds"].enough) == (True, False)
    assert (steps["domain shop"].bound, steps["domain shop"].enough) == (False, True)


def test_a_request_for_a_person_stands_on_the_ladder() -> None:
    *_, last = explain(inputs(human_required=True)).steps
    assert (last.name, last.tier, last.bound, last.enough) == ("request", Tier.PROPOSE, True, False)


def test_evidence_that_asks_for_a_person_is_marked_where_the_tiers_would_do() -> None:
    draft = explain(inputs(action_class=ActionClass.DRAFT, base_risk=Risk.LOW, uncertain=True, level=Level.L0))
    assert [step.name for step in draft.steps if step.bound] == ["evidence"]


def test_a_signal_that_was_computed_follows_what_it_was_computed_from() -> None:
    wrong = facts(amount=Result.DIFFERS)
    signals = {**GREEN, Kind.COMPLETENESS: completeness(wrong), Kind.VELOCITY: velocity_signal(usages(2))}
    assert named(facts=wrong, usages=usages(2), signals=signals) == ["The fact amount must agree.", MONEY, COUNT]


def test_a_ceiling_between_two_of_one_name_is_raised_alone() -> None:
    leads = [Limiter(LimiterKind.ANCESTOR, "Lead", tier) for tier in (Tier.COMMIT, None)]
    assert named(limiters=(*ceilings(), *leads)) == ["The agent above, Lead, must be allowed to reach EXECUTE."]
