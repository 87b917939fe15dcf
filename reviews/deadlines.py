"""The verbs that move a deadline or a rank: more time, once, and the next rank before time is over."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.problems import Code, Problem
from reviews.cases import locked, locked_action, require_open
from reviews.grounds import amount_of
from reviews.models import Escalation, Extension, ExtensionReason
from reviews.reviewers import held_mandate, of_rank, refuse_own, require_reviewer
from reviews.routing import MORE_TIME_RANK, RANKS, extended, sort_key
from reviews.verify import entry_of


@transaction.atomic
def extend(escalation_id: UUID, *, reviewer: User, reason: str) -> Extension:
    """Give an open case its time once more, never past 48 hours in all, for a listed reason.

    Rank 2 and 3 may, once for a case; it need not be taken. Problems: NOT_FOUND, FORBIDDEN, OWN_AGENT, INVALID (no such
    reason), OUTSIDE_MANDATE, WRONG_STATE (extended already, or no time left to give), those of a case that is not open.
    """
    if reason not in ExtensionReason.values:
        raise Problem(Code.INVALID, "Choose one of the reasons.", fields=(("/reason", "unknown"),))
    # the person before the case, as in every verb on a case
    require_reviewer(reviewer)
    case = locked(escalation_id)
    action = locked_action(case.action_id)
    case.action = action
    mandate = held_mandate(reviewer)
    now = locks.database_now()
    require_open(case, now)
    refuse_own(reviewer, action, case.snapshot)
    if not of_rank(mandate, MORE_TIME_RANK, now):
        raise Problem(Code.OUTSIDE_MANDATE, f"More time is given by rank {MORE_TIME_RANK} or higher.")
    if Extension.objects.filter(escalation=case).exists():
        raise Problem(Code.WRONG_STATE, "This case was given more time already.")
    before, until = case.deadline, extended(case.opened_at, case.deadline)
    if until <= before:
        raise Problem(Code.WRONG_STATE, "A case never waits longer than 48 hours.")
    return _extend(case, reviewer, ExtensionReason(reason), until, now)


def _extend(case: Escalation, reviewer: User, reason: ExtensionReason, until: datetime, now: datetime) -> Extension:
    before, case.deadline = case.deadline, until
    case.sort_key = sort_key(until.timestamp(), amount_of(case.action, entry_of(case.action).spec, case.snapshot))
    case.save(update_fields=["deadline", "sort_key"])
    given = Extension.objects.create(
        escalation=case, reviewer=reviewer, reason=reason.value, before=before, until=until, extended_at=now
    )
    body = {
        "escalation": str(case.pk),
        "extension": given.pk,
        "reason": reason.value,
        "from": before.isoformat(),
        "to": until.isoformat(),
    }
    record.append(event=record.Event.CASE_EXTENDED, actor=f"user:{reviewer.get_username()}", body=body)
    return given


def raise_rank(case: Escalation, *, by: str) -> None:
    """The case needs one rank more from now on, in the caller's transaction with its row locked. Rank 1 or 2 only."""
    before, case.rank = case.rank, RANKS[case.rank]
    case.save(update_fields=["rank"])
    body = {"escalation": str(case.pk), "from": before, "to": case.rank}
    record.append(event=record.Event.CASE_RAISED, actor=by, body=body)
