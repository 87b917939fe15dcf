from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.policy import interval as module
from governance.policy.interval import FURTHEST, Interval, Stratum, excludes, interval, needed

strata = st.lists(
    st.builds(
        lambda weight, checked, share: Stratum(weight, checked, round(checked * share)),
        st.sampled_from([1.0, 0.5, 0.25, 0.1, 0.05]),
        st.integers(0, 400),
        st.floats(0, 1),
    ),
    max_size=4,
)


def _even(checked: int, wrong: int) -> list[Stratum]:
    return [Stratum(1.0, checked, wrong)]


def _wealth_slowly(
    reviews: list[tuple[Fraction, bool]], rate: Fraction, bets: tuple[tuple[float, float], ...]
) -> Fraction:
    """The same money by its definition: one review after the other, exact fractions, nothing pooled."""
    total = Fraction(0)
    for boldness, share in bets:
        money, bet = Fraction(share), Fraction(boldness) / (1 - rate)
        for weight, wrong in reviews:
            money *= 1 + bet * weight * (rate - (1 if wrong else 0))
        total += money
    return total


@pytest.mark.parametrize("seed", range(6))
def test_the_pooled_wealth_is_the_product_over_single_reviews_in_any_order(seed: int) -> None:
    chance = random.Random(seed)
    weights = [1.0, 0.25, 0.05]
    reviews = [(Fraction(chance.choice(weights)), chance.random() < 0.2) for _ in range(40)]
    chance.shuffle(reviews)
    pooled = [
        Stratum(
            weight, sum(1 for w, _ in reviews if w == weight), sum(1 for w, wrong in reviews if wrong and w == weight)
        )
        for weight in weights
    ]
    for rate in (Fraction(1, 50), Fraction(1, 5), Fraction(3, 5)):
        slow = float(_wealth_slowly(reviews, rate, module._BELOW))
        fast = math.exp(module._log_wealth([each for each in pooled if each.checked], float(rate), module._BELOW))
        assert fast == pytest.approx(slow, rel=1e-9)


@settings(max_examples=30)
@given(strata)
def test_the_range_lies_in_zero_to_one_and_agrees_with_excludes(found: list[Stratum]) -> None:
    answer = interval(found)
    assert 0 <= answer.low <= answer.high <= 1
    if answer.high < 1:
        assert excludes(found, answer.high + 1e-9)
    if answer.low > 1e-9:
        assert excludes(found, answer.low - 1e-9)
    assert answer.high - answer.low < 1e-6 or not excludes(found, (answer.low + answer.high) / 2)


@settings(max_examples=30)
@given(strata, st.integers(0, 3))
def test_one_more_error_moves_both_ends_up(found: list[Stratum], place: int) -> None:
    more = [
        Stratum(each.weight, each.checked, each.wrong + (position == place and each.wrong < each.checked))
        for position, each in enumerate(found)
    ]
    before, after = interval(found), interval(more)
    assert after.low >= before.low - 1e-9
    assert after.high >= before.high - 1e-9


def test_nothing_checked_rules_nothing_out() -> None:
    assert interval([]) == interval(_even(0, 0)) == Interval(0.0, 1.0)


@pytest.mark.parametrize(("checked", "wrong", "high"), [(190, 0, 0.02), (453, 2, 0.02), (381, 0, 0.01)])
def test_the_upper_end_is_the_published_acceptance_chart(checked: int, wrong: int, high: float) -> None:
    """The chart is one-sided at 1/25, so two-sided at 2/25; the reviews before do not pass."""
    assert interval(_even(checked, wrong), alpha=0.08).high <= high
    assert interval(_even(checked - 2, wrong), alpha=0.08).high > high


def test_an_agent_that_is_always_wrong_is_known_to_be_bad() -> None:
    assert interval(_even(10, 10)).low > 0.5
    assert interval(_even(10, 10)).high == 1.0


def test_errors_in_a_rarely_sampled_stratum_weigh_more_than_in_a_fully_sampled_one() -> None:
    rare = interval([Stratum(1.0, 100, 5), Stratum(0.05, 100, 0)])
    full = interval([Stratum(1.0, 100, 0), Stratum(0.05, 100, 5)])
    assert rare.low > full.low
    assert rare.high > full.high


