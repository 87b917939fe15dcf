"""Money as integer minor units with a currency, and its one canonical wire form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from governance.policy.codes import EXPONENTS as EXPONENTS

MAX_DIGITS = 15
REFERENCE_CURRENCY = "USD"

_SYMBOLS: dict[str, str] = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_AMOUNT = re.compile(r"(0|[1-9][0-9]*)(?:\.([0-9]+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of money: `minor` units (cents for USD) of an ISO 4217 `currency`."""

    minor: int
    currency: str

    def to_wire(self) -> dict[str, str]:
        """The canonical wire form, such as {"amount": "480.00", "currency": "USD"}."""
        return {"amount": amount_text(self.minor, self.currency), "currency": self.currency}

    def __str__(self) -> str:
        return format_money(self.minor, self.currency)


@dataclass(frozen=True, slots=True)
class Pinned:
    """The rate that an amount was counted at: units of the reference currency for one unit, and since when."""

    currency: str
    rate: Decimal
    pinned_on: str

    def __str__(self) -> str:
        return f"{self.currency} at {self.rate.normalize():f}, pinned {self.pinned_on}"


def in_reference(money: Money, rate: Decimal) -> int | None:
    """Minor units of the reference currency, rounded up; None when it is more than can be counted.

    `rate` is a finite positive number of units of the reference currency for one unit of the money's.
    """
    scale = Fraction(10) ** (EXPONENTS[REFERENCE_CURRENCY] - EXPONENTS[money.currency])
    exact = money.minor * Fraction(rate) * scale
    minor = -(-exact.numerator // exact.denominator)
    return minor if minor < 10**MAX_DIGITS else None


def parse_money(obj: object) -> Money:
    """Read the canonical wire form; ValueError, which never repeats the value, for anything else."""
    if not isinstance(obj, dict) or len(obj) != 2 or "amount" not in obj or "currency" not in obj:
        raise ValueError('Money is an object with exactly "amount" and "currency".')
    currency = obj["currency"]
    if not isinstance(currency, str) or currency not in EXPONENTS:
        raise ValueError("The currency is not one of the known three-letter codes.")
    return Money(parse_amount(obj["amount"], currency), currency)


def parse_amount(text: object, currency: str) -> int:
    """Minor units of a canonical decimal string with exactly the digits of `currency`; else ValueError."""
    exponent = EXPONENTS.get(currency)
    if exponent is None:
        raise ValueError("The currency is not one of the known three-letter codes.")
    if not isinstance(text, str):
        raise ValueError("An amount of money is a decimal string.")
    # The length is bounded before matching, so that a megabyte of digits costs nothing.
    match = _AMOUNT.fullmatch(text) if len(text) <= MAX_DIGITS + 1 else None
    if match is None:
        raise ValueError(f"An amount of money has plain digits, no sign, no leading zero, at most {MAX_DIGITS} digits.")
    whole, fraction = match[1], match[2] or ""
    if len(fraction) != exponent:
        raise ValueError(f"An amount in {currency} has exactly {exponent} digits after the point.")
    if len(whole) + exponent > MAX_DIGITS:
        raise ValueError(f"An amount of money has at most {MAX_DIGITS} digits.")
    return int(whole + fraction)


def amount_text(minor: int, currency: str) -> str:
    """The decimal string of minor units, such as "480.00"; ValueError for an unknown currency."""
    exponent = EXPONENTS.get(currency)
    if exponent is None:
        raise ValueError("The currency is not one of the known three-letter codes.")
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(exponent + 1, "0")
    return sign + (f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits)


def format_money(minor: int, currency: str) -> str:
    """Money for people: "$1,480.00", "€480.00", "CHF 480.00", "-$5.00"."""
    whole, point, fraction = amount_text(abs(minor), currency).partition(".")
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    return f"{'-' if minor < 0 else ''}{symbol}{int(whole):,}{point}{fraction}"
