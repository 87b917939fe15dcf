"""What holds a standing down, in words: whose standing it is, and until when. Registry words and times only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from governance.policy.reasons import registry_name
from governance.policy.tiers import Tier

_MINUTE = timedelta(minutes=1)


class Over(StrEnum):
    """What the standing that holds is about."""

    TYPE = "type"
    AGENT = "agent"
    KEY = "key"
    ABOVE = "above"
    CASES = "cases"
    ERRORS = "errors"


@dataclass(frozen=True, slots=True)
class Hold:
    """One thing that holds a standing down.

    `name`: the words of the budget for KEY ("this customer"), the agent's name for ABOVE. `pulled`: a person set it.
    `rises_at`: when the next rung comes if nothing turns red; None: not before evidence is green again, or a person
    acts. `step`: seconds from one rung to the next.
    """

    over: Over
    name: str = ""
    pulled: bool = False
    rises_at: datetime | None = None
    step: int = 0

    @property
    def whose(self) -> str:
        """As it stands in a sentence: "this agent for this customer"."""
        if self.over is Over.ABOVE:
            return f"the agent above, {registry_name(self.name)},"
        return _WHOLE.get(self.over) or (
            f"this agent for {registry_name(self.name)}" if self.over is Over.KEY else _TYPE
        )

    @property
    def rung(self) -> str:
        """As it stands on the ladder behind the word "standing"."""
        if self.over is Over.ABOVE:
            return self.name
        if whole := _WHOLE.get(self.over):
            return f"of {whole}"
        return f"for {registry_name(self.name)}" if self.over is Over.KEY else _RUNG

    @property
    def until(self) -> str:
        """Until when it holds."""
        if self.pulled:
            return "until a person restores it"
        if self.rises_at is None:
            return _ENDS.get(self.over, "until its evidence is green again")
        return f"until {spelled(self.rises_at)} at the earliest"

    def remedy(self, tier: Tier, required: Tier) -> str:
        """What would have to be so for this standing, now `tier`, to reach the required one."""
        if self.pulled:
            return f"A person must restore the standing of {self.whose} which a person set to {tier.name}."
        rise = f"The standing of {self.whose} must rise to {required.name}"
        step = (required - tier) * self.step
        if self.rises_at is None and self.over is Over.CASES:
            return f"{rise}: its open cases must be down to half, and then {lasting(step)} pass."
        if self.rises_at is None and self.over is Over.ERRORS:
            return f"{rise}: reviews must show too many errors no longer, and then {lasting(step)} pass."
        if self.rises_at is None:
            return f"{rise}: its evidence must be green again and stay so for {lasting(step)}."
        reached = self.rises_at + timedelta(seconds=(required - tier - 1) * self.step)
        return f"{rise}: it does at {spelled(reached)} if nothing turns red before."


_TYPE = "this agent for this action type"
_RUNG = "for this action type"
_ENDS = {
    Over.CASES: "until its open cases are down to half",
    Over.ERRORS: "until reviews show too many errors no longer",
}
_WHOLE = {Over.AGENT: "this agent", Over.CASES: "this agent"}
UNNAMED = Hold(Over.TYPE)


def lowest(held: Iterable[tuple[Tier, Hold]]) -> tuple[Tier, Hold | None]:
    """The lowest standing and what holds it; of several, the one that holds longest. None at all: COMMIT."""
    tier, hold = min(held, key=_order, default=(Tier.COMMIT, None))
    return tier, None if tier is Tier.COMMIT else hold


def _order(each: tuple[Tier, Hold]) -> tuple[int, int, float]:
    tier, hold = each
    kind = 0 if hold.pulled else 1 if hold.rises_at is None else 2
    return int(tier), kind, 0.0 if hold.rises_at is None else -hold.rises_at.timestamp()


def spelled(moment: datetime) -> str:
    """A moment in UTC to the minute, rounded up so that nothing is promised too early."""
    up = moment + (_MINUTE - timedelta(seconds=moment.second, microseconds=moment.microsecond)) % _MINUTE
    return f"{up:%Y-%m-%d %H:%M} UTC"


def lasting(seconds: int) -> str:
    """A length of time in its largest whole unit: "15 minutes"."""
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count, rest = divmod(seconds, size)
        if count and not rest:
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"
