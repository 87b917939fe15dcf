"""The health of a tool: each source at its borders, the worst of all sources, and what evidence can never do."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.evidence import Signal
from governance.policy.health import READINGS, READINGS_NEEDED, SILENT_SECONDS, Source, subject_of, tool_health
from tests.policy.prove import examples

# What each signal lets through: nothing, a person's case, everything.
LETS = {Signal.RED: 0, Signal.AMBER: 1, Signal.UNKNOWN: 1, Signal.GREEN: 2}


def said(good: int, total: int, late: int = 0, age: int = 0, overdue: bool = False) -> Source:
    """A source with `late` good readings that were slow."""
    return Source(good, total, total - good + late, age, overdue)


@pytest.mark.parametrize(
    ("source", "signal"),
    [
        (said(20, 20), Signal.GREEN),
        (said(19, 20), Signal.GREEN),
        (said(18, 20), Signal.AMBER),
        (said(10, 20), Signal.AMBER),
        (said(9, 20), Signal.RED),
        (said(0, 20), Signal.RED),
        (said(5, 5), Signal.GREEN),
        (said(4, 5), Signal.AMBER),
        (said(3, 6), Signal.AMBER),
        (said(2, 5), Signal.RED),
        (said(4, 4), Signal.UNKNOWN),
        (said(0, 4), Signal.UNKNOWN),
        (said(0, 0), Signal.UNKNOWN),
        (said(20, 20, late=4), Signal.GREEN),
        (said(20, 20, late=5), Signal.AMBER),
        (said(19, 20, late=3), Signal.GREEN),
        (said(19, 20, late=4), Signal.AMBER),
        (said(5, 5, late=1), Signal.GREEN),
        (said(5, 5, late=2), Signal.AMBER),
        (said(20, 20, overdue=True), Signal.UNKNOWN),
        (said(15, 20, overdue=True), Signal.UNKNOWN),
        (said(0, 20, overdue=True), Signal.RED),
        (said(0, 0, overdue=True), Signal.UNKNOWN),
        (said(0, 20, age=SILENT_SECONDS), Signal.RED),
        (said(0, 20, age=SILENT_SECONDS + 1), Signal.UNKNOWN),
        (said(20, 20, age=6 * 86_400), Signal.GREEN),
    ],
    ids=str,
)
def test_one_source_is_judged_by_its_newest_readings(source: Source, signal: Signal) -> None:
    assert tool_health([source]) is signal


@pytest.mark.parametrize(
    "figures",
    [
        *({"good": 6, "total": 5}, {"good": -1}, {"good": 20.0}, {"good": True}, {"good": None}),
        *({"total": None}, {"total": 21}, {"total": 21, "good": 21}, {"slow": -1}, {"slow": 21}, {"slow": "0"}),
        *({"age": -1}, {"age": None}, {"age": 0.5}, {"good": 10, "slow": 9}, {"overdue": None}, {"overdue": 1}),
    ],
    ids=str,
)
def test_figures_that_cannot_be_are_unknown(figures: dict[str, Any]) -> None:
    whole = said(20, 20)
    assert tool_health([whole, replace(whole, **figures)]) is Signal.UNKNOWN


def test_the_worst_source_counts_and_one_that_says_too_little_is_absent() -> None:
    green, amber, red = said(20, 20), said(18, 20), said(0, 20)
    assert tool_health([green, amber]) is Signal.AMBER
    assert tool_health([green, red, amber]) is Signal.RED
    assert tool_health([green, said(0, READINGS_NEEDED - 1)]) is Signal.GREEN
    assert tool_health([]) is Signal.UNKNOWN


def test_a_tool_that_failed_and_fell_silent_is_tried_again_by_people_only() -> None:
    silent = said(0, 20, age=SILENT_SECONDS + 1)
    assert tool_health([silent, said(20, 20)]) is Signal.UNKNOWN


def test_no_flood_of_good_signals_hides_what_another_source_says() -> None:
    """Neither agents hide a gateway's outage, nor a gateway their failed executions."""
    down, flood = said(0, 5), said(20, 20)
    for sources in ([down, *[flood] * 50], [*[flood] * 50, down]):
        assert tool_health(sources) is Signal.RED


