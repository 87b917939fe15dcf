"""Standing: down at once, up slowly, whatever happens and whatever the clock does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.standing import (
    FORGIVEN_AFTER,
    HEALTH,
    STATISTICAL,
    UNTOUCHED,
    Constants,
    Latch,
    next_rung_at,
    on_green,
    on_lowered,
    on_raised,
    on_red,
    raise_from,
    strikes_at,
    tier_at,
    wait,
)
from governance.policy.tiers import Tier
from tests.policy.prove import examples

T0 = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
INSTANT = timedelta(milliseconds=1)

Event = tuple[timedelta, bool]  # after the event before it, and whether it is red

gaps = st.one_of(
    st.integers(0, 3_000).map(lambda n: timedelta(milliseconds=n)),
    st.integers(0, 200).map(lambda n: n * MINUTE),
    st.integers(0, 80).map(lambda n: n * HOUR),
)
histories = st.lists(st.tuples(gaps, st.booleans()), max_size=25)
constants = st.sampled_from([HEALTH, Constants(MINUTE, HOUR), Constants(HOUR, 4 * HOUR), Constants(HOUR, HOUR)])
moments = st.integers(-(10**6), 10**8).map(lambda seconds: T0 + timedelta(seconds=seconds))
latches = st.builds(
    Latch,
    strikes=st.integers(1, 40),
    in_episode=st.booleans(),
    red_at=st.just(T0),
    green_since=st.integers(0, 10**6).map(lambda seconds: T0 + timedelta(seconds=seconds)),
).map(lambda latch: replace(latch, green_since=None) if latch.in_episode else latch)


def walked(history: Sequence[Event], of: Constants = HEALTH) -> Iterator[tuple[Latch, datetime]]:
    """The latch after each event, with the moment of it."""
    latch, now = UNTOUCHED, T0
    for gap, red in history:
        now += gap
        latch = on_red(latch, now, of) if red else on_green(latch, now)
        yield latch, now


def rises(history: Sequence[Event], of: Constants, rest: timedelta) -> list[datetime]:
    """Every moment at which the tier rose, up to `rest` after the last event."""
    states = [(UNTOUCHED, T0), *walked(history, of)]
    ends = [now for _, now in states[1:]] + [states[-1][1] + rest]
    found = []
    for (latch, now), end in zip(states, ends, strict=True):
        while (up := next_rung_at(latch, now, of)) is not None and up <= end:
            assert tier_at(latch, up, of) == tier_at(latch, up - timedelta(microseconds=1), of) + 1
            found.append(up)
            now = up
    return found


@given(histories, constants)
@examples(300)
def test_s12_no_two_rises_within_a_cooldown_and_few_in_any_window(history: list[Event], of: Constants) -> None:
    ups = rises(history, of, 90 * DAY)
    assert all(later - earlier >= of.cooldown for earlier, later in pairwise(ups))
    for place, first in enumerate(ups):
        for more, last in enumerate(ups[place:]):
            assert more + 1 <= 1 + (last - first) // of.cooldown


@given(histories, moments)
@examples(300)
def test_s12_a_red_is_down_within_the_same_request(history: list[Event], now: datetime) -> None:
    latch = [UNTOUCHED, *(latch for latch, _ in walked(history))][-1]
    assert tier_at(on_red(latch, now, HEALTH), now, HEALTH) is Tier.PROPOSE


@given(histories, constants, st.data())
@examples(300)
def test_adding_a_red_never_raises(history: list[Event], of: Constants, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(history)))
    worse = [*history[:place], (timedelta(0), True), *history[place:]]
    before = {now: latch for latch, now in walked(history, of)}
    after = {now: latch for latch, now in walked(worse, of)}
    for now, latch in before.items():
        for later in (now, now + of.cooldown, now + of.longest, now + 3 * DAY, now + 30 * DAY):
            assert tier_at(after[now], later, of) <= tier_at(latch, later, of)
            assert strikes_at(after[now], later, of) >= strikes_at(latch, later, of)


@given(latches, moments, constants)
@examples(300)
def test_more_strikes_never_stand_higher_nor_sooner(latch: Latch, now: datetime, of: Constants) -> None:
    worse = replace(latch, strikes=latch.strikes + 1)
    assert of.cooldown <= wait(latch, of) <= wait(worse, of) <= of.longest
    assert tier_at(worse, now, of) <= tier_at(latch, now, of)
    assert strikes_at(worse, now, of) >= strikes_at(latch, now, of)


@given(latches, moments, gaps, constants)
@examples(300)
def test_a_clock_that_steps_back_never_raises(latch: Latch, now: datetime, back: timedelta, of: Constants) -> None:
    earlier = now - back
    assert tier_at(latch, earlier, of) <= tier_at(latch, now, of)
    assert strikes_at(latch, earlier, of) >= strikes_at(latch, now, of)
    for turn in (on_red(latch, earlier, of), on_green(latch, earlier)):
        for later in (now, now + of.cooldown, now + of.longest):
            assert tier_at(turn, later, of) <= tier_at(on_green(latch, T0), later, of)


@given(latches, moments, constants)
@examples(200)
def test_a_strike_is_forgiven_only_by_whole_days_at_the_restored_tier(
    latch: Latch, now: datetime, of: Constants
) -> None:
    forgiven = latch.strikes - strikes_at(latch, now, of)
    assert 0 <= forgiven <= latch.strikes
    if forgiven:
        assert tier_at(latch, now - forgiven * FORGIVEN_AFTER, of) is Tier.COMMIT
    below = latch.green_since is None or tier_at(latch, now, of) < Tier.COMMIT
    assert not (below and forgiven)


def test_an_episode_costs_one_strike_whatever_the_number_of_requests() -> None:
    latch = UNTOUCHED
    for number in range(1000):
        latch = on_red(latch, T0 + number * INSTANT, HEALTH)
    assert (latch.strikes, latch.red_at) == (1, T0)
    green = on_green(latch, T0 + HOUR)
    assert on_green(green, T0 + 2 * HOUR) == green
    assert on_red(green, T0 + 3 * HOUR, HEALTH).strikes == 2


def test_it_rises_one_rung_at_a_time_each_after_its_whole_wait() -> None:
    latch = on_green(on_red(UNTOUCHED, T0, HEALTH), T0 + HOUR)
    green = T0 + HOUR
    steps = {
        green: Tier.PROPOSE,
        green + 15 * MINUTE - INSTANT: Tier.PROPOSE,
        green + 15 * MINUTE: Tier.EXECUTE,
        green + 30 * MINUTE - INSTANT: Tier.EXECUTE,
        green + 30 * MINUTE: Tier.COMMIT,
        green + 400 * DAY: Tier.COMMIT,
    }
    assert {moment: tier_at(latch, moment, HEALTH) for moment in steps} == steps
    assert next_rung_at(latch, green, HEALTH) == green + 15 * MINUTE
    assert next_rung_at(latch, green + 15 * MINUTE, HEALTH) == green + 30 * MINUTE
    assert next_rung_at(latch, green + 30 * MINUTE, HEALTH) is None


def test_the_wait_doubles_with_every_strike_up_to_the_longest() -> None:
    waits = [wait(Latch(strikes=strikes), HEALTH) for strikes in range(1, 12)]
    assert waits == [min(15 * MINUTE * 2**doubled, DAY) for doubled in range(11)]
    assert wait(Latch(strikes=10**9), STATISTICAL) == STATISTICAL.longest


def test_nothing_red_ever_is_nothing_held_back() -> None:
    assert tier_at(UNTOUCHED, T0, HEALTH) is Tier.COMMIT
    assert next_rung_at(UNTOUCHED, T0, HEALTH) is None
    assert tier_at(Latch(strikes=1, red_at=T0), T0 + 99 * DAY, HEALTH) is Tier.PROPOSE, "a latch that cannot be"


def test_a_health_blip_does_not_flap() -> None:
    """S13: an outage of 50 ms each second for 24 hours is one transition; without the latch it is 172,798."""
    blip = [(timedelta(milliseconds=950), True), (timedelta(milliseconds=50), False)] * (24 * 3600)
    tiers = [Tier.COMMIT]
    last = T0
    for latch, now in walked(blip):
        up = next_rung_at(latch, last, HEALTH)
        assert up is None or up > now, "it rose in between"
        tiers.append(tier_at(latch, now, HEALTH))
        last = now
    assert sum(before is not after for before, after in pairwise(tiers)) == 1


@pytest.mark.parametrize(("days", "most"), [(7, 12), (30, 36)])
def test_s14_who_trips_again_after_each_rise_rises_seldom(days: int, most: int) -> None:
    latch, now, ups = UNTOUCHED, T0, 0
    while now < T0 + days * DAY:
        latch = on_green(on_red(latch, now, HEALTH), now)
        up = next_rung_at(latch, now, HEALTH)
        assert up is not None
        now = up + INSTANT
        ups += now < T0 + days * DAY
    assert 0 < ups <= most


def test_a_lowered_level_waits_seven_days_and_twice_as_long_the_next_time() -> None:
    once = on_lowered(UNTOUCHED, T0, STATISTICAL)
    assert raise_from(once, STATISTICAL) == T0 + 7 * DAY
    twice = on_lowered(once, T0 + DAY, STATISTICAL)
    assert raise_from(twice, STATISTICAL) == T0 + DAY + 14 * DAY
    raised = on_raised(twice, T0 + 20 * DAY)
    assert raise_from(raised, STATISTICAL) is None
    assert on_lowered(raised, T0 + 20 * DAY + INSTANT, STATISTICAL).strikes == 3
    assert on_lowered(raised, T0 + 21 * DAY, STATISTICAL).strikes == 2, "a day at the raised level forgives one"
