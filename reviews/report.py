"""The verb that takes an agent's report about an action it was allowed to take."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from django.db import transaction

from governance import locks, record
from governance.authenticate import Caller
from governance.entries import readable
from governance.models import Action, ActionState, Execution, Grant, Reservation
from governance.problems import Code, Problem
from reviews.answers import run_out
from reviews.cases import locked_action
from reviews.familiar import note_handled
from reviews.grounds import amount_of
from reviews.verify import note_report

STATUSES = (ActionState.SUCCEEDED.value, ActionState.FAILED.value, ActionState.NOT_EXECUTED.value)
MOST_LATENCY_MS = 24 * 3600 * 1000
_VERSION = re.compile(r"[A-Za-z0-9_.:+/=\"-]{0,128}", re.ASCII)


@transaction.atomic
def report(
    action_id: UUID, *, caller: Caller, status: str, latency_ms: int | None = None, record_version: str = ""
) -> Execution:
    """Close an executing action as succeeded, failed or not executed. The same report again changes nothing.

    Nothing is given back to the budgets: an agent's word is no proof that it did not act. `latency_ms` is
    0 to a day. Problems: NOT_FOUND, INVALID, WRONG_STATE (not executing, overdue, or reported otherwise before).
    """
    _check(status, latency_ms, record_version)
    locks.share_authority()
    if not Action.objects.filter(pk=action_id, agent_id=caller.agent).exists():
        raise Problem(Code.NOT_FOUND, "This agent has no such action.")
    action = locked_action(action_id)
    before = Execution.objects.filter(action=action).first()
    if before is not None:
        return _again(before, (status, latency_ms, record_version))
    if action.state != ActionState.EXECUTING:
        # a verdict is told when its hold ends, so the state is not repeated here
        raise Problem(Code.WRONG_STATE, "Only an action that is executing can be reported.")
    now = locks.database_now()
    if run_out(action.lease_until, action.report_by, now):
        raise Problem(Code.WRONG_STATE, "The report or its checkpoint is overdue: the action is abandoned.")
    execution = close(action, status, now, latency_ms=latency_ms, record_version=record_version)
    if status != ActionState.NOT_EXECUTED:
        note_report(action, good=status == ActionState.SUCCEEDED, latency_ms=latency_ms)
    if status == ActionState.SUCCEEDED:
        _handled(action)
    body = {"action": str(action.pk), "status": status, "latency_ms": latency_ms, "execution": execution.pk}
    record.append(event=record.Event.ACTION_REPORTED, actor=f"agent:{caller.agent}", body=body)
    return execution


def _handled(action: Action) -> None:
    entry = readable(action.action_type_id)
    if entry is None:
        return  # less is familiar then; what was done is taken note of all the same
    spec = entry.spec
    amount = amount_of(action, spec, action.snapshots.order_by("pk").last()) if spec.novelty is not None else None
    note_handled(action, spec, amount=amount)


def close(
    action: Action, status: str, now: datetime, *, latency_ms: int | None = None, record_version: str = ""
) -> Execution:
    """Write the end of an executing action in the caller's transaction, its row locked, and close its grant."""
    execution = Execution.objects.create(
        action=action, status=status, latency_ms=latency_ms, record_version=record_version, reported_at=now
    )
    action.state = status
    action.save(update_fields=["state"])
    Reservation.objects.filter(action=action, released_at__isnull=True).update(settled_at=now)
    Grant.objects.filter(action=action, closed_at__isnull=True, voided_at__isnull=True).update(closed_at=now)
    return execution


def _check(status: str, latency_ms: int | None, record_version: str) -> None:
    if status not in STATUSES:
        raise _invalid("/status", f"A report says one of: {', '.join(STATUSES)}.")
    if latency_ms is not None and not 0 <= latency_ms <= MOST_LATENCY_MS:
        raise _invalid("/latency_ms", "A latency is 0 milliseconds to one day.")
    if _VERSION.fullmatch(record_version) is None:
        raise _invalid("/record_version", "A version has up to 128 letters, digits and plain signs.")


def _again(before: Execution, now: tuple[str, int | None, str]) -> Execution:
    if (before.status, before.latency_ms, before.record_version) != now:
        raise Problem(Code.WRONG_STATE, f"The action is closed already: it is {before.status}.")
    return before


def _invalid(pointer: str, sentence: str) -> Problem:
    return Problem(Code.INVALID, sentence, fields=((pointer, sentence),))
