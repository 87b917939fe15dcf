"""READ the agents: all of them as a list, and one with what bounds it and what it did last."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from governance.locks import database_now
from governance.policy.tiers import LEVEL_NAMES, Level, Risk, Tier, earned_tier
from governance.problems import Code, Problem
from reviews import chronicle, rows
from reviews.chronicle import Chronicle
from reviews.shown import label
from reviews.standings import Stood, standings
from reviews.statistics import LIMITS, Rate, error_rates, ready_after
from reviews.traces import SHARED

MOST = 500
LAST = 10
RECENT = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """One agent of the list."""

    id: UUID
    name: str
    owner: str
    project: str
    above: str
    reach: Tier
    state: str
    types: int
    halted: bool


@dataclass(frozen=True, slots=True)
class Rung:
    """One thing that bounds an agent; `binds` marks the lowest, the first of them where several are."""

    name: str
    tier: Tier
    binds: bool


@dataclass(frozen=True, slots=True)
class Held:
    """One permission: the level, and the tier it earns at the base risk of the type.

    `limit` is the error rate to stay below; after `more` further sound checks the range ends below it, None: never.
    """

    action_type_id: int
    action_type: str
    title: str
    level: str
    risk: str
    earned: Tier
    rate: Rate
    limit: float
    more: int | None


@dataclass(frozen=True, slots=True)
class Decided:
    """One of the last decisions. `case` where a person was asked, `trace` where it has other actions."""

    action: UUID
    action_type: str
    outcome: str
    effective: Tier
    bound_by: str
    state: str
    decided_at: dt.datetime
    case: UUID | None
    trace: str


@dataclass(frozen=True, slots=True)
class Delegation:
    """A ticket in force: `given` by this agent to the other one, or held by it for the other one."""

    given: bool
    agent_id: UUID
    agent: str
    action_types: tuple[str, ...]
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Bound:
    """What bound `count` of the last 200 decisions."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Profile:
    """One agent. Keys appear nowhere. `delegations`: what it gave first, at most 50, the longest in force first."""

    id: UUID
    name: str
    owner: str
    state: str
    above: tuple[tuple[UUID, str], ...]
    below: tuple[tuple[UUID, str], ...]
    rungs: tuple[Rung, ...]
    held: tuple[Held, ...]
    stood: tuple[Stood, ...]
    delegations: tuple[Delegation, ...]
    bound: tuple[Bound, ...]
    last: tuple[Decided, ...]
    chronicle: Chronicle
    halts: int
    now: dt.datetime


_LIST = """
  select ag.id, placet_named(ag) as name, u.username as owner, p.name as project,
    coalesce(placet_named(up), '') as above, ag.state,
    least(ag.max_tier, p.ceiling, d.ceiling, e.ceiling) as reach,
    (select count(*) from governance_permission g where g.agent_id = ag.id) as types,
    exists (select 1 from governance_halt h where h.lifted_at is null and (h.target = 'enterprise'
      or (h.target, h.key) in (('project', p.key), ('domain', d.key), ('agent', ag.id::text)))) as halted
  from governance_agent ag
  join auth_user u on u.id = ag.owner_id
  join governance_scope p on p.id = ag.project_id
  left join governance_scope d on d.id = p.parent_id
  left join governance_scope e on e.id = d.parent_id
  left join governance_agent up on up.id = ag.parent_id
  order by lower(ag.name) limit %s
"""
_AGENT = """
  select ag.id, placet_named(ag) as name, ag.state, ag.max_tier, u.username as owner, p.name as project,
    p.ceiling as project_ceiling,
    d.name as domain, d.ceiling as domain_ceiling, e.name as enterprise, e.ceiling as enterprise_ceiling,
    (select count(*) from governance_halt h where h.lifted_at is null and (h.target = 'enterprise'
      or (h.target, h.key) in (('project', p.key), ('domain', d.key), ('agent', ag.id::text)))) as halts
  from governance_agent ag
  join auth_user u on u.id = ag.owner_id
  join governance_scope p on p.id = ag.project_id
  left join governance_scope d on d.id = p.parent_id
  left join governance_scope e on e.id = d.parent_id
  where ag.id = %s
"""
_ABOVE = """
  with recursive up as (
    select parent_id, 0 as depth from governance_agent where id = %s
    union all
    select ag.parent_id, up.depth + 1 from governance_agent ag join up on ag.id = up.parent_id where up.depth < 8
  )
  select ag.id, placet_named(ag) as name, least(ag.max_tier, p.ceiling) as tier from up
  join governance_agent ag on ag.id = up.parent_id
  join governance_scope p on p.id = ag.project_id order by up.depth
"""
_BELOW = """
  select ag.id, placet_named(ag) as name from governance_agent ag where ag.parent_id = %s
  order by ag.number nulls first, lower(ag.name) limit 100
"""
_HELD = """
  select t.id, t.key, t.base_risk, g.level from governance_permission g
  join governance_actiontype t on t.id = g.action_type_id where g.agent_id = %s order by t.key limit 200
"""
# An index of actions leads through agent and type to the newest: one probe for each type that there is.
_NEWEST = """
  select each.* from governance_actiontype kind cross join lateral (select * from governance_action o
    where o.agent_id = %s and o.action_type_id = kind.id order by o.created_at desc limit %s) each
"""
_BOUND = f"""
  select d.bound_by, count(*) as n from (select id from ({_NEWEST}) newest order by created_at desc limit 200) a
  join governance_decision d on d.action_id = a.id group by 1 order by 2 desc, 1 limit 5
"""  # noqa: S608 -- fixed text on both sides
_LAST = f"""
  select a.id, t.key, d.outcome, d.effective_tier, d.bound_by, a.state, d.decided_at, a.trace_id, {SHARED},
    (select e.id from reviews_escalation e where e.action_id = a.id order by e.opened_at desc limit 1) as case_id
  from (select * from ({_NEWEST}) newest order by created_at desc limit {LAST}) a
  join governance_actiontype t on t.id = a.action_type_id
  join governance_decision d on d.action_id = a.id
  order by d.decided_at desc
"""  # noqa: S608 -- fixed text on both sides

