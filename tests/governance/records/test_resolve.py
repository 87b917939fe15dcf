"""Values over a document: exact, and nothing whenever anything on the way is not there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.money import Money
from governance.records.grammar import Value, parse
from governance.records.resolve import money_of, resolve, text_of
from tests.governance.records.test_grammar import VALUES
from tests.policy.prove import examples

D = Decimal

DOCUMENT: dict[str, Any] = {
    "status": "pending",
    "paid": D("480.10"),
    "refunded": D("500.20"),
    "nothing": None,
    "number": 7,
    "empty": [],
    "address": {"zip": "10083", "line2": None},
    "items": [
        {"item_id": "1", "product": "p1", "price": D("47.84"), "sold": True},
        {"item_id": "2", "product": "p2", "price": D("0.10"), "sold": False},
        {"item_id": "2", "product": "p2", "price": D("0.10"), "sold": False},
        {"item_id": "3", "product": "p3", "price": D("1.00"), "sold": True},
        {"item_id": "3", "product": "p3", "price": D("9.00"), "sold": True},
    ],
    "gaps": [{"item_id": "1", "price": D(1)}, {"item_id": "2", "price": None}, {"item_id": "3"}],
    "history": [{"kind": "payment", "amount": D("0.10")}, {"kind": "payment", "amount": D("0.20")},
                {"kind": "refund", "amount": D("9.99")}],
    "methods": {"card_1": {"id": "card_1", "source": "card"}, "gift_2": {"id": "gift_2", "source": "gift"}},
    "products": [{"variants": {"10": {"price": D("5.50"), "ok": True}, "11": {"price": D("6.50"), "ok": False}}},
                 {"variants": {"20": {"price": D("7.50"), "ok": True}, "10": {"price": D("5.50"), "ok": True}}}],
    "missing_join": None,
    "no_rows": [],
    "parameters": {"one": "1", "two": "2", "three": "3", "four": "4", "both": ["1", "2"], "twice": ["2", "2"],
                   "some": ["1", "4"], "none": [], "method": "card_1", "variant": "20",
        "variants": ["10", "20", "20"],
                   "nothing": None},
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status", "pending"),
        ("address.zip", "10083"),
        ("items.item_id", ["1", "2", "2", "3", "3"]),
        ("methods[*].id", ["card_1", "gift_2"]),
        ("methods[*].id where source = gift", ["gift_2"]),
        ("methods[*].id where source = paypal", []),
        ("items.item_id where sold = true", ["1", "3", "3"]),
        ("items.item_id where price = 0.10", []),
        ("items.item_id where price = 0.1", ["2", "2"]),
        ("sum(items.price)", D("58.04")),
        ("sum(history.amount where kind = payment)", D("0.30")),
        ("count(items)", 5),
        ("count(items.item_id where sold = false)", 2),
        ("count(empty)", 0),
        ("count(no_rows)", 0),
        ("count(items.item_id, parameters.two)", 2),
        ("count(items.item_id, parameters.four)", 0),
        ("count(no_rows, parameters.one)", 0),
        ("count(methods[*].id, parameters.method)", 1),
        ("abs(paid - refunded)", D("20.10")),
        ("abs(sum(history.amount) - paid)", D("469.81")),
        ("lookup(items.item_id, parameters.one)", "1"),
        ("lookup(items.item_id, parameters.one).price", D("47.84")),
        ("lookup(items.item_id, parameters.both).price", [D("47.84"), D("0.10")]),
        ("lookup(items.item_id, parameters.twice).price", [D("0.10"), D("0.10")]),
        ("lookup(items.item_id, parameters.none).price", []),
        ("sum(lookup(items.item_id, parameters.both).price)", D("47.94")),
        ("lookup(methods, parameters.method)", "card_1"),
        ("lookup(methods, parameters.method).source", "card"),
        ("lookup(products.variants, parameters.variant).price", D("7.50")),
        ("sum(lookup(products.variants, parameters.variants).price)", D("20.50")),
        ("lookup(products.variants, parameters.variants).ok", [True, True, True]),
    ],
)
def test_values_come_out_of_the_document(text: str, expected: object) -> None:
    assert resolve(parse(text), DOCUMENT) == expected


@pytest.mark.parametrize(
    "text",
    [
        "nothing", "nowhere", "nowhere.at.all", "address.line2", "address.nowhere", "status.length", "number.digits",
        "status[*]", "items.nowhere", "gaps.price", "sum(gaps.price)", "sum(empty)", "sum(status)", "sum(address)",
        "sum(items.item_id where kind = x)", "sum(items.price where sold = maybe)", "sum(items)", "sum(methods)",
        "count(status)", "count(nothing)", "count(items.item_id, parameters.nothing)",
        "count(items.item_id, parameters.both)", "count(items, parameters.one)", "count(gaps.price, parameters.one)",
        "abs(paid - nothing)", "abs(nothing - paid)", "abs(status - paid)",
        "abs(items - paid)", "missing_join.name", "sum(missing_join.amount)",
        "lookup(missing_join.id, parameters.one)",
        "lookup(items.item_id, parameters.nothing)", "lookup(items.item_id, parameters.nowhere).price",
        "lookup(items.item_id, nothing)", "lookup(items.item_id, parameters.four)",
        "lookup(items.item_id, parameters.some).price", "lookup(methods, parameters.one)",
        "lookup(status, parameters.one)",
        "lookup(items.item_id, methods)", "lookup(no_rows.id, parameters.one)",
        "lookup(gaps.nowhere, parameters.one)",
    ],
)  # fmt: skip
def test_what_is_missing_anywhere_is_nothing(text: str) -> None:
    assert resolve(parse(text), DOCUMENT) is None


def test_a_key_that_finds_two_different_things_finds_nothing() -> None:
    assert resolve(parse("lookup(items.item_id, parameters.three).price"), DOCUMENT) is None
    assert resolve(parse("lookup(items.item_id, parameters.three).product"), DOCUMENT) == "p3"


@pytest.mark.parametrize(
    ("value", "minor"),
    [
        (D("480.00"), 48_000), (D("480"), 48_000), (480, 48_000), ("480.00", 48_000), (D("0.01"), 1), (0, 0),
        (D("4.8E+2"), 48_000), (D("9999999999999.99"), 999_999_999_999_999),
    ],
)  # fmt: skip
def test_an_exact_amount_is_minor_units(value: Any, minor: int) -> None:
    assert money_of(value, "USD") == Money(minor, "USD")


@pytest.mark.parametrize(
    "value",
    [
        D("0.005"), D("-0.01"), -1, D("NaN"), D("Infinity"), D("1E+400"), D("1E-400"),
        D("10000000000000.00"), "NaN", "1e3",
        "1_000", "480.00 ", " 480", "٤٨٠", "", ".", "-1", "4.8.0", True, None, [], {}, ["480.00"], "4" * 30,
    ],
)  # fmt: skip
def test_what_is_no_exact_amount_is_no_money(value: Any) -> None:
    assert money_of(value, "USD") is None


def test_the_currency_decides_what_a_unit_is() -> None:
    assert money_of(D("480"), "JPY") == Money(480, "JPY")
    assert money_of(D("480.5"), "JPY") is None
    assert money_of(D("1.234"), "KWD") == Money(1234, "KWD")
    assert money_of(D(1), "XXX") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"), (7, "7"), (True, "true"), (D("7.00"), "7"), (D("7.50"), "7.5"), (D("1E+2"), "100"), (None, None),
        ([], None), ({}, None), (D("NaN"), None), (D("1E+999"), None), (D("1E-999"), None),
    ],
)  # fmt: skip
def test_one_text_for_one_value(value: Any, text: str | None) -> None:
    assert text_of(value) == text


@examples(150)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50))
def test_a_sum_of_cents_is_exact(cents: list[int]) -> None:
    document: dict[str, Any] = {"items": [{"price": D(cent).scaleb(-2)} for cent in cents]}
    assert money_of(resolve(parse("sum(items.price)"), document), "USD") == Money(sum(cents), "USD")


NUMBERS = st.one_of(
    st.integers(-(10**40), 10**40),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.sampled_from([D("1E+999999"), D("-1E-999999"), D("NaN"), 10**4000]),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["a", "b", "c", "_"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@examples(150)
@given(VALUES, st.dictionaries(st.sampled_from(["a", "b", "c", "_", "parameters"]), JSON, max_size=5))
def test_no_document_makes_an_expression_fail(value: Value, document: dict[str, Any]) -> None:
    found = resolve(value, document)
    assert money_of(found, "USD") is None or isinstance(money_of(found, "USD"), Money)


def test_a_hostile_amount_of_elements_is_nothing() -> None:
    document: dict[str, Any] = {"items": [{"parts": [{"price": 1}] * 100}] * 100}
    assert resolve(parse("sum(items.parts.price)"), document) is None
