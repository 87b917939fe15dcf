"""READ how the work of all reviewers stands: what waits, whether it is decided in time, and who decides.

What waits is read from the open cases that are due first, at most 5,000 of them; what was opened and closed from two
indexes by time. Nobody's verdicts are judged here.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from governance.actors import REVIEWER
from governance.locks import database_now
from reviews import rows
from reviews.moments import midnight
from reviews.shown import label
from reviews.traces import words

MOST, PEOPLE = 5_000, 200
SOONEST = BLOCKED = 10
HOURS = 24
WEEK, SOON = dt.timedelta(days=7), dt.timedelta(minutes=15)
# Ages as they are told, with the hours where each ends.
_AGES = (("under 1 h", 1), ("1 to 4 h", 4), ("4 to 24 h", 24), ("over 24 h", None))


@dataclass(frozen=True, slots=True)
class Line:
    """How many open cases have something in common, `late` of them with a deadline that passed or ends in 15 minutes.

    `query` is their address in the queue, empty where it has no such filter; `key` tells types of one name apart.
    """

    name: str
    query: str
    count: int
    late: int
    key: str = ""


@dataclass(frozen=True, slots=True)
class Backlog:
    """The open cases. `more`: there are others, due after these 5,000. Ages are words, empty without a case."""

    count: int
    more: bool
    types: tuple[Line, ...]
    ranks: tuple[Line, ...]
    ages: tuple[Line, ...]
    half: str
    most: str
    oldest: str


@dataclass(frozen=True, slots=True)
class Due:
    """A case that expires soon, and who has it; where several people decide, only that somebody has."""

    case: UUID
    about: str
    agent: str
    left: str
    taken_by: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """An agent that waits for people: `count` cases, `caps` of them since a cap is used up."""

    agent_id: UUID
    agent: str
    count: int
    caps: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Cases closed within a window: decided in time, or expired. Those that agents took back count in neither."""

    decided: int
    expired: int

    @property
    def share(self) -> float | None:
        """The share decided in time; None where nothing was closed."""
        closed = self.decided + self.expired
        return self.decided / closed if closed else None


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour (UTC): cases opened and cases closed, however they were."""

    begins: dt.datetime
    opened: int
    closed: int


@dataclass(frozen=True, slots=True)
class Person:
    """One reviewer at work. `rank` 0 without a mandate in force; `last` is their newest verdict; `skips` of today.

    `per_hour` and `per_day` are the limits of the mandate, None without; `away`: until when they are absent.
    """

    name: str
    rank: int
    holds: int
    hour: int
    today: int
    skips: int
    last: dt.datetime | None
    per_hour: int | None
    per_day: int | None
    away: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Lead:
    """The page of whoever leads reviewers."""

    backlog: Backlog
    soon: tuple[Due, ...]
    blocked: tuple[Blocked, ...]
    day: Kept
    week: Kept
    hours: tuple[Hour, ...]
    people: tuple[Person, ...]
    halts: int
    now: dt.datetime

    @property
    def opened(self) -> tuple[int, ...]:
        """Cases opened, hour by hour."""
        return tuple(hour.opened for hour in self.hours)

    @property
    def closed(self) -> tuple[int, ...]:
        """Cases closed, hour by hour."""
        return tuple(hour.closed for hour in self.hours)

    @property
    def busiest(self) -> int:
        """The most of either in an hour."""
        return max(*self.opened, *self.closed)


_OPEN = """
  select e.id, t.key, e.rank, e.opened_at, e.deadline, e.cap_key is not null as cap, ag.id as agent_id,
    placet_named(ag) as agent, case when e.taken_until is null or e.taken_until <= %(now)s then ''
      when jsonb_exists(t.document, 'four_eyes') then 'another reviewer' else u.username end as taken_by
  from (select * from reviews_escalation where state = 'open' order by sort_key, id limit %(most)s) e
  join governance_action a on a.id = e.action_id
  join governance_agent ag on ag.id = a.agent_id
  join governance_actiontype t on t.id = e.action_type_id
  left join auth_user u on u.id = e.taken_by_id
  order by e.sort_key, e.id
