"""What the form of /what-if/ may send, and its fields as the page shows them: closed words and figures only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from governance.policy.evidence import Signal
from governance.policy.ladder import label as limiter_label
from governance.policy.money import REFERENCE_CURRENCY, amount_text, parse_amount
from governance.policy.tiers import LEVEL_NAMES, Level, Tier
from governance.problems import Code, Problem
from reviews.shown import label
from reviews.whatif import Facts, Present, Supposed, standing

T = TypeVar("T")

NONE = "none"
_TIERS = {tier.name: tier for tier in Tier if tier is not Tier.HALT}
_LEVELS: dict[str, Level | None] = {NONE: None, **{level.name: level for level in Level}}
_SIGNALS = {signal.value: signal for signal in Signal}
_FACTS = {facts.value: facts for facts in Facts}
_CURRENCY = {"known": True, "without a rate": False}
_ANSWERS = {"answers": True, "unavailable": False}
_GRANTS = {"does not grant": False, "grants": True}
_SHARE = re.compile(r"0(?:\.[0-9]{1,4})?|1(?:\.0{1,4})?", re.ASCII)
_Row = tuple[str, str, str, tuple[tuple[str, str], ...]]


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
        currency_known=_one_of(_CURRENCY, sent, "currency", now.currency_known, errors),
        standing=_one_of(_TIERS, sent, "standing", now.standing, errors),
        policy=_one_of(_TIERS, sent, "policy", now.policy, errors),
        policy_available=_one_of(_ANSWERS, sent, "policy_answers", now.policy_available, errors),
        policy_grants=_one_of(_GRANTS, sent, "policy_grants", now.policy_grants, errors),
        guardrail_used=_whole(sent, "guardrail_used", now.guardrail_used, errors) or 0,
        facts=_one_of(_FACTS, sent, "facts", now.facts, errors),
        novelty=_one_of(_SIGNALS, sent, "novelty", now.novelty, errors),
        error_rate=_one_of(_SIGNALS, sent, "error_rate", now.error_rate, errors),
        confidence=_confidence(sent, now.confidence, errors),
    )


def fields(sent: Mapping[str, str], stands: Present, errors: Mapping[str, str]) -> tuple[Field, ...]:
    """Every field of the form, with what was sent or else what stands."""
    now = standing(stands)
    found: list[_Row] = []
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
    found += _circumstances(stands, now)
    return tuple(
        Field(name, words, sent.get(name, value)[:24], value, options, errors.get(name, ""))
        for name, words, value, options in found
    )


def _circumstances(stands: Present, now: Supposed) -> list[_Row]:
    """What is not the agent's authority: its standing, policy, the facts, and what is seen and said of it."""
    found: list[_Row] = []
    if stands.has_amount:
        found.append(_choice("currency", "Currency", _CURRENCY, now.currency_known))
    found += [
        _choice("standing", "Standing", _TIERS, now.standing or Tier.PROPOSE),
        _choice("policy", "Policy allows", _TIERS, now.policy or Tier.PROPOSE),
        _choice("policy_answers", "Policy", _ANSWERS, now.policy_available),
    ]
    if stands.inputs.guardrail is not None:
        found.append(_choice("policy_grants", "Policy inside the guardrail", _GRANTS, now.policy_grants))
        found.append(("guardrail_used", "Grants in the guardrail's window", str(now.guardrail_used), ()))
    return [
        *found,
        _choice("facts", "All facts", _FACTS, now.facts),
        _choice("novelty", "Novelty", _SIGNALS, now.novelty),
        _choice("error_rate", "Error rate", _SIGNALS, now.error_rate),
        ("confidence", "Stated confidence", "" if now.confidence is None else str(now.confidence), ()),
    ]


def _choice(name: str, words: str, options: Mapping[str, T], stands: T) -> _Row:
    chosen = next((word for word, value in options.items() if value == stands), "")
    return name, words, chosen, tuple((word, word) for word in options)


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
    return _whole(sent, "quantity", stands, errors)


def _whole(sent: Mapping[str, str], name: str, stands: int | None, errors: dict[str, str]) -> int | None:
    text = sent.get(name)
    if text is None:
        return stands
    if text == "":
        return None
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    errors[name] = "A whole number with at most nine digits is expected."
    return stands


def _confidence(sent: Mapping[str, str], stands: Decimal | None, errors: dict[str, str]) -> Decimal | None:
    text = sent.get("confidence")
    if text is None:
        return stands
    if text == "":
        return None
    if _SHARE.fullmatch(text):
        return Decimal(text)
    errors["confidence"] = 'A confidence is written like "0.9", from 0 to 1.'
    return stands
