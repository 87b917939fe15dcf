"""Staged recovery: lifting a halt does not jump back. What it covered proposes first, then executes, then is free."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from governance.policy.tiers import Tier

STAGE_SECONDS = 900
MOST_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a recovery: the highest tier meanwhile, and when the next one comes."""

    tier: Tier
    until: dt.datetime


def recovers_until(lifted_at: dt.datetime, seconds: int) -> dt.datetime:
    """When both stages of `seconds` each are over, unless the recovery is ended before."""
    return lifted_at + 2 * dt.timedelta(seconds=seconds)


def stage(*, lifted_at: dt.datetime, seconds: int, until: dt.datetime, now: dt.datetime) -> Stage | None:
    """The stage at `now` of a halt lifted at `lifted_at` that recovers until `until`; None when it is over.

    A recovery that was ended early ends its stages with it.
    """
    if seconds <= 0 or now >= until:
        return None
    middle = min(lifted_at + dt.timedelta(seconds=seconds), until)
    return Stage(Tier.PROPOSE, middle) if now < middle else Stage(Tier.EXECUTE, until)