readings = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40)


def window(seen: list[tuple[bool, bool]], age: int = 0, overdue: bool = False) -> Source:
    """The source of these readings, oldest first: each good or not, late or not."""
    newest = seen[-READINGS:]
    slow = sum(1 for good, late in newest if late or not good)
    return Source(sum(good for good, _ in newest), len(newest), slow, age, overdue)


@given(readings, st.lists(readings, max_size=3), st.integers(0, 2 * SILENT_SECONDS), st.booleans(), st.booleans())
@examples(300)
def test_a_bad_reading_never_lets_more_through(
    seen: list[tuple[bool, bool]], others: list[list[tuple[bool, bool]]], age: int, late: bool, overdue: bool
) -> None:
    rest = [window(other) for other in others]
    before = tool_health([window(seen, age, overdue), *rest])
    after = tool_health([window([*seen, (False, late)], 0, overdue), *rest])
    assert LETS[after] <= LETS[before]


@given(readings, st.lists(st.integers(0, 39), max_size=40))
@examples(200)
def test_what_is_left_of_too_few_readings_is_never_green(seen: list[tuple[bool, bool]], removed: list[int]) -> None:
    left = [reading for place, reading in enumerate(seen) if place not in removed]
    health = tool_health([window(left)])
    assert health is not Signal.GREEN or len(left) >= READINGS_NEEDED
    assert health is not Signal.RED or len(left) >= READINGS_NEEDED


@given(st.lists(st.tuples(readings, st.booleans()), max_size=4), readings)
@examples(200)
def test_another_source_never_makes_the_worst_better(
    sources: list[tuple[list[tuple[bool, bool]], bool]], more: list[tuple[bool, bool]]
) -> None:
    heard = [window(seen, overdue=overdue) for seen, overdue in sources]
    before, after = tool_health(heard), tool_health([*heard, window(more)])
    silent = all(source.total < READINGS_NEEDED and not source.overdue for source in heard)
    assert silent or LETS[after] <= LETS[before]


def test_a_connector_stands_among_tools_under_a_name_that_no_tool_has() -> None:
    assert subject_of("records") == "connector:records"


# -- what flickers --------------------------------------------------------------------------------

DAY, QUARTER = 86_400, 900


def a_day(is_bad: Callable[[float, random.Random], bool]) -> Iterator[tuple[float, Signal]]:
    """The colour after each reading of a tool that is used about once a second, at any moment."""
    chance, at, window = random.Random(13), 0.0, deque[bool](maxlen=READINGS)
    while (at := at + chance.expovariate(1)) < DAY:
        window.append(not is_bad(at, chance))
        good, total = sum(window), len(window)
        if total == READINGS:
            yield at, tool_health([said(good, total)])


def test_fifty_ms_of_each_second_are_amber_now_and_then_and_never_stop_a_tool() -> None:
    """An outage of 50 ms each second, through readings: nothing is refused, and no latch has anything to remember."""
    colours = [colour for _, colour in a_day(lambda at, chance: at % 1 < 0.05)]
    assert set(colours) == {Signal.GREEN, Signal.AMBER}
    assert 3_000 < sum(before is not after for before, after in pairwise(colours)) < 3_300


def test_an_amber_that_was_remembered_would_keep_a_tool_that_is_well_from_its_agents() -> None:
    """One failure in a hundred is amber for minutes of a day; kept for a quarter of an hour it would be most of it."""
    below, kept, last, total = 0, 0, -float(QUARTER), 0
    for at, colour in a_day(lambda at, chance: chance.random() < 0.01):
        last = last if colour is Signal.GREEN else at
        below, kept, total = below + (last == at), kept + (at - last < QUARTER), total + 1
    assert below < 0.03 * total
    assert kept > 0.6 * total
