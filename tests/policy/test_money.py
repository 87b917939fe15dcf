"""Money: one canonical form, everything else refused without being repeated."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.money import (
    EXPONENTS,
    MAX_DIGITS,
    Money,
    Pinned,
    amount_text,
    format_money,
    in_reference,
    parse_amount,
    parse_money,
)
from tests.policy.prove import examples

BAD_AMOUNTS: list[object] = [
    *("", " ", "480", "480.", ".00", "480.0", "480.000", "0480.00", "00.00", "+480.00", "-480.00", "-0.00", "4_80.00"),
    *("4,80", "480,00", "1,480.00", "4.8e2", "48E1", "1e400", "NaN", "nan", "Infinity", "-Infinity", "inf", "0x1F.00"),
    *(" 480.00", "480.00 ", "480.00\n", "\t480.00", "480.00\x00", "480 .00", "480.\u200b00", "\u202e480.00", "480.00$"),
    *(
        "$480.00",
        "480.00 USD",
        "\u0664\u0668\u0660.\u0660\u0660",
        "\uff14\uff18\uff10.\uff10\uff10",
        "\u096a\u096e\u0966.\u0966\u0966",
        "\U0001d7dc\U0001d7e0\U0001d7d8.\U0001d7d8\U0001d7d8",
        "480\uff0e00",
        "480\u00b700",
        "1/2",
        "480.00.00",
    ),
    *(480, 480.0, True, None, [], {}, b"480.00", "9" * 14 + ".00", "1" * 10_000_000),
]


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=lambda amount: ascii(amount)[:24])
def test_an_amount_that_is_not_canonical_is_refused_without_an_echo(amount: object) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        parse_money({"amount": amount, "currency": "USD"})
    assert str(refused.value).endswith(".")
    if isinstance(amount, str) and len(amount.strip()) > 2:
        assert amount not in str(refused.value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "480.00",
        480,
        [],
        {},
        {"amount": "480.00"},
        {"currency": "USD"},
        {"amount": "480.00", "currency": "USD", "note": "x"},
        {"amount": "480.00", "Currency": "USD"},
        *(
            {"amount": "480.00", "currency": bad}
            for bad in ("usd", "US", "USDT", "XXX", "", None, 840, ["USD"], "\uff35\uff33\uff24")
        ),
    ],
)
def test_money_is_exactly_an_amount_and_a_known_currency(value: object) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        parse_money(value)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("480.00", "USD", 480_00),
        ("0.00", "USD", 0),
        ("0.01", "EUR", 1),
        ("500", "JPY", 500),
        ("0", "JPY", 0),
        ("1.234", "KWD", 1234),
        ("9999999999999.99", "USD", 999_999_999_999_999),
        ("999999999999999", "JPY", 999_999_999_999_999),
    ],
)
def test_canonical_money_is_read_to_the_minor_unit(amount: str, currency: str, minor: int) -> None:
    money = parse_money({"amount": amount, "currency": currency})
    assert money == Money(minor, currency)
    assert money.to_wire() == {"amount": amount, "currency": currency}


@pytest.mark.parametrize(("amount", "currency"), [("1.0", "JPY"), ("1.00", "KWD"), ("1", "USD"), ("1.00", "ZZZ")])
def test_the_digits_after_the_point_are_those_of_the_currency(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        parse_amount(amount, currency)


@given(st.integers(0, 10**MAX_DIGITS - 1), st.sampled_from(sorted(EXPONENTS)))
@examples(100)
def test_money_survives_its_wire_form(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    if len(str(minor)) <= MAX_DIGITS:
        assert parse_money(money.to_wire()) == money


@given(st.text(max_size=20))
@examples(100)
def test_any_text_is_refused_or_is_the_canonical_form_of_what_was_read(text: str) -> None:
    try:
        minor = parse_amount(text, "USD")
    except ValueError:
        return
    assert amount_text(minor, "USD") == text


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (480_00, "USD", "$480.00"),
        (1_480_00, "USD", "$1,480.00"),
        (1_234_567_89, "EUR", "€1,234,567.89"),
        (5, "GBP", "£0.05"),
        (0, "USD", "$0.00"),
        (500, "JPY", "¥500"),
        (1_234, "KWD", "KWD 1.234"),
        (-5_00, "USD", "-$5.00"),
        (480_00, "CHF", "CHF 480.00"),
    ],
)
def test_money_reads_as_people_write_it(minor: int, currency: str, text: str) -> None:
    assert format_money(minor, currency) == text
    assert str(Money(minor, currency)) == text


def test_an_unknown_currency_is_never_formatted() -> None:
    with pytest.raises(ValueError, match="currency"):
        format_money(1, "ZZZ")


@pytest.mark.parametrize(
    ("money", "rate", "worth"),
    [
        (Money(100_00, "EUR"), "1.0873", 108_73),
        (Money(100_01, "EUR"), "1.0873", 108_75),
        (Money(1, "EUR"), "0.000000000001", 1),
        (Money(0, "EUR"), "1.0873", 0),
        (Money(10_000, "JPY"), "0.0066", 66_00),
        (Money(10_001, "JPY"), "0.0066", 66_01),
        (Money(1_000, "KWD"), "3.25", 3_25),
        (Money(1_001, "KWD"), "3.25", 3_26),
        (Money(10**15 - 1, "EUR"), "1.0873", None),
    ],
    ids=str,
)
def test_another_currency_is_worth_its_rate_rounded_up(money: Money, rate: str, worth: int | None) -> None:
    assert in_reference(money, Decimal(rate)) == worth


@given(st.integers(0, 10**9), st.decimals(Decimal("0.000001"), 10**6, places=6))
@examples(200)
def test_the_worth_is_never_less_and_less_than_a_cent_more(minor: int, rate: Decimal) -> None:
    worth = in_reference(Money(minor, "EUR"), rate)
    exact = Fraction(minor) * Fraction(rate)
    assert worth is None or exact <= worth < exact + 1


def test_a_rate_is_told_with_its_day() -> None:
    assert str(Pinned("EUR", Decimal("1.087300"), "2026-11-21")) == "EUR at 1.0873, pinned 2026-11-21"
