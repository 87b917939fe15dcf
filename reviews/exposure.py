"""READ what an action would use of every cap: the figures behind the bars."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from governance.gather import CapUse
from governance.policy.memory import usage_of
from governance.policy.velocity import Unit, Usage, first_breach, whose
from reviews import rows

_HELD = """
  select (c->>'place')::int as place, c->>'budget' as budget, coalesce(placet_ring_live(b.head, b.slots,
    floor(extract(epoch from clock_timestamp()) * 1000 / b.width_ms)::bigint), 0) as live
  from jsonb_array_elements(placet_budgets_of(%(action)s, %(caps)s::jsonb)) c
  left join governance_budget b on b.key = c->>'budget' order by place
"""


# Whom the row of a budget counts for: an agent, the first of a chain, an owner or a scope, by the head of its key.
_OWNERS = """
  select k.key, coalesce(placet_named(ag), u.username, s.name, '') as name
  from (select key, split_part(key, ':', 1) as kind, split_part(split_part(key, '|', 1), ':', 2) as id
    from unnest(%s::text[]) given(key)) k
  left join governance_agent ag on ag.id = case when k.kind in ('agent', 'root', 'run') then k.id::uuid end
  left join auth_user u on u.id = case when k.kind = 'owner' then k.id::int end
  left join governance_scope s on s.kind = k.kind and s.key = k.id
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One cap as a bar: `used` is authorised already, `adds` is this action; both in the cap's unit.

    `whose` names what the cap counts over, `window` its length in words. Where it counts once for every agent of a
    chain, `row` is the key of the row and `name` the one it counts for, once somebody looked that up.
    """

    whose: str
    row: str
    used: int
    adds: int
    limit: int
    used_text: str
    adds_text: str
    total_text: str
    limit_text: str
    window: str
    hard: bool
    over: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """What an action would make of one cap: "$1,440.00" of "$1,000.00" for "this customer", "24 hours".

    Without a limit, `whose` says why there is none.
    """

    total: str
    limit: str
    whose: str
    window: str
    over: bool


def usages(stored: object) -> tuple[Usage, ...]:
    """The usages as a decision remembered them; what cannot be read is left out."""
    rows = stored if isinstance(stored, list) else []
    return tuple(usage_of(row) for row in rows)


def bars(used: Sequence[Usage]) -> tuple[Bar, ...]:
    """The caps that would be passed first, then money, then the fullest."""
    ordered = sorted(used, key=_urgency)
    counted = Counter(usage.cap for usage in used)
    return tuple(_bar(usage, chain=counted[usage.cap] > 1) for usage in ordered)


def named(told: tuple[Bar, ...]) -> tuple[Bar, ...]:
    """The same bars, where a cap counts once for every agent of a chain with whom each of its rows counts for."""
    keys = [bar.row for bar in told if bar.row]
    names = {row["key"]: row["name"] for row in rows.fetch(_OWNERS, [keys])} if keys else {}
    return tuple(replace(bar, name=names.get(bar.row, "")) for bar in told)


def reach(used: Sequence[Usage], amount: int | None) -> Reach:
    """The breached cap, else the one that would be fullest. Without an amount caps on money say nothing."""
    counted = [usage for usage in used if amount is not None or usage.cap.unit is not Unit.MONEY]
    usage = first_breach(counted) or max(counted, key=_per_mille, default=None)
    if usage is None:
        return Reach("", "", "amount not known" if used else "no cap", "", False)
    cap = usage.cap
    return Reach(cap.text(usage.total), cap.limit_text, whose(cap.key, usage.entity), cap.window_text, usage.breached)


def as_of_now(action: UUID, uses: Sequence[CapUse]) -> tuple[Usage, ...]:
    """What every cap of an action holds at this moment, by the database's clock, beside what the action adds."""
    if not uses:
        return ()
    asked = [
        {
            "place": place,
            "key": use.cap.key.value,
            "unit": use.cap.unit.value,
            "window": use.cap.window_seconds,
            "name": use.name,
            "value": use.value,
        }
        for place, use in enumerate(uses)
    ]
    found = rows.fetch(_HELD, {"action": action, "caps": json.dumps(asked)})
    return tuple(_usage(uses[row["place"]], row) for row in found)


def _usage(use: CapUse, row: rows.Row) -> Usage:
    return Usage(use.cap, row["budget"] or "", row["live"], use.amount, use.name or None)


def _urgency(usage: Usage) -> tuple[bool, bool, int]:
    return not usage.breached, usage.cap.unit is not Unit.MONEY, -_per_mille(usage)


def _per_mille(usage: Usage) -> int:
    return usage.total * 1000 // max(1, usage.cap.limit)


def _bar(usage: Usage, *, chain: bool) -> Bar:
    cap = usage.cap
    return Bar(
        whose=whose(cap.key, usage.entity, chain=chain),
        row=usage.budget_key if chain else "",
        used=usage.live,
        adds=usage.amount,
        limit=cap.limit,
        used_text=cap.text(usage.live),
        adds_text=cap.text(usage.amount),
        total_text=cap.text(usage.total),
        limit_text=cap.limit_text,
        window=cap.window_text,
        hard=cap.hard,
        over=usage.breached,
    )
