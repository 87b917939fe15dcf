"""READ who could decide a case: what counts of each person is read in one statement, and judged by a pure function.

Pages, messages and the next case of somebody ask here. A verdict reads it all again under its locks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from governance.actors import REVIEWER
from governance.entries import readable
from governance.locks import database_now
from governance.policy.mandates import Terms
from governance.policy.tiers import Risk
from governance.policy.working_hours import Hours
from reviews import rows
from reviews.eligible import Hindrance, Matter, Person, hindrance
from reviews.four_eyes import round_now
from reviews.look import looked_at
from reviews.models import Escalation
from reviews.picks import Reach, free_cases
from reviews.reviewers import records_of

# As they are told of somebody else. Which records are somebody's own is told to nobody, not by a sentence of its own.
TIED = "They cannot decide this case."
WHY: dict[Hindrance | None, str] = {
    Hindrance.PRACTICE: "They have not finished their practice yet.",
    Hindrance.OWN_AGENT: "They answer for this agent.",
    Hindrance.OWN_ACCOUNT: TIED,
    Hindrance.OWN_PROPOSAL: TIED,
    Hindrance.TOOK_PART: "They have approved it already.",
    Hindrance.NO_MANDATE: "They have no mandate.",
    Hindrance.EXPIRED: "Their mandate has expired.",
    Hindrance.RANK: "Their rank is too low.",
    Hindrance.RISK: "The risk is beyond their mandate.",
    Hindrance.TYPE: "Their mandate does not name this action type.",
    Hindrance.QUALIFICATION: "Their qualification for this action type has ended.",
    Hindrance.AMOUNT: "The amount is not known, and their rank is too low for that.",
    Hindrance.MONEY: "The amount is beyond their mandate.",
    Hindrance.ABSENT: "They are away.",
    Hindrance.HOURS: "They are outside their working hours.",
    Hindrance.LOAD: "They gave as many verdicts as their mandate allows.",
}

# How many of the first free cases of the queue somebody's next one is looked for in, and how many at a time.
LOOKED_AT, AT_ONCE = 200, 10

# The lowest rank comes first, or the highest of a case that is late; of one rank somebody else with every case.
_CANDIDATES = """
with moment as materialized (
  select coalesce(%(now)s::timestamptz, clock_timestamp()) as now
), line as materialized (
  select p.id from placet_people(%(action)s::uuid) p
  union select u.id from unnest(placet_lineage(%(agent)s::uuid, null) || %(agent)s::uuid) u(id)
    where %(agent)s::uuid is not null
), asked as materialized (
  select coalesce((select a.created_at from governance_action a where a.id = %(action)s::uuid), now) as at from moment
), owners as materialized (
  select g.owner_id as id from line join governance_agent g on g.id = line.id
), issuers as materialized (
  select k.issued_by_id as id from asked cross join line join governance_agentkey k on k.agent_id = line.id
    where k.issued_by_id is not null and k.created_at <= asked.at
      and coalesce(k.revoked_at, 'infinity') >= asked.at and coalesce(k.expires_at, 'infinity') >= asked.at
)
select now, u.id, u.username, m.id as mandate, m.rank, m.money_limit, m.max_risk, m.expires_at, m.work_zone,
  m.work_days, m.work_from, m.work_until, m.per_hour, m.per_day,
  array(select q.action_type_id from governance_qualification q where q.mandate_id = m.id order by q.id) as types,
  array(select q.expires_at from governance_qualification q where q.mandate_id = m.id order by q.id) as ends,
  (select max(b.ends_at) from reviews_absence b where b.person_id = u.id and b.ended_at is null
    and b.begins_at <= now and b.ends_at > now) as away_until,
  (select b.cover_id from reviews_absence b where b.person_id = u.id and b.ended_at is null
    and b.begins_at <= now and b.ends_at > now order by b.ends_at desc limit 1) as cover,
  array(select v.decided_at from reviews_verdict v where v.reviewer_id = u.id
    and v.decided_at > now - interval '24 hours'
    order by v.decided_at desc limit greatest(m.per_hour, m.per_day, 0)) as decided,
  not exists (select 1 from reviews_practised d where d.reviewer_id = u.id) as practice,
  u.id in (select id from owners) as own_agent,
  exists (select 1 from governance_account x where x.person_id = u.id
    and x.record = any(%(records)s::text[])) as own_account,
  u.id in (select id from issuers) as own_proposal,
  exists (select 1 from reviews_verdict v where v.escalation_id = %(case)s::uuid and v.reviewer_id = u.id
    and v.withdrawn_at is null and v.set_aside_at is null and not v.closes) as took_part
from moment cross join auth_user u
join auth_user_groups g on g.user_id = u.id join auth_group gr on gr.id = g.group_id and gr.name = %(group)s
left join governance_mandate m on m.reviewer_id = u.id
where u.is_active{whom}
order by case when %(late)s then -m.rank else m.rank end nulls last,
  md5(u.id::text || coalesce(%(case)s::uuid::text, ''))
"""
# Of one reviewer the database finds by their key, whoever it is: one plan is as good for each of them.
_ALL, _ONE = _CANDIDATES.replace("{whom}", ""), _CANDIDATES.replace("{whom}", " and u.id = %(only)s")
# What stands against somebody in every case, so that no other needs to be looked at.
ANYWHERE = (
    Hindrance.PRACTICE, Hindrance.NO_MANDATE, Hindrance.EXPIRED, Hindrance.ABSENT, Hindrance.HOURS, Hindrance.LOAD
)  # fmt: skip
# No more names than a person reads.
MOST_SHOWN = 100
_TIES = ("practice", "own_agent", "own_account", "own_proposal", "took_part")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reviewer and the first reason why they may not approve a case now; `rank` 0 without a mandate.

    `away`: they are absent, which may not be the first reason. `cover` is who covers for them then. `person`: what was
    judged, at the moment `now`.
    """

    id: int
    name: str
    rank: int
    hindrance: Hindrance | None
    away: bool
    cover: int | None
    person: Person
    now: datetime


