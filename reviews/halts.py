"""READ the halts: those in force, those that recover, the last ones, and what ran when one was declared.

Nothing here is stored: whether a running action knows of a halt follows from its own times.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from governance.locks import database_now
from governance.policy.recovery import Stage, stage
from governance.problems import Code, Problem
from reviews import rows
from reviews.answers import GRACE
from reviews.shown import label

MOST = 200
LAST = 20
# Of how many in force it is counted what they reach: each count looks at everything that runs.
COUNTED = 20


class Reach(StrEnum):
    """Whether a halt has reached an action that was running when it was declared.

    REQUESTED: not told yet. CONFIRMED: told at a checkpoint, or reported since. UNREACHABLE: its lease or report is
    overdue, so nobody knows.
    """

    UNREACHABLE = "unreachable"
    REQUESTED = "requested"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many actions that ran then are how far. `void`: approvals and grants that were not used before it."""

    requested: int = 0
    confirmed: int = 0
    unreachable: int = 0
    void: int = 0

    @property
    def any(self) -> bool:
        """Whether there is anything that the halt has to reach."""
        return bool(self.requested + self.confirmed + self.unreachable + self.void)


@dataclass(frozen=True, slots=True)
class Stop:
    """What a halt in force is about, as a banner names it: "agent" "Refunder"."""

    id: int
    target: str
    name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One halt. `stage` while it recovers, `counts` where they were counted."""

    id: int
    kind: str
    target: str
    key: str
    name: str
    reason: str
    by: str
    halted_at: dt.datetime
    lifted_at: dt.datetime | None
    lifted_by: str
    stage: Stage | None
    recovers_until: dt.datetime | None
    counts: Counts | None


@dataclass(frozen=True, slots=True)
class Flight:
    """One action that was running when the halt was declared. `stop` is the word it was told, empty if none."""

    action: UUID
    agent_id: UUID
    agent: str
    action_type: str
    state: str
    reach: Reach
    stop: str
    started_at: dt.datetime
    due: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the page of halts."""

    open: tuple[Shown, ...]
    recovering: tuple[Shown, ...]
    past: tuple[Shown, ...]
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class Told:
    """One halt with what was running then, at most 200, those that nobody hears of first."""

    halt: Shown
    flights: tuple[Flight, ...]
    now: dt.datetime

    @property
    def more(self) -> int:
        """How many there are besides those listed."""
        counts = self.halt.counts or Counts()
        return counts.requested + counts.confirmed + counts.unreachable - len(self.flights)


_HALTS = """
  select h.id, h.target, h.key, coalesce(placet_named(ag), s.name, h.key) as name, h.reason, h.halted_by, h.halted_at,
    h.lifted_at, h.lifted_by, h.recovery_seconds, h.recovers_until
  from governance_halt h
  left join governance_agent ag on h.target = 'agent' and ag.id::text = h.key
  left join governance_scope s on h.target = s.kind and s.key = h.key
"""
_OPEN = f"{_HALTS} where h.lifted_at is null order by h.halted_at desc limit {MOST}"
_LIFTED = f"{_HALTS} where h.lifted_at is not null order by h.lifted_at desc limit {MOST}"
_OVER = f"""{_HALTS} where h.lifted_at is null and h.id in (select id from placet_halts_over(%s))
  order by h.halted_at desc
"""  # noqa: S608 -- fixed text
_ONE = f"{_HALTS} where h.id = %s"

_NAME = """
  select coalesce(
    (select placet_named(ag) from governance_agent ag where %(target)s = 'agent' and ag.id::text = %(key)s),
    (select s.name from governance_scope s where s.kind = %(target)s and s.key = %(key)s), %(key)s) as name
"""

# What a halt reaches, found once for all actions: its agents with everybody below them, and its types. The same reach
# as that of placet_halts_over, which asks from the side of one action.
_UNDER = """
  with recursive covered as (
    select ag.id from governance_agent ag join governance_scope p on p.id = ag.project_id
      left join governance_scope d on d.id = p.parent_id
      where case %(target)s when 'agent' then ag.id::text = %(key)s when 'project' then p.key = %(key)s
        when 'domain' then d.key = %(key)s else false end
    union
    select ag.id from governance_agent ag join covered c on ag.parent_id = c.id
  ), kinds as (
    select t.id from governance_actiontype t left join governance_scope s on s.id = t.domain_id
      where case %(target)s when 'action_type' then t.key = %(key)s when 'domain' then s.key = %(key)s else false end
  )
"""
_IS_UNDER = """(%(target)s = 'enterprise' or a.agent_id in (select id from covered)
  or a.action_type_id in (select id from kinds) or a.chain && array(select id from covered))"""
