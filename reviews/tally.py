"""READ what else was asked about the entity of a case in the same family: from our own actions, never from a story."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from governance.entries import readable
from governance.policy.money import REFERENCE_CURRENCY, format_money
from governance.policy.velocity import CapKey, whose
from reviews import rows
from reviews.shown import label

HOURS = 24
# So many are looked through; more are said as "or more".
MOST = 1_000

_OTHERS = """
  with mine as (select a.id, a.entity, a.created_at, a.amount, a.action_type_id, t.family
      from governance_action a join governance_actiontype t on t.id = a.action_type_id where a.id = %(action)s)
  select m.family, m.action_type_id, m.amount as own, o.state, count(o.id) as count,
    coalesce(sum(o.amount), 0)::bigint as amount
  from mine m left join lateral (
    select a.id, a.amount, case when a.state in ('refused', 'withdrawn', 'not_executed', 'superseded') then 'refused'
        when a.state = 'escalated' then 'waiting' else 'ran' end as state
      from governance_action a join governance_actiontype t on t.id = a.action_type_id
      where a.entity = m.entity and a.entity not in ('', '?') and a.id <> m.id and t.family = m.family
        and a.created_at > m.created_at - make_interval(hours => %(hours)s) and a.created_at <= m.created_at
      order by a.created_at desc limit %(most)s
  ) o on true
  group by 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class Part:
    """So many of them ran, wait or were refused, and what they come to."""

    words: str
    count: int
    money: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Which one of its family this is for its entity in the 24 hours before it was asked for; `capped`: at least."""

    number: int
    family: str
    whose: str
    total: str
    parts: tuple[Part, ...]
    capped: bool


def read(action: UUID) -> Tally | None:
    """The tally of an action; None where it is the first, or concerns nothing that has an id."""
    found = rows.fetch(_OTHERS, {"action": action, "hours": HOURS, "most": MOST})
    counted = {row["state"]: row for row in found if row["state"] is not None}
    if not counted:
        return None
    head, entry = found[0], readable(found[0]["action_type_id"])
    many, is_money = sum(row["count"] for row in counted.values()), entry is not None and entry.spec.amount is not None
    # what was refused is told apart and never part of the sum
    asked = sum(row["amount"] for state, row in counted.items() if state != "refused") + (head["own"] or 0)
    names = {"ran": _("allowed"), "waiting": _("waiting for a person"), "refused": _("refused or not executed")}
    return Tally(
        number=many + 1,
        family=label(head["family"]),
        whose=whose(CapKey.ENTITY, entry.spec.entities[0] if entry is not None and entry.spec.entities else None),
        total=_money(asked) if is_money else "",
        parts=tuple(
            Part(words, counted[state]["count"], _money(counted[state]["amount"]) if is_money else "")
            for state, words in names.items()
            if state in counted
        ),
        capped=many >= MOST,
    )


def _money(minor: int) -> str:
    return format_money(minor, REFERENCE_CURRENCY)
