"""Which open cases, in the order of the queue: each set of filters is a few ranges of one index, read no further.

Statements are fixed text; every value is a parameter. Effective risks and ranks are few, so whoever asks for one type
or domain of any rank reads one short range for each of them instead of all its cases.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from governance.policy.tiers import Risk
from reviews import rows
from reviews.routing import MOST_EXPOSED, RANKS, exposure, first_key

# A count beside a filter is exact up to here.
COUNTED = 99
# The oldest cases whose deadline passed, among which one that a halt froze may be decided still.
FROZEN = 200


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the queue is asked for; `mine` are the cases that reviewer holds now.

    `action_type` and `domain` are keys, `risk` and `rank` numbers, 0 for any. `overdue`: the deadline that was set has
    passed; one that a halt froze can still be decided.
    """

    action_type: str = ""
    risk: int = 0
    mine: bool = False
    domain: str = ""
    rank: int = 0
    overdue: bool = False

    @property
    def any(self) -> bool:
        """Whether anything is left out."""
        return self != Filters()

    @property
    def risk_text(self) -> str:
        """The risk as an address names it, empty for any."""
        return Risk(self.risk).name.lower() if self.risk else ""

    @property
    def rank_text(self) -> str:
        """The rank as an address names it, empty for any."""
        return str(self.rank or "")


@dataclass(frozen=True, slots=True)
class Reach:
    """What a mandate reaches at `now` that a row of the queue knows: rank, risk, money, and types by id; None: all.

    `money` is in minor units.
    """

    rank: int
    risk: int
    money: int
    now: dt.datetime
    types: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: the next page starts behind it."""

    sort_key: int
    case: UUID

    def __str__(self) -> str:
        return f"{self.sort_key}.{self.case.hex}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter with the number of open cases it would show: "7", or "99+"."""

    key: str
    count: str


_TYPE = "e.action_type_id = (select id from governance_actiontype where key = %(type)s)"
_DOMAIN = "e.domain_id = (select id from governance_scope where key = %(domain)s)"
_RANGE = "select e.id, e.sort_key from reviews_escalation e where e.state = 'open'"
_ORDER = " order by e.sort_key, e.id limit %(most)s"
_EACH = """
  select x.id, x.sort_key from unnest(%(ranks)s::smallint[]) r(rank)
    cross join unnest(%(risks)s::smallint[]) k(risk)
    cross join lateral ({range} and e.rank = r.rank and e.risk = k.risk{order}) x
  order by x.sort_key, x.id limit %(most)s
"""

# Each count reads one range of one index up to its limit, and the order names that index: statistics that are old or a
# value with no case at all would else let the planner read every open case in search of a hundred.
_COUNT = """(select count(*) from (
  select 1 from reviews_escalation e where e.state = 'open' and {} order by {} limit %(most)s) c)"""
_OF_KEY = "e.rank, e.risk, e.sort_key, e.id"
_CHOICES = "".join(
    (
        "select 'type' as kind, t.key, ", _COUNT.format("e.action_type_id = t.id", _OF_KEY), " as n",
        " from governance_actiontype t",
        " union all select 'domain', s.key, ", _COUNT.format("e.domain_id = s.id", _OF_KEY), " from governance_scope s",
        " where s.kind = 'domain' union all select 'rank', r::text, ",
        _COUNT.format("e.rank = r", "e.risk, e.sort_key, e.id"),
        " from unnest(%(ranks)s::smallint[]) r union all select 'risk', k::text, (select count(*) from (",
        " select 1 from unnest(%(ranks)s::smallint[]) r cross join lateral (select 1 from reviews_escalation e",
        " where e.state = 'open' and e.rank = r and e.risk = k order by e.sort_key, e.id limit %(most)s) x",
        " limit %(most)s) c) from unnest(%(risks)s::smallint[]) k union all select 'mine', '', ",
        _COUNT.format("e.taken_by_id = %(viewer)s and e.taken_until > %(now)s", "e.taken_until"),
        " union all select 'overdue', '', ", _COUNT.format("e.sort_key < %(overdue)s", "e.sort_key, e.id"),
        " order by 1, 2",
    )
)  # fmt: skip

