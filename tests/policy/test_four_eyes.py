"""How many people must approve, of which ranks, and that no order of approvals ends in a dead end."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.action_types import ActionTypeSpec
from governance.policy.four_eyes import ONE, FourEyes, missing
from tests.cast import BENCH_REFUND

RANKS = st.integers(1, 3)
STAGES = st.lists(RANKS, min_size=2, max_size=3).map(sorted)


def parsed(**four_eyes: Any) -> Any:
    return ActionTypeSpec.from_document({**BENCH_REFUND, "four_eyes": four_eyes})


def test_a_peer_and_a_manager_from_an_amount_on() -> None:
    spec = parsed(**{"from": "1000.00", "stages": [{"rank": 2}, {"rank": 1}]})
    assert spec.four_eyes == FourEyes(stages=(1, 2), least=1000_00)
    assert spec.four_eyes.stages_for(999_99) == ONE
    assert spec.four_eyes.stages_for(1000_00) == (1, 2)
    assert spec.four_eyes.stages_for(None) == (1, 2), "an amount that nobody knows needs everybody"


def test_without_an_amount_every_case_needs_all() -> None:
    assert parsed(stages=[{"rank": 1}, {"rank": 1}]).four_eyes.stages_for(0) == (1, 1)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"stages": [{"rank": 1}]}, "four_eyes.stages"),
        ({"stages": [{"rank": 1}] * 4}, "four_eyes.stages"),
        ({"stages": [{"rank": 1}, {"rank": 4}]}, "four_eyes.stages[1].rank"),
        ({"stages": [{"rank": 1}, {"rank": True}]}, "four_eyes.stages[1].rank"),
        ({"stages": [{"rank": 1}, {}]}, "four_eyes.stages[1]"),
        ({"stages": [{"rank": 1}, {"rank": 1}], "from": "1e3"}, "four_eyes.from"),
        ({"stages": [{"rank": 1}, {"rank": 1}], "of": 2}, "four_eyes"),
        ({}, "four_eyes"),
    ],
    ids=["one person", "four people", "rank 4", "rank true", "no rank", "no amount", "unknown key", "nothing"],
)
def test_what_is_wrong_is_said_at_its_place(document: dict[str, Any], place: str) -> None:
    problems = parsed(**document)
    assert isinstance(problems, list)
    assert f"action_type.{place}" in {problem.path for problem in problems}


def test_an_amount_needs_a_type_that_moves_money() -> None:
    document = {**BENCH_REFUND, "four_eyes": {"from": "10.00", "stages": [{"rank": 1}, {"rank": 1}]}}
    for name in ("amount", "thresholds", "caps"):
        del document[name]
    problems = ActionTypeSpec.from_document(document)
    assert isinstance(problems, list)
    assert [problem.path for problem in problems] == ["action_type.four_eyes.from"]


def test_the_manager_may_come_first() -> None:
    assert missing((1, 2), [3]) == (1,)
    assert missing((1, 2), [1]) == (2,)
    assert missing((1, 2), [1, 1]) == (2,), "two peers are no manager"
    assert missing((1, 2), [3, 1]) == missing((1, 2), [1, 3]) == ()


@given(STAGES, st.lists(RANKS, max_size=5))
def test_it_agrees_with_trying_every_assignment(stages: list[int], ranks: list[int]) -> None:
    people = [*ranks, *[0] * len(stages)]
    fewest = min(
        sum(1 for stage, rank in zip(stages, order, strict=False) if rank < stage)
        for order in permutations(people, len(stages))
    )
    assert len(missing(stages, ranks)) == fewest


@given(STAGES, st.lists(RANKS, max_size=3))
def test_whoever_reaches_the_lowest_missing_stage_brings_it_further(stages: list[int], ranks: list[int]) -> None:
    left = missing(stages, ranks)
    for rank in (1, 2, 3):
        further = len(missing(stages, [*ranks, rank])) < len(left)
        assert further is (bool(left) and rank >= left[0])
