"""Novelty by a plain rule: what an agent has not handled before, from its own history with one action type.

Handled is what a person or the machine authorised and the agent reported as succeeded: asking makes nothing familiar.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from governance.policy.documents import Node

WARM_UP, MOST_WARM_UP = 20, 1_000
# The amounts that are kept: the last so many.
AMOUNTS = 100
MOST_VALUES = 8

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NoveltyRule:
    """`values` are parameters whose unseen values are new; under `warm_up` handled actions everything is."""

    values: tuple[str, ...] = ()
    warm_up: int = WARM_UP


class NovelKind(StrEnum):
    """In what an action is new to its agent."""

    FIRST = "first"
    WARMING_UP = "warming_up"
    VALUE = "value"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class Novel:
    """One thing that is new: `parameter` of a value; else a `figure` that does not fit its `bound`.

    Of an amount both are minor units of the reference currency, of a warm-up handled and needed actions.
    """

    kind: NovelKind
    parameter: str = ""
    figure: int = 0
    bound: int = 0


def novelties(
    rule: NoveltyRule, *, handled: int, amounts: Sequence[int], unseen: Sequence[str], amount: int | None, money: bool
) -> tuple[Novel, ...]:
    """What is new in an action. `money`: its type moves some; then a warm-up needs that many known amounts as well."""
    known = min(handled, len(amounts)) if money and len(amounts) < min(rule.warm_up, AMOUNTS) else handled
    kind = NovelKind.WARMING_UP if handled else NovelKind.FIRST
    found = [Novel(kind, figure=known, bound=rule.warm_up)] if known < rule.warm_up else []
    found += [Novel(NovelKind.VALUE, name) for name in rule.values if name in unseen]
    if not found or known >= rule.warm_up:
        most = furthest(amounts)
        if money and amount is not None and most is not None and amount > most:
            found.append(Novel(NovelKind.AMOUNT, figure=amount, bound=most))
    return tuple(found)


def furthest(amounts: Sequence[int]) -> int | None:
    """The largest amount that is not far out: Tukey's outer fence, or what was handled already if that is more.

    The fence is the upper quartile and three times the distance of the quartiles, by nearest rank; None without any.
    """
    if not amounts:
        return None
    ordered, count = sorted(amounts), len(amounts)
    lower, upper = ordered[-(-count // 4) - 1], ordered[-(-3 * count // 4) - 1]
    return max(upper + 3 * (upper - lower), ordered[-1])


def parse_novelty(node: Node) -> NoveltyRule:
    """Read `{values: [payee], warm_up: 20}`."""
    if node.absent:
        return NoveltyRule()
    node.fields(optional=("values", "warm_up"))
    warm_up = node.at("warm_up")
    if not warm_up.absent and (type(warm_up.value) is not int or not 1 <= warm_up.value <= MOST_WARM_UP):
        warm_up.say(f"A whole number from 1 to {MOST_WARM_UP} is expected.")
    values = node.at("values").items(MOST_VALUES)
    return NoveltyRule(
        values=tuple(dict.fromkeys(at.text(_NAME, "The name of a parameter is expected.") for at in values)),
        warm_up=warm_up.value if type(warm_up.value) is int else WARM_UP,
    )
