"""Field types of contracts: for each a parser of canonical JSON values, closed, total and without echo."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from governance.policy.codes import COUNTRIES
from governance.policy.money import Money, parse_money

DEFAULT_ID = re.compile(r"[A-Za-z0-9_.:#@+-]{1,128}", re.ASCII)
MAX_INTEGER = 2**53 - 1
MAX_TEXT = 20_000
DEFAULT_TEXT = 4_000
DEFAULT_ID_LENGTH = 128

_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,20})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z", re.ASCII)
_EMAIL = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}",
    re.ASCII,
)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_POSTCODE = re.compile(r"[A-Z0-9](?:[A-Z0-9 -]{0,10}[A-Z0-9])?", re.ASCII)
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


class FieldError(Exception):
    """A value that breaks its field: a stable code and a sentence that never repeats the value."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Bounds:
    """What narrows a field type; which of them apply depends on the type. Lengths are in characters."""

    length: int = DEFAULT_ID_LENGTH
    lowest: Decimal | int | Money | None = None
    highest: Decimal | int | Money | None = None
    pattern: re.Pattern[str] = DEFAULT_ID
    values: tuple[str, ...] = ()


Reader = Callable[[object, Bounds], object]


def read_money(value: object, bounds: Bounds) -> object:
    """Canonical money within its bounds, in one of the allowed currencies."""
    try:
        money = parse_money(value)
    except ValueError as error:
        raise FieldError("format" if isinstance(value, dict) else "type", str(error)) from error
    if bounds.values and money.currency not in bounds.values:
        raise FieldError("not_allowed", "This currency is not allowed here.")
    for bound, over in ((bounds.lowest, False), (bounds.highest, True)):
        if isinstance(bound, Money):
            _check_money(money, bound, over)
    return money.to_wire()


def read_decimal(value: object, bounds: Bounds) -> object:
    """A canonical decimal string of at most 20 digits, such as "12.50"."""
    text = _text(value, 22, "A decimal is a string such as 12.50.")
    if not _DECIMAL.fullmatch(text) or sum(map(str.isdigit, text)) > 20:
        raise FieldError(
            "format", "A decimal has plain digits, no exponent, no leading zero, no plus, at most 20 digits."
        )
    number = Decimal(text)
    if text.startswith("-") and not number:
        raise FieldError("format", "Zero has no sign.")
    _within(number, bounds)
    return text


def read_integer(value: object, bounds: Bounds) -> object:
    """A JSON integer that every JSON reader can hold exactly; true and false are not integers."""
    if type(value) is not int:
        raise FieldError("type", "A whole number is expected.")
    if abs(value) > MAX_INTEGER:
        raise FieldError("too_large" if value > 0 else "too_small", "The number is out of the exact range of JSON.")
    _within(value, bounds)
    return value


def read_boolean(value: object, bounds: Bounds) -> object:
    """true or false."""
    if type(value) is not bool:
        raise FieldError("type", "true or false is expected.")
    return value


def read_enum(value: object, bounds: Bounds) -> object:
    """One of the listed values, exactly."""
    text = _text(value, DEFAULT_ID_LENGTH, "One of the listed values is expected.")
    if text not in bounds.values:
        raise FieldError("not_allowed", "The value is not one of the listed values.")
    return text


def read_date(value: object, bounds: Bounds) -> object:
    """A calendar date, YYYY-MM-DD."""
    text = _text(value, 10, "A date is written YYYY-MM-DD.")
    _matched(text, _DATE, "A date is written YYYY-MM-DD.")
    return _calendar(text, dt.date.fromisoformat)


def read_date_time(value: object, bounds: Bounds) -> object:
    """A moment in UTC, RFC 3339 with Z."""
    text = _text(value, 27, "A moment is written YYYY-MM-DDTHH:MM:SSZ.")
    _matched(text, _DATE_TIME, "A moment is written YYYY-MM-DDTHH:MM:SSZ.")
    return _calendar(text, dt.datetime.fromisoformat)


def read_id(value: object, bounds: Bounds) -> object:
    """An identifier that matches the whole pattern of its field."""
    text = _text(value, bounds.length, "An identifier is a string.")
    return _matched(text, bounds.pattern, "The identifier does not have the form that this field asks for.")


