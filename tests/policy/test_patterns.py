"""Closed patterns: what the council may write, and that no value makes one slow."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.patterns import MAX_PATTERN, PatternError, compile_pattern
from tests.policy.prove import examples


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("#W[0-9]{7}", "#W1234567", "#W123456"),
        (r"#W\d{7}", "#W1234567", "#W12345678"),
        (r"ORD-\d{4}-[A-Z]{2}", "ORD-2026-AB", "ord-2026-AB"),
        ("(?:gift_card|credit_card|paypal)_[0-9]{1,8}", "paypal_12", "cash_12"),
        (r"[a-z]+_[a-z]+_[0-9]{4}", "ada_lovelace_1815", "ada_1815"),
        (r"[A-Z]{3}(-[A-Z]{3})?", "ABC-DEF", "ABC-DE"),
        ("([a-f0-9]{4}:){7}[a-f0-9]{4}", ":".join(["12ab"] * 8), "12ab"),
        (r"a\.b\+c", "a.b+c", "axb+c"),
        ("a|b", "b", "ab"),
    ],
)
def test_a_pattern_matches_the_whole_value(pattern: str, good: str, bad: str) -> None:
    compiled = compile_pattern(pattern, 128)
    assert compiled.fullmatch(good)
    assert not compiled.fullmatch(bad)
    assert not compiled.fullmatch(good + "\n")


def test_digits_are_ascii_digits() -> None:
    assert not compile_pattern(r"\d{3}", 128).fullmatch("\u0664\u0668\u0660")
    assert not compile_pattern(r"\w{3}", 128).fullmatch("\u00e5\u00e4\u00f6")


@pytest.mark.parametrize(
    "pattern",
    [
        *("(a+)+", "(a*)*", "(a|aa)+", "(a|a)*b", "([a-z]+)*", "(?:x+x+)+y", "(.*)*", "((a?)*)*"),
        *(
            ".*",
            "a.b",
            "^a$",
            r"\Aa\Z",
            r"\bword",
            r"(a)\1",
            "(?=a)b",
            "(?!a)b",
            "(?<=a)b",
            "(?P<x>a)",
            "(?i)a",
            "(?#c)a",
        ),
        *("a*a*a*a*b", "[a-z]*[a-z]*[a-z]*[a-z]*", "(a?){60}", "((a|b)?(a|b)?){30}", "(a?a?){40}", "a{0,128}" * 4),
        *(
            "(",
            ")",
            "(a",
            "a)",
            "[",
            "[]",
            "[a",
            "a{2,1}",
            "a{999}",
            "*a",
            "+",
            "?",
            "a**",
            "a{1",
            "a++",
            "a??",
            "a{1}{2}",
        ),
        *("", "x" * (MAX_PATTERN + 1), "caf\u00e9", "a\nb", "\x00", r"\p{L}", r"\s", r"\S", r"\W", r"\u0061", r"\x61"),
        *("[z-a]", r"[\s]", r"[\W]", "[^/]{1,20}", "[^a]"),
        *(None, 7, b"a", ["a"]),
    ],
)
def test_a_pattern_outside_the_closed_language_is_refused(pattern: object) -> None:
    with pytest.raises(PatternError) as refused:
        compile_pattern(pattern, 128)
    assert str(refused.value).endswith(".")


pieces = st.sampled_from(
    [
        "a",
        "b",
        "[a-b]",
        r"\w",
        r"\d",
        "-",
        "a*",
        "a+",
        "a?",
        "[ab]*",
        "[ab]{0,9}",
        "a{3}",
        "(a|b)",
        "(a|ab)?",
        "(a?b?)",
        "(aa){2}",
        "|",
    ]
)


@given(st.lists(pieces, min_size=1, max_size=10).map("".join))
@examples(80)
def test_no_accepted_pattern_is_slow_on_any_value(pattern: str) -> None:
    try:
        compiled = compile_pattern(pattern, 128)
    except PatternError:
        return
    started = time.perf_counter()
    for value in ("a" * 127 + "!", "ab" * 63 + "!", "a" * 64 + "b" * 63 + "!"):
        compiled.fullmatch(value)
    assert time.perf_counter() - started < 2


def test_what_is_accepted_compiles_to_the_same_expression() -> None:
    assert compile_pattern("#W[0-9]{7}", 128) == re.compile("#W[0-9]{7}", re.ASCII)
