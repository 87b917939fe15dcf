"""What reviews find of what was executed, and how often somebody lowered a level for it.

A part of the slow model, from the design's text like the rest: what was executed is drawn each time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.machine import oracle

# The error rate to stay below, by the risk of the type.
LIMITS = {"low": Fraction(5, 100), "medium": Fraction(2, 100), "high": Fraction(1, 100)}
# How boldly somebody bets that errors are above it, with which share of their money.
BETS = [
    (Fraction(2, 1000), 10), (Fraction(5, 1000), 10), (Fraction(1, 100), 12), (Fraction(2, 100), 12),
    (Fraction(5, 100), 12), (Fraction(1, 10), 12), (Fraction(2, 10), 10), (Fraction(4, 10), 10),
    (Fraction(7, 10), 7), (Fraction(1), 5),
]  # fmt: skip
# Whoever wins forty times the money was right: each end of the range is wrong one time in forty.
WON = 40


@dataclass
class Drawn:
    """Something that was executed without a person, and what a review found of it, if any did."""

    action: Any
    agent: str
    kind: str
    at: int
    sound: bool | None = None


@dataclass
class Sample:
    """All that was drawn, and since when it counts."""

    world: oracle.World
    drawn: list[Drawn] = field(default_factory=list)
    since: dict[tuple[str, str], int] = field(default_factory=dict)
    lowered: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=dict)

    def waits(self) -> list[Drawn]:
        """What nobody judged yet."""
        return [each for each in self.drawn if each.sound is None]

    def finds(self, each: Drawn, *, sound: bool) -> None:
        """A finding, once. Of whoever holds no permission any more it says nothing."""
        each.sound = sound
        if each.kind in self.world.agents[each.agent].levels:
            shown = self.shows_too_many(each.agent, each.kind)
            self.world.turn(each.agent, f"errors {each.kind}", "red" if shown else "green")

    def shows_too_many(self, agent: str, kind: str) -> bool:
        """Whether the whole range is above the limit: by what was found up to the first that waits, or by all of it."""
        since = self.since.get((agent, kind), 0)
        counted = [each for each in self.drawn if (each.agent, each.kind) == (agent, kind) and each.at > since]
        counted.sort(key=lambda each: (each.at, str(each.action)))
        begun = next((place for place, each in enumerate(counted) if each.sound is None), len(counted))
        limit = LIMITS[self.world.kinds[kind].risk]
        return _is_above(counted[:begun], limit) or _is_above(counted, limit)

    def levelled(self, agent: str, kind: str, level: int | None) -> bool:
        """Whether it is possible: what was lowered for errors is given again after its wait alone.

        Lower, or for the first time: evidence begins anew, which lets nothing through.
        """
        levels = self.world.agents[agent].levels
        before = levels.get(kind)
        if level is None or before == level:
            if level is None:
                levels.pop(kind, None)
            return True
        if level > (before or 0) and not self._raises(agent, kind):
            return False
        levels[kind] = level
        if before is None or level < before:
            self._begins_anew(agent, kind)
        return True

    def lowers(self, agent: str, kind: str) -> None:
        """One rung down for errors, with a strike."""
        self.lowered.setdefault((agent, kind), []).append((self.world.now, "lowered"))
        self.world.agents[agent].levels[kind] -= 1
        self._begins_anew(agent, kind)

    def _begins_anew(self, agent: str, kind: str) -> None:
        self.since[agent, kind] = self.world.now
        self.world.turn(agent, f"errors {kind}", "green")

    def _raises(self, agent: str, kind: str) -> bool:
        strikes, is_low, at = 0, False, 0
        for moment, what in self.lowered.get((agent, kind), []):
            if what == "lowered":
                # forgiven for each day since it was raised
                strikes = (strikes if is_low else max(0, strikes - (moment - at) // oracle.DAY)) + 1
            is_low, at = what == "lowered", moment
        if is_low and self.world.now < at + oracle.wait(strikes, "errors"):
            return False
        if is_low:
            self.lowered[agent, kind].append((self.world.now, "raised"))
        return True


def _is_above(findings: list[Drawn], limit: Fraction) -> bool:
    """Whether who bets on more errors than the limit has won; what waits counts as sound."""
    wrong = sum(each.sound is False for each in findings)
    odds = (1 - limit) / limit
    won = sum(
        Fraction(share, 100) * (1 + bold * odds) ** wrong * (1 - bold) ** (len(findings) - wrong)
        for bold, share in BETS
    )
    return won >= WON
