"""Single terms of an action type: each read from its place in the document, with what is wrong said there."""

from __future__ import annotations

import re
from decimal import Decimal

from governance.policy.data_classes import parse_rank
from governance.policy.documents import Node
from governance.policy.evidence import Kind
from governance.policy.inputs import Thresholds
from governance.policy.money import REFERENCE_CURRENCY, parse_amount
from governance.policy.velocity import Cap, CapError, parse_caps

MAX_LATENCY_MS = 24 * 3600 * 1000
MAX_OPEN_CASES = 1_000_000
_SHARE = re.compile(r"0\.[0-9]{1,4}|1(?:\.0{1,4})?", re.ASCII)


def thresholds(node: Node) -> Thresholds:
    """Over any of these the effective risk is high."""
    if node.absent:
        return Thresholds()
    node.fields(optional=("amount", "quantity", "quantity_of", "data_class"))
    amount, quantity, data_class = node.at("amount"), node.at("quantity"), node.at("data_class")
    if not quantity.absent and (type(quantity.value) is not int or quantity.value < 0):
        quantity.say("A whole number, not negative, is expected.")
    if quantity.absent is not node.at("quantity_of").absent:
        node.say("quantity and quantity_of go together.")
    return Thresholds(
        amount=None if amount.absent else _minor(amount),
        quantity=quantity.value if type(quantity.value) is int else None,
        data_class=None if data_class.absent else parse_rank(data_class),
    )


def _minor(node: Node) -> int:
    try:
        return parse_amount(node.value, REFERENCE_CURRENCY)
    except ValueError as error:
        node.say(str(error))
        return 0


def caps(node: Node) -> tuple[Cap, ...]:
    """The cap, or the two, of one entry."""
    try:
        return parse_caps([node.value])
    except CapError as error:
        node.say(str(error))
        return ()


def evidence_kinds(node: Node) -> frozenset[Kind]:
    """The required kinds; all that are computed when nothing is said."""
    if node.absent:
        return frozenset({Kind.CONTRACT, Kind.COMPLETENESS, Kind.VELOCITY, Kind.TOOL_HEALTH})
    return frozenset(Kind(at.choice(tuple(Kind), Kind.CONTRACT)) for at in node.items(len(Kind)))


def latency(node: Node) -> int | None:
    """Milliseconds, at most a day."""
    if node.absent:
        return None
    if type(node.value) is not int or not 0 < node.value <= MAX_LATENCY_MS:
        node.say("A whole number of milliseconds is expected, at most a day.")
        return None
    return node.value


def open_cases(node: Node) -> int | None:
    """How many cases one line of agents may have open; None: no limit of the type's own."""
    if node.absent:
        return None
    if type(node.value) is not int or not 1 <= node.value <= MAX_OPEN_CASES:
        node.say(f"A whole number from 1 to {MAX_OPEN_CASES} is expected.")
        return None
    return node.value


def share(node: Node) -> Decimal | None:
    """A decimal above 0, at most 1."""
    if node.absent:
        return None
    text = str(node.value) if type(node.value) is int else node.value
    if not isinstance(text, str) or not _SHARE.fullmatch(text) or not Decimal(text):
        node.say('A share is written like "0.2", above 0 and at most 1.')
        return None
    return Decimal(text)