"""
_CLOSED = """
  select date_trunc('hour', closed_at, 'UTC') as hour, state, closed_at > %(now)s - interval '24 hours' as today,
    count(*) as n
  from reviews_escalation where closed_at > %(since)s and closed_at <= %(now)s group by 1, 2, 3
"""
_OPENED = """
  select date_trunc('hour', opened_at, 'UTC') as hour, count(*) as n from reviews_escalation
    where opened_at >= %(since)s and opened_at <= %(now)s group by 1
"""
# Whoever leads may be the next of several who decide an open case: what others did there is not counted before them.
_TOLD = "(seen.all or v.closes or (select o.state from reviews_escalation o where o.id = v.escalation_id) <> 'open')"
_PEOPLE = f"""
  select u.username as name,
    case when m.expires_at is null or m.expires_at > %(now)s then coalesce(m.rank, 0) else 0 end as rank,
    (select count(*) from reviews_escalation e join governance_actiontype t on t.id = e.action_type_id
      where e.state = 'open' and e.taken_by_id = u.id and e.taken_until > %(now)s
        and (seen.all or not jsonb_exists(t.document, 'four_eyes'))) as holds,
    (select count(*) from (select 1 from reviews_verdict v where v.reviewer_id = u.id
      and v.decided_at > %(now)s - interval '1 hour' and {_TOLD} limit 1000) x) as hour,
    (select count(*) from (select 1 from reviews_verdict v where v.reviewer_id = u.id
      and v.decided_at >= %(midnight)s and {_TOLD} limit 1000) x) as today,
    (select count(*) from (select 1 from reviews_handover h where h.by_id = u.id and h.kind = 'skip'
      and h.until >= %(midnight)s and h.at >= %(midnight)s limit 1000) x) as skips,
    (select max(v.decided_at) from reviews_verdict v where v.reviewer_id = u.id and {_TOLD}) as last, m.per_hour,
    m.per_day,
    (select max(b.ends_at) from reviews_absence b where b.person_id = u.id and b.begins_at <= %(now)s
      and coalesce(b.ended_at, b.ends_at) > %(now)s) as away
  from auth_user u join auth_user_groups g on g.user_id = u.id join auth_group named on named.id = g.group_id
  left join governance_mandate m on m.reviewer_id = u.id
  cross join lateral (select %(viewer)s::int is null or u.id = %(viewer)s::int as all) seen
  where u.is_active and named.name = %(group)s order by u.username limit %(most)s
"""  # noqa: S608 -- fixed text
_HALTS = "select count(*) from governance_halt where lifted_at is null"
_LEADS = """
  select 1 from governance_mandate
    where reviewer_id = %s and rank >= 2 and (expires_at is null or expires_at > clock_timestamp())
"""


def leads(reviewer: int) -> bool:
    """Whether this reviewer has a mandate of rank 2 or above now."""
    return bool(rows.fetch(_LEADS, [reviewer]))


def read(viewer: int | None = None) -> Lead:
    """Everything that a lead looks at, as it is now. `viewer` is a reviewer's user id, None for who only oversees."""
    now = database_now()
    found = rows.fetch(_OPEN, {"now": now, "most": MOST + 1})
    closed = rows.fetch(_CLOSED, {"now": now, "since": now - WEEK})
    return Lead(
        backlog=backlog(found[:MOST], now, more=len(found) > MOST),
        soon=tuple(_due(row, now) for row in found if now < row["deadline"] <= now + SOON)[:SOONEST],
        blocked=_blocked(found[:MOST]),
        day=_kept(row for row in closed if row["today"]),
        week=_kept(closed),
        hours=_hours(closed, now),
        people=_people(now, viewer),
        halts=rows.number(_HALTS),
        now=now,
    )


