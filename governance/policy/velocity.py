"""Cumulative caps over sliding windows: a ring of 61 slots, rounded against the agent.

A budget is one row per key, unit and window: 61 slots and `head`, the number of the newest slot written. The number
of a slot is floor(epoch milliseconds / width); slot `n` lives at place `n % 61`. The window is 60 widths and 61 slots
count, the current partial one included: no window of the exact length ever passes the cap, and nothing older than
61/60 of it blocks. The moment of an action is when the clock was read under the lock of its budget, or just before
a budget that did not exist; who waited longer than a slot lasts decides again. The case and the latch of a budget
belong to its key and unit, whatever the window.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from governance.policy.money import REFERENCE_CURRENCY, format_money, parse_amount, parse_money

SLOTS = 61
BUCKETS = 60
MAX_WINDOW_SECONDS = 400 * 24 * 3600
MAX_LIMIT = 10**15

_UNIT_SECONDS: dict[str, int] = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_WINDOW = re.compile(r"([1-9][0-9]{0,8})([smhd])", re.ASCII)


class CapKey(StrEnum):
    """What a cap counts over, in the fixed order in which a breach is named."""

    ENTITY = "entity"
    RUN = "run"
    AGENT = "agent"
    ROOT = "root"
    OWNER = "owner"
    PROJECT = "project"
    DOMAIN = "domain"
    ENTERPRISE = "enterprise"


class Unit(StrEnum):
    """What a cap counts: actions, or money in minor units of the reference currency."""

    COUNT = "count"
    MONEY = "money"


class CapError(ValueError):
    """A cap that is not written as it must be; the message says how."""


_WHOSE: dict[CapKey, str] = {
    CapKey.RUN: "this run",
    CapKey.AGENT: "this agent",
    CapKey.ROOT: "this agent's chain of delegation",
    CapKey.OWNER: "this owner's agents",
    CapKey.PROJECT: "this project",
    CapKey.DOMAIN: "this domain",
    CapKey.ENTERPRISE: "the enterprise",
}
_ONE_OF_THE_CHAIN: dict[CapKey, str] = {
    CapKey.RUN: "this run, below one agent of the chain",
    CapKey.AGENT: "one agent of the chain",
    CapKey.ROOT: "one chain of delegation",
    CapKey.OWNER: "the agents of one owner in the chain",
    CapKey.PROJECT: "one project of the chain",
    CapKey.DOMAIN: "one domain of the chain",
}
ORDER: dict[CapKey, int] = {key: position for position, key in enumerate(CapKey)}


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that may be authorised: `limit` actions or minor units in any window of `window_seconds`.

    A hard cap is passed by nobody; any other only by a person's approval within their mandate.
    """

    key: CapKey
    unit: Unit
    limit: int
    window_seconds: int
    hard: bool = False

    @classmethod
    def from_document(cls, document: object, currency: str = REFERENCE_CURRENCY) -> Cap:
        """Read `{key, count | money, window, hard}`; CapError says what is wrong."""
        caps = parse_caps([document], currency)
        if len(caps) != 1:
            raise CapError("A cap has either a count or an amount of money.")
        return caps[0]

    @property
    def limit_text(self) -> str:
        """The limit for people: "$1,000.00" or "3 actions"."""
        return self.counted(self.limit)

    def text(self, amount: int) -> str:
        """A bare figure in this cap's unit: "$1,000.00" or "3"."""
        return format_money(amount, REFERENCE_CURRENCY) if self.unit is Unit.MONEY else str(amount)

    def counted(self, amount: int) -> str:
        """An amount with its unit: "$1,000.00" or "3 actions"."""
        unit = "" if self.unit is Unit.MONEY else " action" if amount == 1 else " actions"
        return f"{self.text(amount)}{unit}"

    @property
    def window_text(self) -> str:
        """The window for people, in its largest whole unit: "24 hours"."""
        for name, seconds in (("day", 86400), ("hour", 3600), ("minute", 60)):
            count, rest = divmod(self.window_seconds, seconds)
            if rest == 0 and count > (1 if name == "day" else 0):
                return f"{count} {name}{'s' if count > 1 else ''}"
        return f"{self.window_seconds} seconds"


@dataclass(frozen=True, slots=True)
class Usage:
    """A cap against its budget row: `live` is already authorised, `amount` is what this action adds.

    `entity` is the registry name of the parameter an entity key comes from, never its value.
    """

    cap: Cap
    budget_key: str
    live: int
    amount: int
    entity: str | None = None

    @property
    def total(self) -> int:
        """What would be authorised with this action."""
        return self.live + self.amount

    @property
    def breached(self) -> bool:
        """Whether this action would pass the cap. Figures that cannot be, such as a negative one, pass every cap."""
        live, amount, limit = self.live, self.amount, self.cap.limit
        if type(live) is not int or type(amount) is not int or type(limit) is not int:
            return True
        return live < 0 or amount < 0 or live + amount > limit


def whose(key: CapKey, entity: str | None, *, chain: bool = False) -> str:
    """What a cap counts over, as it stands in a sentence. `entity` is a registry name, told as words.

    `chain`: it counts once for each agent above as well, and this is one of those.
    """
    if chain and key in _ONE_OF_THE_CHAIN:
        return _ONE_OF_THE_CHAIN[key]
    if key is CapKey.ENTITY and entity:
        return _named(entity)
    return _WHOSE.get(key, "this record")


