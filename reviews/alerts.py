"""READ the alerts that nobody acknowledged: those of one kind, agent, type and tool are one line with a count."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from governance.locks import database_now
from governance.policy.health import CONNECTOR
from reviews import rows
from reviews.models import AlertKind
from reviews.shown import label

# On one page, newest first; the next one goes on where it ends.
MOST = 5_000
LINES = 100
COUNTED = 99

_WAITING = """
  select id, kind, action_id, agent_id, action_type_id, halt_id, tool, raised_at from reviews_alert
    where acknowledged_at is null
"""
_COUNT = """select count(*) from (
  select 1 from reviews_alert where owner_id = %s and acknowledged_at is null limit %s) counted"""
_OWN, _KIND, _OLDER = " and owner_id = %(viewer)s", " and kind = %(kind)s", " and id <= %(upto)s"
_GROUPS = """
with waiting as materialized ({waiting} order by id desc limit {most} + 1
), cut as (
  select greatest(
    (select max(id) from waiting group by kind, agent_id, action_type_id, halt_id, tool
      order by 1 desc offset {lines} limit 1),
    (select id from waiting order by id desc offset {most} limit 1)) as older
), page as (
  select * from waiting where id > coalesce((select older from cut), 0)
), lines as (
  select kind, agent_id, action_type_id, halt_id, tool, count(*) as count, min(id) as first, max(id) as last,
      min(raised_at) as since, max(raised_at) as latest, sum(count(*)) over () as total
    from page group by 1, 2, 3, 4, 5
)
select l.*, w.action_id, placet_named(ag) as agent, t.key as action_type, h.target, s.name as scope, cut.older
  from lines l join page w on w.id = l.last cross join cut
  left join governance_agent ag on ag.id = l.agent_id
  left join governance_actiontype t on t.id = l.action_type_id
  left join governance_halt h on h.id = l.halt_id
  left join governance_scope s on s.kind = h.target and s.key = h.key
  order by array_position(
    array['red', 'halt', 'tool_red', 'against_facts', 'case_expiring', 'guardrail_grant'], l.kind::text),
    l.last desc
"""


@dataclass(frozen=True, slots=True)
class Line:
    """Alerts that are told together. `action` is the newest of them; `what` says what was halted or fails."""

    kind: str
    words: str
    agent: str
    agent_id: UUID | None
    action_type: str
    what: str
    action: UUID | None
    halt: int | None
    count: int
    first: int
    last: int
    since: dt.datetime
    latest: dt.datetime

    @property
    def about(self) -> str:
        """The action type in words."""
        return label(self.action_type)


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of lines, gravest kind first, of `count` alerts. `older`: the newest of the next page, if any."""

    lines: tuple[Line, ...]
    count: int
    older: int | None
    now: dt.datetime


def read(*, viewer: int, every: bool, kind: str = "", upto: int | None = None) -> Inbox:
    """What waits to be seen: by the owner `viewer` of its agents, or of `every` owner; of one kind if given.

    `upto` is the id of the newest alert to begin with: `older` of the page before.
    """
    waiting = _WAITING + ("" if every else _OWN) + (_KIND if kind else "") + ("" if upto is None else _OLDER)
    # only fixed text is joined here
    statement = _GROUPS.format(waiting=waiting, most=MOST, lines=LINES)
    found = rows.fetch(statement, {"viewer": viewer, "kind": kind, "upto": upto})
    total, older = (int(found[0]["total"]), found[0]["older"]) if found else (0, None)
    return Inbox(tuple(map(_line, found)), total, older, database_now())


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
        what=_failing(row["tool"]) if row["tool"] else _halted(row),
        action=row["action_id"],
        halt=row["halt_id"],
        count=row["count"],
        first=row["first"],
        last=row["last"],
        since=row["since"],
        latest=row["latest"],
    )


def _failing(tool: str) -> str:
    """The council's word for a tool, or for a connector, of which we say that it is one."""
    name = tool.removeprefix(CONNECTOR)
    return name if name == tool else _("Connector %(name)s") % {"name": name}


def _halted(row: Any) -> str:
    if row["target"] is None:
        return ""
    named = row["scope"] or row["agent"] or row["action_type"] or ""
    return f"{label(row['target'])} {named}".strip()
