"""When messages wait: by the clock on the wall of whoever is told, also on the nights it changes."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.notify.clock import LONGEST_PAUSE, digest_of, moment_of, pause, quiet_until

BERLIN, UTC = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}+00:00")


def clock(text: str) -> dt.time:
    return dt.time.fromisoformat(text)


@pytest.mark.parametrize(
    ("now", "begin", "end", "until"),
    [
        ("2026-11-22T21:30", "22:00", "06:30", "2026-11-23T05:30"),
        ("2026-11-22T05:29", "22:00", "06:30", "2026-11-22T05:30"),
        ("2026-11-22T05:30", "22:00", "06:30", ""),
        ("2026-11-22T20:59", "22:00", "06:30", ""),
        ("2026-11-22T12:00", "12:30", "14:00", "2026-11-22T13:00"),
        ("2026-11-22T13:30", "12:30", "14:00", ""),
        # spring: 02:00 becomes 03:00 on 29 March 2026; a night is an hour shorter and still ends at half past six
        ("2026-03-28T23:00", "22:00", "06:30", "2026-03-29T04:30"),
        # and what ends or begins at a time that no clock shows does so when the clocks change
        ("2026-03-29T00:30", "22:00", "02:30", "2026-03-29T01:00"),
        ("2026-03-29T01:00", "22:00", "02:30", ""),
        ("2026-03-29T00:59", "02:30", "06:00", ""),
        ("2026-03-29T01:00", "02:30", "06:00", "2026-03-29T04:00"),
        # autumn: 03:00 becomes 02:00 on 25 October 2026
        ("2026-10-24T21:00", "22:00", "06:30", "2026-10-25T05:30"),
        ("2026-10-25T00:15", "22:00", "02:30", "2026-10-25T00:30"),
        ("2026-10-25T01:15", "22:00", "02:30", ""),
    ],
)
def test_quiet_hours_end_when_the_wall_clock_says_so(now: str, begin: str, end: str, until: str) -> None:
    found = quiet_until(at(now), BERLIN, clock(begin), clock(end))
    assert found == (at(until) if until else None)


def test_without_both_ends_there_are_no_quiet_hours() -> None:
    now = at("2026-11-22T12:00")
    assert quiet_until(now, UTC, None, None) is None
    assert quiet_until(now, UTC, clock("12:00"), clock("12:00")) is None


@given(
    st.integers(0, 10 * 366 * 86_400).map(lambda seconds: at("2020-01-01T00:00") + dt.timedelta(seconds=seconds)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
    st.times(),
    st.times(),
)
def test_quiet_hours_always_end_within_a_day_and_an_hour(
    now: dt.datetime, zone: str, begin: dt.time, end: dt.time
) -> None:
    until = quiet_until(now, ZoneInfo(zone), begin, end)
    assert until is None or dt.timedelta(0) < until - now <= dt.timedelta(hours=25)
    assert until is None or quiet_until(until, ZoneInfo(zone), begin, end) is None


def test_a_digest_of_a_day_is_due_from_eight_and_one_of_an_hour_always() -> None:
    assert digest_of(at("2026-11-22T06:59"), BERLIN, "daily") == ""
    assert digest_of(at("2026-11-22T07:00"), BERLIN, "daily") == "digest:2026-11-22"
    assert digest_of(at("2026-11-22T22:59"), BERLIN, "daily") == "digest:2026-11-22"
    assert digest_of(at("2026-10-25T00:30"), BERLIN, "hourly") != digest_of(at("2026-10-25T01:30"), BERLIN, "hourly")
    assert digest_of(at("2026-11-22T12:00"), BERLIN, "off") == ""


def test_pauses_grow_fourfold_to_an_hour_and_grant_what_was_asked() -> None:
    assert [pause(attempt, 0.5) for attempt in (1, 2, 3, 4, 5, 8)] == [30, 120, 480, 1920, LONGEST_PAUSE, LONGEST_PAUSE]
    assert (pause(1, 0.0), pause(1, 1.0)) == (15, 45)
    assert pause(1, 0.5, 120) == 120
    assert pause(1, 0.5, 10**9) == LONGEST_PAUSE


def test_frozen_time_does_not_count() -> None:
    opened, deadline = at("2026-11-22T08:00"), at("2026-11-22T12:00")
    assert moment_of(opened, deadline, deadline, 0.5) == at("2026-11-22T10:00")
    assert moment_of(opened, deadline, deadline + dt.timedelta(hours=1), 0.9) == at("2026-11-22T12:36")
