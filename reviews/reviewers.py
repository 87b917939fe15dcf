"""Whether a person may judge: group, own agents, mandate. Read again at every verdict and redemption."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import connection

from governance.actors import REVIEWER, groups_of
from governance.models import Action, Mandate
from governance.policy.money import REFERENCE_CURRENCY, format_money
from governance.policy.tiers import Risk
from governance.problems import Code, Problem
from reviews.models import Practised

PRACTICE_FIRST = "Finish the practice cases first: real cases come after them."
NO_MANDATE = "You have no mandate."
_TOP_RANK = 3

# Both rows are held until the verdict commits: nobody leaves the group, or is switched off, in between.
_MEMBER = """
select 1 from auth_user u
  join auth_user_groups m on m.user_id = u.id join auth_group g on g.id = m.group_id
  where u.id = %s and u.is_active and g.name = %s for share of u, m
"""

_OWNED = """
select exists (select 1 from placet_people(%s) p join governance_agent a on a.id = p.id where a.owner_id = %s)
"""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a mandate is held against. `amount` in minor units; None with `is_money`: it is not known."""

    action_type: int
    risk: Risk
    rank: int = 1
    is_money: bool = False
    amount: int | None = None


def require_reviewer(user: User) -> None:
    """Problem FORBIDDEN unless they are an active reviewer, who stays one until the transaction ends."""
    if not stays_reviewer(user):
        raise Problem(Code.FORBIDDEN, "Only an active reviewer may do this.")


def stays_reviewer(user: User) -> bool:
    """Whether they are an active reviewer, and remain one until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_MEMBER, [user.pk, REVIEWER])
        return cursor.fetchone() is not None


def is_reviewer(user: User) -> bool:
    """Whether they are an active reviewer at this moment: for pages, never for a verdict."""
    return REVIEWER in groups_of(user)


def has_practised(user: User) -> bool:
    """Whether they may take real cases: they finished the practice cases, or the council waived them."""
    return Practised.objects.filter(reviewer=user).exists()


def require_practised(user: User) -> None:
    """Problem PRACTICE_FIRST unless they may take real cases. Who once may, may for good: nothing needs a lock."""
    if not has_practised(user):
        raise Problem(Code.PRACTICE_FIRST, PRACTICE_FIRST)


def refuse_own_agent(user: User, action: Action) -> None:
    """Problem OWN_AGENT if they answer for the agent, or for any agent above it, by registry or by ticket."""
    with connection.cursor() as cursor:
        cursor.execute(_OWNED, [action.pk, user.pk])
        if cursor.fetchone()[0]:
            raise Problem(Code.OWN_AGENT, "You answer for this agent, so somebody else decides about it.")


def held_mandate(user: User) -> Mandate | None:
    """The mandate as it is now, its row locked until the transaction ends."""
    return held_mandates([user.pk]).get(user.pk)


def held_mandates(people: Iterable[int]) -> dict[int, Mandate]:
    """The mandates of these people, by user id, as they are now; locked in that order until the transaction ends."""
    held = Mandate.objects.select_for_update(no_key=True).filter(reviewer__in=list(people)).order_by("reviewer_id")
    return {mandate.reviewer_id: mandate for mandate in held}


def of_rank(mandate: Mandate | None, rank: int, now: datetime) -> bool:
    """Whether it is a mandate in force of at least this rank."""
    return mandate is not None and mandate.rank >= rank and (mandate.expires_at is None or mandate.expires_at > now)


def outside(mandate: Mandate | None, matter: Matter, now: datetime) -> str | None:
    """Why the mandate does not reach this matter, in one sentence; None when it does."""
    if mandate is None:
        return NO_MANDATE
    if mandate.expires_at is not None and mandate.expires_at <= now:
        return "Your mandate has expired."
    if mandate.rank < matter.rank:
        return f"This case needs rank {matter.rank}; yours is {mandate.rank}."
    if mandate.max_risk < matter.risk:
        return f"Your mandate ends at {Risk(mandate.max_risk).name.lower()} risk; this is {matter.risk.name.lower()}."
    types = set(mandate.action_types.values_list("pk", flat=True))
    if types and matter.action_type not in types:
        return "Your mandate does not name this action type."
    return _over_limit(mandate, matter)


def _over_limit(mandate: Mandate, matter: Matter) -> str | None:
    if not matter.is_money:
        return None
    if matter.amount is None:
        return None if mandate.rank >= _TOP_RANK else f"The amount is not known; that needs rank {_TOP_RANK}."
    if matter.amount <= mandate.money_limit:
        return None
    limit, amount = (format_money(minor, REFERENCE_CURRENCY) for minor in (mandate.money_limit, matter.amount))
    return f"Your mandate ends at {limit}; this is {amount}."
