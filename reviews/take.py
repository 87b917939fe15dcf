"""The verbs that lease a case to one reviewer for five minutes, prolong it a few times and end it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.entries import readable
from governance.policy.tiers import Risk
from governance.problems import Code, Problem
from reviews.candidates import candidates
from reviews.cases import LEASE, give_back_all, holds, locked, refuse_if_taken, require_lease, require_open
from reviews.eligible import Hindrance, Matter, why_away
from reviews.four_eyes import refuse_part
from reviews.models import Escalation
from reviews.reviewers import PRACTICE_FIRST, TOLD, require_reviewer
from reviews.verify import is_fresh, verify

# Half an hour in all: after that it is somebody else's turn, unless nobody else wants it.
MOST_RENEWALS = 5


def take(escalation_id: UUID, *, reviewer: User) -> Escalation:
    """Lease an open case, or prolong one's own lease, and read its record unless that was done just now.

    A lease that was prolonged as often as it may be stays as it is. A mandate is not asked for: a case outside it may
    be looked at and rejected, not approved. Problems: NOT_FOUND, FORBIDDEN, PRACTICE_FIRST, OWN_AGENT, TAKEN_PART,
    OUTSIDE_MANDATE (they are not at work), TAKEN_BY_ANOTHER (naming who), and those of a case that is not open.
    """
    case = _lease(escalation_id, reviewer)
    # what an operator must look at first is read by nobody, and can be rejected
    if not is_fresh(case.snapshot, locks.database_now()) and readable(case.action_type_id) is not None:
        case.snapshot = verify(escalation_id)
    return case


@transaction.atomic
def _lease(escalation_id: UUID, reviewer: User) -> Escalation:
    # the person before the case, like whoever signs them out
    require_reviewer(reviewer)
    case = locked(escalation_id)
    now = locks.database_now()
    _refuse_who_cannot(case, reviewer, now)
    refuse_if_taken(case, reviewer, now)
    if not holds(case, reviewer.pk, now):
        case.renewals = 0
    elif case.renewals >= MOST_RENEWALS:
        return case
    else:
        case.renewals += 1
    case.taken_by, case.taken_until = reviewer, now + LEASE
    case.save(update_fields=["taken_by", "taken_until", "renewals"])
    body = {"escalation": str(case.pk), "until": case.taken_until.isoformat()}
    if case.renewals:
        body["renewal"] = str(case.renewals)
    record.append(event=record.Event.CASE_TAKEN, actor=_actor(reviewer), body=body)
    return case


def _refuse_who_cannot(case: Escalation, reviewer: User, now: datetime) -> None:
    """Everything but a mandate that must reach the case: practice, that it is open, not their own, nor decided by them.

    What counts of the person is read in one statement, as for the page that offered them the case.
    """
    any_matter = Matter(case.action_type_id, Risk(case.risk))
    (found,) = candidates(case, matter=any_matter, only=reviewer.pk, now=now)
    if Hindrance.PRACTICE in found.person.ties:
        raise Problem(Code.PRACTICE_FIRST, PRACTICE_FIRST)
    require_open(case, now)
    for tie in found.person.ties:
        if tie in TOLD:
            raise Problem(Code.OWN_AGENT, TOLD[tie])
    refuse_part(case, reviewer, now)
    why = why_away(found.person, now)
    if why is not None:
        raise Problem(Code.OUTSIDE_MANDATE, why)


@transaction.atomic
def renew(escalation_id: UUID, *, reviewer: User) -> Escalation:
    """Five more minutes for whoever has the case, at most five times. The record is not read again.

    Problems: those of `release`, FORBIDDEN, OWN_AGENT, OUTSIDE_MANDATE, WRONG_STATE (prolonged as often as it may be).
    """
    require_reviewer(reviewer)
    case = locked(escalation_id)
    now = locks.database_now()
    require_open(case, now)
    require_lease(case, reviewer, now)
    if case.renewals >= MOST_RENEWALS:
        raise Problem(Code.WRONG_STATE, "You have had this case for long: decide it, or hand it on.")
    return _lease(escalation_id, reviewer)


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
    """Give back every case that somebody has, because they signed out. How many; without a lease there is no entry.

    One that is being decided at this very moment is left to its verdict. Whoever is switched off or loses authority
    loses their cases by the database, in the transaction of that change.
    """
    cases = give_back_all(reviewer, locks.database_now())
    if cases:
        body = {"escalations": cases, "of": reviewer.get_username(), "because": "signed_out"}
        record.append(event=record.Event.CASE_RELEASED, actor=_actor(reviewer), body=body)
    return len(cases)


def _actor(reviewer: User) -> str:
    return f"user:{reviewer.get_username()}"
