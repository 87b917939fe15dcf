"""READ who is to be told: of a case those who could decide it, of an alert its owner or those who oversee."""

from __future__ import annotations

from django.contrib.auth.models import User

from governance.actors import COUNCIL, OPERATOR, REVIEWER
from governance.entries import current
from reviews import rows
from reviews.four_eyes import round_now
from reviews.models import Alert, Escalation

# The lowest rank that suffices comes first, and of one rank somebody else with every case: nobody is told of all. Where
# no mandate reaches, those are told who can still reject.
_JUDGES = """
select u.id, m.id is not null and (m.expires_at is null or m.expires_at > clock_timestamp()) and m.rank >= %(rank)s
    and m.max_risk >= %(risk)s and (not %(is_money)s or coalesce(m.money_limit >= %(amount)s, m.rank >= 3))
    and (not exists (select 1 from governance_qualification t where t.mandate_id = m.id)
      or exists (select 1 from governance_qualification t where t.mandate_id = m.id
        and t.action_type_id = %(action_type)s and (t.expires_at is null or t.expires_at > clock_timestamp())))
    as reaches
  from auth_user u
  join auth_user_groups g on g.user_id = u.id join auth_group gr on gr.id = g.group_id and gr.name = %(group)s
  left join governance_mandate m on m.reviewer_id = u.id
  where u.is_active and u.id = coalesce(%(only)s, u.id) and not exists (
    select 1 from placet_people(%(action)s) p join governance_agent a on a.id = p.id where a.owner_id = u.id)
    and not exists (select 1 from reviews_verdict v where v.escalation_id = %(case)s::uuid and v.reviewer_id = u.id
      and v.withdrawn_at is null and v.set_aside_at is null and not v.closes)
  order by reaches desc, case when %(late)s then -m.rank else m.rank end nulls last,
    md5(u.id::text || %(case)s) limit %(most)s
"""


def judges(case: Escalation, *, most: int, late: bool = False) -> list[int]:
    """At most so many people who could decide this case; the highest ranks first when it is `late`."""
    found = _judges(case, most=most, late=late)
    reaching = [person for person, reaches in found if reaches]
    return reaching or [person for person, _ in found]


def reaching(case: Escalation, *, rank: int, most: int) -> list[int]:
    """At most so many people whose mandate would reach this case if it needed `rank`."""
    return [person for person, reaches in _judges(case, most=most, rank=rank) if reaches]


def is_judge(case: Escalation, person: int) -> bool:
    """Whether this person is a reviewer who does not answer for the agent: they may at least reject."""
    return bool(_judges(case, most=1, only=person))


def seers(alert: Alert, *, most: int) -> list[int]:
    """Who is to see an alert: the owner, or council and operators where it is nobody's."""
    return [alert.owner_id] if alert.owner_id is not None else overseers(COUNCIL, OPERATOR, most=most)


def overseers(*groups: str, most: int) -> list[int]:
    """The active members of any of these groups."""
    found = User.objects.filter(is_active=True, groups__name__in=groups).order_by("pk").distinct()
    return list(found.values_list("pk", flat=True)[:most])


def _judges(
    case: Escalation, *, most: int, late: bool = False, only: int | None = None, rank: int = 0
) -> list[tuple[int, bool]]:
    entry = current(case.action.action_type_id)
    if entry is None:
        return []
    # where several people decide, the next of them
    matter = round_now(case, entry.spec).matter
    values = {
        "rank": max(matter.rank, rank),
        "risk": int(matter.risk),
        "is_money": matter.is_money,
        "amount": matter.amount,
        "action_type": matter.action_type,
        "group": REVIEWER,
        "only": only,
        "action": case.action_id,
        "late": late,
        "case": str(case.pk),
        "most": most,
    }
    return [(row["id"], bool(row["reaches"])) for row in rows.fetch(_JUDGES, values)]
