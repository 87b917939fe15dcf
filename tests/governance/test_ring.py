"""The ring of a budget in SQL against the ring of the pure rule, slot by slot."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from governance.policy import velocity
from governance.policy.velocity import SLOTS

pytestmark = pytest.mark.usefixtures("db")

RINGS = st.lists(st.integers(0, 10**6), min_size=SLOTS, max_size=SLOTS)
# slots of a day's window, and of three seconds': about 1.8e12 ms / 50 ms
HEADS = st.one_of(st.integers(1_000, 2_000), st.integers(35_000_000_000, 36_000_000_000))
# now: before the head (the clock stepped back), at it, within the ring, at its edge, and long after
STEPS = st.integers(-3, 130)
AMOUNTS = st.integers(0, 10**6)
WIDTHS = st.sampled_from([50, 60_000, 1_440_000])


def asked(expression: str, *values: int | list[int]) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"select {expression}", list(values))
        return cursor.fetchone()[0]


few = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])


@few
@given(HEADS, RINGS, STEPS)
def test_what_counts_now_is_what_the_rule_says(head: int, slots: list[int], step: int) -> None:
    found = asked("placet_ring_live(%s, %s::bigint[], %s)", head, slots, head + step)
    assert found == velocity.live(head, slots, head + step)


@few
@given(HEADS, RINGS, STEPS, AMOUNTS)
def test_what_is_written_is_what_the_rule_says(head: int, slots: list[int], step: int, amount: int) -> None:
    newest, ring = velocity.written(head, slots, head + step, amount)
    found = asked("placet_ring_add(%s, %s::bigint[], %s, %s)", head, slots, max(head, head + step), amount)
    assert (max(head, head + step), found) == (newest, ring)


@few
@given(HEADS, RINGS, STEPS, WIDTHS, AMOUNTS, AMOUNTS)
def test_it_frees_when_the_rule_says(
    head: int, slots: list[int], step: int, width: int, amount: int, more: int
) -> None:
    assume(head * width < 10**13)  # before the year 2287
    limit = amount + more
    found = asked(
        "(extract(epoch from placet_ring_frees_at(%s, %s::bigint[], %s, %s, %s)) * 1000)::bigint",
        head, slots, width, head + step, limit - amount,
    )  # fmt: skip
    assert found == velocity.frees_at(head, slots, head + step, width, limit, amount)


@given(st.integers(1, 10**13), WIDTHS)
@few
def test_a_moment_lies_in_the_slot_that_the_rule_says(epoch_ms: int, width: int) -> None:
    found = asked("placet_slot(to_timestamp(%s / 1000.0), %s)", epoch_ms, width)
    assert found == velocity.slot_number(epoch_ms, width)
