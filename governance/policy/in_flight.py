"""How much may be under way at once: authorised and not yet reported, per agent and per entity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from governance.policy.documents import Node
from governance.policy.velocity import CapKey

MOST_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class InFlight:
    """The limits of an action type; its family shares them, and so does a whole line of agents. None: no limit."""

    agent: int | None = None
    entity: int | None = None


NO_LIMITS = InFlight()


@dataclass(frozen=True, slots=True)
class Flight:
    """One limit against what is executing: `live` actions without this one. `entity` is a parameter's name."""

    key: CapKey
    live: int
    limit: int
    entity: str | None = None

    @property
    def passed(self) -> bool:
        """Whether this action would be one too many. Figures that cannot be pass every limit."""
        if type(self.live) is not int or type(self.limit) is not int:
            return True
        return self.live < 0 or self.live + 1 > self.limit


def acts_for_others(flights: Sequence[object]) -> bool:
    """Whether a limit per agent stands more than once: for the agent and for each one above it. Total."""
    return sum(type(each) is Flight and each.key is CapKey.AGENT for each in flights) > 1


def parse_in_flight(node: Node) -> InFlight:
    """Read `{agent: 5, entity: 1}`, either or both."""
    if node.absent:
        return NO_LIMITS
    node.fields(optional=("agent", "entity"))
    return InFlight(_limit(node.at("agent")), _limit(node.at("entity")))


def _limit(node: Node) -> int | None:
    if node.absent:
        return None
    if type(node.value) is not int or not 1 <= node.value <= MOST_AT_ONCE:
        node.say(f"A whole number from 1 to {MOST_AT_ONCE} is expected.")
        return None
    return node.value
