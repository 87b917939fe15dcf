"""What happens to a case whose approval lost its ground: a new one takes its place."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from governance import locks, record
from governance.entries import readable
from governance.models import Action, Grant, Snapshot
from governance.policy.tiers import Risk
from reviews.bell import Bell, ring
from reviews.budgets import cap_frees_at, frees_at, release
from reviews.cases import counters, save_open
from reviews.grounds import amount_of, subject_of
from reviews.models import Escalation, EscalationState
from reviews.routing import deadline_seconds, sort_key
from reviews.verify import entry_of


class Lost(StrEnum):
    """Why an approval no longer stands."""

    HALTED = "halted"
    APPROVER = "approver"
    RESTORED = "restored"
    RECORD = "record"


def void(grant: Grant, now: datetime) -> None:
    """Void a grant that nobody used, in the caller's transaction, under the lock of its action."""
    grant.voided_at = now
    grant.save(update_fields=["voided_at"])


def give_back(case: Escalation, action: Action) -> bool:
    """Give back what an action holds that verifiably did not happen, and say anew when the cap of its case frees.

    In the caller's transaction, case and action locked; the caller saves `cap_frees_at`.
    """
    released = release(action.pk)
    if released and case.cap_key is not None and (entry := readable(action.action_type_id)) is not None:
        spec, subject = entry.spec, subject_of(action, case.snapshot)
        frees = frees_at(action, spec, subject=subject, amount=amount_of(action, spec, case.snapshot))
        case.cap_frees_at = cap_frees_at(case.cap_key, frees) or case.cap_frees_at
    return released


def relink(case: Escalation, grant: Grant, *, why: Lost, snapshot: Snapshot | None, now: datetime) -> Escalation:
    """Void the grant, supersede the case and open a new one that names it; one ledger entry for all of it.

    Called with case and action locked. Nobody redeemed the grant, so what it reserved is given back, unless it
    is from before a restore.
    """
    locks.hold_alike(bytes(case.action.digest))
    void(grant, now)
    released = give_back(case, case.action)
    case.state, case.closed_at = EscalationState.SUPERSEDED.value, now
    case.save(update_fields=["state", "closed_at", "cap_frees_at"])
    fresh = _successor(case, case.action, snapshot, now)
    save_open(fresh)
    body = {
        "escalation": str(case.pk),
        "action": str(case.action_id),
        "grant": str(grant.pk),
        "because": why.value,
        "released": released,
        "next": str(fresh.pk),
        "snapshot": None if snapshot is None else bytes(snapshot.digest).hex(),
        **counters(case),
    }
    record.append(event=record.Event.CASE_SUPERSEDED, actor=f"agent:{grant.agent_id}", body=body)
    if snapshot is None:
        ring(Bell.VERIFY, fresh.pk)
    return fresh


def _successor(case: Escalation, action: Action, snapshot: Snapshot | None, now: datetime) -> Escalation:
    spec = entry_of(action).spec
    deadline = now + timedelta(seconds=deadline_seconds(spec, Risk(action.decision.effective_risk)))
    return Escalation(
        action=action,
        opened_by="redeem",
        opened_at=now,
        deadline=deadline,
        rank=case.rank,
        action_type_id=case.action_type_id,
        domain_id=case.domain_id,
        risk=case.risk,
        owners=case.owners,
        entity=case.entity,
        line_id=case.line_id,
        digest=bytes(action.digest),
        sort_key=sort_key(deadline.timestamp(), amount_of(action, spec, snapshot)),
        cap_key=case.cap_key,
        cap_frees_at=case.cap_frees_at,
        snapshot=snapshot,
        previous=case,
    )
