"""READ the alerts that nobody acknowledged: those of one kind, agent and action type are one line with a count."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from governance.locks import database_now
from reviews import rows
from reviews.models import AlertKind
from reviews.shown import label

# Of more than this many the newest are read: the page says so.
MOST = 5_000
LINES = 100
COUNTED = 99

_WAITING = """
  select id, kind, action_id, agent_id, action_type_id, halt_id, raised_at from reviews_alert
    where acknowledged_at is null
"""
_COUNT = """select count(*) from (
  select 1 from reviews_alert where owner_id = %s and acknowledged_at is null limit %s) counted"""
_OWN, _KIND = " and owner_id = %(viewer)s", " and kind = %(kind)s"
_GROUPS = """
with waiting as materialized ({waiting} order by id desc limit {most}
), lines as (
  select kind, agent_id, action_type_id, halt_id, count(*) as count, min(id) as first, max(id) as last,
      min(raised_at) as since, max(raised_at) as latest, sum(count(*)) over () as total
    from waiting group by 1, 2, 3, 4
)
select l.*, w.action_id, ag.name as agent, t.key as action_type, h.target, s.name as scope
  from lines l join waiting w on w.id = l.last
  left join governance_agent ag on ag.id = l.agent_id
  left join governance_actiontype t on t.id = l.action_type_id
  left join governance_halt h on h.id = l.halt_id
  left join governance_scope s on s.kind = h.target and s.key = h.key
  order by array_position(array['red', 'halt', 'guardrail_grant'], l.kind::text), l.last desc limit {lines}
"""


@dataclass(frozen=True, slots=True)
class Line:
    """Alerts that are told together. `action` is the newest of them; `what` says what was halted."""

    kind: str
    words: str
    agent: str
    agent_id: UUID | None
    action_type: str
    what: str
    action: UUID | None
    count: int
    first: int
    last: int
    since: dt.datetime
    latest: dt.datetime


@dataclass(frozen=True, slots=True)
class Inbox:
    """The lines, gravest kind first. `capped`: there are older ones than those counted."""

    lines: tuple[Line, ...]
    count: int
    capped: bool
    now: dt.datetime


def read(*, viewer: int, every: bool, kind: str = "") -> Inbox:
    """What waits to be seen: by the owner `viewer` of its agents, or of `every` owner; of one kind if given."""
    waiting = _WAITING + ("" if every else _OWN) + (_KIND if kind else "")
    # only fixed text is joined here
    statement = _GROUPS.format(waiting=waiting, most=MOST, lines=LINES)
    found = rows.fetch(statement, {"viewer": viewer, "kind": kind})
    total = int(found[0]["total"]) if found else 0
    return Inbox(tuple(map(_line, found)), total, total >= MOST, database_now())


def waiting(viewer: int) -> int:
    """How many alerts of their own agents somebody has not acknowledged; one more than 99 means more."""
    return rows.number(_COUNT, [viewer, COUNTED + 1])


def _line(row: rows.Row) -> Line:
    return Line(
        kind=row["kind"],
        words=str(AlertKind(row["kind"]).label),
        agent=row["agent"] or "",
        agent_id=row["agent_id"],
        action_type=row["action_type"] or "",
        what=_halted(row),
        action=row["action_id"],
        count=row["count"],
        first=row["first"],
        last=row["last"],
        since=row["since"],
        latest=row["latest"],
    )


def _halted(row: Any) -> str:
    if row["target"] is None:
        return ""
    named = row["scope"] or row["agent"] or row["action_type"] or ""
    return f"{label(row['target'])} {named}".strip()
