"""When a message waits: quiet hours, the hours of digests, the pauses between attempts. Pure; `now` is passed in."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

MOST_ATTEMPTS = 8
LONGEST_PAUSE = 3600.0
_FIRST_PAUSE = 30.0
# The local hour from which a day's digest is due.
DIGEST_HOUR = 8


def quiet_until(now: dt.datetime, zone: ZoneInfo, begin: dt.time | None, end: dt.time | None) -> dt.datetime | None:
    """When the quiet hours end in which `now` falls; None outside of them, or where there are none.

    They are local times: on the night the clocks change they still end when a clock on the wall says so. A local time
    that the change leaves out counts as the moment of the change; of one that comes twice the first.
    """
    if begin is None or end is None or begin == end:
        return None
    today = now.astimezone(zone).date()
    for day in (today - dt.timedelta(days=1), today):
        last = day if begin < end else day + dt.timedelta(days=1)
        first, until = _moment(day, begin, zone), _moment(last, end, zone)
        if first <= now < until:
            return until
    return None


def digest_of(now: dt.datetime, zone: ZoneInfo, pace: str) -> str:
    """The name of the digest that is due now, empty if none is: "digest:2026-11-22", hourly "digest:2026-11-22T09"."""
    local = now.astimezone(zone)
    if pace == "hourly":
        # in UTC, where no hour comes twice
        return f"digest:{now.astimezone(dt.UTC):%Y-%m-%dT%H}"
    if pace == "daily" and local.hour >= DIGEST_HOUR:
        return f"digest:{local:%Y-%m-%d}"
    return ""


def pause(attempt: int, chance: float, asked: float = 0.0) -> float:
    """Seconds until the next attempt after the `attempt`-th (from 1) failed: four times longer each, an hour at most.

    `chance` in 0..1 spreads it over a half to one and a half of that, so that what failed together does not come back
    together. `asked` are the seconds that the other side asked us to wait, of which an hour is granted.
    """
    longest = min(_FIRST_PAUSE * 4.0 ** max(0, attempt - 1), LONGEST_PAUSE)
    return max(longest * (0.5 + chance), min(max(asked, 0.0), LONGEST_PAUSE))


def moment_of(opened: dt.datetime, deadline: dt.datetime, due: dt.datetime, share: float) -> dt.datetime:
    """When this share (0..1) of the time of a case is over; `due` is its deadline, later by the time it was frozen."""
    return due - (deadline - opened) * (1 - share)


def _moment(day: dt.date, at: dt.time, zone: ZoneInfo) -> dt.datetime:
    local = dt.datetime.combine(day, at, tzinfo=zone)
    found, before = local.astimezone(dt.UTC), local.replace(fold=1).astimezone(dt.UTC)
    if before >= found:
        return found
    # left out: read with the offsets on both sides of the change it lies behind it and before it
    offset = before.astimezone(zone).utcoffset()
    while found - before > dt.timedelta(seconds=1):
        middle = before + (found - before) / 2
        before, found = (middle, found) if middle.astimezone(zone).utcoffset() == offset else (before, middle)
    return found.replace(microsecond=0)
