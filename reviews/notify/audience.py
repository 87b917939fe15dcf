"""READ who is to be told: of a case those who could decide it, of an alert its owner or those who oversee."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from django.contrib.auth.models import User

from governance.actors import COUNCIL, OPERATOR
from reviews.candidates import Candidate, candidates, matter_now
from reviews.eligible import NEVER, Hindrance
from reviews.models import Alert, Escalation


def judges(case: Escalation, *, most: int, late: bool = False) -> list[int]:
    """At most so many people who could decide this case; the highest ranks first when it is `late`.

    The lowest rank that suffices comes first, and of one rank somebody else with every case: nobody is told of all.
    Where nobody may approve it now, those are told who are not away and can still reject it, at work or not.
    """
    found = candidates(case, late=late)
    return _first(found, _may, most) or _first(found, _rejects, most)


def reaching(case: Escalation, *, rank: int, most: int) -> list[int]:
    """At most so many people who could approve this case now if it needed `rank`."""
    matter = matter_now(case)
    if matter is None:
        return []
    found = candidates(case, matter=replace(matter, rank=max(matter.rank, rank)))
    return _first(found, _may, most)


def is_judge(case: Escalation, person: int) -> bool:
    """Whether this person is a reviewer who may at least reject it: it is not their own, and they are not absent."""
    return any(_rejects(each) for each in candidates(case, only=person))


def _may(candidate: Candidate) -> bool:
    return candidate.hindrance is None


def _rejects(candidate: Candidate) -> bool:
    return candidate.hindrance not in NEVER and not candidate.away


def _first(found: Collection[Candidate], can: Callable[[Candidate], bool], most: int) -> list[int]:
    """The first of those who can; whoever covers comes where the one who is away would have come."""
    able, told = {each.id for each in found if can(each)}, dict[int, None]()
    for each in found:
        at_work = replace(each, away=False, hindrance=None if each.hindrance is Hindrance.ABSENT else each.hindrance)
        stands_in = each.cover if each.away and can(at_work) else each.id
        if stands_in in able:
            told[stands_in] = None
    return list(told)[:most]


def seers(alert: Alert, *, most: int) -> list[int]:
    """Who is to see an alert: the owner, or council and operators where it is nobody's."""
    return [alert.owner_id] if alert.owner_id is not None else overseers(COUNCIL, OPERATOR, most=most)


def overseers(*groups: str, most: int) -> list[int]:
    """The active members of any of these groups."""
    found = User.objects.filter(is_active=True, groups__name__in=groups).order_by("pk").distinct()
    return list(found.values_list("pk", flat=True)[:most])
