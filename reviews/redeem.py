"""The verb that uses a grant, once, after everything it rests on was looked at again."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction

from governance import locks, record
from governance.authenticate import Caller
from governance.cursors import kept
from governance.models import Action, ActionState, Fact, Grant, Instance, Snapshot, SnapshotStatus
from governance.policy.continuing import narrowed
from governance.policy.decision import Decision, Outcome
from governance.policy.reasons import Reason
from governance.problems import Code, Problem
from governance.records.snapshots import Frozen, store
from reviews.answers import report_seconds, run_out
from reviews.budgets import OVER
from reviews.cases import halted_since, locked, locked_action
from reviews.four_eyes import approvers_reach
from reviews.grounds import unhex
from reviews.models import Escalation, Verdict
from reviews.reconsider import reconsider
from reviews.relink import Lost, relink, void
from reviews.verify import entry_of, note_reading, read_now

TOOL_RETRY_SECONDS = 60
SOURCE_RETRY_SECONDS = 30
FLIGHT_RETRY_SECONDS = 30
_BUSY = "As much is under way as may be: the approval stands, ask again when something was reported."

_USE = """
update governance_grant g set redeemed_at = clock_timestamp()
  where g.id = %s and g.redeemed_at is null and g.voided_at is null and g.closed_at is null
    and g.not_before <= clock_timestamp() and g.expires_at > clock_timestamp()
    and g.instance_epoch = (select instance_epoch from governance_instance)
"""

# What the council calls things.
_WORDS = ("label", "says")
_LOST = {
    Lost.HALTED: "A halt was declared after this was given, so it no longer stands.",
    Lost.APPROVER: "The approver's mandate no longer reaches this action.",
    Lost.RESTORED: "The instance was restored from a backup after the grant was given.",
    Lost.RECORD: "The record changed after the decision.",
}


@dataclass(frozen=True, slots=True)
class _Approval:
    """What a person's grant rests on."""

    case: Escalation
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class _Held:
    """A grant with all that it rests on, locked. `approval` is None for a grant of the machine."""

    grant: Grant
    action: Action
    approval: _Approval | None
    now: datetime


def redeem(grant_id: UUID, *, caller: Caller, digest: str) -> Grant:
    """Use a grant once, for the action its digest (hex) states; the action is executing then.

    The record is read again before, rule, mandate and halts are judged again inside. What lost its ground
    is voided and, for a person's approval, becomes a new case (`extra["escalation"]`). Problems: NOT_FOUND,
    DIGEST_MISMATCH, GRANT_USED, GRANT_VOID, GRANT_EXPIRED, GRANT_NOT_YET_OPEN, RECORD_CHANGED, REFUSED,
    and, voiding nothing, SOURCE_UNAVAILABLE, TOOL_RED and, while too much is under way, WRONG_STATE with `retry_after`.
    """
    grant = _own(grant_id, caller, digest)
    _require_usable(grant, locks.database_now())
    held = _decided_on(grant)
    reading = None if held is None or not _has_material(held) else read_now(grant.action)
    if reading is not None and not reading.good:
        _note_outage(grant.action, reading.took_ms)
        raise Problem(
            Code.SOURCE_UNAVAILABLE,
            "The system of record cannot be reached, so nothing can be verified again: ask again.",
            retry_after=SOURCE_RETRY_SECONDS,
        )
    with transaction.atomic():
        outcome = _redeem(grant_id, caller, reading)
    # what was voided stays voided: a refusal is raised after the commit, not instead of it
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


def _own(grant_id: UUID, caller: Caller, digest: str) -> Grant:
    grant = Grant.objects.select_related("action").filter(pk=grant_id, agent_id=caller.agent).first()
    if grant is None:
        raise Problem(Code.NOT_FOUND, "This agent has no such grant.")
    if not hmac.compare_digest(unhex(digest), bytes(grant.digest)):
        raise Problem(Code.DIGEST_MISMATCH, "The digest is not that of what was allowed.")
    return grant


