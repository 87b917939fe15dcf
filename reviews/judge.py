"""The verbs of a verdict: approve, reject, acknowledge; withdraw stands beside. Each is one transaction, one entry."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
from reviews import material, rows
from reviews.budgets import cap_frees_at, free_again, reserve
from reviews.candidates import candidates
from reviews.cases import about, asks_for_proof, counters, halts_over, locked, require_lease, require_open
from reviews.eligible import Matter, Person, why_not
from reviews.four_eyes import Place, Round, given, locked_people, refuse_part, round_of, set_aside
from reviews.grounds import amount_of, require_ground, require_same, soft_facts, subject_of, unhex
from reviews.material import require_consent
from reviews.models import Escalation, EscalationState, FactsReason, OverrideReason, Verdict
from reviews.reject_reasons import require_offered
from reviews.reviewers import NO_MANDATE, refuse_bound, require_reviewer
from reviews.routing import HOLD_SECONDS, PICK_UP, hold_seconds
from reviews.showing import require_read
from reviews.unsay import withdraw as withdraw
from reviews.verify import entry_of
from reviews.withheld import require_allowed, withheld


@dataclass(frozen=True, slots=True)
class _Bench:
    """Everything about a case that a verdict is given on, under its locks."""

    case: Escalation
    action: Action
    readable: Entry | None
    instance: Instance
    person: Person
    halted: bool
    approvals: Sequence[Verdict]
    mandates: Mapping[int, Mandate]
    active: Collection[int]
    now: datetime

    @property
    def entry(self) -> Entry:
        """The catalogue entry. Problem UNAVAILABLE where it cannot be read, which stops everything but a reject."""
        return self.readable or entry_of(self.action)


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
    """Approve what the digests (hex) state; the last of all who must issues the grant that opens when the hold ends.

    `consent` is the digest of everything material that the page showed; it is computed again here. `override` says why,
    where a soft rule of policy holds the action back, or did when it was decided; otherwise it is not kept. `against`
    says why, where the highest rank approves although required facts do not agree: only those that their binding lets
    be approved over. `proof` is when the reviewer last showed that it is them: high risk asks for one of the last five
    minutes. Where others must approve as well, the case stays open for them; approvals that lost their ground
    meanwhile are set aside.

    Everything is read again under locks and committed at once. Problems: those of `take`, NOT_TAKEN, FACTS_CHANGED,
    NOT_READ_YET, NOT_APPROVABLE (saying why; also a hard cap), OUTSIDE_MANDATE, HALTED, SECOND_FACTOR_MISSING,
    CONFIRM_IDENTITY.
    """
    # a halt or a demotion stands wholly before this verdict or wholly after it
    locks.share_authority()
    bench = _bench(escalation_id, reviewer)
    case, action = bench.case, bench.action
    require_same(case, action_digest=action_digest, snapshot_digest=snapshot_digest)
    shown = material.held(case, bench.entry)
    require_consent(shown, consent)
    over = soft_facts(case, bench.entry.binding) if against else ()
    require_ground(case, over)
    held = withheld(action, revision=bench.instance.policy_revision, now=bench.now)
    eyes = _round(bench, overrides=bool(over) or held.overrides)
    mandate = bench.mandates.get(reviewer.pk)
    why = why_not(bench.person, eyes.matter, bench.now)
    if mandate is None or why is not None:
        raise Problem(Code.OUTSIDE_MANDATE, why or NO_MANDATE)
    if over and against not in FactsReason.values:
        raise Problem(Code.INVALID, "Say why you approve against the record.", fields=(("/against", "unknown"),))
    require_allowed(held, override=override, known=frozenset(OverrideReason.values))
    if bench.halted and halts_over(action.pk):
        raise Problem(Code.HALTED, "A halt is in force here: nothing is approved until it is lifted.")
    if asks_for_proof(action):
        require(reviewer.pk, proof, bench.now)
    require_read(case.pk, reviewer=reviewer, material=shown, now=bench.now)
    stated = _Approval(unhex(consent), override if held.overrides else "", against if over else "", over)
    aside = set_aside(eyes.aside, bench.now)
    verdict = _verdict(bench, reviewer, place=eyes.place_for(mandate.rank), approval=stated)
    body = {**_said(bench, verdict), **({"rules": list(held.rules)} if held.overrides else {}), **aside}
    if not verdict.closes:
        _keep_open(bench, reviewer, verdict)
        record.append(event=record.Event.VERDICT_GIVEN, actor=_actor(reviewer), body=body)
        return verdict
    budgets = reserve(
        action,
        bench.entry.spec,
        subject=subject_of(action, case.snapshot),
        amount=amount_of(action, bench.entry.spec, case.snapshot),
    )
    if case.cap_key is not None:
        case.cap_frees_at = cap_frees_at(case.cap_key, free_again(budgets)) or case.cap_frees_at
    grant = _grant(bench, verdict)
    _close(bench, EscalationState.APPROVED)
    body |= {"grant": str(grant.pk), "budgets": len({each["budget"] for each in budgets})}
    record.append(event=record.Event.VERDICT_GIVEN, actor=_actor(reviewer), body=body)
    return verdict


@transaction.atomic
def reject(escalation_id: UUID, *, reviewer: User, reason: str) -> Verdict:
    """Reject for a preset reason. It needs no facts, no mandate and no halt lifted, only the lease;
    a catalogue entry that cannot be read stops it no more.

    Problems: those of `take`, NOT_TAKEN, INVALID (no reason that is offered for its type).
    """
    bench = _bench(escalation_id, reviewer)
    require_offered(reason, bench.action.action_type_id)
    # one reject ends it, however many have approved
    stage = max((verdict.stage for verdict in bench.approvals), default=0) + 1
    verdict = _verdict(bench, reviewer, place=Place(stage, stage), reason=reason)
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


def _bench(escalation_id: UUID, reviewer: User) -> _Bench:
    """Lock in the order of `cases.locked`, read the clock after waiting, and refuse whoever may not judge."""
    # the person before the case, like whoever signs them out
    require_reviewer(reviewer)
    case = locked(escalation_id)
    read = about(case, lock=True)
    approvals = given(case) if read.approved else ()
    mandates, active = locked_people(approvals, reviewer)
    # what counts of the person is read in one statement, and the clock with it
    (found,) = candidates(case, matter=Matter(case.action_type_id, Risk(case.risk)), only=reviewer.pk)
    person, now = found.person, found.now
    require_open(case, now)
    refuse_part(case, reviewer, now, approvals=approvals)
    require_lease(case, reviewer, now)
    refuse_bound(person)
    return _Bench(case, read.action, read.entry, read.instance, person, read.halted, approvals, mandates, active, now)


def _round(bench: _Bench, *, overrides: bool) -> Round:
    return round_of(
        bench.case,
        bench.entry.spec,
        bench.mandates,
        bench.now,
        active=bench.active,
        overrides=overrides,
        approvals=bench.approvals,
    )


def _verdict(
    bench: _Bench, reviewer: User, *, place: Place, reason: str = "", approval: _Approval | None = None
) -> Verdict:
    case, snapshot = bench.case, bench.case.snapshot
    mandate = bench.mandates.get(reviewer.pk)
    return rows.add(
        Verdict(
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
            policy_revision=bench.instance.policy_revision,
            rank=0 if mandate is None else mandate.rank,
            stage=place.stage,
            stages=place.stages,
            closes=place.closes,
            decided_at=bench.now,
            final_at=bench.now + timedelta(seconds=_hold(bench)),
        )
    )


def _hold(bench: _Bench) -> int:
    """Seconds; those of every type that says nothing where its entry cannot be read."""
    return HOLD_SECONDS if bench.readable is None else hold_seconds(bench.readable.spec)


def _keep_open(bench: _Bench, reviewer: User, verdict: Verdict) -> None:
    """The case waits for the next person, who gets it when this verdict can no longer be withdrawn."""
    case = bench.case
    case.taken_by, case.taken_until = reviewer, verdict.final_at
    rows.write(case, "taken_by_id", "taken_until")


def _grant(bench: _Bench, verdict: Verdict) -> Grant:
    """Open when the hold ends, and to be picked up within the time of its risk."""
    instance, risk = bench.instance, Risk(bench.action.decision.effective_risk)
    return rows.add(
        Grant(
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
    )


def _close(bench: _Bench, state: EscalationState) -> None:
    case = bench.case
    case.state, case.closed_at, case.taken_until = state.value, bench.now, bench.now
    rows.write(case, "state", "closed_at", "taken_until", "cap_frees_at")


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
        **({"stage": verdict.stage, "stages": verdict.stages} if verdict.stages > 1 else {}),
        "policy_revision": verdict.policy_revision,
        "final_at": verdict.final_at.isoformat(),
        **counters(bench.case),
    }


def _actor(reviewer: User) -> str:
    return f"user:{reviewer.get_username()}"
