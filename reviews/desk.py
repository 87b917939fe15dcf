"""READ one reviewer's own desk: what waits for them, how much they decided, and what became of it.

Nobody is compared with anybody: each statement is about the viewer's own verdicts, found by one index.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from governance.locks import database_now
from governance.policy.interval import Interval, Stratum, interval, needed
from reviews import queue, rows
from reviews.moments import midnight
from reviews.queue import Filters, Quiet
from reviews.reviewers import idle
from reviews.routing import first_key
from reviews.shown import label

PAGE = 20
LAST = 5
# Counts are exact up to here, and open cases beyond so many are not looked through for one's own agents.
COUNTED = 99
LOOKED_AT = 500
# The newest approvals from which an accuracy is read, and the share of them that is aimed at not to be exceeded.
RECENT = 1000
AIM = 0.10


class After(StrEnum):
    """What became of a verdict."""

    WITHDRAWN = "withdrawn"
    HELD = "held"
    TOLD = "told"
    NEXT = "next"
    OVERRULED = "overruled"
    REFUSED = "refused"
    UNSOUND = "unsound"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NOT_EXECUTED = "not_executed"
    ABANDONED = "abandoned"
    RUNNING = "running"
    UNUSED = "unused"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Past:
    """One of the viewer's verdicts. `next` is the case that replaced it, where the approval lost its ground."""

    id: int
    case: UUID
    agent: str
    about: str
    approve: bool
    reason: str
    decided_at: dt.datetime
    after: After
    next: UUID | None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """One page of past verdicts, newest first. `older` is where the next page begins."""

    past: tuple[Past, ...]
    older: int | None
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of the newest 1,000 approvals those whose outcome is known: `wrong` of `known` failed or were found unsound.

    `range` holds the true share of such approvals with 95 %, whenever it is looked at. `more`: after so many further
    ones that hold it ends below 10 %; 0 when it does, None when that is out of reach.
    """

    known: int
    failed: int
    unsound: int
    range: Interval
    more: int | None

    @property
    def wrong(self) -> int:
        """Approvals that did not hold, for either reason."""
        return self.failed + self.unsound

    @property
    def estimate(self) -> float | None:
        """The share that did not hold, as it was seen."""
        return self.wrong / self.known if self.known else None


@dataclass(frozen=True, slots=True)
class Load:
    """Verdicts of the last 60 minutes and since midnight, those withdrawn included, and `skips` since then; each up
    to 1,000. `per_hour` and `per_day` are the limits of the mandate, in 60 minutes and 24 hours; None without.
    """

    hour: int
    today: int
    skips: int
    per_hour: int | None
    per_day: int | None


@dataclass(frozen=True, slots=True)
class Desk:
    """The home page of a reviewer. `free`: "7" or "99+" cases that nobody has. `idle`: why they approve none now."""

    held: tuple[queue.Row, ...]
    free: str
    idle: str
    quiet: Quiet
    load: Load
    accuracy: Accuracy
    verdicts: Verdicts


_FREE = """
  select count(*) from (
    select 1 from (select * from reviews_escalation where state = 'open' and sort_key >= %(now)s
      order by sort_key, id limit %(looked)s) e
    where (e.taken_until is null or e.taken_until <= clock_timestamp()) and not %(viewer)s = any(e.owners)
    limit %(most)s) c
"""
_LOAD = """
  select count(*) filter (where v.decided_at > %(now)s - interval '1 hour') as hour,
    count(*) filter (where v.decided_at >= %(midnight)s) as today,
    (select count(*) from (select 1 from reviews_handover h where h.by_id = %(viewer)s and h.kind = 'skip'
      and h.until >= %(midnight)s and h.at >= %(midnight)s limit 1000) s) as skips,
    (select per_hour from governance_mandate where reviewer_id = %(viewer)s) as per_hour,
    (select per_day from governance_mandate where reviewer_id = %(viewer)s) as per_day
  from (select decided_at from reviews_verdict where reviewer_id = %(viewer)s
      and decided_at >= least(%(midnight)s, %(now)s - interval '1 hour')
    order by decided_at desc limit 1000) v
"""
# An action runs once, so what is known of it is known of its last approval alone.
_KNOWN = """
  select count(*) as known, count(*) filter (where x.status = 'failed' and f.sound is not false) as failed,
    count(*) filter (where f.sound is false) as unsound
  from (select id, escalation_id from reviews_verdict where reviewer_id = %(viewer)s and approve
      and withdrawn_at is null order by decided_at desc limit %(recent)s) v
  join governance_grant g on g.verdict_id = v.id and g.redeemed_at is not null
  join governance_execution x on x.action_id = g.action_id
  left join reviews_draw d on d.action_id = g.action_id
  left join reviews_finding f on f.draw_id = d.id
  where x.status in ('succeeded', 'failed')
