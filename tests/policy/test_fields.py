"""Field types: what each accepts, and what of a hostile world none accepts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.contracts import Contract, Parsed, Problems
from governance.policy.fields import READERS
from tests.policy.prove import examples

SPECS: dict[str, dict[str, Any]] = {kind: {"type": kind} for kind in READERS}
SPECS["enum"] = {"type": "enum", "values": ["delivered", "pending", "on hold"]}
INVISIBLE = "\u200b\u202e\u2066\u00ad\ufeff\u3164\U000e0100\U0001d173\x00\x1b\u0301\u0130"
USD = {"amount": "480.00", "currency": "USD"}


def code(spec: dict[str, Any], value: object) -> str | None:
    """The code of the problem, None if the value is accepted as it is."""
    result = Contract.from_document({"field": spec}).parse({"field": value})
    if isinstance(result, Parsed):
        assert result.values == {"field": value} or result.sealed == {"field": value}
        return None
    assert [problem.pointer for problem in result.problems] == ["/field"]
    return result.problems[0].code


GOOD: list[tuple[str, object]] = [
    ("money", USD),
    ("money", {"amount": "500", "currency": "JPY"}),
    *(("decimal", text) for text in ("0", "12.50", "-3.1", "0.001", "-0.5", "12345678901234567890")),
    *(("integer", number) for number in (0, -5, 2**53 - 1, -(2**53) + 1)),
    *(("boolean", flag) for flag in (True, False)),
    *(("enum", word) for word in ("delivered", "on hold")),
    *(("date", text) for text in ("2026-11-22", "2024-02-29", "0001-01-01")),
    *(("date-time", text) for text in ("2026-11-22T12:00:00Z", "2026-11-22T12:00:00.123456Z")),
    *(("id", text) for text in ("#W1234567", "a", "user_1@x.y", "A:b+c-d.e", "x" * 128)),
    *(("email", text) for text in ("ada@example.org", "a.b+c_d@mail.example.co.uk", "x@y-z.io")),
    *(("iban", text) for text in ("GB82WEST12345698765432", "DE89370400440532013000", "NO9386011117947")),
    *(("country", text) for text in ("GB", "US", "DE")),
    *(("postcode", text) for text in ("SW1A 1AA", "10115", "1234-567", "K1A 0B1")),
    *(("host", text) for text in ("example.org", "a.b-c.example", "xn--bcher-kva.example")),
    *(("text", text) for text in ("", "anything \u202e goes, it is sealed", "x" * 4000)),
]

SCALARS: list[object] = [7, 1.5, True, [], ["a"], {}, {"a": 1}, b"x"]
BAD: list[tuple[str, object, str]] = [
    ("money", "480.00", "type"),
    ("money", {"amount": "480", "currency": "USD"}, "format"),
    ("money", {"amount": "480.00", "currency": "USD", "x": 1}, "format"),
    *(
        ("decimal", text, "format")
        for text in ("", "01", "1.", ".5", "+1", "1e3", "1_0", "-0", "-0.00", "NaN", "Infinity")
    ),
    *(("decimal", text, "format") for text in ("\u0663", " 1", "1\n", "0x1", "1,5", "--1", "1.12345678901234567890")),
    *(("decimal", value, "type") for value in SCALARS),
    ("decimal", "1" * 1_000_000, "too_long"),
    *(("integer", value, "type") for value in (True, 1.0, "1", float("nan"))),
    ("integer", 2**53, "too_large"),
    ("integer", -(2**53), "too_small"),
    ("integer", 10**10_000, "too_large"),
    *(("boolean", value, "type") for value in (0, 1, "true")),
    *(("enum", value, "not_allowed") for value in ("Delivered", "delivered ", "", "on  hold", "\uff44elivered")),
    ("enum", 1, "type"),
    *(
        ("date", value, "format")
        for value in ("2026-02-30", "2026-13-01", "2026-1-1", "20261122", "2026-11-2", "0000-01-01")
    ),
    ("date", "2026-11-22T00:00:00Z", "too_long"),
    *(
        ("date-time", f"2026-11-22{rest}", "format")
        for rest in ("", "T12:00Z", "T12:00:00", "T12:00:00+00:00", "T25:00:00Z")
    ),
    *(
        ("date-time", f"2026-11-22{rest}", "format")
        for rest in ("t12:00:00z", " 12:00:00Z", "T12:00:60Z", "T12:00:00.Z")
    ),
    *(
        ("id", text, "format")
        for text in ("", "a b", "a/b", "../../etc", "a'b", 'a"b', "<b>", "a;b", "a,b", "{{x}}", "%2e")
    ),
    ("id", "x" * 129, "too_long"),
    ("id", "x" * 10_000_000, "too_long"),
    *(("id", value, "type") for value in SCALARS),
    *(("email", text, "format") for text in ("", "ada", "ada@", "@x.org", "a@b", "a..b@x.org", ".a@x.org", "a@x..org")),
    *(
        ("email", text, "format")
        for text in ("a@-x.org", "a@x.org.", "Ada <a@x.org>", "a@x.org,b@y.org", "a@[1.2.3.4]", '"a b"@x.org')
    ),
    ("email", "a" * 65 + "@x.org", "too_long"),
    ("email", "a@" + "x" * 250 + ".org", "too_long"),
    *(
        ("iban", text, "format")
        for text in ("GB82WEST12345698765433", "GB82 WEST 1234 5698 7654 32", "gb82west12345698765432")
    ),
    *(("iban", text, "format") for text in ("", "GB82", "US133000000121212121212", "ZZ82WEST12345698765432")),
    *(("country", text, "not_allowed") for text in ("UK", "gb", "ZZ", "", "G")),
    ("country", "GBR", "too_long"),
    *(("postcode", text, "format") for text in ("", " 10115", "10115 ", "sw1a 1aa", "1011<", "-1", "10115\\")),
    ("postcode", "1" * 13, "too_long"),
    *(
        ("host", text, "format")
        for text in ("", "localhost", "Example.org", "https://x.org", "x.org/", "x.org:80", "-x.org", "x_.org")
    ),
    *(("host", text, "format") for text in ("127.0.0.1", "[::1]", "0x7f.1", "a..b", "x.org.", "user@x.org", "1.2.3")),
    ("text", "x" * 4001, "too_long"),
    ("text", "nul\x00", "format"),
    ("text", "lone \ud800", "format"),
    ("text", 7, "type"),
]


@pytest.mark.parametrize(("kind", "value"), GOOD, ids=lambda value: ascii(value)[:30])
def test_a_canonical_value_is_accepted_as_it_is(kind: str, value: object) -> None:
    assert code(SPECS[kind], value) is None


@pytest.mark.parametrize(("kind", "value", "expected"), BAD, ids=lambda value: type(value).__name__)
def test_a_value_that_is_not_canonical_is_refused(kind: str, value: object, expected: str) -> None:
    assert code(SPECS[kind], value) == expected


HOSTILE_TYPES = sorted(set(READERS) - {"text", "money", "boolean", "integer", "enum", "decimal", "country"})


@pytest.mark.parametrize("letter", INVISIBLE, ids=ascii)
@pytest.mark.parametrize("kind", HOSTILE_TYPES)
def test_nothing_invisible_passes_into_a_value_that_people_see(kind: str, letter: str) -> None:
    good = next(value for name, value in GOOD if name == kind)
    assert isinstance(good, str)
    for hidden in (letter + good[1:], good[:-1] + letter):
        assert code(SPECS[kind], hidden) == "invisible"


@pytest.mark.parametrize("kind", sorted(set(READERS) - {"text"}))
def test_null_is_not_a_value_of_any_type(kind: str) -> None:
    assert code(SPECS[kind], None) == "null"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(READERS)), json_values)
@examples(150)
def test_whatever_json_comes_it_is_a_value_or_a_problem(kind: str, value: object) -> None:
    for spec in (SPECS[kind], {"type": "list", "of": SPECS[kind], "max": 2}):
        result = Contract.from_document({"field": spec}).parse({"field": value})
        assert isinstance(result, Parsed | Problems)


@given(
    st.sampled_from(["id", "email", "iban", "postcode", "host", "date", "date-time", "decimal"]), st.text(max_size=40)
)
@examples(150)
def test_a_text_that_is_accepted_is_visible_ascii(kind: str, text: str) -> None:
    if code(SPECS[kind], text) is None:
        assert text.isascii()
        assert text.isprintable()
        assert text == text.strip()
