"""The verb that takes what a watcher saw of a tool or a connector."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import connection, transaction

from governance import locks, record
from governance.authenticate import Caller
from governance.guards import invalid
from governance.models import ToolReading, ToolSignal
from governance.problems import Code, Problem
from governance.watch import is_known

MOST_OUTCOMES = 100
MOST_LATENCY_MS = 24 * 3600 * 1000

# A halt of a scope silences no watcher: whoever lifts it must know how its tools are.
_WATCH = """
  select w.heartbeat_seconds, bool_and(ag.state = 'active') and not placet_uses(w.agent_id, w.tool) as fit,
    exists (select 1 from governance_halt h where h.lifted_at is null and h.target = 'agent'
      and h.key = any(array_agg(ag.id::text))) as halted
  from governance_watch w cross join unnest(placet_lineage(w.agent_id, null) || w.agent_id) as line(id)
  join governance_agent ag on ag.id = line.id where w.agent_id = %s and w.tool = %s group by w.id
"""


class Answered(StrEnum):
    """How a tool answered: as it should, badly or late, not at all."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome that a watcher saw; `latency_ms` is 0 to a day."""

    status: Answered
    latency_ms: int | None = None


@transaction.atomic
def take_signal(
    *, caller: Caller, tool: str, outcomes: Sequence[Outcome], idempotency_key: str, body_hash: bytes
) -> ToolSignal:
    """Keep 1 to 100 outcomes, oldest first, as readings of a tool or of `connector:<name>`; any of them is a heartbeat.

    The same key and body again change nothing. Problems: INVALID (impossible figures, nothing of that name), FORBIDDEN
    (no watch, not active, or a user of the tool itself), HALTED (it, or an agent above it), IDEMPOTENCY_BODY_CHANGED.
    """
    _check(outcomes)
    now = locks.share_authority()
    before = ToolSignal.objects.filter(agent_id=caller.agent, idempotency_key=idempotency_key).first()
    if before is not None:
        return _again(before, body_hash)
    heartbeat = _require_watch(caller, tool)
    good = sum(outcome.status is not Answered.DOWN for outcome in outcomes)
    signal = ToolSignal(
        agent_id=caller.agent,
        idempotency_key=idempotency_key,
        body_hash=body_hash,
        tool=tool,
        good=good,
        total=len(outcomes),
        received_at=now,
        next_by=None if heartbeat is None else now + dt.timedelta(seconds=heartbeat),
    )
    # a twin that is being written is waited for, and then it is the one that counts
    ToolSignal.objects.bulk_create([signal], ignore_conflicts=True)
    stored = ToolSignal.objects.get(agent_id=caller.agent, idempotency_key=idempotency_key)
    if stored.pk != signal.pk:
        return _again(stored, body_hash)
    ToolReading.objects.bulk_create(_reading(signal, outcome) for outcome in outcomes)
    body = {"signal": str(signal.pk), "agent": str(caller.agent), "tool": tool, "good": good, "total": len(outcomes)}
    record.append(event=record.Event.TOOL_SIGNALLED, actor=f"agent:{caller.agent}", body=body)
    return stored


def _check(outcomes: Sequence[Outcome]) -> None:
    if not 1 <= len(outcomes) <= MOST_OUTCOMES:
        raise invalid("/outcomes", f"A signal has 1 to {MOST_OUTCOMES} outcomes.")
    for place, outcome in enumerate(outcomes):
        if outcome.latency_ms is not None and not 0 <= outcome.latency_ms <= MOST_LATENCY_MS:
            raise invalid(f"/outcomes/{place}/latency_ms", "A latency is 0 milliseconds to one day.")


def _require_watch(caller: Caller, tool: str) -> int | None:
    """The heartbeat that the caller promised for this tool, if it watches it and may."""
    with connection.cursor() as cursor:
        cursor.execute(_WATCH, [caller.agent, tool])
        row = cursor.fetchone()
    if row is None and not is_known(tool):
        raise invalid("/connector" if ":" in tool else "/tool", "There is none of this name.")
    if row is None:
        raise Problem(Code.FORBIDDEN, "The council has not let this agent watch it.")
    heartbeat, fit, halted = row
    if not fit:
        raise Problem(Code.FORBIDDEN, "Only an active agent that has no use of it itself reports on it.")
    if halted:
        raise Problem(Code.HALTED, "This agent, or one above it, is halted, and nothing it says is heard.")
    return int(heartbeat) if heartbeat is not None else None


def _reading(signal: ToolSignal, outcome: Outcome) -> ToolReading:
    return ToolReading(
        tool=signal.tool,
        good=outcome.status is not Answered.DOWN,
        degraded=outcome.status is Answered.DEGRADED,
        latency_ms=outcome.latency_ms,
        source="signal",
        watcher_id=signal.agent_id,
        read_at=signal.received_at,
    )


def _again(before: ToolSignal, body_hash: bytes) -> ToolSignal:
    if bytes(before.body_hash) != body_hash:
        raise Problem(Code.IDEMPOTENCY_BODY_CHANGED, "This Idempotency-Key was used for another body.")
    return before
