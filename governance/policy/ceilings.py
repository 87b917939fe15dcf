"""Limiters of authority and the one rule between them: the lowest wins, a child never passes its parent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from governance.policy.tiers import Tier


class LimiterKind(StrEnum):
    """What can limit authority, in the fixed order in which ties are named."""

    ENTERPRISE = "enterprise"
    DOMAIN = "domain"
    PROJECT = "project"
    ANCESTOR = "ancestor"
    ANCESTOR_LEVEL = "level of ancestor"
    AGENT = "agent"
    RECOVERY = "recovery"
    LEVEL = "level"
    STANDING = "standing"
    EVIDENCE = "evidence"
    POLICY = "policy"


ORDER: dict[LimiterKind, int] = {kind: position for position, kind in enumerate(LimiterKind)}

# Without each of these a ceiling is missing, and a missing ceiling is never "no ceiling".
MANDATORY: frozenset[LimiterKind] = frozenset(
    {LimiterKind.ENTERPRISE, LimiterKind.DOMAIN, LimiterKind.PROJECT, LimiterKind.AGENT}
)


@dataclass(frozen=True, slots=True)
class Limiter:
    """One thing that limits authority; `name` comes from the registry, `tier` None means unknown.

    `until`: when it will limit less by itself, for a recovery.
    """

    kind: LimiterKind
    name: str
    tier: Tier | None
    until: datetime | None = None


def held(tier: Tier | None) -> Tier:
    """The tier a limiter allows; unknown or of a wrong type counts as PROPOSE."""
    return tier if type(tier) is Tier else Tier.PROPOSE


def rank(limiter: Limiter) -> int:
    """Place in the fixed order; an unknown kind comes last."""
    return ORDER.get(limiter.kind, len(ORDER))


def lowest(limiters: Iterable[Limiter]) -> Limiter:
    """The limiter that binds: lowest tier, ties by the fixed order, then as given. None at all binds at PROPOSE."""
    return min(
        limiters,
        key=lambda limiter: (held(limiter.tier), rank(limiter)),
        default=Limiter(LimiterKind.POLICY, "no limiter", None),
    )


def clamp(child: Tier | None, parent: Tier | None) -> Tier:
    """What a child holds under its parent: never more than the parent, whatever was stored."""
    return min(held(child), held(parent))


def refuses(parent: Tier | None, new: Tier | None) -> bool:
    """Whether a parent refuses this new tier of a child: it is higher than the parent's, or not a tier."""
    return type(new) is not Tier or new > held(parent)