def _require_usable(grant: Grant, now: datetime) -> None:
    """Judge a grant by its times; the using statement judges them once more."""
    if grant.redeemed_at is not None:
        raise Problem(Code.GRANT_USED, "This grant was used.")
    if grant.voided_at is not None:
        raise Problem(Code.GRANT_VOID, "This grant is void.")
    if grant.expires_at <= now:
        raise Problem(Code.GRANT_EXPIRED, "This grant has expired.")
    if grant.closed_at is not None:
        raise Problem(Code.GRANT_USED, "The action is closed, and its grant with it.")
    if grant.not_before > now:
        wait = ceil((grant.not_before - now).total_seconds())
        raise Problem(Code.GRANT_NOT_YET_OPEN, "The hold of the approval is not over yet.", retry_after=max(1, wait))


def _redeem(grant_id: UUID, caller: Caller, reading: Frozen | None) -> Grant | Problem:
    locks.share_authority()
    held = _lock(grant_id)
    _require_usable(held.grant, held.now)
    lost = _lost(held)
    if lost is None and reading is not None and _changed(_decided_on(held.grant), reading):
        lost = Lost.RECORD
    if lost is not None:
        return _give_up(held, lost, reading)
    if held.action.stopped_at is not None:
        return Problem(Code.REFUSED, "It was told to stop.")
    if run_out(held.action.lease_until, held.action.report_by, held.now):
        return Problem(Code.WRONG_STATE, "The lease ran out before the grant was used: the action is abandoned.")
    if held.action.state == ActionState.ESCALATED and held.action.in_flight:
        locks.hold_flights(held.action.in_flight)
    locks.share_standing(held.action.agent_id, held.action.ticket_id)
    refusal = _refusal(held, reconsider(held.action.pk, key=caller.digest, by_policy=held.grant.issued_by == "policy"))
    if refusal is not None:
        return refusal
    if reading is not None:
        note_reading(held.action, good=True, took_ms=reading.took_ms)
    return _use(held, caller)


def _lock(grant_id: UUID) -> _Held:
    """Lock case and action before the grant is looked at again, in the order of `cases.locked`."""
    seen = Grant.objects.get(pk=grant_id)
    verdict = None if seen.verdict_id is None else Verdict.objects.get(pk=seen.verdict_id)
    approval = None if verdict is None else _Approval(locked(verdict.escalation_id), verdict)
    action = locked_action(seen.action_id)
    if approval is not None:
        approval.case.action = action
    return _Held(Grant.objects.get(pk=grant_id), action, approval, locks.database_now())


def _lost(held: _Held) -> Lost | None:
    """What took the ground from under a grant since it was given; None while it stands."""
    if held.grant.instance_epoch != Instance.objects.values_list("instance_epoch", flat=True).get():
        return Lost.RESTORED
    if halted_since(held.action.pk, held.grant.issued_at):
        return Lost.HALTED
    if held.approval is None:
        return None
    approval, spec = held.approval, entry_of(held.action).spec
    return None if approvers_reach(approval.case, spec, held.now) else Lost.APPROVER


def _give_up(held: _Held, lost: Lost, reading: Frozen | None) -> Problem:
    code = Code.RECORD_CHANGED if lost is Lost.RECORD else Code.GRANT_VOID
    snapshot = None if reading is None else store(reading)
    if held.approval is None:
        void(held.grant, held.now)
        body = {"grant": str(held.grant.pk), "action": str(held.action.pk), "because": lost.value}
        record.append(event=record.Event.GRANT_VOIDED, actor=f"agent:{held.grant.agent_id}", body=body)
        return Problem(code, _LOST[lost])
    fresh = relink(held.approval.case, held.grant, why=lost, snapshot=snapshot, now=held.now)
    return Problem(code, f"{_LOST[lost]} A person decides again.", extra={"escalation": str(fresh.pk)})


def _refusal(held: _Held, decision: Decision) -> Problem | None:
    """Human authority is not machine authority: of a decision made now only a refusal stops a person's grant.

    What the machine authorised by itself must still stand under every ceiling, and not be always for people meanwhile;
    evidence was judged before.
    """
    bound_by = decision.bound_by.removesuffix(".")
    if decision.outcome is Outcome.REFUSE:
        if any(given.code is Reason.TOOL_RED for given in decision.reasons):
            return Problem(Code.TOOL_RED, "The tool that this action needs is failing.", retry_after=TOOL_RETRY_SECONDS)
        return Problem(Code.REFUSED, f"Refused now: {bound_by}.")
    if held.approval is None and narrowed(decision):
        return Problem(Code.REFUSED, f"Narrowed since it was decided: {bound_by}.")
    return None


