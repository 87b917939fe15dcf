"""READ the queue: one index range of open cases, as rows a page can print."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from governance.locks import database_now
from governance.policy.tiers import Risk
from reviews import rows
from reviews.exposure import Reach, reach, usages
from reviews.phrases import Left, left, sentence_of
from reviews.shown import Lens, Pieces

PAGE = 50
COUNTED = 200

_STATES = {"unavailable": "unavailable", "unbound": "unbound", "not_found": "not found"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the queue is asked for; `mine` are the cases that reviewer holds now."""

    action_type: str = ""
    risk: int = 0
    mine: bool = False

    @property
    def any(self) -> bool:
        """Whether anything is left out."""
        return bool(self.action_type or self.risk or self.mine)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: the next page starts behind it."""

    sort_key: int
    case: UUID

    def __str__(self) -> str:
        return f"{self.sort_key}.{self.case.hex}"


@dataclass(frozen=True, slots=True)
class Row:
    """One open case. `reach` is the cap it would pass or fill most, as it was when the agent asked."""

    case: UUID
    state: str
    sentence: Pieces
    agent: str
    risk: str
    reach: Reach
    left: Left
    taken_by: str
    mine: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of the queue. `count` is exact up to 200, then `capped`."""

    rows: tuple[Row, ...]
    count: int
    capped: bool
    next: Cursor | None
    now: dt.datetime
    halts: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """What is true when no case needs anybody: executions since midnight UTC and draws waiting, each up to 1,000."""

    executed: int
    waiting: int


_FROM = """
  from reviews_escalation e
  join governance_action a on a.id = e.action_id
  join governance_actiontype t on t.id = a.action_type_id
  join governance_decision d on d.action_id = a.id
"""
_COUNT = "select count(*) from (select 1 "
_COLUMNS = """
  select e.id, e.sort_key, e.opened_at, t.key, a.amount, ag.name as agent, d.effective_risk as risk,
    d.inputs->'usages' as usages, s.status, s.sentence, s.subject,
    a.subject as named_subject, b.document as binding, t.document,
    case when exists (select 1 from governance_halt h where coalesce(h.lifted_at, 'infinity') > e.opened_at)
      then placet_case_due(e.id, %(now)s) else e.deadline end as due,
    case when e.taken_until > %(now)s then e.taken_by_id end as taken_by, u.username,
    (select count(*) from governance_fact f where f.snapshot_id = s.id and f.result = 'differs') as differs,
    (select count(*) from governance_fact f where f.snapshot_id = s.id and f.required
       and f.result not in ('agrees', 'differs')) as missing
"""
_MORE = """
  join governance_agent ag on ag.id = a.agent_id
  left join governance_snapshot s on s.id = e.snapshot_id
  left join governance_binding b on b.action_type_id = t.id
  left join auth_user u on u.id = e.taken_by_id
"""


_FREE = """
  select e.id from reviews_escalation e
  join governance_action a on a.id = e.action_id
  join governance_agent ag on ag.id = a.agent_id
  where e.state = 'open' and e.id is distinct from %(besides)s and ag.owner_id <> %(viewer)s
    and (e.taken_until is null or e.taken_until <= clock_timestamp() or e.taken_by_id = %(viewer)s)
    and placet_case_due(e.id, clock_timestamp()) > clock_timestamp()
  order by e.sort_key, e.id limit 1
"""


def read(*, viewer: int, filters: Filters, after: Cursor | None = None) -> Queue:
    """One page of the open cases, by deadline and then exposure. `viewer` is the id of whoever looks."""
    now = database_now()
    where, values = _where(viewer, filters, now)
    behind = ""
    if after is not None:
        behind = " and (e.sort_key, e.id) > (%(sort_key)s, %(case)s)"
        values |= {"sort_key": after.sort_key, "case": after.case}
    found = rows.fetch(f"{_COLUMNS}{_FROM}{_MORE}{where}{behind} order by e.sort_key, e.id limit {PAGE + 1}", values)
    count = rows.number(f"{_COUNT}{_FROM}{where} limit {COUNTED + 1}) counted", values)
    shown = found[:PAGE]
    return Queue(
        rows=tuple(_row(row, viewer, now) for row in shown),
        count=min(count, COUNTED),
        capped=count > COUNTED,
        next=Cursor(shown[-1]["sort_key"], shown[-1]["id"]) if len(found) > PAGE else None,
        now=now,
        halts=rows.number("select count(*) from governance_halt where lifted_at is null"),
    )


def next_free(*, viewer: int, besides: UUID | None = None) -> UUID | None:
    """The first open case that nobody else holds and no agent of the viewer's opened, besides one."""
    found = rows.fetch(_FREE, {"viewer": viewer, "besides": besides})
    return found[0]["id"] if found else None


def quiet(now: dt.datetime) -> Quiet:
    """What went on without anybody being asked."""
    midnight = now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    executed = "select count(*) from (select 1 from governance_execution where reported_at >= %s limit 1000) x"
    waiting = """select count(*) from (select 1 from reviews_draw d left join reviews_finding f on f.draw_id = d.id
      where f.id is null limit 1000) x"""
    return Quiet(rows.number(executed, [midnight]), rows.number(waiting))


def _where(viewer: int, filters: Filters, now: dt.datetime) -> tuple[str, dict[str, Any]]:
    """Only fixed text is joined here; every value is a parameter."""
    parts: list[str] = [" where e.state = 'open'"]
    values: dict[str, Any] = {"now": now}
    if filters.action_type:
        parts.append("t.key = %(action_type)s")
        values["action_type"] = filters.action_type
    if filters.risk:
        parts.append("d.effective_risk = %(risk)s")
        values["risk"] = filters.risk
    if filters.mine:
        parts.append("e.taken_by_id = %(viewer)s and e.taken_until > %(now)s")
        values["viewer"] = viewer
    return " and ".join(parts), values


def _row(row: rows.Row, viewer: int, now: dt.datetime) -> Row:
    lens = Lens.of(row["binding"], row["document"], subjects=(row["subject"], row["named_subject"]))
    return Row(
        case=row["id"],
        state=_state(row),
        sentence=sentence_of(row["key"], row["amount"], row["sentence"], lens),
        agent=row["agent"],
        risk=Risk(row["risk"]).name.lower(),
        reach=reach(usages(row["usages"]), row["amount"]),
        left=left(row["opened_at"], row["due"], now),
        taken_by=row["username"] if row["taken_by"] is not None else "",
        mine=row["taken_by"] == viewer,
    )


def _state(row: rows.Row) -> str:
    """One word per case, the same that its page explains."""
    if row["status"] is None:
        return "checking"
    if row["status"] != "read":
        return _STATES.get(row["status"], "unavailable")
    if row["differs"]:
        return "differs"
    return "incomplete" if row["missing"] else "ready"