_DELEGATIONS = """
  select k.parent_id = %(agent)s as given, ag.id, placet_named(ag) as name, k.expires_at,
    (select array_agg(t.key order by t.key) from governance_actiontype t where t.id = any(k.action_types)) as types
  from governance_ticket k
  join governance_agent ag on ag.id = case when k.parent_id = %(agent)s then k.child_id else k.parent_id end
  where (k.parent_id = %(agent)s or k.child_id = %(agent)s) and k.revoked_at is null and k.expires_at > %(now)s
    and placet_ticket_stands(k.id, k.child_id, k.action_types[1], %(now)s)
  order by given desc, k.expires_at desc limit 50
"""


def listed() -> tuple[Listed, ...]:
    """Every agent by name, at most 500."""
    return tuple(
        Listed(
            id=row["id"],
            name=row["name"],
            owner=row["owner"],
            project=row["project"],
            above=row["above"],
            reach=Tier(row["reach"]),
            state=row["state"],
            types=row["types"],
            halted=row["halted"],
        )
        for row in rows.fetch(_LIST, [MOST])
    )


def read(agent: UUID) -> Profile:
    """One agent. Problem NOT_FOUND."""
    found = rows.fetch(_AGENT, [agent])
    if not found:
        raise Problem(Code.NOT_FOUND, "There is no such agent.")
    row, above, held, now = found[0], rows.fetch(_ABOVE, [agent]), _held(agent), database_now()
    return Profile(
        id=row["id"],
        name=row["name"],
        owner=row["owner"],
        state=row["state"],
        above=tuple((each["id"], each["name"]) for each in above),
        below=tuple((each["id"], each["name"]) for each in rows.fetch(_BELOW, [agent])),
        rungs=_rungs(row, above),
        held=held,
        stood=standings(agent, {each.action_type_id: each.action_type for each in held}, now),
        delegations=_delegations(agent, now),
        bound=tuple(Bound(each["bound_by"], each["n"]) for each in rows.fetch(_BOUND, [agent, RECENT])),
        last=tuple(_decided(each) for each in rows.fetch(_LAST, [agent, LAST])),
        chronicle=chronicle.read(agent, now),
        halts=row["halts"],
        now=now,
    )


def _delegations(agent: UUID, now: dt.datetime) -> tuple[Delegation, ...]:
    found = rows.fetch(_DELEGATIONS, {"agent": agent, "now": now})
    return tuple(
        Delegation(
            given=row["given"],
            agent_id=row["id"],
            agent=row["name"],
            action_types=tuple(label(key) for key in row["types"] or ()),
            expires_at=row["expires_at"],
        )
        for row in found
    )


def _rungs(row: rows.Row, above: list[rows.Row]) -> tuple[Rung, ...]:
    """Everything that bounds the agent, from the enterprise down to itself. A ceiling nobody set counts as PROPOSE."""
    steps: list[tuple[str, Any]] = [
        (f"{kind} {row[kind] or 'not set'}", row[f"{kind}_ceiling"]) for kind in ("enterprise", "domain", "project")
    ]
    steps += [(f"agent above {each['name']}", each["tier"]) for each in above]
    steps.append(("the agent itself", row["max_tier"]))
    tiers = [Tier.PROPOSE if tier is None else Tier(tier) for _, tier in steps]
    lowest = tiers.index(min(tiers))
    return tuple(
        Rung(name, tier, place == lowest) for place, ((name, _), tier) in enumerate(zip(steps, tiers, strict=True))
    )


def _held(agent: UUID) -> tuple[Held, ...]:
    found = rows.fetch(_HELD, [agent])
    rates = error_rates(agent, [row["key"] for row in found])
    return tuple(_permission(row, rates[row["key"]]) for row in found)


def _permission(row: rows.Row, rate: Rate) -> Held:
    level, risk = Level(row["level"]), Risk(row["base_risk"])
    return Held(
        action_type_id=row["id"],
        action_type=row["key"],
        title=label(row["key"]),
        level=LEVEL_NAMES[level],
        risk=risk.name.lower(),
        earned=earned_tier(level, risk),
        rate=rate,
        limit=LIMITS[risk],
        more=ready_after(rate, LIMITS[risk]),
    )


def _decided(row: rows.Row) -> Decided:
    return Decided(
        action=row["id"],
        action_type=label(row["key"]),
        outcome=row["outcome"],
        effective=Tier(row["effective_tier"]),
        bound_by=row["bound_by"],
        state=row["state"].replace("_", " "),
        decided_at=row["decided_at"],
        case=row["case_id"],
        trace=row["trace_id"] if row["shared"] else "",
    )
