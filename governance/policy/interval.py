"""An error rate from weighted reviews, with a range that stays true however often somebody looks.

The range is a betting confidence sequence with a fixed mixture of bets: for each candidate rate m it asks how much a
gambler would have won who bet, review by review, that the true rate is below (or above) m. A rate against which the
money grew 1/alpha-fold is ruled out, and by Ville's inequality that happens wrongly with probability alpha at most,
over all moments together. The bets are fixed, so only counts matter: their order does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, inf, log, log1p

ALPHA = 0.05

# How boldly a gambler bets (1 stakes everything on a single error), and the share of the money on each bet.
_BELOW: tuple[tuple[float, float], ...] = (
    (1.0, 0.30), (0.95, 0.05), (0.9, 0.10), (0.8, 0.12), (0.7, 0.12),
    (0.6, 0.10), (0.5, 0.08), (0.4, 0.06), (0.3, 0.04), (0.2, 0.03),
)  # fmt: skip
# Against a rate near nothing a bold bet is lost at the first sound review: these are timid enough for rare errors.
_ABOVE: tuple[tuple[float, float], ...] = (
    (0.002, 0.10), (0.005, 0.10), (0.01, 0.12), (0.02, 0.12), (0.05, 0.12),
    (0.1, 0.12), (0.2, 0.10), (0.4, 0.10), (0.7, 0.07), (1.0, 0.05),
)  # fmt: skip

_STEPS = 40
# Further reviews are looked for up to here.
FURTHEST = 1 << 16


@dataclass(frozen=True, slots=True)
class Stratum:
    """Reviews of equal weight: `weight` in (0, 1] is the lowest sampling rate in force over the rate of these."""

    weight: float
    checked: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Interval:
    """Rates in [0, 1] that the reviews do not rule out, both ends included."""

    low: float
    high: float

    def within(self, other: Interval) -> Interval:
        """What both leave possible. Two that exclude each other leave the narrower of them."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        if low > high:
            return min(self, other, key=lambda interval: interval.high - interval.low)
        return Interval(low, high)


def interval(strata: Iterable[Stratum], alpha: float = ALPHA) -> Interval:
    """The range that holds the true rate with probability 1 - alpha, at every moment at once.

    Raises `ValueError` for counts, weights or an alpha that cannot be.
    """
    return _interval(tuple(_sane(strata, alpha)), alpha)


@lru_cache(maxsize=1024)
def _interval(found: tuple[Stratum, ...], alpha: float) -> Interval:
    """The counts of an agent change rarely, and the pages of its cases show it each time."""
    mirrored = _mirrored(found)
    bar = _bar(alpha)
    high = _first(lambda rate: _log_wealth(found, rate, _BELOW) >= bar)
    low = 1 - _first(lambda rate: _log_wealth(mirrored, rate, _ABOVE) >= bar)
    return Interval(max(0.0, low), min(1.0, high))


def excludes(strata: Iterable[Stratum], rate: float, alpha: float = ALPHA) -> bool:
    """Whether these reviews rule out this true rate: the same test as `interval`, asked at one rate."""
    found = _sane(strata, alpha)
    below = _log_wealth(found, rate, _BELOW)
    above = _log_wealth(_mirrored(found), 1 - rate, _ABOVE)
    return max(below, above) >= _bar(alpha)


def needed(strata: Iterable[Stratum], rate: float, alpha: float = ALPHA) -> int | None:
    """How many further reviews of full weight, all sound, end the range below `rate`; 0 when it does so already.

    None when not even 65,536 would do. `rate` lies in (0, 1). Raises `ValueError` as `interval` does.
    """
    found = _sane(strata, alpha)

    def enough(more: int) -> bool:
        return _log_wealth([*found, Stratum(1.0, more, 0)], rate, _BELOW) >= _bar(alpha)

    if not enough(FURTHEST):
        return None
    low, high = -1, FURTHEST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _bar(alpha: float) -> float:
    """Each side may be wrong with half of alpha."""
    return log(2 / alpha)


def _mirrored(strata: Sequence[Stratum]) -> list[Stratum]:
    return [Stratum(each.weight, each.checked, each.checked - each.wrong) for each in strata]


def _sane(strata: Iterable[Stratum], alpha: float) -> list[Stratum]:
    if not 0 < alpha < 1:
        raise ValueError("alpha lies between 0 and 1.")
    found = [each for each in strata if each.checked]
    for each in found:
        if not 0 < each.weight <= 1 or not 0 <= each.wrong <= each.checked:
            raise ValueError("A weight lies in (0, 1], and no more are wrong than were checked.")
    return found


def _log_wealth(strata: Sequence[Stratum], rate: float, bets: tuple[tuple[float, float], ...]) -> float:
    """Logarithm of what the gambler owns who bet that the true rate is below `rate`. It rises with `rate`."""
    odds = rate / (1 - rate) if rate < 1 else inf
    logs = [log(share) + _log_growth(strata, odds, boldness) for boldness, share in bets]
    best = max(logs)
    return best if abs(best) == inf else best + log(sum(exp(value - best) for value in logs))


def _log_growth(strata: Sequence[Stratum], odds: float, boldness: float) -> float:
    """One bet over all reviews.

    A sound one multiplies by 1 + boldness * weight * odds, a wrong one by 1 - boldness * weight.
    """
    total = 0.0
    for each in strata:
        stake = boldness * each.weight
        if each.wrong:
            if stake >= 1:
                return -inf
            total += each.wrong * log1p(-stake)
        if each.checked > each.wrong:
            total += (each.checked - each.wrong) * log1p(stake * odds)
    return total


def _first(passes: Callable[[float], bool]) -> float:
    """The lowest rate that passes, by bisection, rounded up: `passes` never fails again once it passed."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if passes(middle):
            high = middle
        else:
            low = middle
    return high