def backlog(found: Sequence[rows.Row], now: dt.datetime, *, more: bool = False) -> Backlog:
    """What these open cases have in common, and how old they are."""
    ages = sorted(now - row["opened_at"] for row in found)
    late = [row["deadline"] <= now + SOON for row in found]
    kinds = [row["key"] for row in found]
    ranks = [str(row["rank"]) for row in found]
    spans = [_age(now - row["opened_at"]) for row in found]
    return Backlog(
        count=len(found),
        more=more,
        types=_lines(kinds, late, {key: (label(key), f"type={key}") for key in kinds}),
        ranks=_lines(ranks, late, {rank: (f"rank {rank}", f"rank={rank}") for rank in ranks}, ordered=True),
        ages=tuple(_line(name, "", name, spans, late) for name, _ in _AGES if name in spans),
        half=_percentile(ages, 50),
        most=_percentile(ages, 90),
        oldest=_percentile(ages, 100),
    )


def _lines(
    values: Sequence[str], late: Sequence[bool], named: dict[str, tuple[str, str]], *, ordered: bool = False
) -> tuple[Line, ...]:
    alike = Counter(name for name, _ in named.values())
    found = [_line(*named[key], key, values, late, key if alike[named[key][0]] > 1 else "") for key in sorted(named)]
    return tuple(found if ordered else sorted(found, key=lambda line: -line.count))


def _line(name: str, query: str, value: str, values: Sequence[str], late: Sequence[bool], key: str = "") -> Line:
    of = [is_late for each, is_late in zip(values, late, strict=True) if each == value]
    return Line(name, query, len(of), sum(of), key)


def _age(age: dt.timedelta) -> str:
    return next(name for name, hours in _AGES if hours is None or age < dt.timedelta(hours=hours))


def _percentile(ages: Sequence[dt.timedelta], percent: int) -> str:
    """The age that so many percent of the cases do not exceed, in words; `ages` are in order."""
    return words(ages[max(0, -(-len(ages) * percent // 100) - 1)]) if ages else ""


def _due(row: rows.Row, now: dt.datetime) -> Due:
    return Due(row["id"], label(row["key"]), row["agent"], words(row["deadline"] - now), row["taken_by"])


def _blocked(found: Iterable[rows.Row]) -> tuple[Blocked, ...]:
    names: dict[UUID, str] = {}
    count: Counter[UUID] = Counter()
    caps: Counter[UUID] = Counter()
    for row in found:
        names[row["agent_id"]] = row["agent"]
        count[row["agent_id"]] += 1
        caps[row["agent_id"]] += row["cap"]
    return tuple(Blocked(agent, names[agent], n, caps[agent]) for agent, n in count.most_common(BLOCKED))


def _kept(closed: Iterable[rows.Row]) -> Kept:
    by_state: Counter[str] = Counter()
    for row in closed:
        by_state[row["state"]] += row["n"]
    return Kept(by_state["approved"] + by_state["rejected"] + by_state["acknowledged"], by_state["expired"])


def _hours(closed: Iterable[rows.Row], now: dt.datetime) -> tuple[Hour, ...]:
    """The last 24 hours, the one that is not over included."""
    first = now.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=HOURS - 1)
    opened = {row["hour"]: row["n"] for row in rows.fetch(_OPENED, {"since": first, "now": now})}
    out: Counter[dt.datetime] = Counter()
    for row in closed:
        out[row["hour"]] += row["n"]
    moments = [first + dt.timedelta(hours=hour) for hour in range(HOURS)]
    return tuple(Hour(moment, opened.get(moment, 0), out[moment]) for moment in moments)


def _people(now: dt.datetime, viewer: int | None) -> tuple[Person, ...]:
    values = {"midnight": midnight(now), "group": REVIEWER, "viewer": viewer, "most": PEOPLE}
    return tuple(Person(**row) for row in rows.fetch(_PEOPLE, {"now": now, **values}))
