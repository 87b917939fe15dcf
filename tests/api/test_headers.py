from __future__ import annotations

import pytest
from django.test import RequestFactory

from governance.problems import Code, Problem
from reviews.api.headers import idempotency_key, trace_context

REQUESTS = RequestFactory()


@pytest.mark.parametrize("key", ["a", "chat-17:refund:1", "A.b_c-9", "x" * 128])
def test_a_key_is_taken_bare_and_quoted(key: str) -> None:
    for header in (key, f'"{key}"', f"  {key} "):
        assert idempotency_key(REQUESTS.post("/", headers={"Idempotency-Key": header})) == key


HOSTILE_KEYS = [
    "", " ", '""', '"', '"a', 'a"', "'a'", '"a";x=1', "a b", "a,b", "a/b", "a\\b", "a\tb", "é", "a\u200b", "x" * 129,
    '"' + "x" * 129 + '"', "٣", "\uff41", "%41", "<a>", "a;", "{a}", '""a""', '"a" b',
]  # fmt: skip


@pytest.mark.parametrize("header", HOSTILE_KEYS)
def test_anything_else_is_no_key(header: str) -> None:
    with pytest.raises(Problem) as refused:
        idempotency_key(REQUESTS.post("/", headers={"Idempotency-Key": header}))
    assert refused.value.code is Code.IDEMPOTENCY_KEY_INVALID


def test_a_missing_key_is_not_an_invalid_one() -> None:
    with pytest.raises(Problem) as refused:
        idempotency_key(REQUESTS.post("/"))
    assert refused.value.code is Code.IDEMPOTENCY_KEY_MISSING


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (f" 00-{TRACE}-00f067aa0ba902b7-00 ", TRACE),
        (f"cc-{TRACE}-00f067aa0ba902b7-01-what-the-future-adds", TRACE),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", ""),
        (f"00-{TRACE}-00f067aa0ba902b7-01-", ""),
        (f"00-{TRACE}-00f067aa0ba902b7-01-what-this-version-does-not-know", ""),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", ""),
        (f"00-{TRACE}-{'0' * 16}-01", ""),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", ""),
        (f"00-{TRACE}-00f067aa0ba902b7", ""),
        (f"00-{TRACE[:-1]}-00f067aa0ba902b7-01", ""),
        ("", ""),
        ("x" * 10_000, ""),
        ("é", ""),
    ],
)
def test_a_traceparent_is_read_and_a_malformed_one_ignored(header: str, trace: str) -> None:
    span = "00f067aa0ba902b7" if trace else ""
    assert trace_context(REQUESTS.post("/", headers={"traceparent": header})) == (trace, span)


def test_there_need_be_no_traceparent() -> None:
    assert trace_context(REQUESTS.post("/")) == ("", "")
