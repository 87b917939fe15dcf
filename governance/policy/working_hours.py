"""The hours in which somebody works, as a clock on their wall shows them. Pure; `now` and the zone are passed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

# Monday is 1, as in ISO 8601.
DAYS = (1, 2, 3, 4, 5, 6, 7)
_AHEAD = 9
_SECOND = dt.timedelta(seconds=1)
_DAY = dt.timedelta(days=1)
_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """Some `days` of the week (1 to 7), each from `begins` to before `ends`, over midnight where that is not later.

    `zone` is the IANA name of the time zone of that clock.
    """

    zone: str
    days: frozenset[int]
    begins: dt.time
    ends: dt.time


def at_work(hours: Hours, zone: dt.tzinfo, now: dt.datetime) -> bool:
    """Whether `now` is within the hours. What the wall shows counts: an hour that comes twice counts twice."""
    wall = now.astimezone(zone)
    return _covers(hours, wall.isoweekday(), wall.time())


def begins_again(hours: Hours, zone: dt.tzinfo, now: dt.datetime) -> dt.datetime | None:
    """The first moment from `now` on that is within the hours (UTC, whole seconds); None where there is none ahead."""
    if at_work(hours, zone, now):
        return now
    return next((moment for moment in _turns(hours, zone, now) if moment > now and at_work(hours, zone, moment)), None)


def minutes(hours: Hours) -> frozenset[int]:
    """The minutes of the week, from Monday 00:00, that they cover: to compare two of the same zone."""
    week = ((day, minute) for day in DAYS for minute in range(_MINUTES))
    return frozenset(
        (day - 1) * _MINUTES + minute for day, minute in week if _covers(hours, day, dt.time(*divmod(minute, 60)))
    )


def _covers(hours: Hours, day: int, at: dt.time) -> bool:
    before = day - 1 or DAYS[-1]
    if hours.begins < hours.ends:
        return day in hours.days and hours.begins <= at < hours.ends
    return (day in hours.days and at >= hours.begins) or (before in hours.days and at < hours.ends)


def _turns(hours: Hours, zone: dt.tzinfo, now: dt.datetime) -> list[dt.datetime]:
    """Every moment of the next days at which it may begin: the wall shows the time, or the clocks change."""
    today = now.astimezone(zone).date()
    found = set(_changes(zone, now))
    for ahead in range(-1, _AHEAD):
        for at in (hours.begins, dt.time()):
            for fold in (0, 1):  # a time that comes twice begins twice; one that is left out is a change of clocks
                wall = dt.datetime.combine(today + ahead * _DAY, at, tzinfo=zone).replace(fold=fold)
                found.add(wall.astimezone(dt.UTC))
    return sorted(found)


def _changes(zone: dt.tzinfo, now: dt.datetime) -> Iterator[dt.datetime]:
    """The moments of the next days at which the clocks of the zone change, to the second."""
    moment = now.astimezone(dt.UTC).replace(microsecond=0)
    for _ in range(_AHEAD * 24):
        later = moment + dt.timedelta(hours=1)
        if moment.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            yield _change(zone, moment, later)
        moment = later


def _change(zone: dt.tzinfo, before: dt.datetime, after: dt.datetime) -> dt.datetime:
    offset = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + ((after - before) // 2 // _SECOND) * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
