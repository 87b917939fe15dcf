"""The verbs by which a reviewer says that they are away, until when, and that they are back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.actors import REVIEWER, groups_of
from governance.guards import invalid, told
from governance.problems import Code, Problem
from reviews.cases import give_back_all
from reviews.models import Absence
from reviews.reviewers import ahead, held_mandate, require_reviewer

LONGEST = timedelta(days=366)
MOST_AHEAD = 20


@told()
@transaction.atomic
def leave(*, reviewer: User, begins: datetime, ends: datetime, cover: str = "") -> Absence:
    """Be away from `begins` to `ends`; one that begins now gives back every case at once.

    `cover` names who is told of cases instead; it gives them no authority. Problems: FORBIDDEN, INVALID (over already,
    longer than a year or further ahead, nobody of that name who reviews), WRONG_STATE (twenty are ahead), UNAVAILABLE
    (somebody is at work on one of their cases for longer than a moment).
    """
    # authority, the person, their cases, their mandate: the order of a verdict, which then stands before this or after
    # it; so does every lease that they take or are handed. Whoever waits for the row of a person alone may wait for
    # ever, since those who share it let each other in; those who share authority queue behind this. So does every
    # decision: nothing else is waited for longer than a moment.
    locks.hold_authority()
    locks.wait_briefly()
    User.objects.select_for_update(no_key=True).get(pk=reviewer.pk)
    require_reviewer(reviewer)
    by = _cover(reviewer, cover)
    now = locks.database_now()
    begins = max(begins, now)
    # by differences: a sum may lie behind the last day that there is
    if begins - now > LONGEST or not timedelta(0) < ends - begins <= LONGEST:
        raise invalid("/ends", "An absence ends after it begins, in the future, and within a year.")
    if ahead(reviewer, now).count() >= MOST_AHEAD:
        raise Problem(Code.WRONG_STATE, "Twenty absences are ahead already: end one first.")
    # also one that is only read or looked at: nobody else would end that lease
    released = give_back_all(reviewer, now, waits=True) if begins == now else []
    held_mandate(reviewer)
    away = Absence.objects.create(person=reviewer, begins_at=begins, ends_at=ends, cover=by, set_at=now)
    body = {
        "absence": away.pk,
        "of": reviewer.get_username(),
        "from": begins.isoformat(),
        "to": ends.isoformat(),
        "cover": None if by is None else by.get_username(),
        "released": released,
    }
    record.append(event=record.Event.ABSENCE_SET, actor=_actor(reviewer), body=body)
    return away


@transaction.atomic
def come_back(absence: int, *, reviewer: User) -> Absence:
    """End one's own absence now, or take it back before it began. Problems: FORBIDDEN, NOT_FOUND, WRONG_STATE."""
    require_reviewer(reviewer)
    away = Absence.objects.select_for_update().filter(pk=absence, person=reviewer).first()
    if away is None:
        raise Problem(Code.NOT_FOUND, "This absence is none of yours.")
    now = locks.database_now()
    if away.ended_at is not None or away.ends_at <= now:
        raise Problem(Code.WRONG_STATE, "This absence is over.")
    away.ended_at = now
    away.save(update_fields=["ended_at"])
    body = {"absence": away.pk, "of": reviewer.get_username(), "at": now.isoformat()}
    record.append(event=record.Event.ABSENCE_ENDED, actor=_actor(reviewer), body=body)
    return away


def _cover(reviewer: User, name: str) -> User | None:
    if not name:
        return None
    found = User.objects.filter(username=name).exclude(pk=reviewer.pk).first()
    if found is None or REVIEWER not in groups_of(found):
        raise invalid("/cover", "Whoever covers is another active reviewer.")
    return found


def _actor(reviewer: User) -> str:
    return f"user:{reviewer.get_username()}"
