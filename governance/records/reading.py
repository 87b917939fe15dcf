"""What one reading of the system of record says about an action."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from governance.policy.facts import Fact, Show
from governance.policy.identifiers import identifies, identify
from governance.policy.money import Money, parse_money
from governance.records.protocol import Outage

# Countries and states.
_CODE = re.compile(r"[A-Z]{2,3}", re.ASCII)

NOT_SHOWN = "(not shown)"
# Stands for what the record does not have.
NOT_RECORDED = "(not recorded)"
# Stands for what an agent stated and no record confirmed.
NOT_VERIFIED = "(not verified)"


class Status(StrEnum):
    """Whether the record was found, was not there, or could not be asked for."""

    OK = "ok"
    NOT_FOUND = "not_found"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Sentence:
    """Our own words about the case with slots in braces, and the safe text of each slot."""

    template: str
    slots: Mapping[str, str]

    def __str__(self) -> str:
        text = self.template
        for name, value in self.slots.items():
            text = text.replace(f"{{{name}}}", value)
        return text


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading. `values` are plain and fit for JSON, money as whole minor units; `money` has it with its currency.

    `subject` is who the record says it belongs to. `version` is the record's own, or a digest of what was read.
    `lines` are what stands beside the facts, fit for JSON. `read_at` is the record system's clock, or ours when it did
    not answer. `took_ms`: how long the reading took, in milliseconds.
    """

    status: Status
    source: str
    read_at: dt.datetime
    version: str = ""
    subject: str | None = None
    values: Mapping[str, str | int | bool] = field(default_factory=dict)
    money: Mapping[str, Money] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    sentence: Sentence | None = None
    lines: tuple[Mapping[str, object], ...] = ()
    outage: Outage | None = None
    took_ms: int = field(default=0, compare=False)


def printable(value: object, words: Container[object] = ()) -> bool:
    """Whether a value may appear on a page as it is: a number, money, an identifier, or one of the listed words."""
    if isinstance(value, list):
        texts = [element for element in value if isinstance(element, str) and element not in words]
        return all(printable(element, words) for element in value) and identify(texts)
    if isinstance(value, str):
        return value in words or identifies(value)
    return isinstance(value, bool | int | Decimal | Money) or _is_wire_money(value)


def slot_text(value: object, words: Container[object] = ()) -> str:
    """The text of a slot; a fixed phrase for what may not be printed."""
    if isinstance(value, str) and _CODE.fullmatch(value):
        return value
    if value is None:
        return NOT_RECORDED
    if not printable(value, words):
        return NOT_SHOWN
    if isinstance(value, list):
        return ", ".join(slot_text(element, words) for element in value[:5]) + (" and more" if len(value) > 5 else "")
    if isinstance(value, dict):
        return str(parse_money(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def kept(value: object, show: Show, words: Container[object] | None) -> object:
    """A value as it is stored in a fact: as it is if it may be printed, else a digest that can only be compared.

    `words` None: the value is an agent's, typed by its contract, and kept wherever the fact is shown by value.
    """
    if value is None or isinstance(value, bool | int | Decimal | Money) or _is_wire_money(value):
        return to_json(value)
    if show is Show.VALUE and (words is None or printable(value, words)):
        return to_json(value)
    if show is Show.TYPED and isinstance(value, str) and (printable(value) or _CODE.fullmatch(value)):
        return value
    return hidden(value, initials=show is Show.INITIALS)


def hidden(value: object, *, initials: bool = False) -> object:
    """What is left of a value that no page may print: enough to see that it is the same, and initials if wanted."""
    if value is None:
        return None
    text = json.dumps(to_json(value), sort_keys=True, separators=(",", ":"))
    left = {"hidden": hashlib.sha256(text.encode()).hexdigest()[:32]}
    if initials and isinstance(value, str):
        left["initials"] = "".join(
            part[0].upper() for part in value.split() if part[0].isascii() and part[0].isalpha()
        )[:3]
    return left


def is_hidden(value: object) -> bool:
    """Whether only a digest was kept of a value."""
    return isinstance(value, dict) and "hidden" in value


def to_json(value: object) -> object:
    """A recorded value as it is stored beside the claim: money in its wire form, exact numbers as text."""
    if isinstance(value, Money):
        return value.to_wire()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list):
        return [to_json(element) for element in value]
    if isinstance(value, dict):
        return {key: to_json(element) for key, element in value.items()}
    return value


def _is_wire_money(value: object) -> bool:
    try:
        parse_money(value)
    except ValueError:
        return False
    return True
