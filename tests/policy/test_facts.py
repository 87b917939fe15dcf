"""Comparing what an agent claims with what the system of record holds."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.facts import (
    Compare,
    Fact,
    FactRule,
    FactSummary,
    Result,
    Show,
    compare,
    falls_short,
    in_page_order,
)
from governance.policy.money import Money
from tests.policy.prove import examples

USD_480 = {"amount": "480.00", "currency": "USD"}
USD_479_99 = {"amount": "479.99", "currency": "USD"}
EUR_480 = {"amount": "480.00", "currency": "EUR"}
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def rule(how: Compare, claim: str | None = "claim", options: tuple[object, ...] = ()) -> FactRule:
    return FactRule("fact", "value", claim, how, required=True, options=options)


AGREES, DIFFERS, MISSING, UNVERIFIABLE = Result.AGREES, Result.DIFFERS, Result.MISSING, Result.UNVERIFIABLE


@pytest.mark.parametrize(
    ("how", "claimed", "recorded", "result"),
    [
        (Compare.EQUALS, "delivered", "delivered", AGREES),
        (Compare.EQUALS, "Delivered", "delivered", DIFFERS),
        (Compare.EQUALS, "delivered ", "delivered", DIFFERS),
        (Compare.EQUALS, "7", 7, AGREES),
        (Compare.EQUALS, "07", 7, DIFFERS),
        (Compare.EQUALS, "12.50", Decimal("12.50"), AGREES),
        (Compare.EQUALS, True, True, AGREES),
        (Compare.EQUALS, True, 1, DIFFERS),
        (Compare.EQUALS, "2026-11-22", dt.date(2026, 11, 22), AGREES),
        (Compare.EQUALS, ["a", "b"], ["a", "b"], AGREES),
        (Compare.EQUALS, ["a", "b"], ["b", "a"], DIFFERS),
        (Compare.EQUALS, ["a,b"], ["a", "b"], DIFFERS),
        (Compare.EQUALS, "['a']", ["a"], DIFFERS),
        (Compare.EQUALS, ["list", "a"], ["a"], DIFFERS),
        (Compare.EQUALS, [["a"]], ["a"], DIFFERS),
        (Compare.EQUALS, "2026-11-22T12:00:00Z", NOW, AGREES),
        (Compare.EQUALS, "2026-11-22T12:00:00Z", NOW.astimezone(dt.timezone(dt.timedelta(hours=5))), AGREES),
        (Compare.EQUALS, "2026-11-22T12:00:00Z", NOW.replace(tzinfo=None), DIFFERS),
        (Compare.EQUALS, {"a": "1", "b": "2"}, {"b": "2", "a": "1"}, AGREES),
        (Compare.EQUALS, 0.1, "0.1", UNVERIFIABLE),
        (Compare.EQUALS, [10**5000], [10**5000], UNVERIFIABLE),
        (Compare.EQUALS, "1", Decimal("1e999999"), UNVERIFIABLE),
        (Compare.EQUALS, "x", dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5))), DIFFERS),
        (Compare.EQUALS, "x", float("nan"), UNVERIFIABLE),
        (Compare.EQUALS, "NaN", Decimal("NaN"), UNVERIFIABLE),
        (Compare.EQUALS, ["x", 0.1], ["x", "0.1"], UNVERIFIABLE),
        (Compare.EQUALS, {"x": object()}, {"x": "y"}, UNVERIFIABLE),
        (Compare.OWNER_IS_SUBJECT, "customer_1", "customer_1", AGREES),
        (Compare.OWNER_IS_SUBJECT, "customer_1", "customer_2", DIFFERS),
        (Compare.MONEY_EQUALS, USD_480, USD_480, AGREES),
        (Compare.MONEY_EQUALS, USD_480, Money(480_00, "USD"), AGREES),
        (Compare.MONEY_EQUALS, USD_479_99, USD_480, DIFFERS),
        (Compare.MONEY_EQUALS, EUR_480, USD_480, DIFFERS),
        (Compare.MONEY_EQUALS, "480.00", USD_480, UNVERIFIABLE),
        (Compare.MONEY_EQUALS, USD_480, 480.0, UNVERIFIABLE),
        (Compare.COVERS, USD_479_99, USD_480, AGREES),
        (Compare.COVERS, USD_480, USD_480, AGREES),
        (Compare.COVERS, USD_480, USD_479_99, DIFFERS),
        (Compare.COVERS, EUR_480, USD_480, UNVERIFIABLE),
        (Compare.COVERS, "480.00", USD_480, UNVERIFIABLE),
        (Compare.SUBSET, ["1"], ["1", "2"], AGREES),
        (Compare.SUBSET, "1", ["1", "2"], AGREES),
        (Compare.SUBSET, [], ["1"], AGREES),
        (Compare.SUBSET, ["3"], ["1", "2"], DIFFERS),
        (Compare.SUBSET, ["1", "1"], ["1", "2"], DIFFERS),
        (Compare.SUBSET, ["1", "1"], ["1", "1"], AGREES),
        (Compare.SUBSET, [1], ["1"], AGREES),
        (Compare.SUBSET, [0.5], ["1"], UNVERIFIABLE),
        (Compare.EXISTS, "order_9", "order_9", AGREES),
        (Compare.EXISTS, None, "order_9", AGREES),
    ],
)
def test_a_claim_is_held_against_the_record(how: Compare, claimed: Any, recorded: Any, result: Result) -> None:
    assert compare(rule(how), claimed, recorded) is result


@pytest.mark.parametrize(
    ("claimed", "recorded", "less"),
    [
        (USD_479_99, USD_480, True),
        (USD_480, USD_480, False),
        (USD_480, USD_479_99, False),
        (EUR_480, USD_480, False),
        (["1"], ["2", "1"], True),
        ("1", ["1", "2"], True),
        ([], ["1"], True),
        (["2", "1"], ["1", "2"], False),
        (["3"], ["1", "2"], False),
        ("x", "x", False),
        (None, USD_480, False),
        (0.5, ["1", "2"], False),
        ({"x": object()}, ["x", "y"], False),
    ],
)
def test_a_claim_within_the_record_is_told_from_an_equal_one(claimed: Any, recorded: Any, less: bool) -> None:
    assert falls_short(claimed, recorded) is less


@pytest.mark.parametrize("how", Compare)
def test_what_the_record_does_not_have_is_missing(how: Compare) -> None:
    assert compare(rule(how), "anything", None) is MISSING
    assert compare(rule(how), None, None) is MISSING


@pytest.mark.parametrize("how", [how for how in Compare if how is not Compare.EXISTS])
def test_silence_never_agrees(how: Compare) -> None:
    assert compare(rule(how, options=("x",)), None, "x") is UNVERIFIABLE


def test_one_of_needs_no_claim_unless_the_rule_names_one() -> None:
    open_states = ("pending", "delivered")
    unclaimed, claimed = (rule(Compare.ONE_OF, claim, open_states) for claim in (None, "status"))
    assert compare(unclaimed, None, "pending") is AGREES
    assert compare(unclaimed, None, "cancelled") is DIFFERS
    assert compare(claimed, "pending", "pending") is AGREES
    assert compare(claimed, "delivered", "pending") is DIFFERS
    assert compare(claimed, "cancelled", "cancelled") is DIFFERS
    assert compare(rule(Compare.ONE_OF, None), None, "pending") is DIFFERS
    assert compare(unclaimed, None, 0.5) is UNVERIFIABLE


def test_a_comparison_nobody_knows_is_unverifiable() -> None:
    assert compare(rule("roughly"), "x", "x") is UNVERIFIABLE  # type: ignore[arg-type]


def test_what_is_nested_too_deeply_is_unverifiable() -> None:
    deep: object = "x"
    for _ in range(100_000):
        deep = [deep]
    assert compare(rule(Compare.EQUALS), deep, deep) is UNVERIFIABLE
    assert compare(rule(Compare.EQUALS), [[["x"]]], [[["x"]]]) is AGREES


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.decimals() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(Compare), values, values, st.booleans())
@examples(200)
def test_comparing_never_raises_and_agrees_only_with_what_is_recorded(
    how: Compare, claimed: object, recorded: object, named: bool
) -> None:
    result = compare(rule(how, "claim" if named else None, (recorded,)), claimed, recorded)
    assert isinstance(result, Result)
    if result is AGREES:
        assert recorded is not None


@given(st.text(max_size=8), st.text(max_size=8))
@examples(60)
def test_two_texts_agree_exactly_when_they_are_the_same(claimed: str, recorded: str) -> None:
    assert (compare(rule(Compare.EQUALS), claimed, recorded) is AGREES) is (claimed == recorded)


def fact(name: str, result: Result, claimed: object = "x") -> Fact:
    return Fact(name, claimed, "y", result, True, False, Show.MATCH, "records", "v1", NOW)


def test_a_page_lists_what_differs_first_and_what_agrees_last() -> None:
    facts = [fact(str(place), result) for place, result in enumerate([AGREES, *Result, DIFFERS])]
    results = [each.result for each in in_page_order(facts)]
    assert results == [DIFFERS, DIFFERS, MISSING, Result.UNREACHABLE, Result.STALE, UNVERIFIABLE, AGREES, AGREES]
    assert [each.name for each in in_page_order(facts) if each.result is AGREES] == ["0", "1"]


def test_a_summary_carries_no_value() -> None:
    assert fact("status", DIFFERS).summary() == FactSummary("status", DIFFERS, required=True, claimed=True)
    assert not fact("status", DIFFERS, claimed=None).summary().claimed
