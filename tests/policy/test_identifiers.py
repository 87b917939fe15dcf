"""What reads as an identifier, whoever wrote it."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.identifiers import MOST_LETTERS, Listed, closed_pattern, identifies, identify

CHARACTERS = st.text(alphabet=string.ascii_letters + string.digits + "#_.:+-", min_size=1, max_size=24)


@pytest.mark.parametrize(
    "text",
    ["O-1042", "#W2611340", "paypal_7644869", "7", "-12.50", "2026-11-20T10:00:00+00:00", "GB29NWBK60161331926819",
     "6f2bb54f-7cdb-4319-aee1-0e4ccd727867", "y-0042-1", "SKU-9-b"],
)  # fmt: skip
def test_identifiers_as_systems_make_them_are_known(text: str) -> None:
    assert identifies(text)


@pytest.mark.parametrize(
    "text", ["", "O-", "approve1", "vip-ok-1", "payNow1", "A1\n", "1 2", "a@1", "1.example", "٤", "Ⅷ1"]
)
def test_words_are_not(text: str) -> None:
    assert not identifies(text)


@given(CHARACTERS)
def test_hardly_any_letters_get_through(text: str) -> None:
    letters = sum(character.isalpha() for character in text)
    account = re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z]{0,4}[0-9]{6,26}", text)
    assert not identifies(text) or letters <= MOST_LETTERS or account


@given(st.lists(CHARACTERS, min_size=2, max_size=6))
def test_what_cannot_stand_alone_cannot_stand_beside_others(texts: list[str]) -> None:
    assert not identify(texts) or all(map(identifies, texts))


def test_members_of_a_list_share_their_letters_and_no_sentence() -> None:
    assert identify(["I-1", "I-2", "i-3"])
    assert identify(["credit-1", "7", "8"])
    assert not identify(["pay-1", "now-2"])
    assert not identify(["V-1", "I-2", "P-3"])


def test_a_list_of_the_council_holds_words_and_closed_patterns() -> None:
    pattern = closed_pattern("(card|paypal)_[0-9]{3}")
    assert pattern is not None
    listed = Listed.joined([Listed(frozenset({"open"})), Listed(patterns=(pattern,)), Listed(patterns=(pattern,))])
    assert "open" in listed
    assert "card_123" in listed
    assert "cash_123" not in listed
    assert 7 not in listed
    assert len(listed.patterns) == 1
