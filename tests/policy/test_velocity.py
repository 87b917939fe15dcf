"""The ring of 61 slots, against an exact list of timestamped amounts: no window over the cap, nothing older blocks."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.velocity import (
    BUCKETS,
    SLOTS,
    Cap,
    CapKey,
    Unit,
    Usage,
    first_breach,
    frees_at,
    live,
    slot_number,
    slot_width,
    written,
)
from tests.policy.prove import examples

DAY = 24 * 3600
EMPTY = [0] * SLOTS


class Ring:
    """A budget row as the database keeps it, driven by moments in milliseconds."""

    def __init__(self, width: int, cap: int) -> None:
        self.width, self.cap = width, cap
        self.head, self.slots = 0, list(EMPTY)
        self.admitted: list[tuple[int, int]] = []

    def live(self, now: int) -> int:
        return live(self.head, self.slots, slot_number(now, self.width))

    def ask(self, now: int, amount: int) -> bool:
        """Reserve `amount` if it fits, as the commit does."""
        if self.live(now) + amount > self.cap:
            return False
        self.head, self.slots = written(self.head, self.slots, slot_number(now, self.width), amount)
        self.admitted.append((now, amount))
        return True


def exact(admitted: list[tuple[int, int]], after: int, until: int) -> int:
    """What was really authorised in the closed interval."""
    return sum(amount for moment, amount in admitted if after <= moment <= until)


windows = st.sampled_from([3, 60, 600, 3600, DAY])


@st.composite
def traffic(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    """A window in seconds, and requests with moments that are dense within it and cross its edges."""
    window = draw(windows)
    width = slot_width(window)
    near_edges = st.integers(0, 130).map(lambda count: count * width + draw(st.integers(-1, 1)))
    gaps = draw(st.lists(st.one_of(st.integers(0, 2 * width), st.integers(0, window * 1000), near_edges), max_size=60))
    start = draw(st.integers(0, 3 * window * 1000))
    moments = list(accumulate((max(0, gap) for gap in gaps), initial=start))
    return window, [(moment, draw(st.integers(1, 600))) for moment in moments]


@given(traffic(), st.integers(1, 2000))
@examples(150)
def test_no_window_of_the_exact_length_ever_exceeds_the_cap(
    given_traffic: tuple[int, list[tuple[int, int]]], cap: int
) -> None:
    window, requests = given_traffic
    ring = Ring(slot_width(window), cap)
    for moment, amount in requests:
        ring.ask(moment, amount)
    for end, _ in ring.admitted:
        assert exact(ring.admitted, end - window * 1000, end) <= cap


@given(traffic(), st.integers(1, 2000))
@examples(150)
def test_nothing_older_than_sixty_one_sixtieths_of_the_window_blocks(
    given_traffic: tuple[int, list[tuple[int, int]]], cap: int
) -> None:
    window, requests = given_traffic
    ring = Ring(slot_width(window), cap)
    for moment, amount in requests:
        recent = exact(ring.admitted, moment - window * 1000 * SLOTS // BUCKETS + 1, moment)
        assert ring.live(moment) <= recent
        assert ring.ask(moment, amount) or recent + amount > cap


@given(traffic(), st.lists(st.integers(-200_000, 200_000), max_size=60), st.integers(1, 2000))
@examples(80)
def test_a_clock_that_steps_back_lets_nothing_through(
    given_traffic: tuple[int, list[tuple[int, int]]], jumps: list[int], cap: int
) -> None:
    """The head never moves back: what is asked while the clock is behind counts as asked where the head is.

    A clock that was ahead by more than a window has forgotten what lies before it, whatever it says afterwards.
    """
    window, requests = given_traffic
    ring, furthest = Ring(slot_width(window), cap), 0
    admitted: list[tuple[int, int]] = []
    for (moment, amount), jump in zip(requests, jumps, strict=False):
        told = max(0, moment + jump)
        if ring.ask(told, amount):
            furthest = max(furthest, told)
            admitted.append((furthest, amount))
        assert ring.live(told) <= cap
    for end, _ in admitted:
        assert exact(admitted, end - window * 1000, end) <= cap


@given(st.integers(0, 10**6), st.lists(st.integers(0, 500), min_size=SLOTS, max_size=SLOTS), st.integers(-100, 200))
@examples(100)
def test_the_ring_counts_the_sixty_one_newest_slots(head: int, slots: list[int], later: int) -> None:
    now = max(0, head + later)
    by_number = {number: slots[number % SLOTS] for number in range(head - BUCKETS, head + 1)}
    newest = max(head, now)
    assert live(head, slots, now) == sum(kept for number, kept in by_number.items() if newest - BUCKETS <= number)


@given(st.integers(0, 10**6), st.lists(st.integers(0, 500), min_size=SLOTS, max_size=SLOTS), st.integers(-100, 200))
@examples(100)
def test_writing_keeps_what_counts_and_adds_what_is_new(head: int, slots: list[int], later: int) -> None:
    now = max(0, head + later)
    newest, ring = written(head, slots, now, 7)
    assert newest == max(head, now)
    assert len(ring) == SLOTS
    assert live(newest, ring, newest) == live(head, slots, now) + 7


@given(traffic(), st.integers(1, 2000), st.integers(1, 600))
@examples(100)
def test_an_amount_fits_when_it_is_said_to_fit_and_not_a_moment_before(
    given_traffic: tuple[int, list[tuple[int, int]]], cap: int, amount: int
) -> None:
    window, requests = given_traffic
    width = slot_width(window)
    ring = Ring(width, cap)
    for moment, asked in requests:
        ring.ask(moment, asked)
    now = slot_number(requests[-1][0], width)
    moment_free = frees_at(ring.head, ring.slots, now, width, cap, amount)
    if amount > cap:
        assert moment_free is None
        return
    assert moment_free is not None
    assert ring.live(moment_free) + amount <= cap
    if moment_free > now * width:
        assert ring.live(moment_free - 1) + amount > cap


def test_four_refunds_of_480_two_fit_and_room_comes_back_with_the_window() -> None:
    ring = Ring(slot_width(DAY), 1_000_00)
    noon = 12 * 3600 * 1000
    assert [ring.ask(noon + minute * 60_000, 480_00) for minute in range(4)] == [True, True, False, False]
    assert not ring.ask(noon + DAY * 1000, 480_00)
    free = frees_at(ring.head, ring.slots, slot_number(noon, ring.width), ring.width, ring.cap, 480_00)
    assert free is not None
    assert noon + DAY * 1000 < free <= noon + DAY * 1000 * SLOTS // BUCKETS
    assert ring.ask(free, 480_00)


def test_a_row_per_bucket_of_only_sixty_would_let_a_window_overrun() -> None:
    """Why 61: with sixty slots counted, two bursts 59 and a bit slots apart would both pass."""
    ring = Ring(slot_width(60), 10)
    assert ring.ask(999, 10)
    assert slot_number(60_998, ring.width) - slot_number(999, ring.width) == BUCKETS
    assert not ring.ask(60_998, 10)


@pytest.mark.parametrize(("window", "width"), [(3, 50), (60, 1000), (3600, 60_000), (DAY, 1_440_000), (10, 167)])
def test_a_slot_is_a_sixtieth_in_whole_milliseconds_rounded_up(window: int, width: int) -> None:
    assert slot_width(window) == width
    assert slot_width(window) * BUCKETS >= window * 1000


def test_an_amount_that_fits_now_fits_from_the_start_of_this_slot() -> None:
    assert frees_at(0, EMPTY, 5, 1000, 10, 10) == 5000


def test_an_exact_fit_is_a_fit() -> None:
    head, slots = written(*written(0, EMPTY, 0, 5), 1, 5)
    assert frees_at(head, slots, 1, 1000, 15, 5) == 1000
    assert frees_at(head, slots, 1, 1000, 10, 5) == SLOTS * 1000
    assert frees_at(head, slots, 1, 1000, 10, 6) == (SLOTS + 1) * 1000
    assert frees_at(head, slots, 1, 1000, 10, 11) is None


def test_a_negative_slot_opens_no_room() -> None:
    slots = list(EMPTY)
    slots[0], slots[1] = 5, -100
    assert live(1, slots, 1) == 5
    assert written(1, slots, 1, 1)[1][1] == 1


# Caps against usage


def usage(key: CapKey, live: int = 0, amount: int = 1, limit: int = 1, hard: bool = False) -> Usage:
    return Usage(Cap(key, Unit.COUNT, limit, DAY, hard), key.value, live, amount)


def test_a_cap_is_the_most_that_may_happen() -> None:
    assert not usage(CapKey.RUN, live=2, limit=3).breached
    assert usage(CapKey.RUN, live=3, limit=3).breached
    assert usage(CapKey.RUN, live=0, limit=0).breached


@pytest.mark.parametrize(
    "figures", [(-1, 1, 9), (1, -1, 9), (0.5, 1, 9), (None, 1, 9), (1, float("nan"), 9), (True, 1, 9)]
)
def test_figures_that_cannot_be_pass_every_cap(figures: tuple[int, int, int]) -> None:
    live, amount, limit = figures
    assert usage(CapKey.RUN, live=live, amount=amount, limit=limit).breached
    assert usage(CapKey.RUN, limit=float("inf")).breached  # type: ignore[arg-type]


@given(st.permutations(list(CapKey)), st.integers(1, 8))
@examples(40)
def test_the_first_breach_is_the_first_key_of_the_fixed_order(keys: list[CapKey], count: int) -> None:
    breached = [usage(key, live=1, hard=key is CapKey.ENTERPRISE) for key in keys[:count]]
    fitting = [usage(key) for key in keys[count:]]
    first = first_breach([*fitting, *breached])
    assert first is not None
    assert first.cap.key == min(keys[:count], key=list(CapKey).index)


def test_without_a_breach_there_is_none() -> None:
    assert first_breach([usage(key) for key in CapKey]) is None
    assert first_breach([]) is None


def test_of_two_caps_on_one_key_the_first_given_is_named() -> None:
    one, other = usage(CapKey.RUN, live=1), usage(CapKey.RUN, live=2)
    assert first_breach([one, other]) is one
    assert first_breach([other, one]) is other
