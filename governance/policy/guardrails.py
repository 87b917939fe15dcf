"""Guardrails: the amount and count limits of an action type inside which policy may issue an L3 grant."""

from __future__ import annotations

from dataclasses import dataclass

from governance.policy.documents import Node
from governance.policy.money import REFERENCE_CURRENCY, format_money, parse_amount
from governance.policy.velocity import MAX_LIMIT, Cap, CapError, CapKey, Unit, window_of

_LEAST = 60


@dataclass(frozen=True, slots=True)
class Guardrail:
    """At most `money` (minor units of the reference currency, None: the type moves none) in one action, and at most
    `count` grants of one agent for this type in any window of `window_seconds`."""

    money: int | None
    count: int
    window_seconds: int

    @property
    def cap(self) -> Cap:
        """The count as a cap, for its words and for the width of its ring."""
        return Cap(CapKey.AGENT, Unit.COUNT, self.count, self.window_seconds, hard=True)


def parse_guardrail(node: Node) -> Guardrail | None:
    """Read `{money, count, window}`; None when there is none. What is wrong is noted at its place."""
    if node.absent:
        return None
    node.fields(required=("count", "window"), optional=("money",))
    return Guardrail(_money(node.at("money")), _count(node.at("count")), _window(node.at("window")))


def check_guardrail(node: Node, rail: Guardrail, *, moves_money: bool, may_have_one: bool) -> None:
    """Note what does not fit the type. `may_have_one`: it acts, and no person is required for each of it."""
    if not may_have_one:
        node.say("Only a type of class act that does not always need a person has a guardrail.")
    if moves_money and rail.money is None:
        node.say("A type that moves money limits the money of one grant.")
    if not moves_money and rail.money is not None:
        node.at("money").say("This type moves no money.")


def money_text(minor: int) -> str:
    """An amount of the reference currency for people."""
    return format_money(minor, REFERENCE_CURRENCY)


def _money(node: Node) -> int | None:
    if node.absent:
        return None
    try:
        return parse_amount(node.value, REFERENCE_CURRENCY)
    except ValueError as error:
        node.say(str(error))
        return None


def _count(node: Node) -> int:
    value = node.value
    if type(value) is int and 0 < value <= MAX_LIMIT:
        return value
    if not node.absent:
        node.say("A whole number above 0 is expected: the most grants in one window.")
    return 1


def _window(node: Node) -> int:
    try:
        return _LEAST if node.absent else window_of(node.value)
    except CapError as error:
        node.say(str(error))
        return _LEAST
