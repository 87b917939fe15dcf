"""The verbs of a verdict: approve, reject, acknowledge, withdraw. Each is one transaction and one entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.entries import Entry
from governance.models import Action, ActionState, Grant, Instance, Mandate
from governance.policy.tiers import Risk
from governance.problems import Code, Problem
from governance.proof import Proof, require
from governance.weigh import NOTICE
from reviews import material
from reviews.budgets import cap_frees_at, reserve
from reviews.cases import (
    LEASE,
    asks_for_proof,
    counters,
    halts_over,
    locked,
    locked_action,
    require_lease,
    require_open,
    save_open,
)
from reviews.grounds import amount_of, matter_of, require_ground, require_same, soft_facts, subject_of, unhex
from reviews.material import require_consent
from reviews.models import Escalation, EscalationState, FactsReason, OverrideReason, Verdict
from reviews.reject_reasons import require_offered
from reviews.relink import give_back
from reviews.reviewers import held_mandate, outside, refuse_own_agent, require_reviewer, stays_reviewer
from reviews.routing import PICK_UP, hold_seconds
from reviews.showing import require_read
from reviews.verify import entry_of
from reviews.withheld import overridable, require_allowed


@dataclass(frozen=True, slots=True)
class _Bench:
    """Everything about a case that a verdict is given on, under its locks."""

    case: Escalation
    action: Action
    entry: Entry
    mandate: Mandate | None
    now: datetime


@dataclass(frozen=True, slots=True)
class _Approval:
    """What an approval states besides its digests: why it passes over a rule, and over which facts why."""

    consent: bytes
    override: str
    against: str
    over: tuple[str, ...]


@transaction.atomic
def approve(
    escalation_id: UUID,
    *,
    reviewer: User,
    action_digest: str,
    snapshot_digest: str,
    consent: str,
    override: str = "",
    against: str = "",
    proof: Proof | None = None,
) -> Verdict:
    """Approve what the digests (hex) state, and issue the grant that opens when the hold ends.

    `consent` is the digest of everything material that the page showed; it is computed again here. `override` says why,
    where a soft rule of policy holds the action back; otherwise it is not kept. `against` says why, where the highest
    rank approves although required facts do not agree: only those that their binding lets be approved over. `proof` is
    when the reviewer last showed that it is them: high risk asks for one of the last five minutes.

    Everything is read again under locks and committed at once. Problems: those of `take`, NOT_TAKEN, FACTS_CHANGED,
    NOT_READ_YET, NOT_APPROVABLE (saying why; also a hard cap), OUTSIDE_MANDATE, HALTED, SECOND_FACTOR_MISSING,
    CONFIRM_IDENTITY.
    """
    # a halt or a demotion stands wholly before this verdict or wholly after it
    locks.share_authority()
    bench = _bench(escalation_id, reviewer)
    case, action = bench.case, bench.action
    require_same(case, action_digest=action_digest, snapshot_digest=snapshot_digest)
    shown = material.read(case.pk)
    require_consent(shown, consent)
    over = soft_facts(case, bench.entry.binding) if against else ()
    require_ground(case, over)
    why = outside(bench.mandate, matter_of(case, bench.entry.spec, over_facts=bool(over)), bench.now)
    if why is not None:
        raise Problem(Code.OUTSIDE_MANDATE, why)
    if over and against not in FactsReason.values:
        raise Problem(Code.INVALID, "Say why you approve against the record.", fields=(("/against", "unknown"),))
    require_allowed(action, override=override, known=frozenset(OverrideReason.values))
    halts = halts_over(action.pk)
    if halts:
        raise Problem(Code.HALTED, "A halt is in force here: nothing is approved until it is lifted.")
    if asks_for_proof(action):
        require(reviewer.pk, proof, bench.now)
    require_read(case.pk, reviewer=reviewer, material=shown, now=bench.now)
    frees_at = reserve(
        action,
        bench.entry.spec,
        subject=subject_of(action, case.snapshot),
        amount=amount_of(action, bench.entry.spec, case.snapshot),
    )
    if case.cap_key is not None:
        case.cap_frees_at = cap_frees_at(case.cap_key, frees_at) or case.cap_frees_at
    given = _Approval(unhex(consent), override if overridable(action) else "", against if over else "", over)
    verdict = _verdict(bench, reviewer, approval=given)
    grant = _grant(bench, verdict)
    _close(bench, EscalationState.APPROVED)
    body = {"grant": str(grant.pk), "budgets": len(frees_at)}
    record.append(event=record.Event.VERDICT_GIVEN, actor=_actor(reviewer), body={**_said(bench, verdict), **body})
    return verdict


@transaction.atomic
def reject(escalation_id: UUID, *, reviewer: User, reason: str) -> Verdict:
    """Reject for a preset reason. It needs no facts, no mandate and no halt lifted, only the lease.

    Problems: those of `take`, NOT_TAKEN, INVALID (no reason that is offered for its type).
    """
    bench = _bench(escalation_id, reviewer)
    require_offered(reason, bench.action.action_type_id)
    verdict = _verdict(bench, reviewer, reason=reason)
    bench.action.state = ActionState.REFUSED
    bench.action.save(update_fields=["state"])
    _close(bench, EscalationState.REJECTED)
    record.append(event=record.Event.VERDICT_GIVEN, actor=_actor(reviewer), body=_said(bench, verdict))
    return verdict


@transaction.atomic
def acknowledge(escalation_id: UUID, *, reviewer: User) -> Escalation:
    """Take note of a notice: it is closed without verdict and without grant.

    Problems: those of `take`, NOT_TAKEN, WRONG_STATE (not a notice).
    """
    bench = _bench(escalation_id, reviewer)
    if bench.entry.spec.key != NOTICE:
        raise Problem(Code.WRONG_STATE, "Only a notice is acknowledged; this case needs a verdict.")
    bench.action.state = ActionState.NOT_EXECUTED
    bench.action.save(update_fields=["state"])
    _close(bench, EscalationState.ACKNOWLEDGED)
    body = {"escalation": str(bench.case.pk), "action": str(bench.action.pk)}
    record.append(event=record.Event.CASE_ACKNOWLEDGED, actor=_actor(reviewer), body=body)
    return bench.case


@transaction.atomic
def withdraw(verdict_id: int, *, reviewer: User, of: UUID | None = None) -> Verdict:
    """Take one's own verdict back while its hold lasts: the case is open again, leased to its reviewer.

    An approval's grant was never open, so its reservation is given back. Problems: NOT_FOUND (also when it is not
    `of` that case), FORBIDDEN (another's), WRONG_STATE (withdrawn already), HOLD_OVER, CASE_CLOSED (the agent
    withdrew meanwhile).
    """
    locks.share_authority()
    stays = stays_reviewer(reviewer)
    found = Verdict.objects.filter(pk=verdict_id).values_list("escalation_id", flat=True).first()
    if found is None or of not in (None, found):
        raise Problem(Code.NOT_FOUND, "This verdict does not exist.")
    case = locked(found)
    action = locked_action(case.action_id)
    verdict = _withdrawable(verdict_id, case, reviewer)
    now = verdict.withdrawn_at = locks.database_now()
    if now >= verdict.final_at:
        raise Problem(Code.HOLD_OVER, "The hold is over: the verdict is final.")
    verdict.save(update_fields=["withdrawn_at"])
    body: dict[str, Any] = {"escalation": str(case.pk), "action": str(action.pk), "verdict": verdict.pk}
    if verdict.approve:
        Grant.objects.filter(verdict_id=verdict.pk).update(voided_at=now)
        body["released"] = give_back(case, action)
    action.state = ActionState.ESCALATED
    action.save(update_fields=["state"])
    _reopen(case, reviewer if stays else None, now)
    record.append(event=record.Event.VERDICT_WITHDRAWN, actor=_actor(reviewer), body=body)
    return verdict


def _withdrawable(verdict_id: int, case: Escalation, reviewer: User) -> Verdict:
    verdict = Verdict.objects.get(pk=verdict_id)
    if verdict.reviewer_id != reviewer.pk:
        raise Problem(Code.FORBIDDEN, "Only who gave a verdict may withdraw it.")
    if verdict.withdrawn_at is not None:
        raise Problem(Code.WRONG_STATE, "This verdict is withdrawn already.")
    if case.state not in (EscalationState.APPROVED, EscalationState.REJECTED):
        raise Problem(Code.CASE_CLOSED, "The case has moved on: there is nothing to withdraw.")
    return verdict


def _reopen(case: Escalation, reviewer: User | None, now: datetime) -> None:
    """Leased to who withdrew, unless they judge no more."""
    case.state, case.closed_at = EscalationState.OPEN.value, None
    case.taken_by, case.taken_until = reviewer, None if reviewer is None else now + LEASE
    save_open(case)


def _bench(escalation_id: UUID, reviewer: User) -> _Bench:
    """Lock in the order of `cases.locked`, read the clock after waiting, and refuse whoever may not judge."""
    # the person before the case, like whoever signs them out
    require_reviewer(reviewer)
    case = locked(escalation_id)
    action = locked_action(case.action_id)
    case.action = action
    mandate = held_mandate(reviewer)
    now = locks.database_now()
    require_open(case, now)
    require_lease(case, reviewer, now)
    refuse_own_agent(reviewer, action)
    return _Bench(case, action, entry_of(action), mandate, now)


def _verdict(bench: _Bench, reviewer: User, *, reason: str = "", approval: _Approval | None = None) -> Verdict:
    case, snapshot = bench.case, bench.case.snapshot
    return Verdict.objects.create(
        escalation=case,
        reviewer=reviewer,
        approve=approval is not None,
        reject_reason=reason,
        override_reason="" if approval is None else approval.override,
        facts_override="" if approval is None else approval.against,
        overridden=[] if approval is None else list(approval.over),
        action_digest=bytes(bench.action.digest),
        snapshot_digest=b"" if snapshot is None else bytes(snapshot.digest),
        consent_digest=b"" if approval is None else approval.consent,
        policy_revision=Instance.objects.values_list("policy_revision", flat=True).get(),
        rank=0 if bench.mandate is None else bench.mandate.rank,
        decided_at=bench.now,
        final_at=bench.now + timedelta(seconds=hold_seconds(bench.entry.spec)),
    )


def _grant(bench: _Bench, verdict: Verdict) -> Grant:
    """Open when the hold ends, and to be picked up within the time of its risk."""
    instance = Instance.objects.get()
    risk = Risk(bench.action.decision.effective_risk)
    return Grant.objects.create(
        action=bench.action,
        agent_id=bench.action.agent_id,
        digest=bytes(bench.action.digest),
        issued_by="human",
        verdict_id=verdict.pk,
        policy_revision=instance.policy_revision,
        authority_epoch=instance.authority_epoch,
        instance_epoch=instance.instance_epoch,
        issued_at=bench.now,
        not_before=verdict.final_at,
        expires_at=verdict.final_at + timedelta(seconds=PICK_UP[risk]),
    )


def _close(bench: _Bench, state: EscalationState) -> None:
    case = bench.case
    case.state, case.closed_at, case.taken_until = state.value, bench.now, bench.now
    case.save(update_fields=["state", "closed_at", "taken_until", "cap_frees_at"])


def _said(bench: _Bench, verdict: Verdict) -> dict[str, Any]:
    """What the ledger keeps of a verdict: the statement and its digests, never a reason in free words."""
    return {
        "escalation": str(bench.case.pk),
        "action": str(bench.action.pk),
        "verdict": verdict.pk,
        "approve": verdict.approve,
        "reason": verdict.reject_reason,
        **({"override": verdict.override_reason} if verdict.override_reason else {}),
        **({"against": verdict.facts_override, "over": verdict.overridden} if verdict.facts_override else {}),
        "action_digest": verdict.action_digest.hex(),
        "snapshot_digest": verdict.snapshot_digest.hex(),
        **({"consent_digest": verdict.consent_digest.hex()} if verdict.consent_digest else {}),
        "rank": verdict.rank,
        "policy_revision": verdict.policy_revision,
        "final_at": verdict.final_at.isoformat(),
        **counters(bench.case),
    }


def _actor(reviewer: User) -> str:
    return f"user:{reviewer.get_username()}"
