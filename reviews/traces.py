"""READ a trace: every action that agents asked for because of one another, as a tree with times and outcomes."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from uuid import UUID

from governance.locks import database_now
from governance.policy.tiers import Tier
from governance.problems import Code, Problem
from reviews import rows
from reviews.answers import span_of
from reviews.lineup import lined_up
from reviews.shown import label

MOST = 500
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Node:
    """One action of a trace. `depth` in the tree; `above` are the agents that it was asked for, the nearest first.

    `offset` since the trace began and `took` from asking to the report are words; `took` is empty without a report.
    """

    action: UUID
    depth: int
    agent_id: UUID
    agent: str
    above: tuple[str, ...]
    type_label: str
    outcome: str
    state: str
    effective: Tier
    bound_by: str
    asked_at: dt.datetime
    offset: str
    took: str
    case: UUID | None

    @property
    def steps(self) -> range:
        """One for each level that it stands below the first."""
        return range(self.depth)


@dataclass(frozen=True, slots=True)
class Trace:
    """A whole trace, at most 500 actions of it; `more` says that there are others."""

    id: str
    nodes: tuple[Node, ...]
    agents: int
    began_at: dt.datetime
    lasted: str
    more: bool
    now: dt.datetime


# The first action of a trace has its id; only those that follow are in the index.
_NODES = """
  select a.id, a.parent_span, a.state, a.created_at, t.key, ag.id as agent_id, placet_named(ag) as agent, d.outcome,
    d.effective_tier, d.bound_by, x.reported_at,
    (select array_agg(placet_named(up) order by c.place) from unnest(a.chain) with ordinality as c(id, place)
      join governance_agent up on up.id = c.id) as above,
    (select e.id from reviews_escalation e where e.action_id = a.id order by e.opened_at desc limit 1) as case_id
  from (
    select * from governance_action where id = %(first)s and trace_id = %(trace)s
    union all
    select * from governance_action where trace_id = %(trace)s and parent_span <> '' and id <> %(first)s
    order by created_at, id limit %(most)s
  ) a
  join governance_actiontype t on t.id = a.action_type_id
  join governance_agent ag on ag.id = a.agent_id
  join governance_decision d on d.action_id = a.id
  left join governance_execution x on x.action_id = a.id
  order by a.created_at, a.id
"""
_SHARED = """
  select 1 from governance_action where trace_id = %(trace)s and parent_span <> '' and id <> %(action)s
  union all
  select 1 from governance_action where id = %(first)s and trace_id = %(trace)s and id <> %(action)s limit 1
"""

# The same of each row of `a` in one statement: what states a parent has a trace id that can be read.
SHARED = """
  (exists (select 1 from governance_action o where o.trace_id = a.trace_id and o.parent_span <> '' and o.id <> a.id)
    or case when a.parent_span = '' then false else exists (select 1 from governance_action o
      where o.id = a.trace_id::uuid and o.trace_id = a.trace_id and o.id <> a.id) end) as shared
"""


def read(trace: str) -> Trace:
    """One trace. Problem NOT_FOUND, also for what is no trace id."""
    found = rows.fetch(_NODES, _named(trace) | {"most": MOST + 1}) if _ID.fullmatch(trace) else []
    if not found:
        raise Problem(Code.NOT_FOUND, "There is no such trace.")
    shown = found[:MOST]
    began = shown[0]["created_at"]
    order = lined_up([(span_of(row["id"]), row["parent_span"]) for row in shown])
    last = max(row["reported_at"] or row["created_at"] for row in shown)
    return Trace(
        id=trace,
        nodes=tuple(_node(shown[place], depth, began) for place, depth in order),
        agents=len({row["agent_id"] for row in shown}),
        began_at=began,
        lasted=words(last - began),
        more=len(found) > MOST,
        now=database_now(),
    )


def shared(trace: str, action: UUID) -> bool:
    """Whether this trace has any action besides this one: then there is a tree to look at."""
    return bool(_ID.fullmatch(trace)) and bool(rows.fetch(_SHARED, _named(trace) | {"action": action}))


def words(span: dt.timedelta) -> str:
    """A duration as it is read: 340 ms, 2.5 s, 4 min 10 s, 3 h 2 min."""
    milliseconds = max(0, round(span / dt.timedelta(milliseconds=1)))
    if milliseconds < 1_000:
        return f"{milliseconds} ms"
    seconds = milliseconds / 1_000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _named(trace: str) -> dict[str, object]:
    return {"trace": trace, "first": UUID(trace)}


def _node(row: rows.Row, depth: int, began: dt.datetime) -> Node:
    asked = row["created_at"]
    return Node(
        action=row["id"],
        depth=depth,
        agent_id=row["agent_id"],
        agent=row["agent"],
        above=tuple(row["above"] or ()),
        type_label=label(row["key"]),
        outcome=row["outcome"],
        state=row["state"].replace("_", " "),
        effective=Tier(row["effective_tier"]),
        bound_by=row["bound_by"],
        asked_at=asked,
        offset=words(asked - began),
        took="" if row["reported_at"] is None else words(row["reported_at"] - asked),
        case=row["case_id"],
    )