def read_email(value: object, bounds: Bounds) -> object:
    """An ASCII e-mail address without quotes or comments, at most 254 characters, 64 before the @."""
    text = _text(value, 254, "An e-mail address is a string.")
    _matched(text, _EMAIL, "The e-mail address does not have a plain form.")
    if text.index("@") > 64:
        raise FieldError("too_long", "The part before the @ has more than 64 characters.")
    return text


def read_iban(value: object, bounds: Bounds) -> object:
    """An IBAN without spaces, with a known country and correct check digits."""
    text = _matched(_text(value, 34, "An IBAN is a string."), _IBAN, "An IBAN has capitals and digits, no spaces.")
    if text[:2] not in COUNTRIES and text[:2] != "XK":
        raise FieldError("format", "The country of the IBAN is not known.")
    if int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4])) % 97 != 1:
        raise FieldError("format", "The check digits of the IBAN are wrong.")
    return text


def read_country(value: object, bounds: Bounds) -> object:
    """An ISO 3166 country code of two capitals."""
    text = _text(value, 2, "A country is a code of two capitals.")
    if text not in COUNTRIES:
        raise FieldError("not_allowed", "The country code is not known.")
    return text


def read_postcode(value: object, bounds: Bounds) -> object:
    """A postcode of capitals, digits, spaces and hyphens."""
    text = _text(value, 12, "A postcode is a string.")
    return _matched(text, _POSTCODE, "A postcode has capitals, digits, spaces and hyphens only.")


def read_host(value: object, bounds: Bounds) -> object:
    """A host name in lower case, never an address or a URL."""
    text = _text(value, 253, "A host name is a string.")
    return _matched(text, _HOST, "A host is a full name in lower case, without scheme, port or path.")


def read_text(value: object, bounds: Bounds) -> object:
    """Free text, which is sealed: only its length is judged, and that it can be stored at all."""
    text = _text(value, bounds.length, "Text is a string.")
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise FieldError("format", "The text has a character that cannot be stored.")
    return text


READERS: dict[str, Reader] = {
    "money": read_money,
    "decimal": read_decimal,
    "integer": read_integer,
    "boolean": read_boolean,
    "enum": read_enum,
    "date": read_date,
    "date-time": read_date_time,
    "id": read_id,
    "email": read_email,
    "iban": read_iban,
    "country": read_country,
    "postcode": read_postcode,
    "host": read_host,
    "text": read_text,
}


def _text(value: object, longest: int, sentence: str) -> str:
    if not isinstance(value, str):
        raise FieldError("type", sentence)
    if len(value) > longest:
        raise FieldError("too_long", f"At most {longest} characters are allowed.")
    return value


def _matched(text: str, pattern: re.Pattern[str], sentence: str) -> str:
    """The text if the whole of it matches; one code of its own for what people cannot see."""
    if not (text.isascii() and text.isprintable()):
        raise FieldError("invisible", "Only visible ASCII characters are allowed here.")
    if not pattern.fullmatch(text):
        raise FieldError("format", sentence)
    return text


def _calendar(text: str, read: Callable[[str], object]) -> str:
    try:
        read(text)
    except ValueError as error:
        raise FieldError("format", "There is no such day or time.") from error
    return text


def _within(number: Decimal | int, bounds: Bounds) -> None:
    if isinstance(bounds.highest, Decimal | int) and number > bounds.highest:
        raise FieldError("too_large", f"At most {bounds.highest} is allowed.")
    if isinstance(bounds.lowest, Decimal | int) and number < bounds.lowest:
        raise FieldError("too_small", f"At least {bounds.lowest} is allowed.")


def _check_money(money: Money, bound: Money, over: bool) -> None:
    if money.currency != bound.currency:
        raise FieldError("not_allowed", f"The bound of this field is in {bound.currency}.")
    if over and money.minor > bound.minor:
        raise FieldError("too_large", f"At most {bound} is allowed.")
    if not over and money.minor < bound.minor:
        raise FieldError("too_small", f"At least {bound} is allowed.")
