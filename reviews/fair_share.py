"""A fair share of the queue: how many cases one line of agents, and one entity, may have open at once.

The committing statement counts; this says how many may be open, and lets the standing fall of whoever filled the queue.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction

from governance import locks, record
from governance.gather import Gathered
from governance.latches import CASES
from governance.policy.standing import HEALTH, Why
from governance.problems import Code, Problem
from governance.redden import turn_red
from governance.weigh import NOBODY

# A place frees with a verdict or a deadline, and nobody knows when.
RETRY_SECONDS = 60

_LINE = "This agent and those of its line have as many open cases as they may; people decide those first."
_TYPE = "This agent and those of its line have as many open cases of this type as they may; people decide those first."
_ENTITY = "As many cases are open about this record as may be; people decide those first."
# whoever has most of them open filled it; of equals the one that asks for more
_FILLED_BY = """
  select a.agent_id from reviews_escalation e join governance_action a on a.id = e.action_id
    where e.line_id = %s and e.state = 'open'
    group by 1 order by count(*) desc, a.agent_id = %s desc, 1 limit 1
"""

# what the committing statement asks before it opens a case
_FULL = """
  select case
    when placet_open_of_line(%(line)s, %(line_most)s, t) >= %(line_most)s then 'line'
    when placet_open_of_type(%(line)s, %(type)s, %(type_most)s, t) >= %(type_most)s then 'type'
    when %(whom)s is not null and placet_open_of_entity(%(whom)s, p.parent_id, %(whom_most)s, t) >= %(whom_most)s
      then 'entity' end
    from clock_timestamp() t, governance_agent a join governance_scope p on p.id = a.project_id where a.id = %(agent)s
"""

_log = structlog.get_logger(__name__)


class Full(Exception):  # noqa: N818 -- not an error: people have enough to decide
    """Nothing was written: the `line`, in all or of this `type`, or the `entity` has as many open cases as it may."""

    def __init__(self, of: str) -> None:
        super().__init__(of)
        self.of = of


def line_of(gathered: Gathered) -> str:
    """The agent at the top of whoever asks: all below it share one quota."""
    return gathered.chain[-1] if gathered.chain else gathered.agent


def quota(gathered: Gathered, entity: str, of_type: int | None) -> dict[str, Any]:
    """What a case that is to be opened counts in, and how many may be open there with it.

    `of_type` is how many of them may be of this action type; the council says so in its entry.
    Who filled the queue opens nothing more until its line is down to half with it: so it does not live at the edge. One
    case is always possible, or nothing would ever end the episode where a line may have one open.
    """
    most = settings.PLACET_OPEN_CASES_PER_LINE
    return {
        "line": line_of(gathered),
        "line_most": max(1, most // 2) if _filled(gathered) else most,
        "whom": None if entity in ("", NOBODY) else entity,
        "whom_most": settings.PLACET_OPEN_CASES_PER_ENTITY,
        "type_most": of_type,
    }


def full_now(gathered: Gathered, wanted: dict[str, Any], type_id: int) -> str | None:
    """What has no room now for a case of this quota, named as `refuse_full` takes it; None where there is room."""
    with connection.cursor() as cursor:
        cursor.execute(_FULL, wanted | {"agent": gathered.agent, "type": type_id})
        found: str | None = cursor.fetchone()[0]
    return found


def refuse_full(gathered: Gathered, of: str) -> Problem:
    """The 429 to whoever wants a case where the quota of its "line", of its "type" or of the "entity" is used up.

    A full line costs the standing of whoever has most of it open, once until its line is down to half. A type has less
    room than the line, and an entity may have been filled by others: they cost nobody anything.
    """
    if of == "line" and not _filled(gathered):
        _fall(gathered)
    _log.warning("case refused by quota", agent=gathered.agent, of=of)
    return told_full(of)


def told_full(of: str) -> Problem:
    """That 429 alone: nobody falls for it."""
    detail = {"line": _LINE, "type": _TYPE}.get(of, _ENTITY)
    return Problem(Code.TOO_MANY_CASES, detail, retry_after=RETRY_SECONDS)


@transaction.atomic
def _fall(gathered: Gathered) -> None:
    locks.share_authority()
    line = line_of(gathered)
    with connection.cursor() as cursor:
        cursor.execute(_FILLED_BY, [line, gathered.agent])
        row = cursor.fetchone()
    filled_by: UUID = UUID(gathered.agent) if row is None else row[0]
    if latches := turn_red(filled_by, CASES, Why.FLOODING, HEALTH):
        body = {"agent": str(filled_by), "line": line, "standing": latches}
        record.append(event=record.Event.QUEUE_FILLED, actor=f"agent:{gathered.agent}", body=body)


def _filled(gathered: Gathered) -> bool:
    mine = (held for held in gathered.latches if held.agent == gathered.agent and held.name == CASES)
    return any(held.latch.in_episode for held in mine)
