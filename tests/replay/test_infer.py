from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.contracts import Contract, Parsed
from reviews.replay.infer import amount_argument, canonical_decimal, infer, money_document, parameter_name, write


def documents(*values: Any, name: str = "note", **options: Any) -> Any:
    """The document inferred for one argument with these recorded values."""
    return infer([{name: value} for value in values], **options)[parameter_name(name)].document


@pytest.mark.parametrize(
    ("values", "document"),
    [
        ([True, False], {"type": "boolean"}),
        ([1, 30], {"type": "integer"}),
        ([1, Decimal("1.5")], {"type": "decimal"}),
        ([30, "60"], {"type": "decimal"}),
        (["30", "60"], {"type": "id", "max": 32}),
        (["ada@example.com", "grace@example.org"], {"type": "email"}),
        (["GB29NWBK60161331926819"], {"type": "iban"}),
        (["2026-11-22", "2024-02-29"], {"type": "date"}),
        (["2026-11-22T10:00:00Z"], {"type": "date-time"}),
        (["2026-11-22 10:00"], {"type": "text", "max": 256}),
        (["2026-02-30"], {"type": "id", "max": 32}),
        (["#W1", "#W2"], {"type": "id", "max": 32}),
        (["Bob"], {"type": "text", "max": 256}),
        (["Bob", "A1"], {"type": "text", "max": 256}),
        (["lost", "found"], {"type": "text", "max": 256}),
        ([""], {"type": "text", "max": 256}),
        (["A1", True], {"type": "text", "max": 256}),
        (["x" * 300], {"type": "text", "max": 512}),
        (["a1" * 40], {"type": "text", "max": 256}),
        ([{"file": 1}], {"type": "text", "max": 256}),
        ([None], {"type": "text", "max": 256, "nullable": True}),
        ([1, None], {"type": "integer", "nullable": True}),
        ([["A1"], ["A2", "A3"]], {"type": "list", "of": {"type": "id", "max": 32}, "max": 16}),
        (["A1", ["A2"]], {"type": "list", "of": {"type": "id", "max": 32}, "max": 16}),
        ([[]], {"type": "list", "of": {"type": "text", "max": 256}, "max": 16}),
        ([[1] * 17], {"type": "list", "of": {"type": "integer"}, "max": 32}),
        ([[["A1"]]], {"type": "list", "of": {"type": "text", "max": 256}, "max": 16}),
    ],
)
def test_the_narrowest_type_that_holds_every_value_is_taken(values: list[Any], document: dict[str, Any]) -> None:
    assert documents(*values) == document


def test_a_closed_list_of_words_is_never_made_up() -> None:
    assert all(documents(*["open", "closed"] * 50)["type"] != "enum" for _ in range(1))
    assert documents(*["open1", "closed1"] * 50)["type"] == "id"


@pytest.mark.parametrize("name", ["order_id", "id", "item_ids", "Order ID"])
def test_a_name_can_say_that_words_are_identifiers(name: str) -> None:
    assert documents("alpha", "beta", name=name)["type"] == "id"


def test_tools_can_say_that_an_argument_identifies_something() -> None:
    assert documents("alpha", name="recipient", entities=["recipient"])["type"] == "id"


@pytest.mark.parametrize("name", ["password", "new_password", "api_key", "token", "pin", "client_secret_id"])
def test_what_sounds_like_a_secret_is_sealed_whatever_it_looks_like(name: str) -> None:
    assert documents("1j1l-2k3j", name=name)["type"] == "text"


def test_an_argument_that_some_calls_lack_is_not_required() -> None:
    shapes = infer([{"a": 1}, {"a": 2, "b": 3}])
    assert shapes["a"].document == {"type": "integer"}
    assert shapes["b"].document == {"type": "integer", "required": False}


def test_a_few_more_calls_of_the_same_kind_do_not_change_the_type() -> None:
    assert documents("A1", "A22") == documents("A1", "A22", "A333333")
    assert documents(["A1"]) == documents(["A1"] * 9)


def test_the_argument_named_by_the_formula_is_money() -> None:
    shapes = infer([{"amount": Decimal("98.7")}, {"amount": 4}], money="amount")
    assert shapes["amount"].document == {"type": "money"}
    assert shapes["amount"].written(Decimal("98.7")) == {"amount": "98.70", "currency": "USD"}


@pytest.mark.parametrize("odd", ["AMOUNT_HERE", Decimal("0.001"), -1, 10**13])
def test_an_amount_that_is_no_money_makes_the_argument_something_wider(odd: Any) -> None:
    assert infer([{"amount": 4}, {"amount": odd}], money="amount")["amount"].document["type"] != "money"


@pytest.mark.parametrize(
    ("formula", "argument"),
    [
        ("payment = amount argument", "amount"),
        ("refund = value argument", "value"),
        ("refund = sum(price of item_ids in orders[order_id].items)", None),
        (None, None),
    ],
)
def test_only_a_formula_that_names_an_argument_names_an_amount(formula: str | None, argument: str | None) -> None:
    assert amount_argument(formula) == argument


@pytest.mark.parametrize(
    ("argument", "name"),
    [("_value", "value"), ("Order ID", "order_id"), ("2nd", "nd"), ("???", "value"), ("größe", "gr_e")],
)
def test_arguments_get_names_that_contracts_can_have(argument: str, name: str) -> None:
    assert parameter_name(argument) == name


def test_two_arguments_never_share_a_name() -> None:
    shapes = infer([{"_value": "A1", "value": "B1", "VALUE": "C1"}])
    assert write({"_value": "A1", "value": "B1", "VALUE": "C1"}, shapes).keys() == {"value", "value2", "value3"}


@pytest.mark.parametrize(
    ("number", "text"), [(Decimal("98.70"), "98.7"), (Decimal("1E+3"), "1000"), (Decimal("-0.0"), "0"), (7, "7")]
)
def test_decimals_are_canonical(number: Decimal | int, text: str) -> None:
    assert canonical_decimal(number) == text


def test_money_has_exactly_its_cents() -> None:
    assert money_document(Decimal("4.0")) == {"amount": "4.00", "currency": "USD"}
    assert money_document("1100") == {"amount": "1100.00", "currency": "USD"}
    assert money_document(Decimal("4.005")) is None
    assert money_document(True) is None


@pytest.mark.parametrize("number", [10**12, 10**26, Decimal("1e30"), Decimal(10**40), "9" * 400])
def test_what_is_too_much_for_money_is_no_amount(number: int | Decimal | str) -> None:
    assert money_document(number) is None


numbers = st.integers() | st.decimals("-1e20", "1e20", allow_nan=False)
words = st.text(max_size=40) | st.sampled_from(["A1", "2026-11-22", "ada@example.com", "12.50", "", "x" * 5000])
scalars = st.none() | st.booleans() | numbers | words | st.just({"file": [1]})
values = scalars | st.lists(scalars, max_size=4)
calls = st.lists(st.dictionaries(st.sampled_from(["amount", "order_id", "note", "_x", "password"]), values), max_size=4)


@given(calls)
def test_an_inferred_type_accepts_every_call_it_was_inferred_from(recorded: list[dict[str, Any]]) -> None:
    shapes = infer(recorded, money="amount", entities=["order_id"])
    contract = Contract.from_document({name: shape.document for name, shape in shapes.items()})
    for arguments in recorded:
        written = write(arguments, shapes)
        assert isinstance(contract.parse(json.loads(json.dumps(written))), Parsed)
