"""Whether a person may judge: group, own agents, mandate. Read again at every verdict and redemption."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from governance.actors import REVIEWER
from governance.cursors import kept
from governance.models import Action, Mandate, Snapshot
from governance.policy.mandates import DAY, Terms, live
from governance.problems import Code, Problem
from reviews import rows
from reviews.eligible import Hindrance, Person, why_beyond, why_idle
from reviews.eligible import Matter as Matter
from reviews.models import Absence, Practised, Verdict

PRACTICE_FIRST = "Finish the practice cases first: real cases come after them."
NO_MANDATE = "You have no mandate."

# Both rows are held until the verdict commits: nobody leaves the group, or is switched off, in between.
_MEMBER = """
select 1 from auth_user u
  join auth_user_groups m on m.user_id = u.id join auth_group g on g.id = m.group_id
  where u.id = %s and u.is_active and g.name = %s for share of u, m
"""

_MANDATES = rows.Whole(
    "select {rows} from governance_mandate m where m.reviewer_id = any(%s) order by m.reviewer_id for no key update",
    m=Mandate,
)

# What binds a person to an action: they answer for one of its agents; it is about or pays a record of theirs; they saw
# a key, live when it was asked, of one of its agents: with it they could have asked, or had it asked.
_TIES = """
select
  exists (select 1 from placet_people(a.id) p join governance_agent g on g.id = p.id where g.owner_id = %(user)s),
  exists (select 1 from governance_account x where x.person_id = %(user)s and x.record = any(%(records)s)),
  exists (select 1 from placet_people(a.id) p join governance_agentkey k on k.agent_id = p.id
    where k.issued_by_id = %(user)s and k.created_at <= a.created_at
    and coalesce(k.revoked_at, 'infinity') >= a.created_at
    and coalesce(k.expires_at, 'infinity') >= a.created_at)
from governance_action a where a.id = %(action)s
"""
_OWN = (Hindrance.OWN_AGENT, Hindrance.OWN_ACCOUNT, Hindrance.OWN_PROPOSAL)
# As they are told to whom they bind.
TOLD = {
    Hindrance.OWN_AGENT: "You answer for this agent, so somebody else decides about it.",
    Hindrance.OWN_ACCOUNT: "This is about a record of your own, so somebody else decides it.",
    Hindrance.OWN_PROPOSAL: "You issued a key that could ask for this, so somebody else decides it.",
}


def require_reviewer(user: User) -> None:
    """Problem FORBIDDEN unless they are an active reviewer, who stays one until the transaction ends."""
    if not stays_reviewer(user.pk):
        raise Problem(Code.FORBIDDEN, "Only an active reviewer may do this.")


def stays_reviewer(user: int) -> bool:
    """Whether they are an active reviewer, and remain one until the caller's transaction ends."""
    with kept() as cursor:
        cursor.execute(_MEMBER, [user, REVIEWER])
        return cursor.fetchone() is not None


def has_practised(user: User) -> bool:
    """Whether they may take real cases: they finished the practice cases, or the council waived them."""
    return Practised.objects.filter(reviewer=user).exists()


def require_practised(user: User) -> None:
    """Problem PRACTICE_FIRST unless they may take real cases. Who once may, may for good: nothing needs a lock."""
    if not has_practised(user):
        raise Problem(Code.PRACTICE_FIRST, PRACTICE_FIRST)


def refuse_own(user: User, action: Action, snapshot: Snapshot | None) -> None:
    """Problem OWN_AGENT, saying what it is, if this action is their own.

    They answer for the agent or for any agent above it, by registry or by ticket; it is about or pays a record of
    theirs; or they issued a key of one of these agents that was live when it was asked.
    """
    _refuse(ties(user, action, snapshot))


def refuse_bound(person: Person) -> None:
    """The same of a person who was looked at together with the case."""
    _refuse(tie for tie in _OWN if tie in person.ties)


def _refuse(bound: Iterable[Hindrance]) -> None:
    for tie in bound:
        raise Problem(Code.OWN_AGENT, TOLD[tie])


def ties(user: User, action: Action, snapshot: Snapshot | None) -> tuple[Hindrance, ...]:
    """What binds a person to an action, the gravest first."""
    with kept() as cursor:
        values: dict[str, Any] = {"user": user.pk, "action": action.pk, "records": [*records_of(action, snapshot)]}
        cursor.execute(_TIES, values)
        found = cursor.fetchone()
    return tuple(tie for tie, bound in zip(_OWN, found, strict=True) if bound)


def records_of(action: Action, snapshot: Snapshot | None) -> frozenset[str]:
    """Every record that an action names: on whose behalf, about what, and each typed parameter, as a payee is one."""
    named = {action.subject, action.entity, "" if snapshot is None else snapshot.subject}
    return frozenset(named | {*_texts(action.parameters)}) - {""}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def held_mandate(user: User) -> Mandate | None:
    """The mandate as it is now, its row locked until the transaction ends."""
    return held_mandates([user.pk]).get(user.pk)


def held_mandates(people: Iterable[int]) -> dict[int, Mandate]:
    """The mandates of these people, by user id, as they are now; locked in that order until the transaction ends."""
    return {row["m"].reviewer_id: row["m"] for row in _MANDATES.fetch([list(people)])}


def of_rank(mandate: Mandate | None, rank: int, now: datetime) -> bool:
    """Whether it is a mandate in force of at least this rank."""
    return mandate is not None and mandate.rank >= rank and live(mandate.expires_at, now)


def outside(mandate: Mandate | None, matter: Matter, now: datetime) -> str | None:
    """Why the mandate does not reach this matter, in one sentence; None when it does."""
    return why_beyond(None if mandate is None else mandate.terms, matter, now)


def person_of(user: int, mandate: Mandate | None, now: datetime) -> Person:
    """What counts of a reviewer whatever the case: their mandate, and what they did lately where that is limited."""
    terms = None if mandate is None else mandate.terms
    away = Absence.objects.filter(person=user, ended_at=None, begins_at__lte=now, ends_at__gt=now)
    until = away.order_by("-ends_at").values_list("ends_at", flat=True).first()
    return Person(terms=terms, away_until=until, decided=_decided(user, terms, now))


def ahead(user: User, now: datetime) -> QuerySet[Absence]:
    """Their absences that are not over."""
    return Absence.objects.filter(person=user, ended_at=None, ends_at__gt=now)


def idle(user: int, now: datetime) -> str | None:
    """Why they may approve no case at all just now, in one sentence to them; None when there are some they may."""
    return why_idle(person_of(user, Mandate.objects.filter(reviewer=user).first(), now), now)


def _decided(user: int, terms: Terms | None, now: datetime) -> tuple[datetime, ...]:
    most = 0 if terms is None else max(terms.per_hour or 0, terms.per_day or 0)
    if not most:
        return ()
    lately = Verdict.objects.filter(reviewer=user, decided_at__gt=now - DAY).order_by("-decided_at")
    return tuple(lately.values_list("decided_at", flat=True)[:most])
