"""The verbs of practice: a reviewer answers a practice case, the council lets somebody begin without.

Nothing here touches an agent, a budget, a statistic or a notice: a practice case is a page over frozen records.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.actors import REVIEWER, By, groups_of, require_council
from governance.guards import invalid, told
from governance.problems import Code, Problem
from reviews.models import PracticeAnswer, Practised
from reviews.practice.drills import every, is_right
from reviews.reviewers import require_reviewer


@told()
@transaction.atomic
def answer_practice(key: str, *, reviewer: User, approve: bool) -> PracticeAnswer:
    """Answer one practice case. With the last right answer the reviewer may take real cases.

    A wrong answer may be followed by another one. Problems: NOT_FOUND, FORBIDDEN, WRONG_STATE (answered rightly).
    """
    right = is_right(key, approve=approve)
    # of two answers at once the second waits here and finds the first
    User.objects.select_for_update(no_key=True).get(pk=reviewer.pk)
    require_reviewer(reviewer)
    known = set(PracticeAnswer.objects.filter(reviewer=reviewer, right=True).values_list("drill", flat=True))
    if key in known:
        raise Problem(Code.WRONG_STATE, "You have answered this practice case rightly already.")
    now = locks.database_now()
    given = PracticeAnswer.objects.create(reviewer=reviewer, drill=key, approve=approve, right=right, at=now)
    is_last = right and known | {key} >= set(every()) and not Practised.objects.filter(reviewer=reviewer).exists()
    if is_last:
        Practised.objects.create(reviewer=reviewer, at=now)
    body = {"case": key, "approve": approve, "right": right, "finished": is_last}
    record.append(event=record.Event.PRACTICE_ANSWERED, actor=f"user:{reviewer.get_username()}", body=body)
    return given


@told()
@transaction.atomic
def waive_practice(person: User, *, by: By) -> Practised:
    """Let a reviewer take real cases without practice. Nobody waives their own.

    Problems: FORBIDDEN, INVALID (no reviewer), WRONG_STATE (finished or waived already).
    """
    actor = require_council(by)
    if actor == f"user:{person.get_username()}":
        raise Problem(Code.FORBIDDEN, "Nobody waives their own practice: ask another member of the council.")
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if REVIEWER not in groups_of(person):
        raise invalid("/reviewer", "They are not a reviewer.")
    if Practised.objects.filter(reviewer=person).exists():
        raise Problem(Code.WRONG_STATE, "They have finished their practice already, or it was waived.")
    waived = Practised.objects.create(reviewer=person, at=locks.database_now(), waived_by=actor)
    record.append(event=record.Event.PRACTICE_WAIVED, actor=actor, body={"person": person.get_username()})
    return waived