@pytest.mark.parametrize(
    "bad", [Stratum(0.0, 1, 0), Stratum(1.5, 1, 0), Stratum(1.0, 1, 2), Stratum(1.0, 1, -1), Stratum(math.nan, 1, 0)]
)
def test_counts_and_weights_that_cannot_be_are_refused(bad: Stratum) -> None:
    with pytest.raises(ValueError, match="weight"):
        interval([bad])


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0, math.nan])
def test_an_alpha_that_cannot_be_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        interval(_even(1, 0), alpha)


def test_two_ranges_leave_what_both_leave() -> None:
    assert Interval(0.1, 0.5).within(Interval(0.2, 0.9)) == Interval(0.2, 0.5)
    assert Interval(0.1, 0.2).within(Interval(0.5, 0.9)) == Interval(0.1, 0.2)


def _ever_misled(rate: float, reviews: int, excluded: Callable[[int, int], bool]) -> float:
    """Exact probability that the true rate is ruled out at any moment up to `reviews`, looking after each one."""
    alive, lost = [1.0], 0.0
    first = 0
    for checked in range(1, reviews + 1):
        alive = [a * (1 - rate) + b * rate for a, b in zip([*alive, 0.0], [0.0, *alive], strict=True)]
        # too few and too many errors rule it out, so it is enough to look at the ends
        while alive and excluded(checked, first):
            lost, first = lost + alive.pop(0), first + 1
        while alive and excluded(checked, first + len(alive) - 1):
            lost += alive.pop()
    return lost


@pytest.mark.parametrize("rate", [0.01, 0.02, 0.05, 0.2])
def test_somebody_who_looks_after_every_review_is_misled_less_than_one_time_in_twenty(rate: float) -> None:
    misled = _ever_misled(rate, 600, lambda checked, wrong: excludes(_even(checked, wrong), rate))
    assert 0.002 < misled <= module.ALPHA


def test_the_textbook_interval_watched_as_often_misleads_far_more() -> None:
    """The oracle sees what it should: a 95 % Wilson interval, looked at after every review, is often wrong."""

    def wilson(checked: int, wrong: int) -> bool:
        z, rate = 1.96, 0.05
        share = wrong / checked
        middle = (share + z * z / (2 * checked)) / (1 + z * z / checked)
        half = z * math.sqrt(share * (1 - share) / checked + z * z / (4 * checked * checked)) / (1 + z * z / checked)
        return not middle - half <= rate <= middle + half

    assert _ever_misled(0.05, 300, wilson) > 0.2


def test_weighted_samples_of_unequal_strata_cover_the_truth() -> None:
    """4 of 5 actions drawn at 5 %, 1 of 5 at 50 %, all errors in the rarely drawn ones; looked at often."""
    chance = random.Random(20261122)
    truth, misled, agents = 0.8 * 0.06, 0, 120
    for _ in range(agents):
        rare, often = [0, 0], [0, 0]
        wrong_once = False
        for action in range(1, 2001):
            if chance.random() < 0.8:
                if chance.random() < 0.05:
                    rare[0] += 1
                    rare[1] += chance.random() < 0.06
            elif chance.random() < 0.5:
                often[0] += 1
            if action % 200 == 0:
                wrong_once |= excludes([Stratum(1.0, *rare), Stratum(0.1, *often)], truth)
        misled += wrong_once
    assert misled / agents <= module.ALPHA


@given(strata, st.sampled_from([0.01, 0.02, 0.05, 0.1, 0.3]))
def test_so_many_further_sound_reviews_are_needed_and_not_one_less(given_strata: list[Stratum], rate: float) -> None:
    more = needed(given_strata, rate)
    if more is None:
        assert interval([*given_strata, Stratum(1.0, FURTHEST, 0)]).high > rate
        return
    assert interval([*given_strata, Stratum(1.0, more, 0)]).high <= rate + 1e-9
    if more:
        assert interval([*given_strata, Stratum(1.0, more - 1, 0)]).high > rate


def test_a_range_that_ends_below_needs_nothing_more() -> None:
    assert needed([Stratum(1.0, 5_000, 0)], 0.1) == 0


def test_what_no_number_of_reviews_would_show_is_said_to_be_out_of_reach() -> None:
    assert needed([Stratum(1.0, 90_000, 90_000)], 0.01) is None
