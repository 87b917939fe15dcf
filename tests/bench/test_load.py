from __future__ import annotations

import json

from tests.bench.load import Target, _complete, requests_of

TARGET = Target("t", "http://127.0.0.1:1/x", {"A": "b"}, '{"key":"@SEQ@","customer":"@CUSTOMER@"}')


def test_requests_differ_in_their_tokens_only_and_say_how_long_they_are() -> None:
    maker = requests_of(TARGET, 1)
    first, second = next(maker), next(maker)
    assert first != second
    assert len(first) == len(second)
    head, _, body = first.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert len(json.loads(body)["key"]) == len(json.loads(body)["customer"]) == 12


def test_an_answer_counts_when_it_is_whole() -> None:
    assert _complete(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab") is None
    assert _complete(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc") is True
    assert _complete(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n") is False
    assert _complete(b"HTTP/1.1 200 OK\r\nContent-Le") is None


def test_a_refusal_is_good_where_it_is_waited_for_and_nothing_else_is() -> None:
    refused = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    assert _complete(refused, Target("t", "", {}, "", refused=True).status) is True
    assert _complete(refused.replace(b"403", b"400"), b"403") is False
    assert _complete(refused.replace(b"403", b"200"), b"403") is False
