"""Which open cases, in the order of the queue: each set of filters is a few ranges of one index, read no further.

Statements are fixed text; every value is a parameter. Effective risks and ranks are few, so whoever asks for one type
or domain of any rank reads one short range for each of them instead of all its cases.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
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
    """A value of a filter and how many open cases it would show, "99+" at most; `name` of a domain or a like type."""

    key: str
    count: str
    name: str = ""


def _lane(at: Mapping[str, str], since: Sequence[str] = (), before: str = "") -> str:
    """Open cases whose columns have those values: a condition whose ends are rows of the index that they lead.

    `since` is where in the order of the queue they begin: a key, or a key and a case that is left out itself. `before`
    is the key where they end. Whoever orders by `_along` the same columns names that index: no other one gives the
    order, so statistics that are old or have missed a value cannot let the planner read every open case for a hundred.
    """
    columns, values = [f"e.{name}" for name in at], list(at.values())

    def end(sign: str, *keys: str) -> str:
        named = ", ".join([*columns, "e.sort_key", "e.id"][: len(columns) + len(keys)])
        return f"({named}) {sign} ({', '.join([*values, *keys])})"

    low = end(">" if len(since) > 1 else ">=", *since)
    return f"e.state = 'open' and {low} and {end('<', before) if before else end('<=')}"


def _along(at: Iterable[str]) -> str:
    """The order of the index that these columns lead, which within one lane is the order of the queue."""
    return ", ".join(f"e.{name}" for name in (*at, "sort_key", "id"))


# Each rank and risk of what is asked for is a lane, read up to the page's end.
_EACH = """
  select x.id, x.sort_key from {tables} unnest(%(ranks)s::smallint[]) r(rank)
    cross join unnest(%(risks)s::smallint[]) k(risk)
    cross join lateral (select e.id, e.sort_key from reviews_escalation e
      where {lane} and {skipped} order by {along} limit %(most)s) x
  where {keys} order by x.sort_key, x.id limit %(most)s
"""
_TYPE, _DOMAIN = {"action_type_id": "t.id"}, {"domain_id": "s.id"}
_RANKED = {"rank": "r.rank", "risk": "k.risk"}


_KINDS = """
  select 'type' as kind, t.key, '' as name, (select count(*) from {type} c) as n from governance_actiontype t
  union all select s.kind, s.key, s.name, (select count(*) from {domain} c) from governance_scope s
    where s.kind = 'domain'
  union all select 'rank', r.rank::text, '', (select count(*) from {rank} c) from unnest(%(ranks)s::smallint[]) r(rank)
  union all select 'risk', k.risk::text, '', (select count(*) from (
    select 1 from unnest(%(ranks)s::smallint[]) r(rank) cross join lateral {risk} x
    limit %(most)s) c) from unnest(%(risks)s::smallint[]) k(risk)
  union all select 'mine', '', '', (select count(*) from {mine} c)
  union all select 'overdue', '', '', (select count(*) from {overdue} c)
  order by 1, 2
