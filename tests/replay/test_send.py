"""The sender against a small server of our own, which can be told to misbehave."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from reviews.replay.envelope import Posting
from reviews.replay.send import Answered, Pace, outcome_of, send, send_all
from reviews.replay.summary import Summary, percentile


@dataclass
class Desk:
    """What the server was asked, and what it answers next: (status, body, headers); by default an escalation."""

    url: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, Any], dict[str, str]]] = field(default_factory=list)


@pytest.fixture
def desk() -> Iterator[Desk]:
    found = Desk()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            found.asked.append((self.path, self.headers["Authorization"], self.headers.get("Idempotency-Key", "")))
            status, body, headers = found.answers.pop(0) if found.answers else (202, {"outcome": "escalate"}, {})
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def posting(key: str, agent: str = "a", **changes: Any) -> Posting:
    given: dict[str, Any] = {"agent": agent, "tool": "t", "key": key, "body": {"run": "r"}, "succeeded": True}
    return Posting(**{**given, **changes})


def sent(desk: Desk, *postings: Posting) -> list[Answered]:
    answers: list[Answered] = []
    keys = {"a": "plc_a", "b": "plc_b"}
    send_all(desk.url, postings, keys, connections=2, pace=Pace(None), done=answers.append)
    return answers


def test_each_agent_asks_with_its_own_key_in_its_own_order(desk: Desk) -> None:
    answers = sent(desk, *(posting(str(number), agent) for number in range(5) for agent in "ab"))
    assert [answer.outcome for answer in answers] == ["escalate"] * 10
    for agent in "ab":
        assert [key for _, bearer, key in desk.asked if bearer == f"Bearer plc_{agent}"] == list("01234")


def test_what_was_allowed_is_reported(desk: Desk) -> None:
    desk.answers = [(200, {"outcome": "execute", "id": "x1"}, {}), (200, {}, {})]
    sent(desk, posting("1"))
    assert [path for path, _, _ in desk.asked] == ["/api/v1/actions/", "/api/v1/actions/x1/report/"]


def test_an_agent_that_asks_for_a_person_uses_the_other_call(desk: Desk) -> None:
    sent(desk, posting("1", call="escalations"))
    assert desk.asked[0][0] == "/api/v1/escalations/"


@pytest.mark.parametrize("code", ["unavailable", "idempotency_in_flight", "rate_limited"])
def test_a_server_that_asks_for_patience_gets_it_with_the_same_key(desk: Desk, code: str) -> None:
    desk.answers = [(503, {"code": code}, {"Retry-After": "0"})]
    assert [answer.outcome for answer in sent(desk, posting("1"))] == ["escalate"]
    assert [key for _, _, key in desk.asked] == ["1", "1"]


def test_an_exhausted_cap_is_not_asked_again(desk: Desk) -> None:
    desk.answers = [(403, {"code": "cap_exhausted"}, {"Retry-After": "86400"})]
    assert [answer.outcome for answer in sent(desk, posting("1"))] == ["cap_exhausted"]
    assert len(desk.asked) == 1


def test_nobody_at_the_address_is_counted_and_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviews.replay.send.MOST_PATIENCE", 0.0)
    answers = sent(Desk("http://127.0.0.1:1"), posting("1"))
    assert [(answer.outcome, answer.status) for answer in answers] == [("unanswered", 0)]


def test_an_interrupted_replay_asks_nothing_more(desk: Desk) -> None:
    def stop(_: Answered) -> None:
        raise KeyboardInterrupt

    many = [posting(str(number), agent) for number in range(50) for agent in "ab"]
    with pytest.raises(KeyboardInterrupt):
        send_all(desk.url, many, {"a": "plc_a", "b": "plc_b"}, connections=1, pace=Pace(None), done=stop)
    assert len(desk.asked) < 5


def test_an_interrupted_replay_waits_for_nobody_who_does_not_answer() -> None:
    ended, asked = threading.Event(), []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.ConnectError("nobody is there", request=request)

    ended.set()
    with httpx.Client(base_url="http://nobody", transport=httpx.MockTransport(refuse)) as client:
        assert send(client, posting("1"), ended).outcome == "unanswered"
    assert asked == []


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (200, {"outcome": "execute"}, "execute"),
        (403, {"outcome": "refuse", "code": "refused"}, "refuse"),
        (403, {"code": "cap_exhausted"}, "cap_exhausted"),
        (429, {"code": "too_many_cases"}, "too_many_cases"),
        (422, {"code": "contract_broken"}, "rejected"),
        (500, {"code": "internal"}, "server_error"),
        (502, {}, "server_error"),
        (200, {}, "rejected"),
    ],
)
def test_answers_have_one_word_each(status: int, body: dict[str, Any], word: str) -> None:
    assert outcome_of(status, body) == word


def test_a_rate_is_kept_over_all_agents() -> None:
    pace, begun = Pace(100), time.monotonic()
    for _ in range(11):
        pace.wait()
    assert time.monotonic() - begun >= 0.1


def test_a_summary_counts_by_agent_and_tool() -> None:
    summary = Summary(wanted=3)
    for number, outcome in enumerate(("execute", "cap_exhausted", "server_error")):
        summary.add(Answered(posting(str(number)), 200, outcome, 0.01 * (number + 1), ("velocity",)))
    document = summary.document()
    assert (document["answered"], document["server_errors"], summary.sound) == (2, 1, False)
    assert document["agents"]["a"] == {"execute": 1, "cap_exhausted": 1, "server_error": 1}
    assert document["latency_ms"] == {"p50": 20.0, "p95": 30.0}
    assert document["reasons"] == {"velocity": 3}
    assert "1 executed" in summary.sentence()
    assert [table.row_count for table in summary.tables()] == [1, 1]


def test_a_percentile_is_a_value_that_was_there() -> None:
    assert percentile([3.0, 1.0, 2.0, 4.0], 50) == 2.0
    assert percentile([1.0] * 99 + [9.0], 99) == 1.0
    assert percentile([], 50) == 0.0
