"""The verbs that lease a case to one reviewer for five minutes."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from governance import locks, record
from reviews.cases import LEASE, locked, refuse_if_taken, require_lease, require_open
from reviews.four_eyes import refuse_part
from reviews.models import Escalation, EscalationState
from reviews.reviewers import refuse_own_agent, require_reviewer
from reviews.verify import is_fresh, verify


def take(escalation_id: UUID, *, reviewer: User) -> Escalation:
    """Lease an open case, or renew one's own lease, and read its record unless that was done just now.

    A mandate is not asked for: a case outside it may be looked at and rejected, not approved. Problems:
    NOT_FOUND, FORBIDDEN, OWN_AGENT, TAKEN_PART, TAKEN_BY_ANOTHER (naming who), and those of a case that is not open.
    """
    case = _lease(escalation_id, reviewer)
    if not is_fresh(case.snapshot, locks.database_now()):
        verify(escalation_id)
        case = Escalation.objects.get(pk=escalation_id)
    return case


@transaction.atomic
def _lease(escalation_id: UUID, reviewer: User) -> Escalation:
    # the person before the case, like whoever signs them out
    require_reviewer(reviewer)
    case = locked(escalation_id)
    now = locks.database_now()
    require_open(case, now)
    refuse_own_agent(reviewer, case.action)
    refuse_part(case, reviewer, now)
    refuse_if_taken(case, reviewer, now)
    case.taken_by, case.taken_until = reviewer, now + LEASE
    case.save(update_fields=["taken_by", "taken_until"])
    body = {"escalation": str(case.pk), "until": case.taken_until.isoformat()}
    record.append(event=record.Event.CASE_TAKEN, actor=_actor(reviewer), body=body)
    return case


@transaction.atomic
def release(escalation_id: UUID, *, reviewer: User) -> Escalation:
    """Give one's own lease back. Problems: NOT_FOUND, NOT_TAKEN, and those of a case that is not open."""
    case = locked(escalation_id)
    now = locks.database_now()
    require_open(case, now)
    refuse_part(case, reviewer, now)
    require_lease(case, reviewer, now)
    case.taken_by = case.taken_until = None
    case.save(update_fields=["taken_by", "taken_until"])
    record.append(event=record.Event.CASE_RELEASED, actor=_actor(reviewer), body={"escalation": str(case.pk)})
    return case


@transaction.atomic
def release_all(*, reviewer: User) -> int:
    """Give back every case this person holds; how many there were."""
    held = Escalation.objects.select_for_update(no_key=True).filter(
        taken_by=reviewer, state=EscalationState.OPEN, taken_until__gt=Now()
    )
    cases = [case.pk for case in held.order_by("pk")]
    if not cases:
        return 0
    Escalation.objects.filter(pk__in=cases).update(taken_by=None, taken_until=None)
    body = {"escalations": [str(case) for case in cases]}
    record.append(event=record.Event.CASE_RELEASED, actor=_actor(reviewer), body=body)
    return len(cases)


def _actor(reviewer: User) -> str:
    return f"user:{reviewer.get_username()}"
