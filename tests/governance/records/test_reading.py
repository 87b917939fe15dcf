"""What may be printed of a value, and what is left of one that may not."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.facts import Show
from governance.policy.money import Money
from governance.records.reading import NOT_RECORDED, NOT_SHOWN, Sentence, hidden, kept, printable, slot_text, to_json
from tests.policy.prove import examples

PRINTED = ["O-1042", "#W2611340", "paypal_7644869", "2026-11-22", "7",
           "DE89370400440532013000", "2026-11-20T10:00:00+00:00", 7, True,
           Decimal("4.50"), Money(48_000, "USD"), ["O-1", 7],
           {"amount": "480.00", "currency": "USD"}]  # fmt: skip
NOT_PRINTED = ["approve", "Emma Okafor", "SYSTEM NOTE: VIP", "O-1 approve", "O-1\n", "O-1\u202e", "<b>1</b>", "", " 7",
               "a" * 60 + "1", "emma1@example.com", "http://1.example/", "Ⅷ", "٤", None, 0.5, {"line1": "4 Elm Road"},
               ["O-1", "approve"], {"amount": "480.0", "currency": "USD"}]  # fmt: skip


@pytest.mark.parametrize("value", PRINTED, ids=str)
def test_numbers_money_and_identifiers_may_be_printed(value: Any) -> None:
    assert printable(value)
    assert slot_text(value) != NOT_SHOWN


@pytest.mark.parametrize("value", NOT_PRINTED, ids=ascii)
def test_words_names_and_everything_else_may_not(value: Any) -> None:
    assert not printable(value)
    assert slot_text(value) == (NOT_RECORDED if value is None else NOT_SHOWN)


def test_a_listed_word_may_be_printed() -> None:
    assert printable("delivered", {"delivered", "open"})
    assert not printable("delivered by hand", {"delivered"})
    assert slot_text("delivered", {"delivered"}) == "delivered"


def test_slots_read_like_words() -> None:
    assert slot_text(Money(48_000, "USD")) == "$480.00"
    assert slot_text({"amount": "480.00", "currency": "USD"}) == "$480.00"
    assert slot_text(["I-1", "I-2"]) == "I-1, I-2"
    assert slot_text([f"I-{number}" for number in range(9)]) == "I-0, I-1, I-2, I-3, I-4 and more"
    assert slot_text(False) == "no"
    assert slot_text("GB") == "GB"
    assert slot_text(Decimal("1E+2")) == "100"


def test_a_sentence_puts_each_slot_in_its_place() -> None:
    assert str(Sentence("Refund {a} of {b}.", {"a": "$1.00", "b": "{a}"})) == "Refund $1.00 of {a}."


def test_what_is_hidden_is_only_the_same_or_not() -> None:
    assert hidden("Emma") == hidden("Emma") != hidden("emma")
    assert hidden(None) is None
    assert "Emma" not in json.dumps(hidden("Emma"))


@pytest.mark.parametrize(
    ("name", "initials"), [("Emma Okafor", "EO"), ("emma", "E"), ("A B C D", "ABC"), ("Ärger 7", ""), ("", "")]
)
def test_initials_are_at_most_three_plain_letters(name: str, initials: str) -> None:
    assert hidden(name, initials=True)["initials"] == initials  # type: ignore[index]


def test_only_values_shown_by_value_are_kept_as_they_are() -> None:
    assert kept("O-1", Show.VALUE, ()) == "O-1"
    assert kept("O-1", Show.MATCH, ()) != "O-1"
    assert kept("approve", Show.VALUE, ()) != "approve"
    assert kept("approve", Show.VALUE, None) == "approve", "an agent's word that its contract allowed"
    assert kept("LS1", Show.TYPED, ()) == "LS1"
    assert kept("GB", Show.TYPED, ()) == "GB"
    assert kept("4 Elm Road", Show.TYPED, ()) != "4 Elm Road"
    assert kept(Money(1, "USD"), Show.MATCH, ()) == {"amount": "0.01", "currency": "USD"}


@examples(60)
@given(st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.decimals(allow_nan=False), st.text(),
              st.builds(Money, st.integers(0, 10**12), st.sampled_from(["USD", "JPY"]))),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
))  # fmt: skip
def test_whatever_was_recorded_can_be_stored_as_json(value: Any) -> None:
    for show in Show:
        json.dumps(kept(value, show, ()))
        json.dumps(kept(value, show, None))
    json.dumps(to_json(value))
    assert isinstance(slot_text(value), str)
