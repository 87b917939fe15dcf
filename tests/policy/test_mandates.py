"""What a mandate allows: how much, when, and whether another one reaches further."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.mandates import DAY, HOUR, Terms, free_at, wider
from governance.policy.tiers import Risk
from governance.policy.working_hours import Hours

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
SOON, LATER = NOW + HOUR, NOW + DAY
OFFICE = Hours("Europe/Berlin", frozenset({1, 2}), dt.time(9), dt.time(17))
HELD = Terms(
    rank=2, money_limit=500, max_risk=Risk.MEDIUM, expires_at=SOON, qualified={1: SOON, 2: None}, hours=OFFICE,
    per_hour=5, per_day=20,
)  # fmt: skip
MORE: list[dict[str, Any]] = [
    {"rank": 3}, {"money_limit": 501}, {"max_risk": Risk.HIGH}, {"expires_at": LATER}, {"expires_at": None},
    {"qualified": {}}, {"qualified": {1: SOON, 2: None, 3: SOON}}, {"qualified": {1: None}}, {"qualified": {1: LATER}},
    {"hours": None}, {"hours": replace(OFFICE, days=frozenset({1, 2, 3}))},
    {"hours": replace(OFFICE, ends=dt.time(17, 1))}, {"hours": replace(OFFICE, zone="Europe/Lisbon")},
    {"per_hour": 6}, {"per_hour": None}, {"per_day": 21}, {"per_day": None},
]  # fmt: skip
LESS: list[dict[str, Any]] = [
    {}, {"rank": 1}, {"money_limit": 0}, {"max_risk": Risk.LOW}, {"expires_at": NOW}, {"qualified": {2: None}},
    {"qualified": {1: NOW, 2: SOON}}, {"hours": replace(OFFICE, days=frozenset({1}))},
    {"hours": replace(OFFICE, begins=dt.time(10), ends=dt.time(16))}, {"per_hour": 1}, {"per_day": 1},
]  # fmt: skip


@pytest.mark.parametrize("change", MORE, ids=[str(place) for place in range(len(MORE))])
def test_whatever_reaches_further_is_wider_also_beside_what_reaches_less(change: dict[str, Any]) -> None:
    after = replace(HELD, **change)
    assert wider(HELD, after)
    assert wider(HELD, replace(replace(HELD, rank=1, money_limit=0), **change))
    assert not wider(after, after)


@pytest.mark.parametrize("change", LESS, ids=[str(place) for place in range(len(LESS))])
def test_whatever_reaches_less_is_not(change: dict[str, Any]) -> None:
    assert not wider(HELD, replace(HELD, **change))


def test_what_was_unlimited_cannot_get_wider() -> None:
    everything = Terms(rank=3, money_limit=500, max_risk=Risk.HIGH)
    assert not wider(everything, replace(HELD, rank=3, money_limit=500))


@given(st.lists(st.integers(0, 30 * 3600), max_size=12), st.none() | st.integers(1, 4), st.none() | st.integers(1, 6))
def test_the_load_is_free_again_at_the_first_moment_with_room_in_both_windows(
    ages: list[int], per_hour: int | None, per_day: int | None
) -> None:
    terms = Terms(rank=1, money_limit=0, max_risk=Risk.LOW, per_hour=per_hour, per_day=per_day)
    decided = [NOW - dt.timedelta(seconds=age) for age in ages]

    def room(at: dt.datetime) -> bool:
        return all(
            most is None or sum(moment > at - window for moment in decided) < most
            for most, window in ((per_hour, HOUR), (per_day, DAY))
        )

    free = free_at(decided, terms, NOW)
    assert (free is None) is room(NOW)
    if free is not None:
        assert room(free)
        assert not room(free - dt.timedelta(microseconds=1))
