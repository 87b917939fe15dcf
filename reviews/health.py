"""READ the health of every tool and connector: what each source says of it, and which action types need it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from governance.locks import database_now
from governance.policy.evidence import Signal
from governance.policy.health import (
    CONNECTOR,
    CONNECTOR_SLOW_MS,
    READINGS,
    WINDOW_DAYS,
    Source,
    source_health,
    tool_health,
)
from governance.weigh import NOTICE
from reviews import rows

REPORTS, READ = "Reports of agents", "Readings of records"


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says. `signal` is empty while it has too few readings; shares are whole per cent.

    `heartbeat` in seconds, if its watcher promised one; `overdue`: it did not come.
    """

    name: str
    watcher: bool
    signal: str
    total: int
    good: int
    slow: int
    last: dt.datetime | None
    heartbeat: int | None
    overdue: bool

    @property
    def heartbeat_words(self) -> str:
        """The heartbeat in the largest unit that fits: 24 h, 5 min, 90 s."""
        seconds = self.heartbeat or 0
        for unit, size in (("h", 3600), ("min", 60)):
            if seconds and seconds % size == 0:
                return f"{seconds // size} {unit}"
        return f"{seconds} s"


@dataclass(frozen=True, slots=True)
class Subject:
    """A tool or a connector with its health, its sources and the action types that need it."""

    name: str
    connector: bool
    signal: str
    sources: tuple[Said, ...]
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """Every tool and connector: what fails first, then what degrades, then what was heard of; of these tools first."""

    subjects: tuple[Subject, ...]
    now: dt.datetime


_SAID = """
  select count(*) filter (where x.good) as good, count(*) as total, max(x.read_at) as last,
    count(*) filter (where not x.good or x.degraded or x.latency_ms > s.slow_ms) as slow
  from (select good, degraded, latency_ms, read_at from governance_toolreading
    where tool = s.tool and {whose} order by id desc limit %(most)s) x
  where x.read_at > clock_timestamp() - make_interval(days => %(days)s)
"""
# Where several types name a tool, the strictest of their limits says here what is slow.
_SUBJECTS = f"""
  with s as (
    select t.tool, min(t.latency_ms) as slow_ms, array_agg(t.key order by t.key) as types
      from governance_actiontype t where t.key <> '{NOTICE}' group by t.tool
    union all select '{CONNECTOR}' || b.connector, {CONNECTOR_SLOW_MS}, array_agg(t.key order by t.key)
      from governance_binding b join governance_actiontype t on t.id = b.action_type_id
      where b.connector is not null group by b.connector
  ), heard as (
    select s.*, null as watcher, null::integer as heartbeat, r.* from s,
      lateral ({_SAID.format(whose="watcher_id is null")}) r
    union all select s.*, placet_named(ag), w.heartbeat_seconds, r.* from s join governance_watch w on w.tool = s.tool
      join governance_agent ag on ag.id = w.agent_id,
      lateral ({_SAID.format(whose="watcher_id = w.agent_id")}) r
  )
  select * from heard order by tool like '{CONNECTOR}%%', tool, watcher nulls first
"""  # noqa: S608 -- our own fixed words


def read() -> Health:
    """All of it as it stands now, by the same rule as a decision."""
    now = database_now()
    by_name: dict[str, list[rows.Row]] = {}
    for row in rows.fetch(_SUBJECTS, {"most": READINGS, "days": WINDOW_DAYS}):
        by_name.setdefault(row["tool"], []).append(row)
    subjects = (_subject(name, found, now) for name, found in by_name.items())
    return Health(tuple(sorted(subjects, key=_urgency)), now)


def failing() -> tuple[str, ...]:
    """The tools that are red now: what needs them is refused, and its approvals wait."""
    return tuple(each.name for each in read().subjects if each.signal == Signal.RED and not each.connector)


def _urgency(subject: Subject) -> tuple[bool, bool, bool]:
    heard = any(said.total for said in subject.sources)
    return subject.signal != Signal.RED, subject.signal != Signal.AMBER, not heard


def _subject(name: str, found: list[rows.Row], now: dt.datetime) -> Subject:
    connector = name.startswith(CONNECTOR)
    return Subject(
        name=name.removeprefix(CONNECTOR),
        connector=connector,
        signal=tool_health([_source(row, now) for row in found]).value,
        sources=tuple(_said(row, now, READ if connector else REPORTS) for row in found),
        types=tuple(found[0]["types"]),
    )


def _source(row: rows.Row, now: dt.datetime) -> Source:
    age = 0 if row["last"] is None else max(0, int((now - row["last"]).total_seconds()))
    return Source(row["good"], row["total"], row["slow"], age, _overdue(row, now))


def _overdue(row: rows.Row, now: dt.datetime) -> bool:
    if row["heartbeat"] is None:
        return False
    return row["last"] is None or row["last"] < now - dt.timedelta(seconds=row["heartbeat"])


def _said(row: rows.Row, now: dt.datetime, own: str) -> Said:
    signal = source_health(_source(row, now))
    total = row["total"]
    return Said(
        name=row["watcher"] or own,
        watcher=row["watcher"] is not None,
        signal="" if signal is None else signal.value,
        total=total,
        good=row["good"] * 100 // total if total else 0,
        slow=-(-row["slow"] * 100 // total) if total else 0,
        last=row["last"],
        heartbeat=row["heartbeat"],
        overdue=_overdue(row, now),
    )