# What somebody skipped is left to the others for a while; they are few.
_SKIPPED = """
  (e.id <> all(array(select h.escalation_id from reviews_handover h
    where h.by_id = %(viewer)s and h.kind = 'skip' and h.until > clock_timestamp())) or e.taken_by_id = %(viewer)s)
"""
# The sets of people who answer for the agents of open cases are few: they are walked by the index, one probe for each
# set, rank and risk, and each gives its first case. So nobody reads over the cases of their own agents.
_FREE = """
  with recursive lanes as (
    (select e.owners, e.rank, e.risk from reviews_escalation e where e.state = 'open'
      order by e.owners, e.rank, e.risk limit 1)
    union all
    select n.owners, n.rank, n.risk from lanes l cross join lateral (
      select e.owners, e.rank, e.risk from reviews_escalation e where e.state = 'open'
        and (e.owners, e.rank, e.risk) > (l.owners, l.rank, l.risk) order by e.owners, e.rank, e.risk limit 1) n
  )
  select x.id, x.sort_key from lanes l cross join lateral (
    select e.id, e.sort_key from reviews_escalation e
      where e.state = 'open' and e.owners = l.owners and e.rank = l.rank and e.risk = l.risk
        and e.sort_key >= %(now)s and e.deadline > clock_timestamp() and {free}
      order by e.sort_key, e.id limit %(most)s) x
  where not %(viewer)s = any(l.owners) and l.rank <= %(rank)s and l.risk <= %(risk)s
  order by x.sort_key, x.id limit %(most)s
"""
# Whoever is qualified for some types alone walks the ranges of those.
_FREE_OF_TYPES = """
  select x.id, x.sort_key from unnest(%(types)s::bigint[]) t(id) cross join generate_series(1, %(rank)s) r(rank)
    cross join generate_series(1, %(risk)s) k(risk) cross join lateral (
    select e.id, e.sort_key from reviews_escalation e
      where e.state = 'open' and e.action_type_id = t.id and e.rank = r.rank and e.risk = k.risk
        and e.sort_key >= %(now)s and e.deadline > clock_timestamp() and not %(viewer)s = any(e.owners) and {free}
      order by e.sort_key, e.id limit %(most)s) x
  order by x.sort_key, x.id limit %(most)s
"""
_THAWED = """
  select x.id, x.sort_key from (
    select e.id, e.sort_key from reviews_escalation e
      where e.state = 'open' and e.sort_key < %(now)s + %(second)s and {free} and not %(viewer)s = any(e.owners)
        and e.rank <= %(rank)s and e.risk <= %(risk)s
        and (%(types)s::bigint[] is null or e.action_type_id = any(%(types)s::bigint[]))
      order by e.sort_key, e.id limit %(frozen)s) x
  where placet_case_due(x.id, clock_timestamp()) > clock_timestamp()
  order by x.sort_key, x.id limit %(most)s
"""
# The amount stands in the key of the queue, rounded down and up to a most: what is over the limit even so is nobody's
# who has that limit, and hides nothing behind it.
_WITHIN = "%(most_exposed)s - (e.sort_key & %(most_exposed)s) <= %(exposure)s"
# Who approved a case already leaves it to somebody else.
# Who owns an agent now may not have owned it when the case was opened.
_NOBODYS = """
  e.id <> all(%(besides)s::uuid[])
  and (e.taken_until is null or e.taken_until <= clock_timestamp() or e.taken_by_id = %(viewer)s)
  and not exists (select 1 from reviews_verdict v where v.escalation_id = e.id and v.reviewer_id = %(viewer)s
    and v.withdrawn_at is null and v.set_aside_at is null)
  and not exists (select 1 from placet_people(e.action_id) p join governance_agent ag on ag.id = p.id
    where ag.owner_id = %(viewer)s)
"""
# What a halt froze comes before the others.
_FIRST, _FIRST_OF_TYPES = (
    "".join(
        ("select id from (select 1 as turn, t.* from (", _THAWED, ") t union all select 2, f.* from (", free, ") f) x",
         " order by turn, sort_key, id")
    ).replace("{free}", f"{_WITHIN} and {_SKIPPED} and {_NOBODYS}")
    for free in (_FREE, _FREE_OF_TYPES)
)  # fmt: skip