# Nothing runs for longer than a day, so what was reported later than that began after the halt.
_FLIGHTS = f"""{_UNDER}, ran as (
    select a.*, g.redeemed_at is null and g.issued_by <> 'human' and g.expires_at > %(at)s as unused
      from governance_action a left join governance_grant g on g.action_id = a.id and g.voided_at is null
      where a.state = 'executing' and a.started_at <= %(at)s and {_IS_UNDER}
    union all
    select a.*, false from governance_execution x join governance_action a on a.id = x.action_id
      where x.reported_at > %(at)s and x.reported_at <= %(at)s + interval '26 hours' and a.started_at <= %(at)s
        and {_IS_UNDER}
  ), reached as (
    select ran.*, case when stopped_at is not null then 'confirmed' when state = 'abandoned' then 'unreachable'
      when state <> 'executing' then 'confirmed'
      when lease_until <= %(now)s - %(grace)s or report_by <= %(now)s then 'unreachable'
      else 'requested' end as reach
    from ran
  )
"""  # noqa: S608 -- fixed text
_COUNT = f"""{_FLIGHTS}
  select reach, count(*) as n, count(*) filter (where unused) as unused from reached group by reach
"""  # noqa: S608 -- fixed text on both sides
_LIST = f"""{_FLIGHTS}
  select r.id, r.agent_id, placet_named(ag) as agent, t.key, r.state, r.reach, r.stop_reason, r.started_at,
    case when r.state = 'executing' then least(r.lease_until, r.report_by) end as due
  from reached r join governance_agent ag on ag.id = r.agent_id
  join governance_actiontype t on t.id = r.action_type_id
  order by case r.reach when 'unreachable' then 0 when 'requested' then 1 else 2 end, r.started_at limit %(most)s
"""  # noqa: S608 -- fixed text on both sides
# What a person approved and nobody picked up yet: the first attempt to redeem it will find it void.
_VOID = f"""{_UNDER}
  select count(*) from governance_grant g join governance_action a on a.id = g.action_id
  where g.issued_by = 'human' and g.redeemed_at is null and g.voided_at is null and g.closed_at is null
    and g.expires_at > %(at)s and g.issued_at <= %(at)s
    and {_IS_UNDER}
"""  # noqa: S608 -- fixed text


def board() -> Board:
    """Halts in force, recovering, and the last twenty that are over."""
    now = database_now()
    lifted = rows.fetch(_LIFTED)
    recovering = [row for row in lifted if _stage(row, now) is not None]
    past = [row for row in lifted if _stage(row, now) is None][:LAST]
    return Board(
        open=tuple(_shown(row, now, counted=place < COUNTED) for place, row in enumerate(rows.fetch(_OPEN))),
        recovering=tuple(_shown(row, now, counted=False) for row in recovering),
        past=tuple(_shown(row, now, counted=False) for row in past),
        now=now,
    )


def in_force(action: UUID | None = None) -> tuple[Stop, ...]:
    """What is halted now, the newest first: all of it, or what stands over one action."""
    return tuple(_stop(row) for row in (rows.fetch(_OPEN) if action is None else rows.fetch(_OVER, [action])))


def read(halt: int) -> Told:
    """One halt and what was running when it was declared. Problem NOT_FOUND."""
    found, now = rows.fetch(_ONE, [halt]), database_now()
    if not found:
        raise Problem(Code.NOT_FOUND, "There is no such halt.")
    values = {**_values(found[0], now), "most": MOST}
    flights = tuple(_flight(row) for row in rows.fetch(_LIST, values))
    return Told(_shown(found[0], now, counted=True), flights, now)


def named(target: str, key: str) -> str:
    """What a halt of this target would be called on a page, as "agent Refunder"."""
    (name,) = (row["name"] for row in rows.fetch(_NAME, {"target": target, "key": key}))
    return f"{target.replace('_', ' ')} {name}"


def _stop(row: rows.Row) -> Stop:
    name = label(row["name"]) if row["target"] == "action_type" else row["name"]
    return Stop(row["id"], row["target"].replace("_", " "), name)


def _shown(row: rows.Row, now: dt.datetime, *, counted: bool) -> Shown:
    return Shown(
        id=row["id"],
        kind=row["target"],
        target=row["target"].replace("_", " "),
        key=row["key"],
        name=row["name"],
        reason=row["reason"],
        by=row["halted_by"].partition(":")[2],
        halted_at=row["halted_at"],
        lifted_at=row["lifted_at"],
        lifted_by=row["lifted_by"].partition(":")[2],
        stage=_stage(row, now),
        recovers_until=row["recovers_until"],
        counts=_counts(row, now) if counted else None,
    )


def _stage(row: rows.Row, now: dt.datetime) -> Stage | None:
    if row["lifted_at"] is None or row["recovers_until"] is None:
        return None
    seconds, until = row["recovery_seconds"] or 0, row["recovers_until"]
    return stage(lifted_at=row["lifted_at"], seconds=seconds, until=until, now=now)


def _counts(row: rows.Row, now: dt.datetime) -> Counts:
    values = _values(row, now)
    found = rows.fetch(_COUNT, values)
    unused = sum(each["unused"] for each in found)
    reached = {each["reach"]: each["n"] for each in found}
    return Counts(**reached, void=rows.number(_VOID, values) + unused)


def _values(row: rows.Row, now: dt.datetime) -> dict[str, Any]:
    return {"target": row["target"], "key": row["key"], "at": row["halted_at"], "now": now, "grace": GRACE}


def _flight(row: rows.Row) -> Flight:
    return Flight(
        action=row["id"],
        agent_id=row["agent_id"],
        agent=row["agent"],
        action_type=label(row["key"]),
        state=row["state"].replace("_", " "),
        reach=Reach(row["reach"]),
        stop=row["stop_reason"].replace("_", " "),
        started_at=row["started_at"],
        due=row["due"],
    )
