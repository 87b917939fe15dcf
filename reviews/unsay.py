"""The verb that takes a verdict back while its hold lasts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.models import ActionState, Grant, Mandate
from governance.problems import Code, Problem
from reviews.cases import LEASE, locked, locked_action, save_open
from reviews.eligible import why_away
from reviews.models import Escalation, EscalationState, Verdict
from reviews.relink import give_back
from reviews.reviewers import person_of, stays_reviewer

_CLOSED = (EscalationState.APPROVED, EscalationState.REJECTED)


@transaction.atomic
def withdraw(verdict_id: int, *, reviewer: User, of: UUID | None = None) -> Verdict:
    """Take one's own verdict back while its hold lasts: the case is open again, leased to its reviewer
    if they could take it now.

    An approval's grant was never open, so its reservation is given back. Problems: NOT_FOUND (also when it is not
    `of` that case), FORBIDDEN (another's), WRONG_STATE (withdrawn already), HOLD_OVER, CASE_CLOSED (the agent
    withdrew meanwhile).
    """
    locks.share_authority()
    stays = stays_reviewer(reviewer.pk)
    found = Verdict.objects.filter(pk=verdict_id).values_list("escalation_id", "action_digest").first()
    if found is None or of not in (None, found[0]):
        raise Problem(Code.NOT_FOUND, "This verdict does not exist.")
    locks.hold_alike(bytes(found[1]))
    case = locked(found[0])
    action = locked_action(case.action_id)
    verdict = _withdrawable(verdict_id, case, reviewer)
    now = verdict.withdrawn_at = locks.database_now()
    if now >= verdict.final_at:
        raise Problem(Code.HOLD_OVER, "The hold is over: the verdict is final.")
    verdict.save(update_fields=["withdrawn_at"])
    body: dict[str, Any] = {"escalation": str(case.pk), "action": str(action.pk), "verdict": verdict.pk}
    if verdict.approve and verdict.closes:
        Grant.objects.filter(verdict_id=verdict.pk).update(voided_at=now)
        body["released"] = give_back(case, action)
    action.state = ActionState.ESCALATED
    action.save(update_fields=["state"])
    at_work = why_away(person_of(reviewer.pk, Mandate.objects.filter(reviewer=reviewer).first(), now), now) is None
    _reopen(case, reviewer if stays and at_work else None, now)
    record.append(event=record.Event.VERDICT_WITHDRAWN, actor=f"user:{reviewer.get_username()}", body=body)
    return verdict


def _withdrawable(verdict_id: int, case: Escalation, reviewer: User) -> Verdict:
    verdict = Verdict.objects.get(pk=verdict_id)
    if verdict.reviewer_id != reviewer.pk:
        raise Problem(Code.FORBIDDEN, "Only who gave a verdict may withdraw it.")
    if verdict.withdrawn_at is not None or verdict.set_aside_at is not None:
        raise Problem(Code.WRONG_STATE, "This verdict is withdrawn already.")
    if case.state not in (_CLOSED if verdict.closes else (EscalationState.OPEN,)):
        raise Problem(Code.CASE_CLOSED, "The case has moved on: there is nothing to withdraw.")
    return verdict


def _reopen(case: Escalation, reviewer: User | None, now: datetime) -> None:
    """Leased to who withdrew, unless they judge no more or are not at work: then it is anybody's."""
    case.state, case.closed_at = EscalationState.OPEN.value, None
    case.taken_by, case.taken_until = reviewer, None if reviewer is None else now + LEASE
    save_open(case)
