"""After a halt authority comes back in stages, by the clock alone."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.ceilings import Limiter, LimiterKind
from governance.policy.decision import Outcome, decide
from governance.policy.explain import applied, explain
from governance.policy.inputs import Inputs
from governance.policy.memory import recalled, remembered
from governance.policy.reasons import Reason
from governance.policy.recovery import Stage, recovers_until, stage
from governance.policy.tiers import ActionClass, Tier
from tests.policy.build import committed, inputs
from tests.policy.prove import examples

LIFTED = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)


def after(seconds: float, *, stages: int = 900, until: dt.datetime | None = None) -> Stage | None:
    return stage(
        lifted_at=LIFTED,
        seconds=stages,
        until=until or recovers_until(LIFTED, stages),
        now=LIFTED + dt.timedelta(seconds=seconds),
    )


def at(seconds: float) -> dt.datetime:
    return LIFTED + dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("seconds", "reached"),
    [
        (0, Stage(Tier.PROPOSE, at(900))),
        (899.999, Stage(Tier.PROPOSE, at(900))),
        (900, Stage(Tier.EXECUTE, at(1800))),
        (1799.999, Stage(Tier.EXECUTE, at(1800))),
        (1800, None),
    ],
)
def test_it_proposes_then_executes_then_all_is_as_before(seconds: float, reached: Stage | None) -> None:
    assert after(seconds) == reached


def test_without_stages_it_is_over_at_once() -> None:
    assert after(0, stages=0) is None


def test_a_recovery_that_was_ended_early_is_over_then() -> None:
    assert after(60, until=at(100)) == Stage(Tier.PROPOSE, at(100))
    assert after(100, until=at(100)) is None
    assert after(1000, until=at(1100)) == Stage(Tier.EXECUTE, at(1100))


@given(st.integers(0, 86_400), st.floats(0, 200_000), st.floats(0, 200_000))
@examples(100)
def test_a_later_moment_is_never_narrower(seconds: int, one: float, other: float) -> None:
    early, late = (after(moment, stages=seconds) for moment in sorted((one, other)))
    tiers = [Tier.COMMIT if each is None else each.tier for each in (early, late)]
    assert tiers[0] <= tiers[1]


def recovering(tier: Tier, given: Inputs | None = None) -> Inputs:
    given = given or inputs()
    limiter = Limiter(LimiterKind.RECOVERY, "project Refunds", tier, at(900))
    return replace(given, limiters=(*given.limiters, limiter))


def test_in_the_first_stage_a_person_decides_and_in_the_second_the_machine_again() -> None:
    first = decide(recovering(Tier.PROPOSE))
    assert (first.outcome, first.bound_by) == (Outcome.ESCALATE, "recovery of project Refunds: PROPOSE")
    assert [given.code for given in first.reasons] == [Reason.RECOVERING]
    assert first.reasons[0].sentence == (
        "After a halt, project Refunds may reach PROPOSE at most until 2026-11-22 10:15:00 UTC;"
        " this action needs EXECUTE."
    )
    assert "2026-11-22 10:15:00 UTC" in first.reasons[0].help
    assert decide(recovering(Tier.EXECUTE)).outcome is Outcome.EXECUTE


def test_what_needs_commit_waits_for_the_end() -> None:
    assert decide(committed()).outcome is Outcome.EXECUTE
    assert decide(recovering(Tier.EXECUTE, committed())).outcome is Outcome.ESCALATE


def test_drafts_and_reads_go_on_in_the_first_stage() -> None:
    for kind in (ActionClass.READ, ActionClass.DRAFT):
        assert decide(recovering(Tier.PROPOSE, inputs(action_class=kind))).outcome is Outcome.EXECUTE


def test_the_explanation_names_the_recovery_as_what_has_to_be_over() -> None:
    given = recovering(Tier.PROPOSE)
    told = explain(given)
    (change,) = told.changes
    assert (
        change.sentence
        == "The recovery of project Refunds must have reached EXECUTE, or be over: it goes on with time."
    )
    assert decide(applied(given, told.changes)).outcome is Outcome.EXECUTE


def test_a_decision_remembers_until_when() -> None:
    given = recovering(Tier.PROPOSE)
    again = recalled(json.loads(json.dumps(remembered(given))))
    assert again == given
    assert decide(again) == decide(given)
    spoiled = remembered(given)
    spoiled["limiters"][-1][3] = "soon"
    with pytest.raises(ValueError, match="decision"):
        recalled(spoiled)
