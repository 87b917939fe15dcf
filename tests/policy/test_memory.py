"""A decision remembers enough to be made again, and says so when what it remembers was not written by it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from governance.policy.decision import Inputs, decide
from governance.policy.memory import recalled, remembered
from tests.policy import strategies as some
from tests.policy.build import inputs
from tests.policy.prove import examples


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


@given(some.every_input)
@examples(200)
def test_what_was_remembered_decides_to_the_same_answer(made: Inputs) -> None:
    again = recalled(through_json(remembered(made)))
    assert again == made
    assert decide(again) == decide(made)


def test_what_is_the_default_is_not_written() -> None:
    assert "contended" not in remembered(inputs())
    assert remembered(inputs(contended=True))["contended"] is True


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        "x",
        {},
        {"surprise": 1},
        {**remembered(inputs()), "level": 9},
        {**remembered(inputs()), "signals": {"weather": "green"}},
        {**remembered(inputs()), "usages": [[1, 2]]},
        {**remembered(inputs()), "limiters": 3},
        {**remembered(inputs()), "score_threshold": "much"},
        {name: value for name, value in remembered(inputs()).items() if name != "level"},
    ],
)
def test_what_no_decision_remembered_is_an_error_and_not_a_guess(stored: Any) -> None:
    with pytest.raises(ValueError, match="decision"):
        recalled(stored)
