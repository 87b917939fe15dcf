"""The verb by which a running action asks whether it may continue: authority to start is not authority to go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from governance import locks, record
from governance.authenticate import Caller
from governance.models import Action, ActionState, Grant, Instance
from governance.policy.continuing import Stop, stops
from governance.policy.reasons import Given
from governance.problems import Code, Problem
from reviews.answers import REPORT_SECONDS, run_out
from reviews.cases import halted_since, locked_action
from reviews.four_eyes import approvers_reach
from reviews.models import Verdict
from reviews.reconsider import reconsider
from reviews.verify import entry_of

LONGEST = timedelta(hours=24)
# The part of its time that must be over before an action that asks again is given more.
EARLIEST = 0.25


@dataclass(frozen=True, slots=True)
class Continuation:
    """The answer of one checkpoint. `stop` is None while the action may go on, and never again once it is not.

    `reasons` are those of the decision that stopped it, empty when it was told before.
    """

    action: Action
    stop: Stop | None
    reasons: tuple[Given, ...] = ()


@transaction.atomic
def checkpoint(action_id: UUID, *, caller: Caller) -> Continuation:
    """Judge a running action by what is true now: renew its lease, or tell it to stop, once and for good.

    Halts, chain, ceilings, standing, policy and health are read again and, for what a person approved, the mandate.
    Who asks before a quarter of its lease is over is told to stop all the same, but keeps the lease it has: nothing is
    written. Without a lease that is a quarter of the time to report.
    Problems: NOT_FOUND, WRONG_STATE (not executing any more, or the lease ran out before this).
    """
    locks.share_authority()
    if not Action.objects.filter(pk=action_id, agent_id=caller.agent).exists():
        raise Problem(Code.NOT_FOUND, "This agent has no such action.")
    action = locked_action(action_id)
    if action.state != ActionState.EXECUTING:
        raise Problem(Code.WRONG_STATE, "Only an action that is executing can continue.")
    if action.stopped_at is not None:
        return Continuation(action, Stop(action.stop_reason))
    now = locks.database_now()
    if run_out(action.lease_until, action.report_by, now):
        raise Problem(Code.WRONG_STATE, "The lease ran out before it was renewed: stop, the action is abandoned.")
    stop, reasons = _judge(action, caller, now)
    if stop is not None:
        _stop(action, stop, reasons, now)
    elif not _early(action, now):
        _renew(action, now)
    return Continuation(action, stop, reasons)


def _early(action: Action, now: datetime) -> bool:
    """Whether most of what it was given at the beginning or at its last checkpoint is still left."""
    lease = action.lease_seconds
    given = timedelta(seconds=REPORT_SECONDS if lease is None else lease)
    until = action.report_by if lease is None else action.lease_until
    return until is not None and now < until - given * (1 - EARLIEST)


def _judge(action: Action, caller: Caller, now: datetime) -> tuple[Stop | None, tuple[Given, ...]]:
    grant = Grant.objects.filter(action=action, voided_at=None).first()
    started = action.started_at or action.created_at
    if grant is None or grant.instance_epoch != Instance.objects.values_list("instance_epoch", flat=True).get():
        return Stop.GRANT_VOID, ()
    locks.share_standing(action.agent_id, action.ticket_id)
    decision = reconsider(action.pk, key=caller.digest, by_policy=grant.issued_by == "policy")
    # a halt counts also when it was lifted meanwhile: whoever halted meant what was running then
    if halted_since(action.pk, started):
        return Stop.HALTED, decision.reasons
    if now >= started + LONGEST:
        return Stop.TOO_LONG, ()
    stop = stops(decision, by_person=grant.verdict_id is not None)
    if stop is None and grant.verdict_id is not None:
        verdict = Verdict.objects.select_related("escalation__action", "escalation__snapshot").get(pk=grant.verdict_id)
        if not approvers_reach(verdict.escalation, entry_of(action).spec, now):
            return Stop.APPROVER, ()
    return stop, () if stop is None else decision.reasons


def _renew(action: Action, now: datetime) -> None:
    action.checkpoints += 1
    report_by = now + timedelta(seconds=REPORT_SECONDS + (action.lease_seconds or 0))
    action.report_by = max(report_by, action.report_by or report_by)
    if action.lease_seconds is not None:
        action.lease_until = now + timedelta(seconds=action.lease_seconds)
    action.save(update_fields=["checkpoints", "report_by", "lease_until"])
    body = {"action": str(action.pk), "checkpoints": action.checkpoints}
    record.append(event=record.Event.ACTION_CONTINUED, actor=f"agent:{action.agent_id}", body=body)


def _stop(action: Action, stop: Stop, reasons: Sequence[Given], now: datetime) -> None:
    """Told to stop, it has no lease to renew; it reports what it did."""
    action.stopped_at, action.stop_reason = now, stop.value
    action.lease_until, action.report_by = None, now + timedelta(seconds=REPORT_SECONDS)
    action.save(update_fields=["stopped_at", "stop_reason", "lease_until", "report_by"])
    body = {"action": str(action.pk), "stop": stop.value, "reasons": [given.code.value for given in reasons]}
    record.append(event=record.Event.ACTION_STOPPED, actor=f"agent:{action.agent_id}", body=body)
