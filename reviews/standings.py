"""READ how an agent stands: every latch of it that holds something back, why, and when the next rung comes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case, When

from governance.latches import AGENT, CASES, ERRORS, KEY, LEVEL, TYPE
from governance.models import Standing
from governance.policy.holds import spelled
from governance.policy.standing import HEALTH, Constants, next_rung_at, raise_from, strikes_at, tier_at
from governance.policy.tiers import Tier
from governance.policy.velocity import CapKey, whose
from governance.redden import health_constants, latch_of, level_constants
from reviews.shown import label

MOST = 50

_WHY: Mapping[str, str] = {
    "contradicted": "A claim contradicted the record.",
    "cap": "A cap was passed.",
    "agent_cap": "A cap of the whole agent was passed.",
    "keys": "Caps of three keys were passed within an hour.",
    "breaches": "Three requests within ten minutes broke the contract.",
    "abandoned": "An action was abandoned.",
    "errors": "Reviews found too many errors.",
    "flooding": "It had as many open cases as its line may have.",
}


@dataclass(frozen=True, slots=True)
class Stood:
    """One latch. `action_type_id` None: of the whole agent. `lowers_level`: it holds the level, not the standing."""

    about: str
    action_type_id: int | None
    tier: Tier
    why: str
    strikes: int
    since: dt.datetime | None
    until: str
    pulled: str
    lowers_level: bool


def standings(agent: UUID, types: Mapping[int, str], now: dt.datetime) -> tuple[Stood, ...]:
    """What holds an agent back now, pulls first; `types` are the keys of its action types by id."""
    # users of an agent can exhaust any number of keys: they never push a pull or a latch of the agent off the page
    rank = Case(When(pulled_tier__isnull=False, then=0), When(latch__startswith=KEY, then=2), default=1)
    rows = Standing.objects.filter(agent_id=agent).order_by(rank, "-version")[:MOST]
    found = [_stood(row, types, now) for row in rows]
    held = [each for each in found if each.pulled or each.tier is not Tier.COMMIT or each.strikes]
    return tuple(sorted(held, key=lambda each: (not each.pulled, each.tier, each.about)))


def _stood(row: Standing, types: Mapping[int, str], now: dt.datetime) -> Stood:
    kind = _kind(row.latch)
    constants, latch = _constants(row.latch, kind), latch_of(row)
    lowers = row.latch.startswith(LEVEL)
    tier = Tier.COMMIT if lowers else tier_at(latch, now, constants)
    pulled = "" if row.pulled_tier is None else f"{Tier(row.pulled_tier).name} by {row.pulled_by.partition(':')[2]}"
    return Stood(
        about=_about(row.latch, kind, types),
        action_type_id=kind,
        tier=tier if row.pulled_tier is None else min(tier, Tier(row.pulled_tier)),
        why=_WHY.get(row.why, ""),
        strikes=latch.strikes if lowers else strikes_at(latch, now, constants),
        since=row.red_at if row.pulled_at is None or row.pulled_tier is None else row.pulled_at,
        until=_until(row, tier, constants, now),
        pulled=pulled,
        lowers_level=lowers,
    )


def _until(row: Standing, tier: Tier, constants: Constants, now: dt.datetime) -> str:
    latch = latch_of(row)
    if row.pulled_tier is not None:
        return "The council restores it."
    if row.latch.startswith(LEVEL):
        start = raise_from(latch, constants)
        return "The level was raised again." if start is None else f"It may be raised from {spelled(start)}."
    rises = next_rung_at(latch, now, constants)
    if rises is not None:
        return f"{Tier(tier + 1).name} at {spelled(rises)}, if nothing turns red."
    if row.latch.startswith(ERRORS) and row.in_episode:
        return "Once reviews show too many errors no longer, and its wait has passed."
    if row.latch == CASES and row.in_episode:
        return "Once its open cases are down to half."
    return "Nothing is held back." if tier is Tier.COMMIT else "Once its evidence is green again."


def _kind(latch: str) -> int | None:
    for start in (TYPE, LEVEL, ERRORS):
        if latch.startswith(start):
            return int(latch.removeprefix(start))
    return None


def _constants(latch: str, kind: int | None) -> Constants:
    if kind is None:
        return HEALTH
    return level_constants(kind) if latch.startswith((LEVEL, ERRORS)) else health_constants(kind)


def _about(latch: str, kind: int | None, types: Mapping[int, str]) -> str:
    """Words for what a latch is about. Of a budget the key's kind alone: whom it counts is for the case to show."""
    if latch == AGENT:
        return "Every action type"
    if latch == CASES:
        return "Open cases"
    if kind is not None:
        return label(types[kind]) if kind in types else f"Action type {kind}"
    word, _, rest = latch.removeprefix(KEY).partition(":")
    family = latch.rsplit("|", 2)[1] if latch.count("|") >= 2 else ""
    known = CapKey(word) if word in set(CapKey) else None
    entity = rest.partition("=")[0] if known is CapKey.ENTITY else None
    return f"One key, {whose(known, entity, chain=known is CapKey.AGENT) if known else 'a budget'}, of {label(family)}"
