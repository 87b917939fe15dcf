"""What holds a standing down is told in registry words and times, and nothing is promised too early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from governance.policy.decision import decide
from governance.policy.explain import applied, explain
from governance.policy.holds import Hold, Over, lasting, lowest, spelled
from governance.policy.tiers import Tier
from tests.policy.build import inputs

AT = datetime(2026, 3, 1, 9, 41, tzinfo=UTC)
TYPE = Hold(Over.TYPE, rises_at=AT, step=900)


@pytest.mark.parametrize(
    ("hold", "sentence", "bound_by"),
    [
        (
            TYPE,
            (
                "The standing of this agent for this action type is PROPOSE until 2026-03-01 09:41 UTC at the earliest;"
                " this action needs EXECUTE."
            ),
            "standing for this action type: PROPOSE",
        ),
        (
            Hold(Over.AGENT),
            "The standing of this agent is PROPOSE until its evidence is green again; this action needs EXECUTE.",
            "standing of this agent: PROPOSE",
        ),
        (
            Hold(Over.KEY, "this customer", pulled=True),
            (
                "The standing of this agent for this customer is PROPOSE until a person restores it;"
                " this action needs EXECUTE."
            ),
            "standing for this customer: PROPOSE",
        ),
        (
            Hold(Over.ABOVE, "Refunder"),
            (
                "The standing of the agent above, Refunder, is PROPOSE until its evidence is green again;"
                " this action needs EXECUTE."
            ),
            "standing Refunder: PROPOSE",
        ),
    ],
    ids=["type", "agent", "key", "above"],
)
def test_the_decision_names_the_standing_that_bound_it(hold: Hold, sentence: str, bound_by: str) -> None:
    decision = decide(inputs(standing=Tier.PROPOSE, standing_hold=hold))
    assert [given.sentence for given in decision.reasons] == [sentence]
    assert decision.bound_by == bound_by


@pytest.mark.parametrize(
    ("hold", "sentence"),
    [
        (
            TYPE,
            (
                "The standing of this agent for this action type must rise to EXECUTE: it does at 2026-03-01 09:41 UTC"
                " if nothing turns red before."
            ),
        ),
        (
            Hold(Over.AGENT, step=900),
            (
                "The standing of this agent must rise to EXECUTE: its evidence must be green again and stay so for"
                " 15 minutes."
            ),
        ),
        (
            Hold(Over.CASES, step=900),
            (
                "The standing of this agent must rise to EXECUTE: its open cases must be down to half, and then"
                " 15 minutes pass."
            ),
        ),
        (
            Hold(Over.TYPE, pulled=True),
            "A person must restore the standing of this agent for this action type which a person set to PROPOSE.",
        ),
    ],
    ids=["rises", "red", "flooding", "pulled"],
)
def test_the_explanation_says_what_the_standing_needs_to_rise(hold: Hold, sentence: str) -> None:
    given = inputs(standing=Tier.PROPOSE, standing_hold=hold)
    found = explain(given)
    assert [change.sentence for change in found.changes] == [sentence]
    assert explain(applied(given, found.changes)).executes


def test_two_rungs_take_two_waits() -> None:
    assert "2026-03-01 09:56 UTC" in TYPE.remedy(Tier.PROPOSE, Tier.COMMIT)
    assert "for 30 minutes." in Hold(Over.TYPE, step=900).remedy(Tier.PROPOSE, Tier.COMMIT)


def test_of_several_the_one_that_holds_longest_is_named() -> None:
    later = Hold(Over.KEY, "this customer", rises_at=AT + timedelta(hours=1), step=900)
    red, pulled = Hold(Over.AGENT), Hold(Over.AGENT, pulled=True)
    held = [(Tier.PROPOSE, each) for each in (TYPE, later)]
    assert lowest(held) == (Tier.PROPOSE, later)
    assert lowest([*held, (Tier.PROPOSE, red)]) == (Tier.PROPOSE, red)
    assert lowest([*held, (Tier.PROPOSE, red), (Tier.PROPOSE, pulled)]) == (Tier.PROPOSE, pulled)
    assert lowest([(Tier.PROPOSE, pulled), (Tier.OBSERVE, TYPE)]) == (Tier.OBSERVE, TYPE)
    assert lowest([(Tier.COMMIT, TYPE)]) == lowest([]) == (Tier.COMMIT, None)


def test_a_moment_is_rounded_up_to_the_minute() -> None:
    assert spelled(AT) == "2026-03-01 09:41 UTC"
    assert spelled(AT + timedelta(microseconds=1)) == "2026-03-01 09:42 UTC"
    assert spelled(datetime(2026, 12, 31, 23, 59, 1, tzinfo=UTC)) == "2027-01-01 00:00 UTC"


def test_a_length_of_time_is_in_its_largest_whole_unit() -> None:
    assert [lasting(seconds) for seconds in (60, 900, 3600, 5400, 86400, 7 * 86400, 61)] == [
        *("1 minute", "15 minutes", "1 hour", "90 minutes", "1 day", "7 days", "61 seconds")
    ]


def test_a_name_that_could_deceive_is_not_repeated() -> None:
    decision = decide(inputs(standing=Tier.PROPOSE, standing_hold=Hold(Over.ABOVE, "a\u202eb")))
    assert "\u202e" not in decision.reasons[0].sentence + decision.bound_by
