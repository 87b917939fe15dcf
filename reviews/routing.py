"""Who may decide a case and until when. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from governance.policy.action_types import ActionTypeSpec
from governance.policy.four_eyes import ONE
from governance.policy.tiers import Risk

HOUR = 3600
DEADLINES = {Risk.HIGH: HOUR, Risk.MEDIUM: 4 * HOUR, Risk.LOW: 24 * HOUR}
MOST_HOURS = 48
HOLD_SECONDS = 5
PICK_UP = {Risk.HIGH: HOUR // 4, Risk.MEDIUM: HOUR, Risk.LOW: HOUR}
RANKS = (1, 2, 3)
MORE_TIME_RANK = 2
# What the last twenty bits of a key of the queue hold.
MOST_EXPOSED = (1 << 20) - 1


def deadline_seconds(spec: ActionTypeSpec, risk: Risk) -> int:
    """Seconds until the case expires: of the type, else by risk; never over 48 hours."""
    return min(spec.deadline_seconds or DEADLINES[risk], MOST_HOURS * HOUR)


def extended(opened: datetime, deadline: datetime) -> datetime:
    """The deadline of a case that gets its time once more: never over 48 hours in all."""
    return max(deadline, min(deadline + (deadline - opened), opened + timedelta(hours=MOST_HOURS)))


def hold_seconds(spec: ActionTypeSpec) -> int:
    """Seconds in which a verdict can still be withdrawn."""
    return HOLD_SECONDS if spec.hold_seconds is None else spec.hold_seconds


def rank_needed(spec: ActionTypeSpec, risk: Risk) -> int:
    """The lowest rank that may approve. Money and risk are limited by each reviewer's own mandate."""
    return 2 if spec.human_required and risk is Risk.HIGH else 1


def stages_needed(spec: ActionTypeSpec, amount: int | None) -> tuple[int, ...]:
    """The ranks that must approve, ascending, each by another person; `amount` in minor units, None: not known."""
    return ONE if spec.four_eyes is None else spec.four_eyes.stages_for(amount)


def sort_key(deadline: float, amount: int | None) -> int:
    """One number that orders the queue: earlier deadline first, then the larger exposure.

    `deadline` is in epoch seconds, `amount` in minor units; exposure saturates at about ten million.
    """
    return first_key(deadline) + (MOST_EXPOSED - exposure(amount or 0))


def exposure(amount: int) -> int:
    """An amount in minor units as the queue orders by it: rounded down to thousands, and saturated."""
    return min(amount // 1000, MOST_EXPOSED)


def first_key(moment: float) -> int:
    """The smallest `sort_key` of a case whose deadline is at or after this second of the epoch."""
    return int(moment) * (MOST_EXPOSED + 1)
