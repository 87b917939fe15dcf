"""Strict JSON, without a server and without a database."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from governance.problems import Code, Problem
from reviews.api.parser import MAX_BODY, MAX_DEPTH, MAX_INTEGER, MAX_PROBLEMS, parse

NOT_JSON: dict[str, bytes] = {
    "empty": b"",
    "spaces": b"  \n",
    "an open brace": b"{",
    "a trailing comma": b'{"a": 1,}',
    "a comment": b'{"a": 1} // note',
    "single quotes": b"{'a': 1}",
    "a name without quotes": b"{a: 1}",
    "two documents": b"{}{}",
    "a leading zero": b'{"a": 01}',
    "a plus sign": b'{"a": +1}',
    "a bare point": b'{"a": .5}',
    "a hexadecimal number": b'{"a": 0x1f}',
    "an underscore in a number": b'{"a": 1_000}',
    "digits of another script": '{"a": ١٢}'.encode(),
    "a raw line break in a string": b'{"a": "x\ny"}',
    "a raw NUL in a string": b'{"a": "x\x00y"}',
    "an unknown escape": b'{"a": "\\x41"}',
    "a short escape": b'{"a": "\\u12"}',
    "True of Python": b'{"a": True}',
    "undefined": b'{"a": undefined}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "an overlong slash": b'{"a": "\xc0\xaf"}',
    "an encoded surrogate": b'{"a": "\xed\xa0\x80"}',
    "a code point that does not exist": b'{"a": "\xf4\x90\x80\x80"}',
    "a cut sequence": b'{"a": "\xe2\x82"}',
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(Problem) as refused:
        parse(body)
    assert refused.value.code is Code.MALFORMED_JSON


NOT_TAKEN: dict[str, tuple[bytes, str]] = {
    "a name twice": (b'{"a": 1, "a": 2}', "/a"),
    "a name twice, once escaped": (b'{"a": 1, "\\u0061": 2}', "/a"),
    "a name twice, deep": (b'{"a": [{"b": {"c": 1, "c": 1}}]}', "/a/0/b/c"),
    "NaN": (b'{"a": NaN}', "/a"),
    "Infinity": (b'{"a": {"b": Infinity}}', "/a/b"),
    "minus Infinity": (b'{"a": [1, -Infinity]}', "/a/1"),
    "a fraction": (b'{"a": 4.8}', "/a"),
    "a whole fraction": (b'{"a": 480.0}', "/a"),
    "an exponent": (b'{"a": 48e1}', "/a"),
    "an exponent that overflows": (b'{"a": 1e400}', "/a"),
    "minus zero": (b'{"a": -0}', "/a"),
    "two to the 53rd": (b'{"a": 9007199254740992}', "/a"),
    "minus two to the 53rd": (b'{"a": -9007199254740992}', "/a"),
    "thousands of digits": (b'{"a": ' + b"9" * 9000 + b"}", "/a"),
    "half a surrogate pair": (b'{"a": "\\ud800"}', "/a"),
    "the other half": (b'{"a": "\\udc00x"}', "/a"),
    "the halves in the wrong order": (b'{"a": "\\udc00\\ud800"}', "/a"),
    "half a pair in a name": (b'{"\\ud800": 1}', "/*"),
    "NUL": (b'{"a": "x\\u0000"}', "/a"),
    "NUL in a name": (b'{"x\\u0000": 1}', "/*"),
    "a list": (b"[]", ""),
    "a string": (b'"a"', ""),
    "a number": (b"1", ""),
    "null": (b"null", ""),
    "a fraction alone": (b"1.5", ""),
    "NaN alone": (b"NaN", ""),
    "too many levels of lists": (b'{"a": ' + b"[" * 12 + b"]" * 12 + b"}", "/a" + "/0" * 11),
    "as many brackets as fit": (b"[" * MAX_BODY, ""),
    "as many braces as fit": (b'{"a":' * (MAX_BODY // 5), ""),
    "just under the limit of the reader": (b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}", "/a" + "/0" * 11),
}


@pytest.mark.parametrize(("body", "pointer"), NOT_TAKEN.values(), ids=NOT_TAKEN.keys())
def test_what_json_allows_and_we_do_not_is_named_by_its_place(body: bytes, pointer: str) -> None:
    with pytest.raises(Problem) as refused:
        parse(body)
    assert refused.value.code is Code.INVALID_ENVELOPE
    assert pointer in [at for at, _ in refused.value.fields]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a", "a"),
        ("a_b-c.9", "a_b-c.9"),
        ("a b", "*"),
        ("a/b", "*"),
        ("é", "*"),
        ("<b>", "*"),
        ("x" * 40, "x" * 40),
        ("x" * 41, "*"),
        ("", "*"),
    ],
)
def test_only_a_plain_name_is_repeated(name: str, shown: str) -> None:
    with pytest.raises(Problem) as refused:
        parse(json.dumps({name: 0.5}).encode())
    assert refused.value.fields[0][0] == f"/{shown}"


def test_a_body_is_taken_up_to_its_limit_and_not_beyond() -> None:
    frame = len(b'{"a": ""}')
    assert parse(b'{"a": "' + b"x" * (MAX_BODY - frame) + b'"}')
    with pytest.raises(Problem) as refused:
        parse(b'{"a": "' + b"x" * (MAX_BODY - frame + 1) + b'"}')
    assert refused.value.code is Code.BODY_TOO_LARGE


def test_a_body_has_at_most_twelve_levels() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' * levels + b"1" + b"}" * levels

    assert parse(nested(MAX_DEPTH))
    with pytest.raises(Problem):
        parse(nested(MAX_DEPTH + 1))


@pytest.mark.parametrize("number", [0, 1, -1, MAX_INTEGER, -MAX_INTEGER])
def test_integers_of_53_bits_are_taken_exactly(number: int) -> None:
    assert parse(json.dumps({"a": number}).encode()) == {"a": number}


def test_many_faults_are_told_up_to_a_limit() -> None:
    with pytest.raises(Problem) as refused:
        parse(json.dumps({f"f{number}": 0.5 for number in range(200)}).encode())
    assert len(refused.value.fields) == MAX_PROBLEMS


def test_thousands_of_names_with_one_twice_are_judged_at_once() -> None:
    body = "{" + ",".join(f'"k{number}":1' for number in range(5_000)) + ',"k1":2}'
    with pytest.raises(Problem) as refused:
        parse(body.encode())
    assert refused.value.fields == (("/k1", "The name occurs more than once."),)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
INTEGERS = st.integers(-MAX_INTEGER, MAX_INTEGER)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=25,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=6), st.booleans())
def test_what_is_taken_is_read_as_every_other_reader_reads_it(value: dict[str, Any], ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    if len(body) <= MAX_BODY:
        assert parse(body) == value


def status_of(body: bytes) -> int:
    """200 when the parser takes a body, else the status of its refusal. Nothing else may come out."""
    try:
        parse(body)
    except Problem as refused:
        return refused.status
    return 200


@given(st.binary(max_size=200))
@example(b'{"a": "\\ud83d\\ude00"}')
def test_no_bytes_bring_the_parser_down(body: bytes) -> None:
    assert status_of(body) in (200, 400, 422)


@given(st.text(alphabet='{}[]":,0123456789.eE+-\\u dabcNIfn\x00', max_size=60))
def test_no_near_json_brings_the_parser_down(text: str) -> None:
    assert status_of(text.encode()) in (200, 400, 422)


@given(TEXTS)
def test_no_refusal_repeats_what_was_sent(text: str) -> None:
    secret = f"<{text}>"
    body = json.dumps({"a": secret, "b": 0.5, secret: [secret, {"c": 1.5, secret: float("nan")}]}).encode()
    with pytest.raises(Problem) as refused:
        parse(body)
    told = [refused.value.detail, *(part for field in refused.value.fields for part in field)]
    assert not any(secret in part for part in told)
