"""READ the queue: one index range of open cases, as rows a page can print."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from django.utils.translation import get_language

from governance.policy.tiers import Risk
from reviews import rows
from reviews.exposure import Reach, reach, usages
from reviews.moments import midnight
from reviews.phrases import Left, left, sentence_of
from reviews.picks import Cursor as Cursor
from reviews.picks import Filters as Filters
from reviews.picks import picked
from reviews.shown import Lens, Pieces

PAGE = 50
COUNTED = 200
RELATED = 9
# How little time is left when it is told to the second.
_EXACT = dt.timedelta(minutes=2)

_STATES = {"unavailable": "unavailable", "unbound": "unbound", "not_found": "not found"}


class _Terms(TypedDict):
    filters: Filters
    viewer: int
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class Row:
    """One open case. `reach` is the cap it would pass or fill most, as it was when the agent asked.

    `rank` is the lowest that may approve; `related` are other open cases about the same entity, up to nine; `repeats`
    is how often the same action was asked again, `skips` how often somebody left it to the others.
    `approved_before`: it follows a case whose approval lost its ground.
    """

    case: UUID
    state: str
    sentence: Pieces
    agent: str
    risk: str
    reach: Reach
    left: Left
    rank: int
    related: int
    approved_before: bool
    repeats: int
    skips: int
    taken_by: str
    mine: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of the queue. `count` is exact up to 200, then `capped`. `version` marks all that it shows."""

    rows: tuple[Row, ...]
    count: int
    capped: bool
    next: Cursor | None
    now: dt.datetime
    halts: int
    version: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """What is true when no case needs anybody: executions since midnight and draws waiting, each up to 1,000."""

    executed: int
    waiting: int


_COLUMNS = """
  with picked as materialized ({picked})
  select e.id, e.xmin::text as version, e.sort_key, e.opened_at, e.deadline,
    coalesce(e.taken_until > %(now)s, false) as held, t.key, a.amount, placet_named(ag) as agent, e.risk, e.rank,
    e.previous_id is not null as approved_before,
    e.repeats, e.skips,
    d.inputs->'usages' as usages, s.status, s.sentence, s.subject,
    a.subject as named_subject, e.action_type_id as type_id,
    case when exists (select 1 from governance_halt h where coalesce(h.lifted_at, 'infinity') > e.opened_at)
      then placet_case_due(e.id, %(now)s) else e.deadline end as due,
    case when e.taken_until > %(now)s then e.taken_by_id end as taken_by, u.username,
    (select count(*) from governance_fact f where f.snapshot_id = s.id and f.result = 'differs') as differs,
    (select count(*) from governance_fact f where f.snapshot_id = s.id and f.required
       and f.result not in ('agrees', 'differs')) as missing,
    case when e.entity = '' then 0 else (select count(*) from (select 1 from reviews_escalation o
      where o.state = 'open' and o.entity <> '' and o.entity = e.entity and o.id <> e.id
        and o.domain_id is not distinct from e.domain_id
      limit {related}) x) end as related
  from picked p
  join reviews_escalation e on e.id = p.id
  join governance_action a on a.id = e.action_id
  join governance_actiontype t on t.id = e.action_type_id
  join governance_decision d on d.action_id = e.action_id
  join governance_agent ag on ag.id = a.agent_id
  left join governance_snapshot s on s.id = e.snapshot_id
  left join auth_user u on u.id = e.taken_by_id
  order by p.sort_key, p.id
"""
# The documents of the few types of a page, each once: they are read and walked for what their rows may print.
_TYPES = """
  select t.id, t.document, b.document as binding from governance_actiontype t
    left join governance_binding b on b.action_type_id = t.id where t.id = any(%s)
"""
# Whatever changes a row makes it another one to PostgreSQL, which xmin tells.
_HEADS = """
  with picked as materialized ({picked})
  select e.id, e.xmin::text as version, e.opened_at, e.deadline, coalesce(e.taken_until > %(now)s, false) as held
  from picked p join reviews_escalation e on e.id = p.id order by p.sort_key, p.id
"""
_COUNT = "select count(*) from ({picked}) counted"
_MOMENT = """
  select clock_timestamp() as now, (select coalesce(array_agg(id order by id), '{}') from governance_halt
    where lifted_at is null) as halts
"""


