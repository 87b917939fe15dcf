"""READ what came before: how an agent stands for one action type, and what people said last."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from governance.locks import database_now
from governance.policy.tiers import LEVEL_NAMES, Level, Tier
from reviews import rows
from reviews.statistics import Rate, error_rate

LAST = 5


@dataclass(frozen=True, slots=True)
class Said:
    """One earlier verdict."""

    case: UUID
    approve: bool
    reason: str
    reviewer: str
    decided_at: dt.datetime


@dataclass(frozen=True, slots=True)
class History:
    """An agent and an action type side by side. `level` is empty without a permission."""

    agent_id: UUID
    agent: str
    state: str
    max_tier: Tier
    action_type: str
    level: str
    rate: Rate
    verdicts: tuple[Said, ...]


_HEAD = """
  select ag.id, placet_named(ag) as name, ag.state, ag.max_tier, t.key, p.level
  from governance_agent ag join governance_actiontype t on t.id = %(type)s
  left join governance_permission p on p.agent_id = ag.id and p.action_type_id = t.id
  where ag.id = %(agent)s
"""
# Only the last thousand actions are looked through: an agent that runs alone has a verdict rarely.
_SAID = """
  select e.id, v.approve, coalesce(r.sentence, v.reject_reason) as reason, u.username, v.decided_at
  from (select id from governance_action where agent_id = %(agent)s and action_type_id = %(type)s
        order by created_at desc limit 1000) a
  join reviews_escalation e on e.action_id = a.id
  join reviews_verdict v on v.escalation_id = e.id and v.withdrawn_at is null and v.closes
    and v.final_at <= %(now)s
  join auth_user u on u.id = v.reviewer_id
  left join reviews_rejectreason r on r.code = v.reject_reason
  where e.id is distinct from %(besides)s
  order by v.decided_at desc limit %(last)s
"""


def read(*, agent: UUID, action_type: int, besides: UUID | None = None, now: dt.datetime | None = None) -> History:
    """How this agent stands for this type, without the case that is being looked at. Both exist."""
    now = now or database_now()
    values = {"agent": agent, "type": action_type, "besides": besides, "now": now, "last": LAST}
    head = rows.fetch(_HEAD, values)[0]
    return History(
        agent_id=head["id"],
        agent=head["name"],
        state=head["state"],
        max_tier=Tier(head["max_tier"]),
        action_type=head["key"],
        level="" if head["level"] is None else LEVEL_NAMES[Level(head["level"])],
        rate=error_rate(agent, head["key"]),
        verdicts=tuple(_said(row) for row in rows.fetch(_SAID, values)),
    )


def _said(row: rows.Row) -> Said:
    return Said(row["id"], row["approve"], row["reason"], row["username"], row["decided_at"])