"""
# Where several people approve, the grant is that of the last of them.
_PAST = """
  select v.id, v.escalation_id, v.approve, coalesce(r.sentence, v.reject_reason) as reason, v.decided_at,
    v.withdrawn_at, v.final_at, e.state,
    placet_named(ag) as agent, t.key, g.voided_at, g.redeemed_at, g.closed_at, g.expires_at, x.status, f.sound,
    (select n.id from reviews_escalation n where n.previous_id = v.escalation_id
      order by n.opened_at desc limit 1) as next
  from reviews_verdict v
  join reviews_escalation e on e.id = v.escalation_id
  join governance_action a on a.id = e.action_id
  join governance_agent ag on ag.id = a.agent_id
  join governance_actiontype t on t.id = a.action_type_id
  left join reviews_rejectreason r on r.code = v.reject_reason
  left join lateral (select o.* from reviews_verdict w join governance_grant o on o.verdict_id = w.id
    where w.escalation_id = v.escalation_id and w.withdrawn_at is null order by w.id desc limit 1) g on true
  left join governance_execution x on x.action_id = g.action_id and g.redeemed_at is not null
  left join reviews_draw d on d.action_id = x.action_id
  left join reviews_finding f on f.draw_id = d.id
  where v.reviewer_id = %(viewer)s {behind}
  order by v.decided_at desc, v.id desc limit %(most)s
"""
_BEHIND = """
  and v.decided_at <= (select decided_at from reviews_verdict where id = %(before)s and reviewer_id = %(viewer)s)
  and (v.decided_at, v.id) < (select decided_at, id from reviews_verdict
    where id = %(before)s and reviewer_id = %(viewer)s)
"""


def read(viewer: int) -> Desk:
    """The desk of the reviewer with this id."""
    now = database_now()
    load = rows.fetch(_LOAD, {"viewer": viewer, "now": now, "midnight": midnight(now)})[0]
    free = {"viewer": viewer, "now": first_key(now.timestamp()), "looked": LOOKED_AT, "most": COUNTED + 1}
    count = rows.number(_FREE, free)
    return Desk(
        held=queue.read(viewer=viewer, filters=Filters(mine=True)).rows,
        free=f"{COUNTED}+" if count > COUNTED else str(count),
        idle=idle(viewer, now) or "",
        quiet=queue.quiet(now),
        load=Load(**load),
        accuracy=accuracy(viewer),
        verdicts=verdicts(viewer, most=LAST),
    )


def accuracy(viewer: int) -> Accuracy:
    """How often what this reviewer approved held, as far as that is known."""
    row = rows.fetch(_KNOWN, {"viewer": viewer, "recent": RECENT})[0]
    strata = [Stratum(1.0, row["known"], row["failed"] + row["unsound"])]
    return Accuracy(row["known"], row["failed"], row["unsound"], interval(strata), needed(strata, AIM))


def verdicts(viewer: int, *, before: int | None = None, most: int = PAGE) -> Verdicts:
    """Their verdicts behind `before`, the id of one of them, newest first; none behind one that is not theirs."""
    values = {"viewer": viewer, "before": before, "most": most + 1}
    found = rows.fetch(_PAST.format(behind="" if before is None else _BEHIND), values)
    now = database_now()
    past = tuple(_past(row, now) for row in found[:most])
    return Verdicts(past, past[-1].id if len(found) > most else None, now)


def _past(row: rows.Row, now: dt.datetime) -> Past:
    after = followed(row, now)
    return Past(
        id=row["id"],
        case=row["escalation_id"],
        agent=row["agent"],
        about=label(row["key"]),
        approve=row["approve"],
        reason=row["reason"],
        decided_at=row["decided_at"],
        after=after,
        next=row["next"] if after is After.REFUSED else None,
    )


def followed(row: rows.Row, now: dt.datetime) -> After:
    """What became of one verdict, the gravest that is known."""
    if row["withdrawn_at"] is not None:
        return After.WITHDRAWN
    if row["final_at"] > now:
        return After.HELD
    if not row["approve"]:
        return After.TOLD
    if row["expires_at"] is None:
        # of several approvers the last one's verdict issues the grant
        return After.NEXT if row["state"] == "open" else After.OVERRULED
    return _used(row, now)


def _used(row: rows.Row, now: dt.datetime) -> After:
    """What became of the grant."""
    if row["voided_at"] is not None:
        return After.REFUSED
    if row["sound"] is False:
        return After.UNSOUND
    if row["status"] is not None:
        return After(row["status"])
    if row["redeemed_at"] is not None:
        return After.RUNNING
    return After.UNUSED if row["closed_at"] is not None or row["expires_at"] <= now else After.WAITING
