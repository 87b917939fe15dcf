"""The verbs that hand a case on undecided: to a named person, up a rank, or past oneself. Each says why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.problems import Code, Problem
from reviews.cases import LEASE, holds, locked, refuse_if_taken, require_lease, require_open
from reviews.colleagues import obstacle
from reviews.four_eyes import refuse_part
from reviews.models import Escalation, HandKind, Handover, HandReason
from reviews.reviewers import require_reviewer, stays_reviewer
from reviews.routing import RANKS

# How long who skipped a case does not see it, and how many they may have skipped at once.
SKIP = timedelta(minutes=30)
MOST_SKIPPED = 20


@transaction.atomic
def hand_over(escalation_id: UUID, *, reviewer: User, to: str, reason: str) -> Handover:
    """Give one's lease to a named person, who then has five minutes of their own.

    Problems: those of `release`, FORBIDDEN, INVALID (no such reason; they could not decide it, saying why).
    """
    heir = User.objects.filter(username=to).exclude(pk=reviewer.pk).first()
    stays = heir is not None and stays_reviewer(heir.pk)  # people before the case, like whoever switches them off
    case, now = _held(escalation_id, reviewer, reason)
    why = "Nobody else has that name." if heir is None else obstacle(case, heir)
    if heir is None or why or not stays:
        raise Problem(
            Code.INVALID, why or "Only an active reviewer may do this.", fields=(("/to", "Not this person."),)
        )
    case.taken_by, case.taken_until, case.renewals = heir, now + LEASE, 0
    case.save(update_fields=["taken_by", "taken_until", "renewals"])
    told = {"to": heir.get_username(), "until": case.taken_until.isoformat()}
    return _handed(case, reviewer, now, reason, HandKind.PERSON, told, to=heir)


@transaction.atomic
def hand_up(escalation_id: UUID, *, reviewer: User, reason: str) -> Handover:
    """Raise the rank that may approve a case by one and give the lease back.

    Problems: those of `release`, FORBIDDEN, INVALID (no such reason), WRONG_STATE (the highest rank already).
    """
    case, now = _held(escalation_id, reviewer, reason)
    if case.rank >= RANKS[-1]:
        raise Problem(Code.WRONG_STATE, "This case needs the highest rank already: hand it to a person.")
    case.rank += 1
    case.taken_by = case.taken_until = None
    case.save(update_fields=["rank", "taken_by", "taken_until"])
    return _handed(case, reviewer, now, reason, HandKind.RANK, {"rank": case.rank}, rank=case.rank)


@transaction.atomic
def skip(escalation_id: UUID, *, reviewer: User, reason: str) -> Handover:
    """Leave a case to the others: who skips it does not see it in the queue for half an hour. A lease of theirs ends.

    Problems: NOT_FOUND, FORBIDDEN, TAKEN_PART, TAKEN_BY_ANOTHER, INVALID (no such reason), WRONG_STATE (skipped
    already, or twenty others are), and those of a case that is not open.
    """
    require_reason(reason)
    require_reviewer(reviewer)
    case = locked(escalation_id)
    now = locks.database_now()
    require_open(case, now)
    refuse_part(case, reviewer, now)
    refuse_if_taken(case, reviewer, now)
    skipped = Handover.objects.filter(by=reviewer, kind=HandKind.SKIP, until__gt=now)
    if skipped.filter(escalation=case).exists() and not holds(case, reviewer.pk, now):
        raise Problem(Code.WRONG_STATE, "You have skipped this case already.")
    if skipped.count() >= MOST_SKIPPED:
        raise Problem(Code.WRONG_STATE, "You have skipped many cases: decide some before you skip more.")
    case.skips += 1
    if case.taken_by_id == reviewer.pk:  # also where their time with it is over: the queue shows people their own
        case.taken_by = case.taken_until = None
    case.save(update_fields=["skips", "taken_by", "taken_until"])
    until = now + SKIP
    return _handed(case, reviewer, now, reason, HandKind.SKIP, {"until": until.isoformat()}, until=until)


def require_reason(reason: str) -> None:
    """Problem INVALID unless it is one of the reasons."""
    if reason not in HandReason.values:
        raise Problem(Code.INVALID, "Choose one of the reasons.", fields=(("/reason", "unknown"),))


def _held(escalation_id: UUID, reviewer: User, reason: str) -> tuple[Escalation, datetime]:
    """The case under its lock, for whoever has it."""
    require_reason(reason)
    require_reviewer(reviewer)
    case = locked(escalation_id)
    now = locks.database_now()
    require_open(case, now)
    refuse_part(case, reviewer, now)  # whoever approved does not choose who decides after them
    require_lease(case, reviewer, now)
    return case, now


def _handed(
    case: Escalation, reviewer: User, now: datetime, reason: str, kind: HandKind, told: dict[str, Any], **where: Any
) -> Handover:
    done = Handover.objects.create(escalation=case, kind=kind.value, by=reviewer, reason=reason, at=now, **where)
    event = record.Event.CASE_SKIPPED if kind is HandKind.SKIP else record.Event.CASE_HANDED_ON
    body = {"escalation": str(case.pk), "handover": done.pk, "reason": reason, **told}
    record.append(event=event, actor=f"user:{reviewer.get_username()}", body=body)
    return done
