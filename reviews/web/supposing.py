"""What the form of /what-if/ may send, and its fields as the page shows them: closed words and figures only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from governance.policy.evidence import Signal
from governance.policy.ladder import label as limiter_label
from governance.policy.money import REFERENCE_CURRENCY, amount_text, parse_amount
from governance.policy.tiers import LEVEL_NAMES, Level, Tier
from governance.problems import Code, Problem
from reviews.shown import label
from reviews.whatif import Present, Supposed, standing

T = TypeVar("T")

NONE = "none"
_TIERS = {tier.name: tier for tier in Tier if tier is not Tier.HALT}
_LEVELS: dict[str, Level | None] = {NONE: None, **{level.name: level for level in Level}}
_SIGNALS = {signal.value: signal for signal in Signal}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its choices are (value, words), none for a figure. `now` is what stands."""

    name: str
    label: str
    value: str
    now: str
    options: tuple[tuple[str, str], ...]
    error: str


def agent_of(sent: Mapping[str, str]) -> UUID:
    """The agent that was chosen. Problem INVALID when it is none."""
    try:
        return UUID(sent.get("agent", ""))
    except ValueError as error:
        raise Problem(Code.INVALID, "Choose an agent.", fields=(("/agent", "Choose an agent."),)) from error


def read(sent: Mapping[str, str], stands: Present, errors: dict[str, str]) -> Supposed:
    """What is supposed; what was not sent stands as it is. `errors` gets a sentence for each field that is wrong."""
    now = standing(stands)
    inputs = stands.inputs
    return Supposed(
        amount=_amount(sent, now.amount, errors) if stands.has_amount else now.amount,
        quantity=_quantity(sent, now.quantity, errors) if stands.has_quantity else now.quantity,
        level=_one_of(_LEVELS, sent, "level", now.level, errors),
        ceilings=tuple(
            _one_of(_TIERS, sent, f"ceiling_{place}", limiter.tier, errors)
            for place, limiter in enumerate(inputs.limiters)
        ),
        signals={
            kind: _one_of(_SIGNALS, sent, f"signal_{kind.value}", signal, errors)
            for kind, signal in stands.signals.items()
        },
        connector=_one_of(_SIGNALS, sent, "connector", now.connector, errors)
        if stands.has_connector
        else now.connector,
    )


def fields(sent: Mapping[str, str], stands: Present, errors: Mapping[str, str]) -> tuple[Field, ...]:
    """Every field of the form, with what was sent or else what stands."""
    now = standing(stands)
    found: list[tuple[str, str, str, tuple[tuple[str, str], ...]]] = []
    if stands.has_amount:
        amount = "" if now.amount is None else amount_text(now.amount, REFERENCE_CURRENCY)
        found.append(("amount", f"Amount in {REFERENCE_CURRENCY}", amount, ()))
    if stands.has_quantity:
        found.append(("quantity", "Quantity", "" if now.quantity is None else str(now.quantity), ()))
    levels = tuple((name, "no permission" if level is None else LEVEL_NAMES[level]) for name, level in _LEVELS.items())
    found.append(("level", "Level", NONE if now.level is None else now.level.name, levels))
    for place, limiter in enumerate(stands.inputs.limiters):
        tier = Tier.PROPOSE if limiter.tier is None else limiter.tier
        words = label(limiter_label(limiter.kind, limiter.name))
        found.append((f"ceiling_{place}", words, tier.name, tuple((name, name) for name in _TIERS)))
    colours = tuple((colour, colour) for colour in _SIGNALS)
    for kind, signal in stands.signals.items():
        found.append((f"signal_{kind.value}", label(kind.value), signal.value, colours))
    if stands.has_connector:
        found.append(("connector", "Connector health", now.connector.value, colours))
    return tuple(
        Field(name, words, sent.get(name, value)[:24], value, options, errors.get(name, ""))
        for name, words, value, options in found
    )


def _one_of(words: Mapping[str, T], sent: Mapping[str, str], name: str, stands: T, errors: dict[str, str]) -> T:
    word = sent.get(name)
    if word is not None and word not in words:
        errors[name] = "Choose one of the listed words."
    return stands if word is None else words.get(word, stands)


def _amount(sent: Mapping[str, str], stands: int | None, errors: dict[str, str]) -> int | None:
    text = sent.get("amount")
    if text is None:
        return stands
    try:
        return None if text == "" else parse_amount(text, REFERENCE_CURRENCY)
    except ValueError as error:
        errors["amount"] = str(error)
        return stands


def _quantity(sent: Mapping[str, str], stands: int | None, errors: dict[str, str]) -> int | None:
    text = sent.get("quantity")
    if text is None:
        return stands
    if text == "":
        return None
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    errors["quantity"] = "A whole number with at most nine digits is expected."
    return stands