"""
_UP_TO = "(select 1 from reviews_escalation e where {} order by {} limit %(most)s)"
# Each count reads one range of one index up to its limit.
_CHOICES = _KINDS.format(
    type=_UP_TO.format(_lane(_TYPE), "e.action_type_id"),
    domain=_UP_TO.format(_lane(_DOMAIN), "e.domain_id"),
    rank=_UP_TO.format(_lane({"rank": "r.rank"}), "e.rank"),
    risk=_UP_TO.format(_lane(_RANKED), _along(_RANKED)),
    mine=_UP_TO.format("e.state = 'open' and e.taken_by_id = %(viewer)s and e.taken_until > %(now)s", "e.taken_until"),
    overdue=_UP_TO.format("e.state = 'open' and e.sort_key < %(overdue)s", "e.sort_key, e.id"),
)

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
      where {lane} and e.deadline > clock_timestamp() and {free} order by {along} limit %(most)s) x
  where not %(viewer)s = any(l.owners) and l.rank <= %(rank)s and l.risk <= %(risk)s
  order by x.sort_key, x.id limit %(most)s
"""
# Whoever is qualified for some types alone walks the ranges of those.
_FREE_OF_TYPES = """
  select x.id, x.sort_key from unnest(%(types)s::bigint[]) t(id) cross join generate_series(1, %(rank)s) r(rank)
    cross join generate_series(1, %(risk)s) k(risk) cross join lateral (
    select e.id, e.sort_key from reviews_escalation e
      where {lane} and e.deadline > clock_timestamp() and not %(viewer)s = any(e.owners) and {free}
      order by {along} limit %(most)s) x
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
_OF_OWNERS = {"owners": "l.owners", "rank": "l.rank", "risk": "l.risk"}
# What a halt froze comes before the others.
_FIRST, _FIRST_OF_TYPES = (
    "".join(
        ("select id from (select 1 as turn, t.* from (", _THAWED, ") t union all select 2, f.* from (", free, ") f) x",
         " order by turn, sort_key, id")
    )
    .replace("{lane}", _lane(at, since=["%(now)s"]))
    .replace("{along}", _along(at))
    .replace("{free}", f"{_WITHIN} and {_SKIPPED} and {_NOBODYS}")
    for free, at in ((_FREE, _OF_OWNERS), (_FREE_OF_TYPES, _TYPE | _RANKED))
)  # fmt: skip


def picked(
    filters: Filters, *, viewer: int, now: dt.datetime, after: Cursor | None, most: int
) -> tuple[str, dict[str, Any]]:
    """A statement for (id, sort_key) of the first `most` cases behind `after`, in order, and its values."""
    values: dict[str, Any] = {
        "most": most,
        "viewer": viewer,
        "now": now,
        "type": filters.action_type,
        "domain": filters.domain,
        "ranks": [filters.rank] if filters.rank else list(RANKS),
        "risks": [filters.risk] if filters.risk else [risk.value for risk in Risk],
        "overdue": first_key(now.timestamp()),
    }
    if after is not None:
        values |= {"sort_key": after.sort_key, "case": after.case}
    if filters.mine or not (filters.action_type or filters.domain or filters.rank or filters.risk):
        return _whole(filters, after), values
    at, tables, keys = _RANKED, "", ["true"]
    for asked, column, table, key in (
        (filters.action_type, _TYPE, "governance_actiontype t", "t.key = %(type)s"),
        (filters.domain, _DOMAIN, "governance_scope s", "s.key = %(domain)s"),
    ):
        if asked:
            at, tables, keys = column | at, f"{table} cross join {tables}", [*keys, key]
    lane = _lane(at, ["%(sort_key)s", "%(case)s"] if after else (), "%(overdue)s" if filters.overdue else "")
    statement = _EACH.format(tables=tables, lane=lane, skipped=_SKIPPED, along=_along(at), keys=" and ".join(keys))
    return statement, values


def _whole(filters: Filters, after: Cursor | None) -> str:
    """The queue of all, or of what somebody holds, which is little: that is looked through for the other filters."""
    parts = ["select e.id, e.sort_key from reviews_escalation e where e.state = 'open'", _SKIPPED]
    if after is not None:
        parts.append("(e.sort_key, e.id) > (%(sort_key)s, %(case)s)")
    if filters.overdue:
        parts.append("e.sort_key < %(overdue)s")
    if filters.mine:
        parts.append("e.taken_by_id = %(viewer)s and e.taken_until > %(now)s")
        parts.append("e.rank = any(%(ranks)s::smallint[]) and e.risk = any(%(risks)s::smallint[])")
        if filters.action_type:
            parts.append("e.action_type_id = (select id from governance_actiontype where key = %(type)s)")
        if filters.domain:
            parts.append("e.domain_id = (select id from governance_scope where key = %(domain)s)")
    return " and ".join(parts) + " order by e.sort_key, e.id limit %(most)s"


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
        key = Risk(int(row["key"])).name.lower() if row["kind"] == "risk" else str(row["key"])
        found.setdefault(row["kind"], []).append(Choice(key, count, row["name"]))
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
    found = rows.fetch(_FIRST if reach.types is None else _FIRST_OF_TYPES, values, anew=True)
    return tuple(dict.fromkeys(row["id"] for row in found))[:most]
