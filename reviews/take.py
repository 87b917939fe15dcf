"""The verbs that lease a case to one reviewer for five minutes, prolong it a few times and end it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.policy.tiers import Risk
from governance.problems import Code, Problem
from reviews import rows
from reviews.candidates import Candidate, candidates
from reviews.cases import (
    LEASE,
    About,
    about,
    give_back_all,
    holds,
    locked,
    refuse_if_taken,
    require_lease,
    require_open,
)
from reviews.eligible import Hindrance, Matter, hindrance, why_away
from reviews.four_eyes import given, refuse_part, round_now
from reviews.models import Escalation, Verdict
from reviews.reviewers import PRACTICE_FIRST, records_of, refuse_bound, refuse_own, require_reviewer
from reviews.verify import is_fresh, verify

# Half an hour in all: after that it is somebody else's turn, unless nobody else wants it.
MOST_RENEWALS = 5


def take(escalation_id: UUID, *, reviewer: User) -> Escalation:
    """Lease an open case, or prolong one's own lease, and read its record unless that was done just now.

    A lease that was prolonged as often as it may be stays as it is. A mandate is not asked for: a case outside it may
    be looked at and rejected, not approved. Problems: NOT_FOUND, FORBIDDEN, PRACTICE_FIRST, OWN_AGENT, TAKEN_PART,
    OUTSIDE_MANDATE (they are not at work), TAKEN_BY_ANOTHER (naming who), and those of a case that is not open.
    """
    with transaction.atomic():
        held = _hold(escalation_id, reviewer)
        _refuse_who_cannot(held, reviewer)
        _lease(held, reviewer)
    return _read(held, reviewer)


def take_theirs(escalation_id: UUID, *, reviewer: User) -> Hindrance | None:
    """The same where they may approve the case as things are under its lock. Else what hinders them; nothing is done.

    Problems: those of `take`.
    """
    with transaction.atomic():
        held = _hold(escalation_id, reviewer)
        require_open(held.case, held.now)
        why = _hindrance(held)
        if why is not None:
            return why
        _refuse_who_cannot(held, reviewer)
        _lease(held, reviewer)
    _read(held, reviewer)
    return None


@dataclass(frozen=True, slots=True)
class _Held:
    """A case under its lock, what it is about, and what counts of the person who wants it."""

    case: Escalation
    about: About
    approvals: Sequence[Verdict]
    found: Candidate

    @property
    def now(self) -> datetime:
        return self.found.now


def _hold(escalation_id: UUID, reviewer: User) -> _Held:
    """What counts of the person is read in one statement, as for the page that offers them the case."""
    # the person before the case, like whoever signs them out
    require_reviewer(reviewer)
    case = locked(escalation_id)
    read = about(case)
    (found,) = candidates(case, matter=Matter(case.action_type_id, Risk(case.risk)), only=reviewer.pk)
    return _Held(case, read, given(case) if read.approved else (), found)


def _hindrance(held: _Held) -> Hindrance | None:
    """The first reason why they may not approve it; of a type that cannot be read nobody approves a case."""
    entry, found = held.about.entry, held.found
    if entry is None:
        return Hindrance.TYPE
    eyes = round_now(held.case, entry.spec, held.now, approvals=held.approvals)
    return hindrance(found.person, eyes.matter, held.now)


def _refuse_who_cannot(held: _Held, reviewer: User) -> None:
    """Everything but a mandate that must reach the case: practice, that it is open, not their own, nor decided by them,
    and that nobody else has it.
    """
    case, person, now = held.case, held.found.person, held.now
    if Hindrance.PRACTICE in person.ties:
        raise Problem(Code.PRACTICE_FIRST, PRACTICE_FIRST)
    require_open(case, now)
    refuse_bound(person)
    refuse_part(case, reviewer, now, approvals=held.approvals)
    why = why_away(person, now)
    if why is not None:
        raise Problem(Code.OUTSIDE_MANDATE, why)
    refuse_if_taken(case, reviewer, now)


def _lease(held: _Held, reviewer: User) -> None:
    case, now = held.case, held.now
    if not holds(case, reviewer.pk, now):
        case.renewals = 0
    elif case.renewals >= MOST_RENEWALS:
        return
    else:
        case.renewals += 1
    case.taken_by, case.taken_until = reviewer, now + LEASE
    rows.write(case, "taken_by_id", "taken_until", "renewals")
    body = {"escalation": str(case.pk), "until": case.taken_until.isoformat()}
    if case.renewals:
        body["renewal"] = str(case.renewals)
    record.append(event=record.Event.CASE_TAKEN, actor=_actor(reviewer), body=body)


def _read(held: _Held, reviewer: User) -> Escalation:
    """The case with its record read, unless that was done just now. Problem OWN_AGENT, with the lease given back."""
    case, before = held.case, held.case.snapshot
    # what an operator must look at first is read by nobody, and can be rejected
    if not is_fresh(case.snapshot, held.now) and held.about.entry is not None:
        case.snapshot = verify(case.pk, action=case.action)
    # the record may name somebody whom the agent did not: only now it can turn out to be their own
    if records_of(case.action, case.snapshot) - records_of(case.action, before):
        try:
            refuse_own(reviewer, case.action, case.snapshot)
        except Problem:
            release(case.pk, reviewer=reviewer)
            raise
    return case


@transaction.atomic
def renew(escalation_id: UUID, *, reviewer: User) -> Escalation:
    """Five more minutes for whoever has the case, at most five times. The record is not read again.

    Problems: those of `release`, FORBIDDEN, OWN_AGENT, OUTSIDE_MANDATE, WRONG_STATE (prolonged as often as it may be).
    """
    held = _hold(escalation_id, reviewer)
    require_open(held.case, held.now)
    require_lease(held.case, reviewer, held.now)
    if held.case.renewals >= MOST_RENEWALS:
        raise Problem(Code.WRONG_STATE, "You have had this case for long: decide it, or hand it on.")
    _refuse_who_cannot(held, reviewer)
    _lease(held, reviewer)
    return held.case


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
    cases = give_back_all(reviewer, locks.database_now(), waits=False)
    if cases:
        body = {"escalations": cases, "of": reviewer.get_username(), "because": "signed_out"}
        record.append(event=record.Event.CASE_RELEASED, actor=_actor(reviewer), body=body)
    return len(cases)


def _actor(reviewer: User) -> str:
    return f"user:{reviewer.get_username()}"