def candidates(
    case: Escalation,
    *,
    matter: Matter | None = None,
    late: bool = False,
    only: int | None = None,
    now: datetime | None = None,
) -> tuple[Candidate, ...]:
    """Every active reviewer, in the order in which they are told of the case. None where its type cannot be read.

    As they are at the moment of the question where `now` is not given.
    """
    matter = matter or _matter(case, now or database_now())
    if matter is None:
        return ()
    records = records_of(case.action, case.snapshot)
    return _all(matter, now, case=case.pk, action=case.action_id, records=[*records], late=late, only=only)


def _all(matter: Matter, now: datetime | None, **values: Any) -> tuple[Candidate, ...]:
    nobody: dict[str, Any] = {"case": None, "action": None, "agent": None, "records": [], "late": False, "only": None}
    statement = _ALL if values.get("only") is None else _ONE
    found = rows.fetch(statement, {**nobody, **values, "group": REVIEWER, "now": now})
    return tuple(_candidate(row, matter, row["now"]) for row in found)


@dataclass(frozen=True, slots=True)
class Shown:
    """One reviewer as a page names them: whether they would get the case, and if not the first reason."""

    name: str
    rank: int
    may: bool
    why: str


def supposed(agent: UUID, matter: Matter | None) -> tuple[Shown, ...]:
    """Who would get a case of this agent about nobody in particular; none without a `matter`."""
    return () if matter is None else shown(_all(matter, None, agent=agent))


def shown(candidates: tuple[Candidate, ...]) -> tuple[Shown, ...]:
    """As a page names them: those who may come first, and no more than a person reads."""
    found = sorted(candidates, key=lambda each: each.hindrance is not None)[:MOST_SHOWN]
    return tuple(Shown(each.name, each.rank, each.hindrance is None, WHY.get(each.hindrance, "")) for each in found)


def matter_now(case: Escalation) -> Matter | None:
    """What the next who approves this case must reach, as things are now."""
    return _matter(case, database_now())


def _matter(case: Escalation, now: datetime) -> Matter | None:
    # one type that an operator must look at stops nobody's next case and no message
    entry = readable(case.action.action_type_id)
    return None if entry is None else round_now(case, entry.spec, now).matter


def next_case(*, viewer: int, besides: tuple[UUID, ...] = ()) -> UUID | None:
    """The first case of the queue that nobody else holds and that this reviewer may approve, besides some.

    It is looked for among the first 200 that their mandate could reach; None where none of them is theirs to approve.
    """
    for case in free(viewer=viewer, besides=besides):
        look = looked_at(case, viewer=viewer)
        eyes = None if look is None else look.round()
        if look is None or eyes is None:
            continue
        for found in candidates(look.case, matter=eyes.matter, only=viewer, now=look.now):
            if found.hindrance is None:
                return case
            if found.hindrance in ANYWHERE:
                return None
    return None


def free(*, viewer: int, besides: tuple[UUID, ...] = ()) -> Iterator[UUID]:
    """The first 200 cases of the queue that nobody else holds and their mandate could reach, besides some.

    Whether they may approve one is asked of each: the first is nearly always theirs.
    """
    reach = _reach(viewer)
    seen = besides
    while reach is not None and len(seen) - len(besides) < LOOKED_AT:
        found = free_cases(viewer=viewer, besides=seen, reach=reach, most=AT_ONCE)
        yield from found
        if len(found) < AT_ONCE:
            return
        seen += found


_REACH = """
select m.rank, m.max_risk, m.money_limit, array(select q.action_type_id from governance_qualification q
    where q.mandate_id = m.id and (q.expires_at is null or q.expires_at > clock_timestamp())) as types,
  exists (select 1 from governance_qualification q where q.mandate_id = m.id) as named, clock_timestamp() as now
from governance_mandate m where m.reviewer_id = %s
"""


def _reach(viewer: int) -> Reach | None:
    found = rows.fetch(_REACH, [viewer])
    if not found:
        return None
    row = found[0]
    types = tuple(row["types"]) if row["named"] else None
    return Reach(row["rank"], row["max_risk"], row["money_limit"], row["now"], types)


def _candidate(row: Mapping[str, Any], matter: Matter, now: datetime) -> Candidate:
    person = Person(
        terms=None if row["mandate"] is None else _terms(row),
        ties=[Hindrance(tie) for tie in _TIES if row[tie]],
        away_until=row["away_until"],
        decided=tuple(row["decided"]),
    )
    why, away = hindrance(person, matter, now), row["away_until"] is not None
    return Candidate(row["id"], row["username"], row["rank"] or 0, why, away, row["cover"], person, now)


def _terms(row: Mapping[str, Any]) -> Terms:
    hours = None
    if row["work_from"] is not None:
        hours = Hours(row["work_zone"], frozenset(row["work_days"]), row["work_from"], row["work_until"])
    return Terms(
        rank=row["rank"],
        money_limit=row["money_limit"],
        max_risk=Risk(row["max_risk"]),
        expires_at=row["expires_at"],
        qualified=dict(zip(row["types"], row["ends"], strict=True)),
        hours=hours,
        per_hour=row["per_hour"],
        per_day=row["per_day"],
    )
