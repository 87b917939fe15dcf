"""READ the draws that wait for a spot review, and one of them as its page shows it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from governance.locks import database_now
from governance.policy.tiers import Risk
from governance.problems import Code, Problem
from reviews import rows
from reviews.compared import FactTable, Parameter, parameters, table
from reviews.models import UnsoundReason
from reviews.phrases import sentence_of
from reviews.shown import Lens, Pieces, label

PAGE = 50
COUNTED = 200


@dataclass(frozen=True, slots=True)
class Drawn:
    """One draw that nobody has judged."""

    draw: UUID
    sentence: Pieces
    agent: str
    risk: str
    status: str
    drawn_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """The oldest draws that wait; `count` is exact up to 200, then `capped`."""

    rows: tuple[Drawn, ...]
    count: int
    capped: bool
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """What the record said at one time. `values`: the name, value and result of each fact as they are stored."""

    status: str
    read_at: dt.datetime
    facts: FactTable | None
    values: object


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody found."""

    sound: bool
    reason: str
    reviewer: str
    found_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Inspection:
    """One drawn action: what was done, what the record said when it was decided and what it says now.

    `share` is the probability with which it was drawn. `latency_ms` is what the agent reported.
    """

    draw: UUID
    action: UUID
    now: dt.datetime
    sentence: Pieces
    agent_id: UUID
    agent: str
    action_type: str
    type_label: str
    risk: str
    share: str
    decided_at: dt.datetime
    bound_by: str
    why: tuple[str, ...]
    status: str
    latency_ms: int | None
    reported_at: dt.datetime | None
    drawn_at: dt.datetime
    parameters: tuple[Parameter, ...]
    before: Reading | None
    after: Reading | None
    found: Found | None
    bound: bool

    @property
    def unchanged(self) -> bool:
        """Whether the record says now exactly what it said then, also where a page shows only that it matches."""
        then, now = self.before, self.after
        return then is not None and now is not None and now.facts is not None and then.values == now.values


_ROWS = """
  select d.id, d.drawn_at, d.probability, d.action_id, t.key as type_key, t.document, b.document as binding,
    ag.id as agent_id, placet_named(ag) as agent, a.amount, a.parameters, de.effective_risk, de.bound_by, de.reasons,
    de.decided_at, x.status, x.latency_ms, x.reported_at, f.sound, f.reason, f.found_at, u.username as reviewer,
    (select s.sentence from governance_snapshot s where s.action_id = a.id and s.status = 'read'
       order by s.id desc limit 1) as sentence,
    a.subject as named_subject, (select s.subject from governance_snapshot s
       where s.action_id = a.id and s.status = 'read' order by s.id desc limit 1) as subject
  from reviews_draw d
  join governance_action a on a.id = d.action_id
  join governance_actiontype t on t.id = a.action_type_id
  join governance_agent ag on ag.id = a.agent_id
  join governance_decision de on de.action_id = a.id
  left join governance_execution x on x.action_id = a.id
  left join governance_binding b on b.action_type_id = t.id
  left join reviews_finding f on f.draw_id = d.id
  left join auth_user u on u.id = f.reviewer_id
"""
_READINGS = """
  select s.id, s.status, s.read_at, s.asked_at >= %s as later,
    (select jsonb_agg(jsonb_build_array(f.name, f.recorded, f.result) order by f.position) from governance_fact f
       where f.snapshot_id = s.id) as "values"
  from governance_snapshot s where s.action_id = %s order by s.id
"""
_OPEN = "select count(*) from (select 1 from reviews_draw d where not exists ({}) limit 201) x"
_JUDGED = "select 1 from reviews_finding f where f.draw_id = d.id"


def waiting() -> Waiting:
    """The draws that wait, oldest first."""
    found = rows.fetch(_ROWS + f" where f.id is null order by d.drawn_at, d.id limit {PAGE}")
    count = rows.number(_OPEN.format(_JUDGED))
    return Waiting(tuple(map(_drawn, found)), min(count, COUNTED), count > COUNTED, database_now())


def next_waiting(*, viewer: int) -> UUID | None:
    """The oldest draw that waits and is not of the viewer's own agent."""
    found = rows.fetch(_ROWS + " where f.id is null and ag.owner_id <> %s order by d.drawn_at, d.id limit 1", [viewer])
    return found[0]["id"] if found else None


def read(draw: UUID) -> Inspection:
    """One draw. Problem NOT_FOUND."""
    found = rows.fetch(_ROWS + " where d.id = %s", [draw])
    if not found:
        raise Problem(Code.NOT_FOUND, "There is no such draw.")
    row = found[0]
    lens = _lens(row)
    readings = rows.fetch(_READINGS, [row["drawn_at"], row["action_id"]])
    earlier, later = ([each for each in readings if each["later"] is side] for side in (False, True))
    return Inspection(
        draw=row["id"],
        action=row["action_id"],
        now=database_now(),
        sentence=_sentence(row),
        agent_id=row["agent_id"],
        agent=row["agent"],
        action_type=row["type_key"],
        type_label=label(row["type_key"]),
        risk=Risk(row["effective_risk"]).name.lower(),
        share=f"{row['probability']:.0%}",
        decided_at=row["decided_at"],
        bound_by=row["bound_by"],
        why=tuple(reason["sentence"] for reason in row["reasons"]),
        status=_status(row["status"]),
        latency_ms=row["latency_ms"],
        reported_at=row["reported_at"],
        drawn_at=row["drawn_at"],
        parameters=parameters(row["parameters"], lens),
        before=_reading(earlier, row["binding"], lens),
        after=_reading(later, row["binding"], lens),
        found=_found(row),
        bound=row["binding"] is not None,
    )


def _drawn(row: rows.Row) -> Drawn:
    risk = Risk(row["effective_risk"]).name.lower()
    return Drawn(row["id"], _sentence(row), row["agent"], risk, _status(row["status"]), row["drawn_at"])


def _sentence(row: rows.Row) -> Pieces:
    return sentence_of(row["type_key"], row["amount"], row["sentence"], _lens(row))


def _lens(row: rows.Row) -> Lens:
    return Lens.of(row["binding"], row["document"], subjects=(row["subject"], row["named_subject"]))


def _status(status: str | None) -> str:
    return "not reported" if status is None else status.replace("_", " ")


def _reading(found: list[rows.Row], binding: dict[str, Any] | None, lens: Lens) -> Reading | None:
    """The newest of these readings."""
    if not found:
        return None
    row = found[-1]
    return Reading(row["status"], row["read_at"], table(row["id"], binding, lens), row["values"])


def _found(row: rows.Row) -> Found | None:
    if row["sound"] is None:
        return None
    reason = str(UnsoundReason(row["reason"]).label) if row["reason"] else ""
    return Found(row["sound"], reason, row["reviewer"], row["found_at"])
