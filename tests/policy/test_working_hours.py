"""Working hours are what a clock on the wall shows, also on the nights when the clocks change."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from governance.policy.working_hours import DAYS, Hours, at_work, begins_again, minutes

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = dt.timedelta(minutes=1)
# Half an hour of summer time, a quarter of an hour of offset, half the globe on either side.
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC")
TIMES = st.builds(dt.time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
HOURS = st.builds(
    Hours, st.sampled_from(ZONES), st.frozensets(st.sampled_from(DAYS), min_size=1), begins=TIMES, ends=TIMES
)
# 2026: the last Sundays of March and October in Europe, other Sundays elsewhere.
MOMENTS = st.integers(0, 364 * 24 * 60).map(lambda past: dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + past * MINUTE)


def plainly(hours: Hours, now: dt.datetime) -> bool:
    """Looked at as a person would: the day and the time of the wall, and the day before for what runs over midnight."""
    wall = now.astimezone(ZoneInfo(hours.zone))
    at = wall.hour * 60 + wall.minute
    begins, ends = (each.hour * 60 + each.minute for each in (hours.begins, hours.ends))
    if ends <= begins and (wall.date() - dt.timedelta(days=1)).isoweekday() in hours.days and at < ends:
        return True
    return wall.isoweekday() in hours.days and at >= begins and (at < ends or ends <= begins)


def office(begins: str = "09:00", ends: str = "17:00", days: tuple[int, ...] = (1, 2, 3, 4, 5)) -> Hours:
    first, last = map(dt.time.fromisoformat, (begins, ends))
    return Hours("Europe/Berlin", frozenset(days), first, last)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}+00:00")


@given(HOURS, MOMENTS)
def test_within_the_hours_is_what_the_wall_shows(hours: Hours, now: dt.datetime) -> None:
    assert at_work(hours, ZoneInfo(hours.zone), now) is plainly(hours, now)


@given(HOURS, MOMENTS, st.integers(0, 9 * 24 * 60))
def test_they_begin_again_at_the_first_moment_within_them(hours: Hours, now: dt.datetime, later: int) -> None:
    zone = ZoneInfo(hours.zone)
    again = begins_again(hours, zone, now)
    assert again is not None
    assert again >= now
    assert at_work(hours, zone, again)
    between = now + later * MINUTE
    assert between >= again or not at_work(hours, zone, between)


@given(HOURS, MOMENTS)
def test_the_minutes_of_a_week_are_those_of_its_walls(hours: Hours, now: dt.datetime) -> None:
    wall = now.astimezone(ZoneInfo(hours.zone))
    of_week = (wall.isoweekday() - 1) * 24 * 60 + wall.hour * 60 + wall.minute
    assert (of_week in minutes(hours)) is at_work(hours, ZoneInfo(hours.zone), now)


def test_the_nights_on_which_the_clocks_change() -> None:
    night = office("02:30", "05:00", (7,))
    # spring: the wall goes from 02:00 to 03:00, so that work begins with the change
    assert not at_work(night, BERLIN, utc("2026-03-29T00:59:00"))
    assert begins_again(night, BERLIN, utc("2026-03-29T00:10:00")) == utc("2026-03-29T01:00:00")
    # autumn: 02:30 comes twice; in the first quarter after the second 02:00 it is before half past again
    assert at_work(night, BERLIN, utc("2026-10-25T00:45:00"))
    assert not at_work(night, BERLIN, utc("2026-10-25T01:15:00"))
    assert begins_again(night, BERLIN, utc("2026-10-25T01:15:00")) == utc("2026-10-25T01:30:00")


def test_a_weekend_passes_and_midnight_is_crossed() -> None:
    assert begins_again(office(), BERLIN, utc("2026-11-20T16:00:00")) == utc("2026-11-23T08:00:00")
    late = office("22:00", "06:00", (5,))
    assert at_work(late, BERLIN, utc("2026-11-21T04:59:00")), "Saturday 05:59 is the end of the night of Friday"
    assert not at_work(late, BERLIN, utc("2026-11-20T04:59:00")), "Friday 05:59 is that of Thursday"