def picked(
    filters: Filters, *, viewer: int, now: dt.datetime, after: Cursor | None, most: int
) -> tuple[str, dict[str, Any]]:
    """A statement for (id, sort_key) of the first `most` cases behind `after`, in order, and its values."""
    values: dict[str, Any] = {"most": most, "viewer": viewer, "now": now}
    parts = [_RANGE, _SKIPPED]
    if after is not None:
        parts.append("(e.sort_key, e.id) > (%(sort_key)s, %(case)s)")
        values |= {"sort_key": after.sort_key, "case": after.case}
    if filters.overdue:
        parts.append("e.sort_key < %(overdue)s")
        values["overdue"] = first_key(now.timestamp())
    if filters.action_type:
        parts.append(_TYPE)
        values["type"] = filters.action_type
    if filters.domain:
        parts.append(_DOMAIN)
        values["domain"] = filters.domain
    values["ranks"] = [filters.rank] if filters.rank else list(RANKS)
    values["risks"] = [filters.risk] if filters.risk else [risk.value for risk in Risk]
    if filters.mine:
        parts.append("e.taken_by_id = %(viewer)s and e.taken_until > %(now)s")
        parts.append("e.rank = any(%(ranks)s::smallint[]) and e.risk = any(%(risks)s::smallint[])")
    elif filters.action_type or filters.domain or filters.rank or filters.risk:
        return _EACH.format(range=" and ".join(parts), order=_ORDER), values
    return " and ".join(parts) + _ORDER, values


def choices(*, viewer: int, now: dt.datetime) -> dict[str, tuple[Choice, ...]]:
    """The values of every filter with how many open cases each has: type, domain, rank, risk, mine, overdue."""
    values = {
        "most": COUNTED + 1,
        "ranks": list(RANKS),
        "risks": [risk.value for risk in Risk],
        "viewer": viewer,
        "now": now,
        "overdue": first_key(now.timestamp()),
    }
    found: dict[str, list[Choice]] = {}
    for row in rows.fetch(_CHOICES, values):
        count = f"{COUNTED}+" if row["n"] > COUNTED else str(row["n"])
        key = Risk(int(row["key"])).name.lower() if row["kind"] == "risk" else row["key"]
        found.setdefault(row["kind"], []).append(Choice(key, count))
    return {kind: tuple(each) for kind, each in found.items()}


def free_cases(*, viewer: int, besides: tuple[UUID, ...], reach: Reach, most: int) -> tuple[UUID, ...]:
    """The first open cases within reach that nobody else holds and no agent of the viewer's opened, besides some.

    What a halt froze is looked for among the first 200 cases whose deadline has passed; they come before the others.
    """
    values = {
        "viewer": viewer,
        "besides": list(besides),
        "now": first_key(reach.now.timestamp()),
        "second": first_key(1),
        "frozen": FROZEN,
        "rank": reach.rank,
        "risk": reach.risk,
        "types": None if reach.types is None else list(reach.types),
        "exposure": exposure(reach.money),
        "most_exposed": MOST_EXPOSED,
        "most": most,
    }
    found = rows.fetch(_FIRST if reach.types is None else _FIRST_OF_TYPES, values)
    return tuple(dict.fromkeys(row["id"] for row in found))[:most]
