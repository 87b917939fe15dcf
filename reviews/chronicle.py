"""READ what became of an agent: its decisions day by day, and every change of a level or a standing, newest first.

Decisions are the newest 1,000 within two weeks; changes are the newest 20, from the ledger and from the reds that
raised an alert, but for those that lowered a level, which is told already. A standing that rises does so by time alone,
which nobody writes down.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from governance.policy.tiers import LEVEL_NAMES, Level, Tier
from reviews import rows
from reviews.shown import label

NEWEST = 1_000
DAYS = 14
LAST = 20


@dataclass(frozen=True, slots=True)
class Day:
    """One day (UTC): decisions by their outcome."""

    begins: dt.datetime
    executed: int
    asked: int
    refused: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One change. `kind` is that of its ledger entry, or "red"; `before` and `after` a level or a tier, or empty.

    `about` is an action type, empty for all of them; `who` the person who did it, empty where the machine did.
    """

    at: dt.datetime
    kind: str
    about: str
    before: str
    after: str
    who: str


@dataclass(frozen=True, slots=True)
class Chronicle:
    """`days` in order, without a gap, today last. `more`: there were other decisions within them, which are older."""

    days: tuple[Day, ...]
    more: bool
    turns: tuple[Turn, ...]

    @property
    def executed(self) -> tuple[int, ...]:
        """What ran by itself, day by day."""
        return tuple(day.executed for day in self.days)

    @property
    def asked(self) -> tuple[int, ...]:
        """What waited for a person, day by day."""
        return tuple(day.asked for day in self.days)

    @property
    def busiest(self) -> int:
        """The most of either in a day."""
        return max((*self.executed, *self.asked), default=0)


_DAYS = """
  select date_trunc('day', d.decided_at, 'UTC') as day, d.outcome, count(*) as n
  from (select each.id, each.created_at from governance_actiontype kind cross join lateral (
      select o.id, o.created_at from governance_action o where o.agent_id = %(agent)s and o.action_type_id = kind.id
        and o.created_at >= %(since)s order by o.created_at desc limit %(most)s) each
    order by each.created_at desc limit %(most)s) a
  join governance_decision d on d.action_id = a.id group by 1, 2
"""
# The index of the ledger for these kinds has the agent first (migration chronicle).
_TURNS = """
  with lowered as materialized (
    select (convert_from(l.body, 'UTF8')::jsonb->>'began')::timestamptz as began, l.at from governance_ledgerentry l
      where placet_entry_agent(l.body) = %(agent)s::text and l.kind = 'level_lowered'
      order by l.seq desc limit %(last)s
  )
  select x.at, x.kind, x.actor, coalesce(x.key, t.key) as key, x.before, x.after from (
    (select l.at, l.kind, l.actor, b->>'action_type' as key, b->>'latch' as latch, (b->>'from')::int as before,
        coalesce(b->>'to', b->>'tier')::int as after, l.seq as place
      from governance_ledgerentry l cross join lateral (select convert_from(l.body, 'UTF8')::jsonb) body(b)
      where placet_entry_agent(l.body) = %(agent)s::text and l.kind in ('permission_set', 'permission_revoked',
        'level_lowered', 'standing_pulled', 'standing_restored')
      order by l.seq desc limit %(last)s)
    union all
    (select a.raised_at, 'red', '', null, 'type:' || a.action_type_id, null, null, a.id from reviews_alert a
      where a.agent_id = %(agent)s and a.kind = 'red'
        and not exists (select from lowered o where a.raised_at between o.began and o.at)
      order by a.id desc limit %(last)s)) x
  left join governance_actiontype t on x.latch = 'type:' || t.id
  order by x.at desc, x.place desc limit %(last)s
"""


def read(agent: UUID, now: dt.datetime) -> Chronicle:
    """What became of one agent until now, the database's time."""
    today = now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - dt.timedelta(days=DAYS - 1)
    found = rows.fetch(_DAYS, {"agent": agent, "since": since, "most": NEWEST})
    turns = rows.fetch(_TURNS, {"agent": agent, "last": LAST})
    days = _days(found, since)
    return Chronicle(
        days=days if found else (),
        more=sum(row["n"] for row in found) == NEWEST,
        turns=tuple(_turn(row) for row in turns),
    )


def _days(found: Sequence[rows.Row], first: dt.datetime) -> tuple[Day, ...]:
    counted = {(row["day"], row["outcome"]): row["n"] for row in found}
    moments = [first + dt.timedelta(days=number) for number in range(DAYS)]
    return tuple(
        Day(each, *(counted.get((each, outcome), 0) for outcome in ("execute", "escalate", "refuse")))
        for each in moments
    )


def _turn(row: rows.Row) -> Turn:
    kind = row["kind"]
    of_level = kind in ("permission_set", "permission_revoked", "level_lowered")
    whose, _, name = row["actor"].partition(":")
    return Turn(
        at=row["at"],
        kind=kind,
        about="" if row["key"] is None else label(row["key"]),
        before=_word(row["before"], of_level=of_level),
        after=_word(row["after"], of_level=of_level),
        who=name if whose == "user" else "",
    )


def _word(value: Any, *, of_level: bool) -> str:
    if value is None:
        return ""
    return LEVEL_NAMES[Level(value)] if of_level else Tier(value).name
