"""READ one reviewer's absences: those ahead and the one they are in, and who could cover."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.models import User

from governance.actors import REVIEWER
from governance.locks import database_now
from reviews.reviewers import ahead

# A page offers no more names than a person reads.
MOST = 200


@dataclass(frozen=True, slots=True)
class Away:
    """One absence that is not over. `cover` is empty without one; `now`: they are away."""

    id: int
    begins: dt.datetime
    ends: dt.datetime
    cover: str
    now: bool


@dataclass(frozen=True, slots=True)
class Absences:
    """Those of one person, the earliest first, and the names of whoever could cover."""

    ahead: tuple[Away, ...]
    others: tuple[str, ...]


def read(viewer: User) -> Absences:
    """The absences of a reviewer that are not over."""
    now = database_now()
    found = ahead(viewer, now).select_related("cover").order_by("begins_at", "pk")
    others = User.objects.filter(is_active=True, groups__name=REVIEWER).exclude(pk=viewer.pk).order_by("username")
    return Absences(
        ahead=tuple(
            Away(
                each.pk,
                each.begins_at,
                each.ends_at,
                each.cover.get_username() if each.cover else "",
                each.begins_at <= now,
            )
            for each in found
        ),
        others=tuple(others.values_list("username", flat=True)[:MOST]),
    )
