"""The rule of authority, guard by guard: each test fails when its guard is removed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from governance.policy.ceilings import Limiter, LimiterKind
from governance.policy.decision import Decision, Inputs, Outcome, Thresholds, decide
from governance.policy.evidence import Kind, Signal
from governance.policy.explain import explain
from governance.policy.facts import FactSummary, Result
from governance.policy.in_flight import Flight
from governance.policy.reasons import Reason
from governance.policy.tiers import ActionClass, Level, Risk, Tier
from governance.policy.velocity import Cap, CapKey, Unit, Usage
from tests.policy.build import DAY, GREEN, MONEY_CAP, ceilings, committed, facts, inputs, usages


def codes(decision: Decision) -> list[Reason]:
    return [given.code for given in decision.reasons]


def escalates(decision: Decision, *reasons: Reason) -> bool:
    """The answer is a case at PROPOSE, for all of these reasons."""
    return (
        decision.outcome is Outcome.ESCALATE
        and decision.effective is Tier.PROPOSE
        and set(reasons) <= set(codes(decision))
    )


def test_an_ordinary_refund_executes_with_an_alert_and_names_what_bound_it() -> None:
    decision = decide(inputs())
    assert decision.outcome is Outcome.EXECUTE
    assert (decision.effective, decision.required, decision.risk) == (Tier.EXECUTE, Tier.EXECUTE, Risk.MEDIUM)
    assert decision.bound_by == "enterprise acme: ceiling EXECUTE"
    assert decision.alert
    assert codes(decision) == [Reason.WITHIN_AUTHORITY]
    assert decision.reasons[0].sentence == "The effective tier EXECUTE covers the required tier EXECUTE."
    assert decision.score == 1


def test_a_ceiling_at_propose_names_itself_and_its_steward() -> None:
    decision = decide(inputs(limiters=ceilings(project=Tier.PROPOSE)))
    assert escalates(decision, Reason.CEILING)
    assert decision.bound_by == "project refunds: ceiling PROPOSE"
    assert decision.reasons[0].sentence == "The ceiling of project refunds is PROPOSE; this action needs EXECUTE."
    assert decision.reasons[0].help == "The ceiling of project refunds must be raised."


@pytest.mark.parametrize("kind", ["enterprise", "domain", "project", "agent"])
def test_every_ceiling_limits(kind: str) -> None:
    decision = decide(inputs(limiters=ceilings(**{kind: Tier.PROPOSE})))
    assert decision.outcome is Outcome.ESCALATE
    assert decision.bound_by.startswith(kind)


@pytest.mark.parametrize("kind", ["enterprise", "domain", "project", "agent"])
def test_under_an_observe_ceiling_nothing_is_even_proposed(kind: str) -> None:
    decision = decide(inputs(limiters=ceilings(**{kind: Tier.OBSERVE})))
    assert decision.outcome is Outcome.REFUSE
    assert decision.effective is Tier.OBSERVE


@pytest.mark.parametrize("kind", ["enterprise", "domain", "project", "agent"])
def test_a_missing_ceiling_is_not_no_ceiling(kind: str) -> None:
    left = tuple(limiter for limiter in ceilings() if limiter.kind != kind)
    decision = decide(inputs(limiters=left))
    assert escalates(decision, Reason.CEILING_MISSING)
    assert decision.bound_by == f"{kind} not set: ceiling PROPOSE"


def test_an_unknown_ceiling_counts_as_propose() -> None:
    assert escalates(decide(inputs(limiters=ceilings(domain=None))), Reason.CEILING_MISSING)


def test_a_sub_agent_is_capped_by_its_parent() -> None:
    parent = Limiter(LimiterKind.ANCESTOR, "Refunder", Tier.PROPOSE)
    decision = decide(inputs(limiters=(*ceilings(), parent)))
    assert escalates(decision, Reason.ANCESTOR_CEILING)
    assert decision.bound_by == "ancestor Refunder: ceiling PROPOSE"


def test_the_ladder_is_in_the_fixed_order_however_the_limiters_come() -> None:
    parent = Limiter(LimiterKind.ANCESTOR, "Refunder", Tier.EXECUTE)
    recovery = Limiter(LimiterKind.RECOVERY, "project refunds", Tier.EXECUTE)
    limiters = tuple(reversed((*ceilings(), parent, recovery)))
    decision = decide(inputs(limiters=limiters, above=(("Refunder", Level.L2),)))
    assert len(decision.ladder) == len(LimiterKind)
    for rung, kind in zip(decision.ladder, LimiterKind, strict=True):
        assert rung.name.startswith(kind.value)
    assert [rung.bound for rung in decision.ladder] == [True, *[False] * (len(LimiterKind) - 1)]
    assert [rung.name for rung in decision.ladder][7:] == ["level L2 at medium risk", "standing", "evidence", "policy"]


# Halts and permission


def test_a_halt_refuses_whatever_else_is_in_order() -> None:
    decision = decide(inputs(halts=("enterprise acme",)))
    assert decision.outcome is Outcome.REFUSE
    assert decision.effective is Tier.HALT
    assert decision.bound_by == "halt: enterprise acme"
    assert decision.reasons[0].sentence == "A halt is in force: enterprise acme."


def test_a_halt_is_judged_before_permission_and_tools() -> None:
    red = {**GREEN, Kind.TOOL_HEALTH: Signal.RED}
    decision = decide(inputs(halts=("agent Refunder", "type refund.issue"), level=None, signals=red))
    assert codes(decision) == [Reason.HALTED, Reason.HALTED]


def test_an_inactive_ancestor_halts() -> None:
    decision = decide(inputs(inactive=("Refunder",)))
    assert (decision.outcome, decision.effective) == (Outcome.REFUSE, Tier.HALT)
    assert codes(decision) == [Reason.INACTIVE]
    assert decision.bound_by == "not active: Refunder"


@pytest.mark.parametrize("action_class", ActionClass)
def test_without_a_permission_not_even_a_read_is_done(action_class: ActionClass) -> None:
    decision = decide(inputs(level=None, action_class=action_class, base_risk=Risk.LOW))
    assert decision.outcome is Outcome.REFUSE
    assert codes(decision) == [Reason.NO_PERMISSION]
    assert decision.bound_by == "permission: none for this action type"


def test_a_permission_missing_anywhere_in_the_chain_refuses() -> None:
    decision = decide(inputs(ancestors_permitted=False))
    assert decision.outcome is Outcome.REFUSE
    assert codes(decision) == [Reason.ANCESTOR_NOT_PERMITTED]
    assert decision.bound_by == "permission: none above for this action type", "its own it has"


def test_a_refusal_says_first_what_refuses() -> None:
    low = ceilings(domain=Tier.PROPOSE, project=Tier.OBSERVE)
    decision = decide(inputs(limiters=low, agent_reason="uncertain", amount=600_00))
    assert decision.outcome is Outcome.REFUSE
    assert decision.reasons[0].sentence == "The ceiling of project refunds is OBSERVE; this action needs COMMIT."
    red = decide(inputs(signals={**GREEN, Kind.TOOL_HEALTH: Signal.RED}, level=Level.L0, uncertain=True))
    assert (red.outcome, codes(red)[0]) == (Outcome.REFUSE, Reason.TOOL_RED)


def test_why_the_risk_is_high_is_said_before_what_does_not_reach_it() -> None:
    decision = decide(inputs(amount=None, amount_known=False, uncertain=True))
    found = codes(decision)
    assert (found[0], found[-1]) == (Reason.AMOUNT_UNKNOWN, Reason.UNCERTAIN)
    assert Reason.CEILING in found[1:-1]


# Levels and risk


def test_a_draft_is_made_at_l0_and_a_read_under_an_observe_ceiling() -> None:
    draft = inputs(action_class=ActionClass.DRAFT, level=Level.L0)
    assert decide(draft).outcome is Outcome.EXECUTE
    read = inputs(action_class=ActionClass.READ, level=Level.L0, limiters=ceilings(agent=Tier.OBSERVE))
    assert decide(read).outcome is Outcome.EXECUTE


def test_a_refund_over_the_threshold_is_high_risk_and_waits_for_a_person() -> None:
    decision = decide(inputs(amount=500_01))
    assert decision.risk is Risk.HIGH
    assert decision.required is Tier.COMMIT
    assert escalates(decision, Reason.AMOUNT_OVER_THRESHOLD, Reason.LEVEL_TOO_LOW)
    assert decision.reasons[0].sentence == "The amount $500.01 is over $500.00, so the risk is high."


def test_a_refund_at_the_threshold_is_not_over_it() -> None:
    assert decide(inputs(amount=500_00)).outcome is Outcome.EXECUTE


def test_nothing_is_an_amount_and_a_quantity_too() -> None:
    assert decide(inputs(amount=0)).outcome is Outcome.EXECUTE
    assert decide(inputs(quantity=0, thresholds=Thresholds(quantity=0))).outcome is Outcome.EXECUTE


def test_a_threshold_counts_where_no_cap_does() -> None:
    assert escalates(decide(inputs(amount=500_01, usages=())), Reason.AMOUNT_OVER_THRESHOLD)
    assert escalates(decide(inputs(amount=None, usages=())), Reason.AMOUNT_UNKNOWN)


def test_one_mail_to_ten_thousand_contacts_waits_for_a_person() -> None:
    limit = Thresholds(quantity=100)
    assert decide(inputs(thresholds=limit, quantity=100)).outcome is Outcome.EXECUTE
    decision = decide(inputs(thresholds=limit, quantity=10_000))
    assert escalates(decision, Reason.QUANTITY_OVER_THRESHOLD)
    assert decision.risk is Risk.HIGH


def test_a_class_of_data_over_the_threshold_is_high_risk() -> None:
    limit = Thresholds(data_class=2)
    assert decide(inputs(thresholds=limit, data_class=2)).outcome is Outcome.EXECUTE
    over = decide(inputs(thresholds=limit, data_class=3))
    assert escalates(over, Reason.DATA_CLASS_OVER_THRESHOLD)
    assert "The data class restricted is over confidential, so the risk is high." in [r.sentence for r in over.reasons]
    assert escalates(decide(inputs(thresholds=limit)), Reason.DATA_CLASS_UNKNOWN)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount_known": False}, Reason.AMOUNT_UNKNOWN),
        ({"amount": None}, Reason.AMOUNT_UNKNOWN),
        ({"amount": -1}, Reason.AMOUNT_UNKNOWN),
        ({"currency_known": False}, Reason.CURRENCY_UNKNOWN),
        ({"thresholds": Thresholds(), "amount_known": False}, Reason.AMOUNT_UNKNOWN),
        ({"thresholds": Thresholds(), "currency_known": False}, Reason.CURRENCY_UNKNOWN),
        ({"thresholds": Thresholds(quantity=5)}, Reason.QUANTITY_UNKNOWN),
        ({"thresholds": Thresholds(quantity=5), "quantity": -1}, Reason.QUANTITY_UNKNOWN),
    ],
)
def test_a_figure_that_is_limited_but_unknown_is_taken_as_high(changes: dict[str, Any], reason: Reason) -> None:
    for made in (inputs(**changes), committed(**changes)):
        decision = decide(made)
        assert decision.risk is Risk.HIGH
        assert escalates(decision, reason)


def test_an_unknown_amount_matters_only_where_money_is_limited() -> None:
    counted = tuple(usage for usage in usages() if usage.cap.unit is Unit.COUNT)
    assert (
        decide(inputs(thresholds=Thresholds(), usages=counted, amount=None, amount_known=False)).outcome
        is Outcome.EXECUTE
    )


def test_a_high_risk_read_needs_a_grant_like_any_high_risk_action() -> None:
    decision = decide(inputs(action_class=ActionClass.READ, base_risk=Risk.HIGH))
    assert (decision.required, decision.outcome) == (Tier.COMMIT, Outcome.ESCALATE)


# What demands a person


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"human_required": True}, Reason.HUMAN_REQUIRED),
        ({"elevate": True}, Reason.ELEVATION_ASKED),
        ({"agent_reason": "uncertain"}, Reason.AGENT_UNCERTAIN),
        ({"agent_reason": "novel_input"}, Reason.AGENT_NOVEL_INPUT),
        ({"agent_reason": "out_of_scope"}, Reason.AGENT_OUT_OF_SCOPE),
        ({"agent_reason": "ambiguous_policy"}, Reason.AGENT_AMBIGUOUS_POLICY),
        ({"agent_reason": "please approve, VIP"}, Reason.AGENT_ASKED),
        ({"waits": True}, Reason.WAITS_FOR_A_PERSON),
    ],
)
@pytest.mark.parametrize("action_class", ActionClass)
def test_a_person_decides_what_asks_for_one(changes: dict[str, Any], reason: Reason, action_class: ActionClass) -> None:
    decision = decide(inputs(action_class=action_class, **changes))
    assert decision.outcome is Outcome.ESCALATE
    assert codes(decision) == [reason]
    assert decision.bound_by.startswith("request: ")
    assert "VIP" not in repr(decision)


def test_below_propose_an_agents_own_escalation_is_refused_like_an_action() -> None:
    for action_class in ActionClass:
        observer = inputs(action_class=action_class, agent_reason="uncertain", limiters=ceilings(agent=Tier.OBSERVE))
        decision = decide(observer)
        assert decision.outcome is Outcome.REFUSE
        assert decision.bound_by == "agent Refunder: ceiling OBSERVE"
        assert Reason.AGENT_CEILING in codes(decision)


def test_no_level_and_no_guardrail_lifts_human_required() -> None:
    assert decide(committed()).outcome is Outcome.EXECUTE
    decision = decide(committed(human_required=True))
    assert escalates(decision, Reason.HUMAN_REQUIRED)


def test_an_elevation_is_a_case_or_a_grant_inside_the_guardrails() -> None:
    assert decide(committed(elevate=True)).outcome is Outcome.EXECUTE
    for other in (
        committed(elevate=True, policy_grants=False),
        committed(elevate=True, guardrail_used=10),
        committed(elevate=True, guardrail=None),
        committed(elevate=True, level=Level.L2),
        committed(elevate=True, base_risk=Risk.MEDIUM),
    ):
        assert decide(other).outcome is Outcome.ESCALATE
        assert Reason.ELEVATION_ASKED in codes(decide(other))


# Standing and policy


def test_standing_limits_and_reconciliation_can_take_it_to_observe() -> None:
    assert escalates(decide(inputs(standing=Tier.PROPOSE)), Reason.STANDING)
    assert escalates(decide(inputs(standing=None)), Reason.STANDING)
    assert decide(inputs(standing=Tier.OBSERVE)).outcome is Outcome.REFUSE
    assert decide(inputs(standing=Tier.PROPOSE)).bound_by == "standing: PROPOSE"


def test_policy_can_only_lower() -> None:
    assert escalates(decide(inputs(policy=Tier.PROPOSE)), Reason.POLICY_CAP)
    assert decide(inputs(policy=Tier.COMMIT)).effective is Tier.EXECUTE
    assert decide(committed(policy=Tier.EXECUTE)).outcome is Outcome.ESCALATE


@pytest.mark.parametrize("changes", [{"policy": None}, {"policy_available": False}])
def test_a_policy_that_cannot_be_evaluated_never_opens_the_gate(changes: dict[str, Any]) -> None:
    for made in (inputs(**changes), committed(**changes)):
        decision = decide(made)
        assert escalates(decision, Reason.POLICY_UNAVAILABLE)
        assert decision.bound_by == "policy: PROPOSE"


def test_a_failing_policy_that_had_said_no_still_says_no() -> None:
    assert decide(inputs(policy=Tier.HALT, policy_available=False)).outcome is Outcome.REFUSE


# Evidence


BREACHED = "Within ten minutes this agent broke the contract of this type: it is "
UNRELIABLE = "The tool that this action needs is not known to be reliable: shop.payments is "
# The kinds whose evidence comes from outside and has a reason of its own.
SPOKEN = {
    (Kind.CONTRACT, Signal.AMBER): (Reason.CONTRACT_BREACHED, f"{BREACHED}amber."),
    (Kind.TOOL_HEALTH, Signal.AMBER): (Reason.TOOL_NOT_GREEN, f"{UNRELIABLE}amber."),
    (Kind.TOOL_HEALTH, Signal.UNKNOWN): (Reason.TOOL_NOT_GREEN, f"{UNRELIABLE}unknown."),
}


@pytest.mark.parametrize("kind", [Kind.CONTRACT, Kind.TOOL_HEALTH, Kind.COMPLETENESS, Kind.VELOCITY])
@pytest.mark.parametrize("signal", [Signal.AMBER, Signal.UNKNOWN])
@pytest.mark.parametrize("action_class", ActionClass)
def test_amber_or_unknown_of_a_required_kind_is_a_case(kind: Kind, signal: Signal, action_class: ActionClass) -> None:
    decision = decide(inputs(signals={**GREEN, kind: signal}, action_class=action_class))
    reason, sentence = SPOKEN.get((kind, signal), (Reason.SIGNAL_NOT_GREEN, "Required evidence is not green: "))
    assert escalates(decision, reason, Reason.SCORE_LOW)
    assert decision.bound_by.startswith(f"evidence: {sentence}")


def test_a_required_signal_that_nobody_gathered_is_unknown() -> None:
    decision = decide(inputs(signals={Kind.CONTRACT: Signal.GREEN}))
    assert escalates(decision, Reason.TOOL_NOT_GREEN)
    assert decision.reasons[0].sentence == f"{UNRELIABLE}unknown."
    assert escalates(decide(inputs(signals={Kind.TOOL_HEALTH: Signal.GREEN})), Reason.SIGNAL_NOT_GREEN)


def test_a_kind_that_is_not_required_is_not_judged() -> None:
    signals = {**GREEN, Kind.TOOL_HEALTH: Signal.RED, Kind.CONTRACT: Signal.AMBER}
    assert decide(inputs(signals=signals, required_evidence=frozenset())).outcome is Outcome.EXECUTE


def test_a_kind_that_nobody_knows_is_never_green() -> None:
    odd = frozenset({Kind.CONTRACT, "astrology"})
    assert escalates(decide(inputs(required_evidence=odd)), Reason.SIGNAL_NOT_GREEN)


@pytest.mark.parametrize("signal", [Signal.AMBER, Signal.UNKNOWN, Signal.RED])
@pytest.mark.parametrize("action_class", ActionClass)
def test_a_connector_in_doubt_is_a_case_and_never_a_halt(signal: Signal, action_class: ActionClass) -> None:
    decision = decide(inputs(connector_health=signal, action_class=action_class))
    assert escalates(decision, Reason.CONNECTOR_NOT_GREEN)
    assert decision.effective is Tier.PROPOSE
    told = f"The system of record may not be reached: connector records is {signal.value}."
    assert decision.bound_by == f"evidence: {told}"


def test_a_connector_is_not_judged_for_a_type_that_requires_no_tool_health() -> None:
    required = frozenset({Kind.CONTRACT, Kind.COMPLETENESS, Kind.VELOCITY})
    assert decide(inputs(connector_health=Signal.RED, required_evidence=required)).outcome is Outcome.EXECUTE


def test_a_red_tool_stops_the_types_that_need_it_and_says_that_it_is_the_tool() -> None:
    red = {**GREEN, Kind.TOOL_HEALTH: Signal.RED}
    for action_class in ActionClass:
        decision = decide(inputs(signals=red, action_class=action_class))
        assert (decision.outcome, decision.effective) == (Outcome.REFUSE, Tier.HALT)
        assert Reason.TOOL_RED in codes(decision)
        assert Reason.HALTED not in codes(decision)
        assert decision.bound_by == "evidence: The tool that this action needs is failing: shop.payments."


def test_red_of_anything_else_is_a_case_not_a_halt() -> None:
    for kind in (Kind.COMPLETENESS, Kind.VELOCITY):
        assert escalates(decide(inputs(signals={**GREEN, kind: Signal.RED})), Reason.SIGNAL_NOT_GREEN)
    assert escalates(decide(inputs(signals={**GREEN, Kind.CONTRACT: Signal.RED})), Reason.CONTRACT_BREACHED)


def test_an_unbound_type_that_needs_completeness_is_never_executed() -> None:
    decision = decide(inputs(bound=False, facts=None))
    assert escalates(decision, Reason.NO_RECORD_BOUND)
    assert decision.bound_by == "evidence: No record is bound: nothing was verified."


def test_facts_read_on_the_case_never_execute_by_themselves() -> None:
    assert escalates(decide(inputs(facts_first=False)), Reason.FACTS_NOT_READ)
    assert escalates(decide(inputs(facts=None)), Reason.FACTS_NOT_READ)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (Result.DIFFERS, Reason.FACT_DIFFERS),
        (Result.MISSING, Reason.FACT_MISSING),
        (Result.UNREACHABLE, Reason.FACT_UNREACHABLE),
        (Result.STALE, Reason.FACT_STALE),
        (Result.UNVERIFIABLE, Reason.FACT_UNVERIFIABLE),
    ],
)
@pytest.mark.parametrize("action_class", ActionClass)
def test_a_required_fact_that_does_not_agree_is_a_case(
    result: Result, reason: Reason, action_class: ActionClass
) -> None:
    for required in (frozenset({Kind.COMPLETENESS}), frozenset[Kind]()):
        made = inputs(facts=facts(status=result), action_class=action_class, required_evidence=required, signals={})
        decision = decide(made)
        assert escalates(decision, reason)
        assert decision.contradicted is (result is Result.DIFFERS)


def test_a_false_claim_counts_even_where_the_fact_is_not_required() -> None:
    false = FactSummary("tier", Result.DIFFERS, required=False, claimed=True)
    decision = decide(inputs(facts=(*facts(), false)))
    assert escalates(decision, Reason.FACT_DIFFERS)
    assert decision.contradicted


def test_a_fact_that_is_neither_required_nor_claimed_blocks_nothing() -> None:
    idle = tuple(FactSummary("tier", result, required=False, claimed=False) for result in Result)
    decision = decide(inputs(facts=(*facts(), *idle)))
    assert decision.outcome is Outcome.EXECUTE
    assert not decision.contradicted


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"novelty": Signal.AMBER}, Reason.NOVELTY),
        ({"novelty": Signal.UNKNOWN}, Reason.NOVELTY),
        ({"error_rate": Signal.RED}, Reason.ERROR_RATE),
        ({"uncertain": True}, Reason.UNCERTAIN),
        ({"confidence": Decimal("0.79"), "confidence_threshold": Decimal("0.8")}, Reason.CONFIDENCE_LOW),
        ({"confidence_threshold": Decimal("0.8")}, Reason.CONFIDENCE_MISSING),
        ({"confidence": Decimal("NaN"), "confidence_threshold": Decimal("0.8")}, Reason.CONFIDENCE_MISSING),
        ({"confidence": Decimal("1.01"), "confidence_threshold": Decimal("0.8")}, Reason.CONFIDENCE_MISSING),
        ({"confidence": Decimal("-0.1")}, Reason.CONFIDENCE_MISSING),
        ({"confidence": Decimal("sNaN")}, Reason.CONFIDENCE_MISSING),
        ({"confidence": Decimal(1), "confidence_threshold": Decimal("NaN")}, Reason.CONFIDENCE_LOW),
        ({"score_threshold": Decimal("1.01")}, Reason.SCORE_LOW),
        ({"score_threshold": Decimal("NaN")}, Reason.SCORE_LOW),
        ({"contended": True}, Reason.CONTENDED),
    ],
)
@pytest.mark.parametrize("action_class", ActionClass)
def test_doubt_lowers_authority(changes: dict[str, Any], reason: Reason, action_class: ActionClass) -> None:
    assert escalates(decide(inputs(action_class=action_class, **changes)), reason)


@pytest.mark.parametrize(
    ("kind", "doubt", "reason"),
    [
        (Kind.UNCERTAINTY, {"uncertain": True}, Reason.UNCERTAIN),
        (Kind.ERROR_RATE, {"error_rate": Signal.UNKNOWN}, Reason.ERROR_RATE),
    ],
)
def test_required_evidence_of_the_agent_is_green_or_told_once_by_its_own_reason(
    kind: Kind, doubt: dict[str, Any], reason: Reason
) -> None:
    required = frozenset({kind})
    assert decide(inputs(required_evidence=required, signals={kind: Signal.GREEN})).outcome is Outcome.EXECUTE
    assert escalates(decide(inputs(required_evidence=required, signals={})), Reason.SIGNAL_NOT_GREEN)
    said = Signal.UNKNOWN if kind is Kind.ERROR_RATE else Signal.AMBER
    doubted = inputs(required_evidence=required, signals={kind: said}, **doubt)
    assert [code for code in codes(decide(doubted)) if code in (reason, Reason.SIGNAL_NOT_GREEN)] == [reason]
    assert len(explain(doubted).changes) == 1, "one thing to change"


def test_doubt_says_its_colour() -> None:
    sentence = "The input may be unlike what this agent has handled before: novelty is {}."
    for signal, colour in ((Signal.AMBER, "amber"), ("purple", "unknown")):
        assert decide(inputs(novelty=signal)).reasons[0].sentence == sentence.format(colour)


def test_a_threshold_that_is_no_number_is_said_to_be_unknown() -> None:
    decision = decide(
        inputs(score_threshold=Decimal("NaN"), confidence=Decimal("0.5"), confidence_threshold=Decimal(2))
    )
    assert [given.sentence for given in decision.reasons] == [
        "The stated confidence 0.500 is under the threshold unknown.",
        "The evidence score 1.000 is under the threshold unknown.",
    ]


def test_confidence_never_raises_authority() -> None:
    sure = {"confidence": Decimal(1), "confidence_threshold": Decimal("0.8")}
    assert decide(inputs(**sure)).effective is decide(inputs()).effective
    assert decide(inputs(level=Level.L0, **sure)).outcome is Outcome.ESCALATE


def test_an_evidence_cap_under_an_observe_ceiling_opens_no_case() -> None:
    read = inputs(action_class=ActionClass.READ, uncertain=True, limiters=ceilings(project=Tier.OBSERVE))
    decision = decide(read)
    assert decision.outcome is Outcome.REFUSE
    assert decision.bound_by == "project refunds: ceiling OBSERVE"


# Caps


def test_of_four_refunds_of_480_two_are_paid_and_the_third_breaches_both_caps() -> None:
    answers = [decide(inputs(usages=usages(paid=paid))) for paid in range(4)]
    assert [answer.outcome for answer in answers] == [Outcome.EXECUTE] * 2 + [Outcome.ESCALATE] * 2
    third = answers[2]
    assert third.breach is not None
    assert third.breach.cap is MONEY_CAP
    assert codes(third) == [Reason.CAP_EXCEEDED, Reason.CAP_EXCEEDED, Reason.SCORE_LOW]
    assert [given.sentence for given in third.reasons[:2]] == [
        "With this action this customer would reach $1,440.00 within 24 hours; the cap is $1,000.00.",
        "With this action this customer would reach 3 actions within 24 hours; the cap is 2 actions.",
    ]


def test_fewer_than_three_is_a_count_of_two() -> None:
    small = [decide(inputs(amount=1_00, usages=usages(paid=paid, amount=1_00))) for paid in range(4)]
    assert [answer.outcome for answer in small] == [Outcome.EXECUTE] * 2 + [Outcome.ESCALATE] * 2
    assert small[2].breach is not None
    assert small[2].breach.cap.unit is Unit.COUNT


def test_a_real_session_that_pays_four_dollars_fifteen_times_stops_at_its_cap() -> None:
    cap = Cap(CapKey.RUN, Unit.MONEY, 20_00, DAY)
    paid, outcomes = 0, []
    for _ in range(15):
        decision = decide(inputs(amount=4_00, usages=(Usage(cap, "run", paid, 4_00),)))
        outcomes.append(decision.outcome)
        paid += 4_00 if decision.outcome is Outcome.EXECUTE else 0
    assert outcomes == [Outcome.EXECUTE] * 5 + [Outcome.ESCALATE] * 10


@pytest.mark.parametrize(
    ("key", "entity", "whose"),
    [
        (CapKey.RUN, None, "this run"),
        (CapKey.OWNER, None, "this owner's agents"),
        (CapKey.ENTITY, "payee_iban", "this payee iban"),
        (CapKey.ENTITY, "customer_id", "this customer"),
        (CapKey.ENTITY, "subject", "this customer"),
        (CapKey.ENTITY, "recipients", "these recipients"),
        (CapKey.ENTITY, "participant_email", "this participant"),
        (CapKey.ENTITY, "id", "this record"),
        (CapKey.ENTITY, "VIP\u202e", "this (unreadable name)"),
        (CapKey.ENTITY, None, "this record"),
    ],
)
def test_a_cap_names_what_it_counts_over_as_a_person_would(key: CapKey, entity: str | None, whose: str) -> None:
    decision = decide(inputs(usages=(Usage(Cap(key, Unit.COUNT, 0, 3600), "key", 0, 1, entity),)))
    assert decision.reasons[0].sentence == (
        f"With this action {whose} would reach 1 action within 1 hour; the cap is 0 actions."
    )


def test_a_hard_cap_says_that_no_approval_passes_it() -> None:
    hard = Cap(CapKey.AGENT, Unit.MONEY, 500_00, DAY, hard=True)
    decision = decide(inputs(usages=(Usage(hard, "agent", 100_00, 480_00),)))
    assert escalates(decision, Reason.HARD_CAP)
    assert decision.reasons[0].help == "It fits again when the window frees: no approval passes a hard cap."


def test_of_several_breached_keys_the_first_in_the_fixed_order_gets_the_case() -> None:
    full = [Usage(Cap(key, Unit.COUNT, 0, DAY, hard=key is CapKey.ENTERPRISE), key.value, 0, 1) for key in CapKey]
    decision = decide(inputs(usages=tuple(reversed(full))))
    assert decision.breach is not None
    assert decision.breach.cap.key is CapKey.ENTITY
    assert codes(decision).count(Reason.CAP_EXCEEDED) == 7
    assert codes(decision).count(Reason.HARD_CAP) == 1


@pytest.mark.parametrize("action_class", ActionClass)
def test_a_breached_cap_is_a_case_for_drafts_and_reads_too(action_class: ActionClass) -> None:
    decision = decide(inputs(action_class=action_class, usages=usages(paid=2)))
    assert escalates(decision, Reason.CAP_EXCEEDED)


def test_a_refusal_opens_no_case_on_a_cap() -> None:
    assert decide(inputs(halts=("type refund.issue",), usages=usages(paid=9))).breach is None


def test_decide_keeps_its_inputs_untouched() -> None:
    signals = dict(GREEN)
    made: Inputs = inputs(signals=signals)
    before = repr(made)
    decide(made)
    assert repr(made) == before
    assert signals == GREEN


def test_of_two_halts_the_first_is_named_and_nothing_else_is_said() -> None:
    decision = decide(inputs(halts=("project refunds", "enterprise acme"), facts=facts(amount=Result.DIFFERS)))
    assert decision.bound_by == "halt: project refunds"
    assert (decision.alert, decision.contradicted) == (False, False)


def test_a_draft_that_evidence_sends_to_a_person_is_bound_by_the_evidence_not_by_a_ceiling_that_is_enough() -> None:
    draft = {"action_class": ActionClass.DRAFT, "limiters": ceilings(agent=Tier.PROPOSE)}
    decision = decide(inputs(**draft, facts=facts(amount=Result.MISSING)))
    assert (decision.outcome, decision.effective) == (Outcome.ESCALATE, Tier.PROPOSE)
    assert decision.bound_by.startswith("evidence: ")
    assert {given.code for given in decision.reasons}.isdisjoint({Reason.AGENT_CEILING, Reason.CEILING})


def test_of_several_caps_of_evidence_a_failing_tool_is_named() -> None:
    signals = {Kind.CONTRACT: Signal.AMBER, Kind.TOOL_HEALTH: Signal.RED}
    decision = decide(inputs(signals=signals, facts=facts(amount=Result.MISSING)))
    assert decision.effective is Tier.HALT
    red = next(given for given in decision.reasons if given.code is Reason.TOOL_RED)
    assert decision.reasons[0] is red, "of a refusal what refuses is said first"
    assert decision.bound_by == f"evidence: {red.sentence}"


def test_what_is_under_way_is_limited_per_agent_and_entity() -> None:
    free = (Flight(CapKey.ENTITY, 0, 1, "customer_id"), Flight(CapKey.AGENT, 4, 5))
    assert decide(inputs(in_flight=free)).outcome is Outcome.EXECUTE
    over = decide(inputs(in_flight=(Flight(CapKey.ENTITY, 1, 1, "customer_id"), Flight(CapKey.AGENT, 5, 5))))
    assert escalates(over, Reason.IN_FLIGHT_LIMIT)
    sentences = [given.sentence for given in over.reasons if given.code is Reason.IN_FLIGHT_LIMIT]
    assert sentences == [
        "With this action 2 would be under way for this customer; the limit is 1.",
        "With this action 6 would be under way for this agent; the limit is 5.",
    ]


@pytest.mark.parametrize("flight", [Flight(CapKey.AGENT, -1, 5), Flight(CapKey.AGENT, None, 5)])  # type: ignore[arg-type]
def test_a_count_of_what_is_under_way_that_cannot_be_passes_every_limit(flight: Flight) -> None:
    assert flight.passed
    assert decide(inputs(in_flight=(flight,))).outcome is Outcome.ESCALATE


def test_an_amount_without_a_rate_is_unknown_and_says_so() -> None:
    decision = decide(inputs(amount=None, currency_known=False))
    assert decision.risk is Risk.HIGH
    assert escalates(decision, Reason.CURRENCY_UNKNOWN)
    assert not escalates(decision, Reason.AMOUNT_UNKNOWN)
