"""I12, its pure part: whatever a rule answers, or does not answer, nothing above PROPOSE comes of a failure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.decision import Outcome, decide
from governance.policy.reasons import Reason
from governance.policy.rulings import (
    FAILURES,
    Enforcement,
    Failure,
    RuleSaid,
    Ruling,
    read_answer,
    rule_together,
)
from governance.policy.tiers import Tier
from tests.policy.build import committed, inputs

DECLARED = {"amount_large": "The amount is over 500.00.", "late": "It is late."}


def said(tier: Tier | None, enforcement: Enforcement = Enforcement.HARD, **more: Any) -> RuleSaid:
    given = {"bundle": "refunds", "version": 3, "digest": "d", "rule": "small", "reasons": (), **more}
    return RuleSaid(tier=tier, enforcement=enforcement, **given)


def test_nothing_that_covers_is_no_cap_and_no_grant() -> None:
    assert rule_together([]) == Ruling(Tier.COMMIT, True, False, ())


def test_the_lowest_mandatory_rule_is_the_cap() -> None:
    found = rule_together([said(Tier.COMMIT), said(Tier.EXECUTE), said(Tier.COMMIT)])
    assert (found.tier, found.available, found.grants) == (Tier.EXECUTE, True, False)


def test_only_commit_of_every_mandatory_rule_grants() -> None:
    assert rule_together([said(Tier.COMMIT), said(Tier.COMMIT, Enforcement.SOFT)]).grants
    assert rule_together([said(Tier.COMMIT), said(Tier.HALT, Enforcement.ADVISORY)]).grants
    assert not rule_together([said(Tier.COMMIT, Enforcement.ADVISORY)]).grants
    assert not rule_together([said(Tier.COMMIT), said(Tier.COMMIT, failure=Failure.SLOW)]).grants
    assert not rule_together([said(Tier.COMMIT)], loaded=False).grants


def test_an_advisory_rule_changes_nothing() -> None:
    for tier in (*Tier, None):
        assert rule_together([said(tier, Enforcement.ADVISORY)]).tier is Tier.COMMIT
        assert rule_together([said(tier, Enforcement.ADVISORY)]).available


def test_a_soft_rule_leaves_a_person_to_decide_and_a_hard_one_does_not() -> None:
    assert rule_together([said(Tier.HALT, Enforcement.SOFT)]).tier is Tier.PROPOSE
    assert rule_together([said(Tier.HALT)]).tier is Tier.HALT
    assert said(Tier.OBSERVE, Enforcement.SOFT).withheld
    assert not said(Tier.PROPOSE, Enforcement.SOFT).withheld
    assert not said(Tier.HALT, Enforcement.ADVISORY).withheld


@pytest.mark.parametrize("enforcement", [Enforcement.SOFT, Enforcement.HARD])
@pytest.mark.parametrize("failure", list(Failure))
@pytest.mark.parametrize("tier", [None, *Tier])
def test_i12_a_failure_is_never_above_propose(tier: Tier | None, failure: Failure, enforcement: Enforcement) -> None:
    found = rule_together([said(Tier.COMMIT), said(tier, enforcement, failure=failure)])
    assert found.tier <= Tier.PROPOSE
    assert not found.available
    assert decide(_with(found)).outcome is not Outcome.EXECUTE


def test_i12_each_rule_that_failed_leaves_propose_by_itself_too() -> None:
    for enforcement in Enforcement:
        assert said(Tier.COMMIT, enforcement, failure=Failure.SLOW).cap is Tier.PROPOSE
        assert said(None, enforcement).cap is Tier.PROPOSE
    assert said(Tier.HALT, failure=Failure.UNKNOWN_REASON).cap is Tier.HALT, "a failure never raises either"


def test_a_bundle_that_could_not_be_loaded_is_a_failure() -> None:
    found = rule_together([said(Tier.COMMIT)], loaded=False)
    assert (found.tier, found.available) == (Tier.PROPOSE, False)


@given(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text()), st.just({})),
    st.one_of(
        st.none(),
        st.booleans(),
        st.text(),
        st.lists(st.one_of(st.text(), st.sampled_from(sorted(DECLARED)), st.none())),
    ),
)
def test_i12_whatever_comes_back_is_read_without_an_error(tier: object, reasons: object) -> None:
    read, sentences, failure = read_answer(tier, reasons, DECLARED)
    if failure == "":
        assert read is not None
        assert set(sentences) <= set(DECLARED.values())
        assert tier == read.name.lower()


@pytest.mark.parametrize(
    ("tier", "reasons", "failure"),
    [
        (None, [], Failure.UNDEFINED),
        ("COMMIT", [], Failure.UNKNOWN_TIER),
        (4, [], Failure.UNKNOWN_TIER),
        (True, [], Failure.UNKNOWN_TIER),
        (["commit"], [], Failure.UNKNOWN_TIER),
        ("commit", None, Failure.UNKNOWN_REASON),
        ("commit", "late", Failure.UNKNOWN_REASON),
        ("commit", ["other"], Failure.UNKNOWN_REASON),
        ("commit", [0], Failure.UNKNOWN_REASON),
        ("commit", ["late"] * 9, Failure.UNKNOWN_REASON),
    ],
    ids=str,
)
def test_an_answer_that_is_not_exact_is_a_failure(tier: object, reasons: object, failure: Failure) -> None:
    assert read_answer(tier, reasons, DECLARED)[2] == failure


def test_reasons_are_the_words_of_the_bundle() -> None:
    read = read_answer("propose", ["late", "amount_large", "late"], DECLARED)
    assert read == (Tier.PROPOSE, ("The amount is over 500.00.", "It is late."), "")
    assert set(FAILURES) == set(Failure)


def test_a_decision_says_which_rule_of_which_bundle_bound_it() -> None:
    rule = said(Tier.PROPOSE, reasons=("The amount is over 500.00.",))
    decision = decide(_with(rule_together([said(Tier.COMMIT, bundle="other"), rule])))
    assert decision.outcome is Outcome.ESCALATE
    assert decision.bound_by == "policy refunds v3: PROPOSE"
    assert [given.code for given in decision.reasons] == [Reason.POLICY_RULE]
    assert decision.reasons[0].sentence == ("Policy refunds v3, rule small, allows PROPOSE: The amount is over 500.00.")


def test_a_soft_rule_under_propose_says_who_may_override_it() -> None:
    decision = decide(_with(rule_together([said(Tier.HALT, Enforcement.SOFT, reasons=("It is late.",))])))
    assert [given.code for given in decision.reasons] == [Reason.POLICY_OVERRIDABLE]
    assert decision.reasons[0].sentence.endswith("It is late. A reviewer of rank 3 may override it.")


def test_a_rule_that_failed_is_said_to_have_failed_beside_those_that_answered() -> None:
    found = rule_together([said(Tier.PROPOSE), said(None, rule="other", failure=Failure.SLOW)])
    codes = [given.code for given in decide(_with(found)).reasons]
    assert codes == [Reason.POLICY_RULE, Reason.POLICY_UNAVAILABLE]


def test_a_hard_rule_refuses_and_policy_never_raises() -> None:
    assert decide(_with(rule_together([said(Tier.HALT)]))).outcome is Outcome.REFUSE
    granted = decide(committed(policy=Tier.COMMIT, policy_grants=True, guardrail=None))
    assert granted.outcome is Outcome.ESCALATE, "a grant of policy counts inside the guardrails only"


def _with(found: Ruling) -> Any:
    return inputs(
        policy=found.tier, policy_available=found.available, policy_grants=found.grants, policy_rules=found.rules
    )
