"""READ the tree of authority: scopes with their ceilings, what stands in them, and the catalogue."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from governance.locks import database_now
from governance.policy.tiers import TIERS, Risk, Tier, TierRow
from reviews import rows
from reviews.requests import Asked, open_requests


@dataclass(frozen=True, slots=True)
class Node:
    """One scope with what is below it. `agents` are those registered in it.

    `stewards` look after it; `lower` are the tiers to which whoever looks at it may lower its ceiling as one of
    them, the next one first.
    """

    kind: str
    key: str
    name: str
    ceiling: Tier
    agents: int
    halted: bool
    children: tuple[Node, ...]
    stewards: tuple[str, ...] = ()
    lower: tuple[Tier, ...] = ()

    @property
    def lowers(self) -> bool:
        """Whether whoever looks at it may lower it or anything in it."""
        return bool(self.lower) or any(child.lowers for child in self.children)


@dataclass(frozen=True, slots=True)
class Kind:
    """One action type of the catalogue. `waiting` are its open cases, up to 1,000; `asked` while it lacks a binding."""

    key: str
    action_class: str
    risk: str
    domain: str
    human_required: bool
    bound: bool
    waiting: int
    asked: Asked | None


@dataclass(frozen=True, slots=True)
class Stopped:
    """A halt in force. Its reason stays in the admin: it is free text."""

    target: str
    name: str
    by: str
    halted_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Tree:
    """Everything the council sees at once."""

    root: Node | None
    tiers: tuple[TierRow, ...]
    types: tuple[Kind, ...]
    halts: tuple[Stopped, ...]
    now: dt.datetime

    @property
    def wanted(self) -> tuple[Kind, ...]:
        """The types whose binding reviewers asked for, the longest waiting first."""
        found = [(kind.asked.since, kind) for kind in self.types if kind.asked is not None]
        return tuple(kind for _, kind in sorted(found, key=lambda each: each[0]))


_SCOPES = """
  select s.id, s.parent_id, s.kind, s.key, s.name, s.ceiling,
    (select count(*) from governance_agent a where a.project_id = s.id) as agents,
    exists (select 1 from governance_halt h where h.lifted_at is null and h.target = s.kind and h.key = s.key)
      as halted,
    array(select u.username from governance_steward w join auth_user u on u.id = w.person_id
      join auth_user_groups m on m.user_id = u.id join auth_group g on g.id = m.group_id and g.name = 'operator'
      where w.scope_id = s.id and u.is_active order by 1) as stewards
  from governance_scope s order by s.name
"""
_TYPES = """
  select t.id, t.key, t.action_class, t.base_risk, t.human_required, coalesce(s.name, '') as domain,
    b.id is not null as bound, (select count(*) from (select 1 from reviews_escalation e
      join governance_action a on a.id = e.action_id
      where e.state = 'open' and a.action_type_id = t.id limit 1000) x) as waiting
  from governance_actiontype t
  left join governance_scope s on s.id = t.domain_id
  left join governance_binding b on b.action_type_id = t.id
  order by t.key limit 500
"""
_HALTS = """
  select h.target, coalesce(placet_named(ag), h.key) as name, h.halted_by, h.halted_at from governance_halt h
  left join governance_agent ag on h.target = 'agent' and ag.id::text = h.key
  where h.lifted_at is null order by h.halted_at desc limit 100
"""


def read(person: str = "") -> Tree:
    """The tree as it stands now, as a person of this user name sees it."""
    scopes = rows.fetch(_SCOPES)
    roots = [row for row in scopes if row["parent_id"] is None]
    wanted = open_requests()
    return Tree(
        root=_node(roots[0], scopes, person, mine=False) if roots else None,
        tiers=TIERS,
        types=tuple(_kind(row, wanted.get(row["id"])) for row in rows.fetch(_TYPES)),
        halts=tuple(_stopped(row) for row in rows.fetch(_HALTS)),
        now=database_now(),
    )


def _node(row: rows.Row, scopes: list[rows.Row], person: str, *, mine: bool) -> Node:
    """`mine`: the person looks after a scope above."""
    mine = mine or person in row["stewards"]
    ceiling = Tier(row["ceiling"])
    return Node(
        kind=row["kind"],
        key=row["key"],
        name=row["name"],
        ceiling=ceiling,
        agents=row["agents"],
        halted=row["halted"],
        children=tuple(_node(each, scopes, person, mine=mine) for each in scopes if each["parent_id"] == row["id"]),
        stewards=tuple(row["stewards"]),
        lower=tuple(tier for tier in reversed(Tier) if mine and Tier.HALT < tier < ceiling),
    )


def _kind(row: rows.Row, wanted: Asked | None) -> Kind:
    return Kind(
        key=row["key"],
        action_class=row["action_class"],
        risk=Risk(row["base_risk"]).name.lower(),
        domain=row["domain"],
        human_required=row["human_required"],
        bound=row["bound"],
        waiting=row["waiting"],
        asked=wanted,
    )


def _stopped(row: rows.Row) -> Stopped:
    return Stopped(row["target"].replace("_", " "), row["name"], row["halted_by"].partition(":")[2], row["halted_at"])
