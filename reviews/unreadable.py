"""READ what somebody can do with a case, also where its catalogue entry cannot be read: then it can be rejected."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User

from governance.entries import readable
from governance.locks import database_now
from governance.models import Mandate
from governance.problems import Problem
from governance.proof import Proof
from reviews.ability import Ability, ability
from reviews.cases import holds
from reviews.eligible import why_away
from reviews.four_eyes import TOOK_PART, took_part
from reviews.models import Escalation
from reviews.reviewers import PRACTICE_FIRST, has_practised, is_reviewer, person_of, refuse_own
from reviews.routing import HOLD_SECONDS

UNREADABLE = "The catalogue entry of this action cannot be read: an operator must look at it. It can be rejected."


def ability_now(case_id: UUID, user: User, proof: Proof | None = None) -> Ability:
    """What `user` can do with an existing case, whether its entry can be read or not. Reads only."""
    case = Escalation.objects.select_related("action", "snapshot").get(pk=case_id)
    if readable(case.action.action_type_id) is not None:
        return ability(case_id, user, proof)
    judge = is_reviewer(user)
    newcomer = judge and not has_practised(user)
    return Ability(
        judge=judge,
        take_obstacle=PRACTICE_FIRST if newcomer else _obstacle(case, user) if judge else "",
        approve_obstacle=UNREADABLE,
        notice=False,
        bound=False,
        hold=HOLD_SECONDS,
        newcomer=newcomer,
    )


def _obstacle(case: Escalation, user: User) -> str:
    """Why they do not even reject it, in the order in which the verb would find it."""
    try:
        refuse_own(user, case.action, case.snapshot)
    except Problem as problem:
        return problem.detail
    if took_part(case, user):
        return TOOK_PART
    now = database_now()
    if holds(case, user, now):
        return ""
    return why_away(person_of(user.pk, Mandate.objects.filter(reviewer=user).first(), now), now) or ""
