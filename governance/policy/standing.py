"""Standing: a latch that falls at once and rises slowly.

Nothing is timed: a latch stores when it turned red and since when it is green, and what it allows is computed when it
is read. A red *episode*, from the first red to the next green, costs one strike. After it the standing rises by one
rung (PROPOSE, EXECUTE, COMMIT) for each whole wait of unbroken green; the wait doubles with every strike. A strike is
forgiven for each 24 hours of green at COMMIT, where the latch holds nothing back any more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from governance.policy.tiers import Tier

FORGIVEN_AFTER = timedelta(hours=24)
RESTORED = Tier.COMMIT
FLOOR = Tier.PROPOSE
KEYS_RED, KEYS_WITHIN = 3, timedelta(hours=1)

_NOTHING = timedelta(0)
# Doubled that often every wait is longer than any longest one that can be set.
_MOST_DOUBLINGS = 20


class Why(StrEnum):
    """Why a latch turned red the last time: closed words."""

    CONTRADICTED = "contradicted"
    CAP = "cap"
    AGENT_CAP = "agent_cap"
    KEYS = "keys"
    BREACHES = "breaches"
    ABANDONED = "abandoned"
    ERRORS = "errors"
    FLOODING = "flooding"


@dataclass(frozen=True, slots=True)
class Constants:
    """`cooldown`: the wait after one strike, more than nothing; `longest`: no wait is longer."""

    cooldown: timedelta
    longest: timedelta


HEALTH = Constants(timedelta(minutes=15), timedelta(hours=24))
STATISTICAL = Constants(timedelta(days=7), timedelta(days=364))


@dataclass(frozen=True, slots=True)
class Terms:
    """The constants of one action type: of what is seen in its actions, and of what reviews find."""

    health: Constants = HEALTH
    statistical: Constants = STATISTICAL


TERMS = Terms()


@dataclass(frozen=True, slots=True)
class Latch:
    """One latch as it is stored. `red_at` begins the last episode, `green_since` ended it; None: not so yet."""

    strikes: int = 0
    in_episode: bool = False
    red_at: datetime | None = None
    green_since: datetime | None = None


UNTOUCHED = Latch()


def on_red(latch: Latch, now: datetime, constants: Constants) -> Latch:
    """The latch after a red: a new episode and its strike, or the same latch while an episode is open."""
    if latch.in_episode:
        return latch
    return Latch(strikes_at(latch, now, constants) + 1, True, _not_before(latch, now), None)


def on_green(latch: Latch, now: datetime) -> Latch:
    """The latch after a green: the episode is over, if there was one, and its wait begins."""
    if not latch.in_episode:
        return latch
    return replace(latch, in_episode=False, green_since=_not_before(latch, now))


def tier_at(latch: Latch, now: datetime, constants: Constants) -> Tier:
    """What the latch allows: PROPOSE to COMMIT. A clock that steps back never raises it."""
    if latch.in_episode:
        return FLOOR
    if latch.green_since is None:
        return RESTORED if latch.red_at is None else FLOOR
    return Tier(min(RESTORED, FLOOR + _rungs(latch.green_since, now, wait(latch, constants))))


def strikes_at(latch: Latch, now: datetime, constants: Constants) -> int:
    """The strikes that are not forgiven yet."""
    if latch.in_episode or latch.green_since is None:
        return latch.strikes
    restored = latch.green_since + wait(latch, constants) * (RESTORED - FLOOR)
    return max(0, latch.strikes - _rungs(restored, now, FORGIVEN_AFTER))


def next_rung_at(latch: Latch, now: datetime, constants: Constants) -> datetime | None:
    """When it allows one tier more if nothing turns red; None while an episode is open or nothing is held back."""
    tier = tier_at(latch, now, constants)
    if latch.green_since is None or latch.in_episode or tier is RESTORED:
        return None
    return latch.green_since + wait(latch, constants) * (tier - FLOOR + 1)


def wait(latch: Latch, constants: Constants) -> timedelta:
    """The green time that one rung takes: the cooldown, doubled by every strike after the first, up to the longest."""
    doublings = min(max(latch.strikes - 1, 0), _MOST_DOUBLINGS)
    doubled: timedelta = constants.cooldown * 2**doublings
    return min(doubled, constants.longest)


def on_lowered(latch: Latch, now: datetime, constants: Constants) -> Latch:
    """The statistical latch after the level went down one: a strike each time; the level's wait begins anew."""
    return Latch(_level_strikes(latch, now) + 1, True, _not_before(latch, now), None)


def on_raised(latch: Latch, now: datetime) -> Latch:
    """The statistical latch after a person raised the level again: from now on strikes are forgiven."""
    return on_green(latch, now)


def raise_from(latch: Latch, constants: Constants) -> datetime | None:
    """From when a level that was lowered may be raised; None when it was not lowered since."""
    return latch.red_at + wait(latch, constants) if latch.in_episode and latch.red_at is not None else None


def _level_strikes(latch: Latch, now: datetime) -> int:
    if latch.in_episode or latch.green_since is None:
        return latch.strikes
    return max(0, latch.strikes - _rungs(latch.green_since, now, FORGIVEN_AFTER))


def _rungs(since: datetime, now: datetime, each: timedelta) -> int:
    """How many whole times `each` has passed since then; none when the clock stands before it."""
    return max(_NOTHING, now - since) // each


def _not_before(latch: Latch, now: datetime) -> datetime:
    """Now, or the moment of the last change where the clock has stepped back behind it."""
    return max(now, latch.red_at or now, latch.green_since or now)
