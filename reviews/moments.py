"""Moments in the time zone of whoever looks. Rows, the ledger and the API keep UTC."""

from __future__ import annotations

import datetime as dt
import re

from django.utils import dateformat, timezone

_UTC = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2})(:[0-9]{2})? UTC", re.ASCII)


def local(moment: dt.datetime, *, seconds: bool = False) -> str:
    """ "1 Mar 14:05 CET", or "14:05:09 CET": the name of the zone also tells summer from winter."""
    here = timezone.localtime(moment)
    return f"{dateformat.format(here, 'H:i:s' if seconds else 'j M H:i')} {_zone(here)}"


def local_second(moment: dt.datetime, now: dt.datetime) -> str:
    """ "14:05:09 CET", or "1 Mar 14:05:09 CET" where that is not the day of whoever looks."""
    return f"{_other_day(moment, now)}{local(moment, seconds=True)}"


def local_minute(moment: dt.datetime, now: dt.datetime) -> str:
    """ "14:05 CET", or "1 Mar 14:05 CET" where that is not the day of whoever looks."""
    here = timezone.localtime(moment)
    return f"{_other_day(moment, now)}{here:%H:%M} {_zone(here)}"


def midnight(now: dt.datetime) -> dt.datetime:
    """When the day of whoever looks began; `now` is the database's."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def local_times(text: str) -> str:
    """A sentence of ours with its moments, which it holds in UTC, in that time zone."""
    return _UTC.sub(_localised, text)


def _localised(match: re.Match[str]) -> str:
    try:
        utc = dt.datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or ':00'}+00:00")
        here = timezone.localtime(utc)
    except (ValueError, OverflowError):
        return match[0]
    return f"{here:%Y-%m-%d %H:%M:%S}"[: 19 if match[3] else 16] + f" {_zone(here)}"


def _other_day(moment: dt.datetime, now: dt.datetime) -> str:
    """The day of a moment where whoever looks has another one."""
    here = timezone.localtime(moment)
    return "" if here.date() == timezone.localtime(now).date() else dateformat.format(here, "j M ")


def _zone(here: dt.datetime) -> str:
    """ "CET", "UTC", or "UTC+05" where a zone has no name of letters."""
    name = here.tzname() or ""
    return name if name[:1].isalpha() else f"UTC{name}"
