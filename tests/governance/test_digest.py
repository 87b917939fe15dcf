from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from governance.digest import action_digest, canonical

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.text(st.characters(max_codepoint=127), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_canonical_bytes_are_those_of_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("character", [chr(code) for code in range(0x80)])
def test_every_ascii_character_is_escaped_as_rfc_8785_says(character: str) -> None:
    assert canonical({character: character}) == rfc8785.dumps({character: character})


def test_names_are_sorted_by_utf_16_units_and_not_by_code_points() -> None:
    value = {"\ufb33": 1, "\U0001f600": 2, "b": 3, "a": 4}
    assert canonical(value) == '{"a":4,"b":3,"\U0001f600":2,"\ufb33":1}'.encode()


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), float("inf"), "\ud800", {1: 2}, b"bytes"])
def test_what_json_cannot_hold_exactly_has_no_canonical_form(value: Any) -> None:
    with pytest.raises(rfc8785.CanonicalizationError):
        canonical({"value": value})


def test_each_part_of_an_action_changes_its_digest() -> None:
    whole: dict[str, Any] = {
        "agent": "a",
        "action_type": "refund",
        "run": "r",
        "subject": "s",
        "parameters": {"amount": "1"},
    }
    parts = [{**whole, name: {} if name == "parameters" else "x"} for name in whole]
    assert len({action_digest(**each) for each in [whole, *parts]}) == 6
