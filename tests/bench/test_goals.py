"""A bench that misses a goal says which and fails."""

from __future__ import annotations

import math

import pytest

from tests.bench import queue, visible
from tests.bench.goals import Goal, judge
from tests.bench.onward import Onward


def test_each_missed_goal_is_a_line_and_the_run_fails(capsys: pytest.CaptureFixture[str]) -> None:
    goals = [Goal("a", 0.6, least=0.6), Goal("b", 0.59, least=0.6), Goal("c", 1.21, most=1.2), Goal("d", 1.2, most=1.2)]
    assert judge(goals) == 1
    assert capsys.readouterr().out.splitlines() == [
        "MISSED  b: 0.59, at least 0.60 is the goal",
        "MISSED  c: 1.21, at most 1.20 is the goal",
        "2 of 4 goals are reached.",
    ]
    assert judge(goals[:1]) == 0


@pytest.mark.parametrize("goal", [Goal("n", math.nan, least=0.0), Goal("n", math.nan, most=9.0)])
def test_what_is_no_figure_reaches_no_goal(goal: Goal) -> None:
    assert judge([goal]) == 1


def test_a_run_that_measured_nothing_reached_nothing() -> None:
    assert judge([]) == 1


def test_the_way_to_the_next_case_is_measured_in_time_bytes_and_answers() -> None:
    told = Onward(took=[12.0, 24.0, 24.1], hello=[2.0], bytes=[6000, 6001], status={200, 409})
    assert [bool(goal.missed) for goal in queue.onward_goals("large", told)] == [False, True, True]
    told = Onward(took=[24.0, 24.1], hello=[2.0], bytes=[6000], status={200})
    assert [bool(goal.missed) for goal in queue.onward_goals("large", told)] == [True, False, False]


def test_a_case_that_is_seen_late_or_an_idle_poll_with_a_page_misses() -> None:
    seen = [0.5] * 199
    assert judge(visible.goals([*seen, 2.9], {304: 22})) == 0
    assert judge(visible.goals([0.5] * 98 + [3.1, 3.2], {304: 22})) == 1
    assert judge(visible.goals([*seen, 2.9], {304: 21, 200: 1})) == 1