def _named(entity: str) -> str:
    """The entity by its registry name: the subject is the customer to everybody, and an id alone says nothing."""
    if entity == "subject":
        return "this customer"
    words = entity.removesuffix("_id").removesuffix("_email").replace("_", " ").lower()
    if words in ("", "id"):
        return "this record"
    return f"these {words}" if words.endswith("s") and not words.endswith("ss") else f"this {words}"


def any_window(budget_key: str) -> str:
    """The key of a budget without its window: its case and its latch stand under it, whatever the window becomes."""
    return budget_key.rstrip("0123456789").rstrip("|")


def first_breach(usages: Iterable[Usage]) -> Usage | None:
    """The breached usage whose case is opened: first key in the fixed order, then as given."""
    breached = [usage for usage in usages if usage.breached]
    return min(breached, key=lambda usage: ORDER.get(usage.cap.key, len(ORDER)), default=None)


def slot_width(window_seconds: int) -> int:
    """Width of one slot in whole milliseconds: a sixtieth of the window, rounded up."""
    return -(-window_seconds * 1000 // BUCKETS)


def slot_number(epoch_ms: int, width_ms: int) -> int:
    """Absolute number of the slot that holds this moment."""
    return epoch_ms // width_ms


def live(head: int, slots: Sequence[int], now_slot: int) -> int:
    """What counts now: the 61 newest slots, the current partial one included. Negative slots count as nothing."""
    return sum(amount for _, amount in _counted(head, slots, now_slot))


def written(head: int, slots: Sequence[int], now_slot: int, amount: int) -> tuple[int, list[int]]:
    """The ring after `amount` is authorised at `now_slot`: stale slots emptied, the head never moved back."""
    newest = max(head, now_slot)
    ring = [0] * SLOTS
    for number, kept in _counted(head, slots, now_slot):
        ring[number % SLOTS] = kept
    ring[newest % SLOTS] += amount
    return newest, ring


def frees_at(head: int, slots: Sequence[int], now_slot: int, width_ms: int, limit: int, amount: int) -> int | None:
    """Epoch milliseconds of the first moment at which `amount` fits under `limit`; None if it never will.

    The start of the current slot when it fits already.
    """
    if amount > limit:
        return None
    counted = list(_counted(head, slots, now_slot))
    remaining, moment = sum(kept for _, kept in counted), max(head, now_slot)
    for number, kept in counted:
        if remaining + amount <= limit:
            break
        remaining, moment = remaining - kept, number + SLOTS
    return moment * width_ms


def parse_caps(documents: object, currency: str = REFERENCE_CURRENCY) -> tuple[Cap, ...]:
    """Read the `caps` of an action type; an entry with both a count and money gives two caps. CapError if wrong."""
    if not isinstance(documents, list):
        raise CapError("Caps are a list.")
    return tuple(cap for document in documents for cap in _parse_entry(document, currency))


def window_of(value: object) -> int:
    """Seconds of a window such as "24h", "10m", "7d" or a whole number of seconds; CapError if wrong."""
    seconds = value if type(value) is int else 0
    if isinstance(value, str) and (match := _WINDOW.fullmatch(value)):
        seconds = int(match[1]) * _UNIT_SECONDS[match[2]]
    # A multiple of three makes a sixtieth of it a whole number of milliseconds.
    if not 0 < seconds <= MAX_WINDOW_SECONDS or seconds % 3:
        raise CapError('A window is written as "24h", "10m", "7d" or "60s": a multiple of 3 seconds, at most 400 days.')
    return seconds


def _counted(head: int, slots: Sequence[int], now_slot: int) -> Iterable[tuple[int, int]]:
    """Numbers and amounts of the slots that count, oldest first.

    A clock that steps back counts from the head, so that nothing written in its future escapes.
    """
    oldest = max(head, now_slot) - BUCKETS
    for number in range(max(oldest, head - BUCKETS), head + 1):
        if (amount := slots[number % SLOTS]) > 0:
            yield number, amount


def _parse_entry(document: object, currency: str) -> list[Cap]:
    if not isinstance(document, Mapping) or not set(document) <= {"key", "count", "money", "window", "hard"}:
        raise CapError("A cap has a key, a count or money, a window, and whether it is hard; nothing else.")
    key, hard = document.get("key"), document.get("hard", False)
    if not isinstance(key, str) or key not in set(CapKey):
        raise CapError(f"The key of a cap is one of: {', '.join(CapKey)}.")
    if type(hard) is not bool:
        raise CapError("Whether a cap is hard is true or false.")
    window = window_of(document.get("window"))
    limits = {Unit.COUNT: _count, Unit.MONEY: _money}
    found = [(unit, read(document[unit.value], currency)) for unit, read in limits.items() if unit.value in document]
    if not found:
        raise CapError("A cap has a count or an amount of money.")
    return [Cap(CapKey(key), unit, limit, window, hard) for unit, limit in found]


def _count(value: object, currency: str) -> int:
    if type(value) is not int or not 0 <= value <= MAX_LIMIT:
        raise CapError("The count of a cap is a whole number, not negative: the most that may happen.")
    return value


def _money(value: object, currency: str) -> int:
    try:
        if isinstance(value, str):
            return parse_amount(value, currency)
        money = parse_money(value)
    except ValueError as error:
        raise CapError(f"The money of a cap is a quoted amount in {currency}: {error}") from error
    if money.currency != currency:
        raise CapError(f"The money of a cap is in the reference currency {currency}.")
    return money.minor
