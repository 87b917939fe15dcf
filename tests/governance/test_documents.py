from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.documents import MAX_BYTES, DocumentError, dump, load


def test_money_stays_text_and_norway_stays_a_country() -> None:
    text = "amount: 500.00\ncountry: NO\nswitch: off\ndate: 2026-11-22\nport: 0o17\nlarge: 1_000\nnan: .nan\n"
    assert load(text) == {
        "amount": "500.00",
        "country": "NO",
        "switch": "off",
        "date": "2026-11-22",
        "port": "0o17",
        "large": "1_000",
        "nan": ".nan",
    }


def test_the_words_of_json_mean_what_they_mean_in_json() -> None:
    assert load("[true, false, null, 12, -3, '12', \"x\"]") == [True, False, None, 12, -3, "12", "x"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x", "aliases"),
        ("a: &a [x, x]\nb: [*a, *a]", "aliases"),
        ("a: 1\nb: 2\na: 3", "line 3: this key stands here twice"),
        ("a: !!python/object/apply:os.system [ls]", "tags"),
        ("a: !secret x", "tags"),
        ("[" * 60, "nested too deeply"),
        ("1: x", "a key is text"),
        ("true: x", "a key is text"),
        ("? [a]\n: x", "a key is text"),
        ("a: 1\n---\nb: 2", "another document"),
        ("a: b: c", "line 1"),
        ("a: [", "line"),
        ("a: \x00", "not the YAML we read"),
        ("a: \ud800", "not the YAML we read"),
        ("x" * (MAX_BYTES + 1), "at most"),
    ],
)
def test_what_could_be_read_in_two_ways_is_not_read(text: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        load(text)


def test_a_merge_key_is_a_key_like_any_other() -> None:
    assert load("'<<': {a: 1}") == {"<<": {"a": 1}}
    assert load("<<: {a: 1}") == {"<<": {"a": 1}}


def test_an_error_never_repeats_what_was_written() -> None:
    with pytest.raises(DocumentError) as refused:
        load("secret_word: [unclosed")
    assert "secret_word" not in str(refused.value)
    assert "unclosed" not in str(refused.value)


texts = st.text(st.characters(codec="utf-8"))
scalars = st.none() | st.booleans() | st.integers(-(10**14), 10**14) | texts
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(trees)
def test_what_is_written_is_read_back_as_it_was(tree: object) -> None:
    assert load(dump(tree)) == tree


@given(st.text(max_size=200))
def test_no_text_whatever_breaks_the_reading(text: str) -> None:
    try:
        load(text)
    except DocumentError:
        return