def _use(held: _Held, caller: Caller) -> Grant:
    with kept() as cursor:
        cursor.execute(_USE, [held.grant.pk])
        used = cursor.rowcount
    if used != 1:
        fresh = Grant.objects.get(pk=held.grant.pk)
        _require_usable(fresh, locks.database_now())
        raise Problem(Code.GRANT_VOID, "This grant is void.")
    if held.action.state == ActionState.ESCALATED:
        _begin(held.action, held.now)
        _fly(held.action)
    body: dict[str, Any] = {"grant": str(held.grant.pk), "action": str(held.action.pk)}
    body["escalation"] = None if held.approval is None else str(held.approval.case.pk)
    record.append(event=record.Event.GRANT_REDEEMED, actor=f"agent:{caller.agent}", body=body)
    return Grant.objects.get(pk=held.grant.pk)


def _begin(action: Action, now: datetime) -> None:
    """The action is executing from now on; one whose type asks for checkpoints holds a lease."""
    lease = entry_of(action).spec.checkpoint_seconds
    action.state, action.started_at, action.lease_seconds = ActionState.EXECUTING, now, lease
    action.report_by = now + timedelta(seconds=report_seconds(lease))
    action.lease_until = None if lease is None else now + timedelta(seconds=lease)
    action.save(update_fields=["state", "started_at", "lease_seconds", "lease_until", "report_by"])


def _fly(action: Action) -> None:
    """A person approves an act, not that it runs beside others: it begins when there is room. Problem WRONG_STATE."""
    limits = entry_of(action).spec.in_flight
    most = [(key, limits.agent if key.startswith("agent:") else limits.entity) for key in action.in_flight or ()]
    rows = [{"key": key, "most": limit} for key, limit in most if limit is not None]
    if not rows:
        return
    try:
        with kept() as cursor:
            cursor.execute("select placet_fly(%s::jsonb)", [json.dumps(rows)])
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) != OVER:
            raise
        raise Problem(Code.WRONG_STATE, _BUSY, retry_after=FLIGHT_RETRY_SECONDS) from error


def _decided_on(grant: Grant) -> Snapshot | None:
    """The reading a grant rests on: the one in the verdict, or the one the machine decided on."""
    if grant.verdict_id is None:
        return grant.action.snapshots.order_by("pk").first()
    return Verdict.objects.select_related("escalation__snapshot").get(pk=grant.verdict_id).escalation.snapshot


def _has_material(snapshot: Snapshot) -> bool:
    return snapshot.status == SnapshotStatus.READ and snapshot.facts.filter(material=True).exists()


def _changed(before: Snapshot | None, reading: Frozen) -> bool:
    """Whether anything material is not as it was decided on. A record that is gone has changed."""
    if before is None:
        return False
    if reading.row["status"] != before.status or reading.row["subject"] != before.subject:
        return True
    now = {fact["name"]: _material(fact) for fact in reading.row["facts"] if fact["material"]}
    if now != {fact.name: _material(_as_row(fact)) for fact in before.facts.all() if fact.material}:
        return True
    return _beside(reading.row["sentence"]) != _beside(before.sentence)


def _beside(said: dict[str, Any]) -> list[dict[str, Any]]:
    """What was recorded of the lines beside the facts: before, sums and roles. Being paid meanwhile is no change."""
    lines = [line for line in said.get("lines", ()) if line["kind"] != "payee"]
    return [{name: value for name, value in line.items() if name not in _WORDS} for line in lines]


def _material(fact: dict[str, Any]) -> tuple[Any, ...]:
    return fact["recorded"], fact["result"], fact["required"]


def _as_row(fact: Fact) -> dict[str, Any]:
    return {"recorded": fact.recorded, "result": fact.result, "required": fact.required}


@transaction.atomic
def _note_outage(action: Action, took_ms: int | None) -> None:
    note_reading(action, good=False, took_ms=took_ms)
