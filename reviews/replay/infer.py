"""The typed parameters of a tool nobody has described, inferred from the arguments recorded for it.

The narrowest type that holds every recorded value: boolean, integer, money, decimal, e-mail, IBAN, date, date-time,
identifier; any other text is sealed. Never an enum: recorded values are no closed list. A type inferred from all the
calls of a folder accepts all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from governance.policy.contracts import MAX_FIELDS, MAX_LIST
from governance.policy.fields import MAX_INTEGER, MAX_TEXT, READERS, Bounds, FieldError
from governance.policy.money import REFERENCE_CURRENCY

# Long enough for identifiers as they are, too short to carry a sentence onto a reviewer's page.
MAX_ID = 64
MIN_LENGTH = 32
MIN_LIST = 16

_AMOUNT = re.compile(r"\w+ = (\w+) argument", re.ASCII)
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_NAMED_ID = re.compile(r"(?:.*_)?ids?", re.ASCII)
# Nothing but its name tells a password from an identifier.
_SECRET = re.compile(r"pass(?:word|phrase|code)?|secret|token|pin|cvc|cvv|otp|credentials?|api_?key", re.ASCII)

_BY_READING = ("email", "iban", "date", "date-time")

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """One inferred parameter: the recorded argument's name, its field document, and how values are written in it."""

    argument: str
    document: Document

    def written(self, value: object) -> object:
        """A recorded value as this field wants it: decimals and money canonical, one element as a list."""
        if value is None:
            return None
        if self.document["type"] != "list":
            return _written(self.document["type"], value)
        members = value if isinstance(value, list) else [value]
        return [_written(self.document["of"]["type"], member) for member in members]


def amount_argument(formula: str | None) -> str | None:
    """The argument a money formula of tools.json names: "payment = amount argument" names `amount`."""
    match = _AMOUNT.fullmatch(formula or "")
    return match[1] if match else None


def infer(
    calls: Sequence[Mapping[str, Any]], *, money: str | None = None, entities: Collection[str] = ()
) -> dict[str, Shape]:
    """Shapes by parameter name from the arguments of every recorded call.

    `money` names the amount argument, `entities` the arguments that tools.json calls identifiers of something.
    """
    names = dict.fromkeys(name for arguments in calls for name in arguments)
    shapes: dict[str, Shape] = {}
    for argument in sorted(names)[:MAX_FIELDS]:
        values = [arguments[argument] for arguments in calls if argument in arguments]
        document = _field(values, parameter_name(argument), argument == money, argument in entities)
        if len(values) < len(calls):
            document["required"] = False
        shapes[_free(parameter_name(argument), shapes)] = Shape(argument, document)
    return shapes


def parameter_name(argument: str) -> str:
    """An argument's name as contracts spell it: lower case, underscores, a letter first."""
    plain = re.sub(r"[^a-z0-9]+", "_", argument.lower(), flags=re.ASCII).strip("_").lstrip("0123456789_")
    return plain[:60] or "value"


def write(arguments: Mapping[str, Any], shapes: Mapping[str, Shape]) -> Document:
    """One call's arguments as parameters of the inferred type."""
    return {
        name: shape.written(arguments[shape.argument]) for name, shape in shapes.items() if shape.argument in arguments
    }


def canonical_decimal(value: Decimal | int) -> str:
    """Plain digits without exponent, without needless zeros: 98.70 is "98.7", -0.0 is "0"."""
    number = Decimal(value)
    if not number:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def money_document(value: object) -> Document | None:
    """A recorded amount as canonical money of the reference currency; None if it is no amount with whole cents."""
    number = _number(value)
    # the size first: no number of more digits than a Decimal works with can be rounded
    if number is None or not 0 <= number < 10**12 or number != round(number, 2):
        return None
    return {"amount": format(round(number, 2), "f"), "currency": REFERENCE_CURRENCY}


