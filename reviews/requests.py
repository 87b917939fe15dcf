"""READ who asked the council for a binding: of one action type, and of all that still have none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from reviews import rows


@dataclass(frozen=True, slots=True)
class Asked:
    """The open requests for a binding of one type. `first` asked at `since`; `others` are further reviewers."""

    first: str
    since: dt.datetime
    reviewers: tuple[str, ...]

    @property
    def others(self) -> int:
        """How many asked after the first."""
        return len(self.reviewers) - 1


_ASKED = """
  select r.action_type_id, u.username, r.asked_at from reviews_bindingrequest r
  join auth_user u on u.id = r.reviewer_id
  where not exists (select 1 from governance_binding b where b.action_type_id = r.action_type_id)
    and (%(type)s::bigint is null or r.action_type_id = %(type)s)
  order by r.asked_at, r.id
"""


def asked(action_type: int) -> Asked | None:
    """Who asked for a binding of this type; None when nobody did, or when it has one."""
    return _grouped(rows.fetch(_ASKED, {"type": action_type})).get(action_type)


def open_requests() -> dict[int, Asked]:
    """Every type without a binding that somebody asked for, by its id; the longest waiting first."""
    return _grouped(rows.fetch(_ASKED, {"type": None}))


def _grouped(found: Iterable[rows.Row]) -> dict[int, Asked]:
    by_type: dict[int, list[rows.Row]] = {}
    for row in found:
        by_type.setdefault(row["action_type_id"], []).append(row)
    return {
        key: Asked(asks[0]["username"], asks[0]["asked_at"], tuple(ask["username"] for ask in asks))
        for key, asks in by_type.items()
    }
