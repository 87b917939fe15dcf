"""READ what an id names: every lookup is one short range of an index, and nothing is found that its page would refuse.

What agents write is never printed here: a run or an entity is found by exactly its id, which stays in the field it was
typed into.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from governance.actors import AUDITOR, COUNCIL, GROUPS, REVIEWER
from governance.locks import database_now
from reviews import rows
from reviews.shown import label

# Of each kind of thing at most so many, the newest where they have an order.
MOST = 20
LONGEST = 128
SHORTEST_PREFIX = 8

_HEX = re.compile(rf"[0-9a-f]{{{SHORTEST_PREFIX},32}}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)

# What each kind is called on the page.
KINDS = {
    "agent": _("Agent"),
    "action": _("Action"),
    "case": _("Case"),
    "grant": _("Grant"),
    "draw": _("Spot review"),
    "trace": _("Trace"),
    "verdict": _("Verdict"),
    "entry": _("Ledger entry"),
    "entity": _("Action about this record"),
    "run": _("Action of this run"),
}

READERS = frozenset({REVIEWER, COUNCIL, AUDITOR})
LEDGER = frozenset({COUNCIL, AUDITOR})
# Whoever sees verdicts on cases that others still decide about.
OVERSEERS = frozenset({COUNCIL, AUDITOR})


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that the id names. `page` and `key` are its address; `agent` and `about` are empty without one."""

    kind: str
    page: str
    key: str
    agent: str
    about: str
    at: dt.datetime

    @property
    def words(self) -> object:
        """What kind of thing it is, in the language of whoever reads it."""
        return KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class Found:
    """What an id names for whoever asks. `more`: of some kind there are others besides."""

    hits: tuple[Hit, ...]
    more: bool
    now: dt.datetime

    @property
    def only(self) -> Hit | None:
        """The one thing that can be meant."""
        return self.hits[0] if len(self.hits) == 1 else None


_BESIDE = """
  join governance_agent ag on ag.id = a.agent_id join governance_actiontype t on t.id = a.action_type_id
"""
_AGENTS = """
  select 'agent' as kind, 'agent' as page, ag.id::text as key, placet_named(ag) as agent, '' as about,
      ag.registered_at as at
    from governance_agent ag where ag.id between %(low)s and %(high)s order by ag.id limit %(most)s
"""
_ACTIONS = f"""
  select 'action' as kind, 'decision' as page, a.id::text as key, placet_named(ag) as agent, t.key as about,
      a.created_at as at
    from governance_action a {_BESIDE} where a.id between %(low)s and %(high)s order by a.id limit %(most)s
"""  # noqa: S608 -- fixed text, here and below
_CASES = f"""
  select 'case' as kind, 'escalation' as page, e.id::text as key, placet_named(ag) as agent, t.key as about,
      e.opened_at as at
    from reviews_escalation e join governance_action a on a.id = e.action_id {_BESIDE}
    where e.id between %(low)s and %(high)s order by e.id limit %(most)s
"""  # noqa: S608
_GRANTS = f"""
  select 'grant' as kind, 'decision' as page, a.id::text as key, placet_named(ag) as agent, t.key as about,
      g.issued_at as at
    from governance_grant g join governance_action a on a.id = g.action_id {_BESIDE}
    where g.id between %(low)s and %(high)s order by g.id limit %(most)s
"""  # noqa: S608
_DRAWS = f"""
  select 'draw' as kind, 'spot-review' as page, d.id::text as key, placet_named(ag) as agent, t.key as about,
      d.drawn_at as at
    from reviews_draw d join governance_action a on a.id = d.action_id {_BESIDE}
    where d.id between %(low)s and %(high)s order by d.id limit %(most)s
"""  # noqa: S608
# All ids of traces are equally long and of digits and a to f, so that a range of them is one in any order of letters.
_TRACES = """
  select distinct on (key) 'trace' as kind, 'trace' as page, key, '' as agent, '' as about, at from (
    select trace_id as key, created_at as at from governance_action
      where trace_id between %(first)s and %(last)s and parent_span <> ''
      order by trace_id, created_at limit 1000) each
    order by key, at limit %(most)s
"""
# Nobody learns from a number that somebody has judged a case which is open still: its second judge is to be blind.
_VERDICT = f"""
  select 'verdict' as kind, 'escalation' as page, e.id::text as key, placet_named(ag) as agent, t.key as about,
      v.decided_at as at
    from reviews_verdict v join reviews_escalation e on e.id = v.escalation_id
    join governance_action a on a.id = e.action_id {_BESIDE}
    where v.id = %(number)s and (%(oversees)s or e.state <> 'open' or v.reviewer_id = %(viewer)s)
"""  # noqa: S608
_ENTRY = """
  select 'entry' as kind, 'admin:governance_ledgerentry_change' as page, l.seq::text as key, '' as agent,
    '' as about, l.at from governance_ledgerentry l where l.seq = %(number)s
"""
_ENTITY = f"""
  select 'entity' as kind, 'decision' as page, a.id::text as key, placet_named(ag) as agent, t.key as about,
      a.created_at as at
    from (select * from governance_action where entity = %(text)s and entity <> ''
      order by created_at desc, id desc limit %(most)s) a {_BESIDE}
    order by a.created_at desc, a.id desc
"""  # noqa: S608
# An index of runs begins with the agent, and tells what names a subject from what names none: two probes for each one.
_RUN = f"""
  select 'run' as kind, 'decision' as page, a.id::text as key, placet_named(ag) as agent, t.key as about,
      a.created_at as at
    from governance_agent each cross join lateral (
      (select * from governance_action o where o.agent_id = each.id and o.run = %(text)s and (o.subject = '') is true
        order by o.created_at desc, o.id desc limit %(most)s)
      union all
      (select * from governance_action o where o.agent_id = each.id and o.run = %(text)s and (o.subject = '') is false
        order by o.created_at desc, o.id desc limit %(most)s)) a {_BESIDE}
    order by a.created_at desc, a.id desc limit %(most)s
"""  # noqa: S608


