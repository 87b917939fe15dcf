"""Four eyes: how many people, of which ranks, must approve one case, and who of them is still missing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from governance.policy.documents import Node
from governance.policy.money import REFERENCE_CURRENCY, parse_amount

FEWEST, MOST = 2, 3
RANKS = (1, 2, 3)
ONE = (1,)


@dataclass(frozen=True, slots=True)
class FourEyes:
    """`stages` are the ranks that must approve, ascending, each by another person.

    `least` in minor units of the reference currency: smaller amounts need one person; None: every case needs all.
    """

    stages: tuple[int, ...]
    least: int | None = None

    def stages_for(self, amount: int | None) -> tuple[int, ...]:
        """The ranks that a case of this amount needs. An amount that is not known needs all."""
        return ONE if self.least is not None and amount is not None and amount < self.least else self.stages


def missing(stages: Sequence[int], given: Sequence[int]) -> tuple[int, ...]:
    """The stages, ascending, that approvals by people of the `given` ranks leave open. Total.

    Each person fills one stage, the highest that their rank reaches; so no order of approvals ends in a dead end.
    """
    left = sorted(stages)
    for rank in sorted(given, reverse=True):
        reached = [stage for stage in left if stage <= rank]
        if reached:
            left.remove(reached[-1])
    return tuple(left)


def parse_four_eyes(node: Node, *, moves_money: bool) -> FourEyes | None:
    """`{from: "1000.00", stages: [{rank: 1}, {rank: 2}]}`; `from` only where the type moves money."""
    if node.absent:
        return None
    node.fields(required=("stages",), optional=("from",))
    stages = tuple(_rank(at) for at in node.at("stages").items(MOST))
    if len(stages) < FEWEST:
        node.at("stages").say(f"{FEWEST} to {MOST} stages are expected, each by another person.")
        stages = (1, 1)
    start = node.at("from")
    if start.absent:
        return FourEyes(tuple(sorted(stages)))
    if not moves_money:
        start.say("Only a type that moves money has an amount from which more people decide.")
    return FourEyes(tuple(sorted(stages)), _minor(start))


def _rank(node: Node) -> int:
    node.fields(required=("rank",))
    rank = node.at("rank")
    if type(rank.value) is not int or rank.value not in RANKS:
        rank.say("A rank is 1, 2 or 3.")
        return 1
    return rank.value


def _minor(node: Node) -> int:
    try:
        return parse_amount(node.value, REFERENCE_CURRENCY)
    except ValueError as error:
        node.say(str(error))
        return 0