def _free(name: str, taken: Iterable[str]) -> str:
    """The name, or the name with the first number that makes it differ from those taken."""
    names, number = set(taken), 2
    while name in names:
        name, number = f"{name.rstrip('0123456789')}{number}", number + 1
    return name


def _field(values: Sequence[Any], name: str, is_money: bool, is_entity: bool) -> Document:
    present = [value for value in values if value is not None]
    members = [member for value in present for member in (value if isinstance(value, list) else [value])]
    document = _scalar(members, name, is_money, is_entity or _NAMED_ID.fullmatch(name) is not None)
    if any(isinstance(value, list) for value in present):
        longest = max(len(value) for value in present if isinstance(value, list))
        document = {"type": "list", "of": document, "max": min(_roomy(longest, MIN_LIST), MAX_LIST)}
    if len(present) < len(values):
        document["nullable"] = True
    return document


def _scalar(members: Sequence[Any], name: str, is_money: bool, is_id: bool) -> Document:
    """The document of a single value that holds all members."""
    if members and all(type(member) is bool for member in members):
        return {"type": "boolean"}
    if members and all(type(member) is int and abs(member) <= MAX_INTEGER for member in members) and not is_money:
        return {"type": "integer"}
    if is_money and members and all(money_document(member) for member in members):
        return {"type": "money"}
    if any(_is_number(member) for member in members) and all(_fits_decimal(member) for member in members):
        return {"type": "decimal"}
    return _text([_words(member) for member in members], name, is_id)


def _text(texts: Sequence[str], name: str, is_id: bool) -> Document:
    """The narrowest kind of text: by its form, as an identifier, else sealed."""
    longest = max(map(len, texts), default=0)
    secret = any(_SECRET.fullmatch(part) for part in (name, *name.split("_")))
    if texts and not secret:
        for kind in _BY_READING:
            if _all_read(kind, texts, Bounds()):
                return {"type": kind}
        if longest <= MAX_ID and _all_read("id", texts, Bounds()) and (is_id or _have_digits(texts)):
            return {"type": "id", "max": min(_roomy(longest, MIN_LENGTH), MAX_ID)}
    return {"type": "text", "max": min(_roomy(longest, 256), MAX_TEXT)}


def _have_digits(texts: Sequence[str]) -> bool:
    """Unless something calls it an identifier, a lone word may as well be a person's name: a digit tells."""
    return all(any(map(str.isdigit, text)) for text in texts)


def _all_read(kind: str, texts: Sequence[str], bounds: Bounds) -> bool:
    read: Callable[[object, Bounds], object] = READERS[kind]
    try:
        return all(read(text, bounds) == text for text in texts)
    except FieldError:
        return False


def _roomy(length: int, least: int) -> int:
    """A bound with room above what was recorded: a power of two, so that a few more calls change nothing."""
    return max(least, 1 << (length - 1).bit_length() if length else 0)


def _is_number(value: object) -> bool:
    return type(value) is int or isinstance(value, Decimal)


def _number(value: object) -> Decimal | None:
    """A recorded number, or text that is one."""
    if type(value) is int or isinstance(value, Decimal):
        return Decimal(value)
    if isinstance(value, str) and len(value) <= 22 and _DECIMAL.fullmatch(value):
        return Decimal(value)
    return None


def _fits_decimal(value: object) -> bool:
    number = _number(value)
    return number is not None and _all_read("decimal", [canonical_decimal(number)], Bounds())


def _written(kind: str, value: object) -> object:
    if kind == "money":
        return money_document(value) or _words(value)
    if kind == "decimal":
        number = _number(value)
        return _words(value) if number is None else canonical_decimal(number)
    if kind in ("boolean", "integer"):
        return value
    return _words(value)[:MAX_TEXT]


def _words(value: object) -> str:
    """Any recorded value as text that can be stored: objects as JSON, no lone surrogates, no NUL."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, Decimal):
        text = canonical_decimal(value)
    else:
        text = json.dumps(value, default=str, sort_keys=True, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
