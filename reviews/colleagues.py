"""READ who else could decide a case: for the list of names to hand it to, and for the verb that does."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User

from governance.actors import REVIEWER
from governance.entries import current
from governance.locks import database_now
from governance.models import Mandate
from reviews.eligible import Hindrance
from reviews.four_eyes import took_part
from reviews.grounds import matter_of
from reviews.models import Escalation
from reviews.reviewers import busy, has_practised, outside, ties

# A page offers no more names than a person reads.
MOST = 50


def obstacle(case: Escalation, user: User, now: datetime) -> str:
    """Why somebody could not decide this case, in one sentence; empty when they could."""
    if not user.is_active or not user.groups.filter(name=REVIEWER).exists():
        return "Only an active reviewer may do this."
    if not has_practised(user):
        return "They have not finished their practice yet."
    for tie in ties(user, case.action, case.snapshot):
        return "They answer for this agent." if tie is Hindrance.OWN_AGENT else "It is their own record or ask."
    if took_part(case, user):  # not what they did: of several approvers nobody learns of the others
        return "They cannot decide this case."
    entry = current(case.action.action_type_id)
    if entry is None:
        return "The catalogue entry of this action cannot be read."
    mandate = Mandate.objects.filter(reviewer=user).first()
    if outside(mandate, matter_of(case, entry.spec), now) is not None:
        return "Their mandate does not reach this case."
    return "" if busy(user, mandate, now) is None else "They decide nothing just now."


def able(case_id: UUID, *, besides: int) -> tuple[str, ...]:
    """The names of those who could decide an open case, by the alphabet, besides one user id."""
    case = Escalation.objects.select_related("action__decision", "snapshot").get(pk=case_id)
    now = database_now()
    people = User.objects.filter(is_active=True, groups__name=REVIEWER, mandate__rank__gte=case.rank)
    chosen = (user for user in people.exclude(pk=besides).order_by("username") if not obstacle(case, user, now))
    return tuple(user.get_username() for _, user in zip(range(MOST), chosen, strict=False))