def find(text: str, *, viewer: int, groups: Collection[str]) -> Found:
    """Everything of which `text` is the id, or the first eight or more characters of one, and whose page is open to
    members of `groups`: nothing else is told apart from what there is not.
    """
    wanted = text.strip()[: LONGEST + 1]
    statements, values = _asked(wanted, frozenset(groups))
    values |= {"viewer": viewer, "oversees": not OVERSEERS.isdisjoint(groups), "text": wanted, "most": MOST + 1}
    counted = [rows.fetch(statement, values) for statement in statements]
    hits = tuple(_hit(row) for found in counted for row in found[:MOST])
    return Found(hits, any(len(found) > MOST for found in counted), database_now())


def _asked(wanted: str, groups: frozenset[str]) -> tuple[list[str], dict[str, Any]]:
    """The lookups that this text allows and this person may make, with what they need."""
    statements: list[str] = []
    values: dict[str, Any] = {}
    if not wanted or len(wanted) > LONGEST:
        return statements, values
    reads = not groups.isdisjoint(READERS)
    digits = wanted.lower().replace("-", "")
    if _HEX.fullmatch(digits):
        first, last = digits.ljust(32, "0"), digits.ljust(32, "f")
        values = {"first": first, "last": last, "low": UUID(first), "high": UUID(last)}
        statements += [_AGENTS] if not groups.isdisjoint(GROUPS) else []
        statements += [_ACTIONS, _CASES, _GRANTS, _DRAWS, _TRACES] if reads else []
    if _NUMBER.fullmatch(wanted):
        values["number"] = int(wanted)
        statements += [_VERDICT] if reads else []
        statements += [_ENTRY] if not groups.isdisjoint(LEDGER) else []
    return statements + ([_ENTITY, _RUN] if reads else []), values


def _hit(row: rows.Row) -> Hit:
    about = label(row["about"]) if row["about"] else ""
    return Hit(row["kind"], row["page"], row["key"], row["agent"], about, row["at"])