def read(*, viewer: int, filters: Filters, after: Cursor | None = None) -> Queue:
    """One page of the open cases, by deadline and then exposure. `viewer` is the id of whoever looks."""
    moment = rows.fetch(_MOMENT)[0]
    terms: _Terms = {"filters": filters, "viewer": viewer, "now": moment["now"]}
    statement, values = picked(**terms, after=after, most=PAGE + 1)
    found = rows.fetch(_COLUMNS.format(picked=statement, related=RELATED), values, anew=True)
    shown = found[:PAGE]
    count, kinds = _count(terms), _kinds({row["type_id"] for row in shown})
    return Queue(
        rows=tuple(_row(row, kinds[row["type_id"]], viewer, moment["now"]) for row in shown),
        count=min(count, COUNTED),
        capped=count > COUNTED,
        next=Cursor(shown[-1]["sort_key"], shown[-1]["id"]) if len(found) > PAGE else None,
        now=moment["now"],
        halts=len(moment["halts"]),
        version=_mark(moment, found, count, viewer),
    )


def version(*, viewer: int, filters: Filters, after: Cursor | None = None) -> str:
    """The `version` that `read` would give, from the rows of one table: nothing is joined and nothing printed."""
    moment = rows.fetch(_MOMENT)[0]
    terms: _Terms = {"filters": filters, "viewer": viewer, "now": moment["now"]}
    statement, values = picked(**terms, after=after, most=PAGE + 1)
    return _mark(moment, rows.fetch(_HEADS.format(picked=statement), values, anew=True), _count(terms), viewer)


def _mark(moment: rows.Row, heads: Sequence[rows.Row], count: int, viewer: int) -> str:
    """Another text when a row came, went, changed or aged by a word, and for another reader or language."""
    now, halts = moment["now"], moment["halts"]
    # halts let time stand still for some rows, and none may be over: what is left is then looked at each minute
    minute = int(now.timestamp()) // 60
    aged = [minute if halts else _age(row, now) or minute for row in heads]
    told = [(row["id"].hex, row["version"], row["held"], age) for row, age in zip(heads, aged, strict=True)]
    return hashlib.sha256(repr((told, count, halts, viewer, get_language())).encode()).hexdigest()[:16]


def _age(row: rows.Row, now: dt.datetime) -> Left | None:
    """What a row says of its time; None where that is over."""
    due = row["deadline"]
    return None if due <= now else left(row["opened_at"], due, _tick(due, now))


def _tick(due: dt.datetime, now: dt.datetime) -> dt.datetime:
    """From when what is left of a case is told: rows age together, four times a minute, but for the last two minutes.

    Else each of fifty rows would begin its minutes at a time of its own, and no poll would find the list unchanged.
    """
    if due - now < _EXACT:
        return now
    return now.replace(second=now.second // 15 * 15, microsecond=0)


def _count(terms: _Terms) -> int:
    """How many there are, whatever the page, up to one more than is told."""
    statement, values = picked(**terms, after=None, most=COUNTED + 1)
    return rows.number(_COUNT.format(picked=statement), values, anew=True)


def quiet(now: dt.datetime) -> Quiet:
    """What went on without anybody being asked."""
    executed = "select count(*) from (select 1 from governance_execution where reported_at >= %s limit 1000) x"
    waiting = """select count(*) from (select 1 from reviews_draw d left join reviews_finding f on f.draw_id = d.id
      where f.id is null limit 1000) x"""
    return Quiet(rows.number(executed, [midnight(now)]), rows.number(waiting))


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the rows of one action type share. `several`: more than one person may have to decide."""

    lens: Lens
    several: bool


def _kinds(types: set[int]) -> dict[int, _Kind]:
    found = rows.fetch(_TYPES, [list(types)]) if types else []
    return {row["id"]: _Kind(Lens.of(row["binding"], row["document"]), "four_eyes" in row["document"]) for row in found}


def _row(row: rows.Row, kind: _Kind, viewer: int, now: dt.datetime) -> Row:
    lens = kind.lens.hiding(row["subject"], row["named_subject"])
    return Row(
        case=row["id"],
        state=_state(row),
        sentence=sentence_of(row["key"], row["amount"], row["sentence"], lens),
        agent=row["agent"],
        risk=Risk(row["risk"]).name.lower(),
        reach=reach(usages(row["usages"]), row["amount"]),
        left=left(row["opened_at"], row["due"], _tick(row["due"], now)),
        rank=row["rank"],
        related=row["related"],
        approved_before=row["approved_before"],
        repeats=row["repeats"],
        skips=row["skips"],
        taken_by=_holder(row, kind, viewer),
        mine=row["taken_by"] == viewer,
    )


def _holder(row: rows.Row, kind: _Kind, viewer: int) -> str:
    """Who decides it now. Where several people decide, none of them learns from the queue who was there before."""
    if row["taken_by"] is None:
        return ""
    blind = kind.several and row["taken_by"] != viewer
    return "another reviewer" if blind else str(row["username"])


def _state(row: rows.Row) -> str:
    """One word per case, the same that its page explains."""
    if row["status"] is None:
        return "checking"
    if row["status"] != "read":
        return _STATES.get(row["status"], "unavailable")
    if row["differs"]:
        return "differs"
    return "incomplete" if row["missing"] else "ready"
