"""What a mandate allows, as a value: what it reaches, how much of it, when, and whether one reaches further."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from governance.policy.tiers import Risk
from governance.policy.working_hours import Hours, minutes

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
MOST_DECISIONS = 10_000


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one mandate. `money_limit` in minor units of the reference currency.

    `qualified` names action types by id, each until when; without any it is all of them. `hours` None: at any time.
    `per_hour` and `per_day` are how many verdicts the holder may give in 60 minutes and in 24 hours; None: any number.
    """

    rank: int
    money_limit: int
    max_risk: Risk
    expires_at: dt.datetime | None = None
    qualified: Mapping[int, dt.datetime | None] = field(default_factory=dict)
    hours: Hours | None = None
    per_hour: int | None = None
    per_day: int | None = None


def live(until: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether something that ends then, None for never, is in force."""
    return until is None or until > now


def wider(before: Terms, after: Terms) -> bool:
    """Whether any term reaches further than it did."""
    return (
        after.rank > before.rank
        or after.money_limit > before.money_limit
        or after.max_risk > before.max_risk
        or _later(before.expires_at, after.expires_at)
        or _more_types(before.qualified, after.qualified)
        or _more_hours(before.hours, after.hours)
        or _more(before.per_hour, after.per_hour)
        or _more(before.per_day, after.per_day)
    )


def free_at(decided: Sequence[dt.datetime], terms: Terms, now: dt.datetime) -> dt.datetime | None:
    """When the holder may decide again; None: now. `decided` are the moments of their verdicts, in any order.

    Any 60 minutes and any 24 hours count, so that no clock has to turn.
    """
    frees = [_frees(decided, terms.per_hour, HOUR, now), _frees(decided, terms.per_day, DAY, now)]
    return max((moment for moment in frees if moment is not None), default=None)


def _frees(
    decided: Sequence[dt.datetime], most: int | None, window: dt.timedelta, now: dt.datetime
) -> dt.datetime | None:
    within = sorted(moment for moment in decided if moment > now - window)
    if most is None or len(within) < most:
        return None
    return within[len(within) - most] + window


def _later(before: dt.datetime | None, after: dt.datetime | None) -> bool:
    return before is not None and (after is None or after > before)


def _more(before: int | None, after: int | None) -> bool:
    return before is not None and (after is None or after > before)


def _more_types(before: Mapping[int, dt.datetime | None], after: Mapping[int, dt.datetime | None]) -> bool:
    if not before:
        return False
    return not after or any(each not in before or _later(before[each], after[each]) for each in after)


def _more_hours(before: Hours | None, after: Hours | None) -> bool:
    """Hours of another zone are other hours: whoever compares them at a desk cannot tell, so they count as more."""
    if before is None or before == after:
        return False
    return after is None or after.zone != before.zone or not minutes(after) <= minutes(before)
