"""Posting to a running server as agents do: each one call after the other, several agents at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from reviews.replay.envelope import Posting

ATTEMPTS = 6
MOST_PATIENCE = 5.0
TIMEOUT = httpx.Timeout(30.0)

# Asked again with the same key: the first request may have been answered, or nothing happened.
_AGAIN = frozenset({"idempotency_in_flight", "rate_limited", "unavailable"})


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one posting.

    `status` 0: nobody answered. `seconds` is the last attempt's, `action` and `case` are what it was about.
    """

    posting: Posting
    status: int
    outcome: str
    seconds: float
    reasons: tuple[str, ...] = ()
    case: str = ""
    action: str = ""


class Pace:
    """At most `rate` requests a second over all threads; None is no limit."""

    def __init__(self, rate: float | None) -> None:
        self._gap = 1 / rate if rate else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next request may start."""
        if not self._gap:
            return
        with self._lock:
            start = max(self._next, time.monotonic())
            self._next = start + self._gap
        time.sleep(max(0.0, start - time.monotonic()))


def send_all(
    url: str,
    postings: Sequence[Posting],
    keys: Mapping[str, str],
    *,
    connections: int,
    pace: Pace,
    done: Callable[[Answered], None],
) -> None:
    """Post everything; `done` is called for each answer, from several threads but never from two at once.

    The order within an agent is kept: a later write of a session is asked after the earlier one was answered. When this
    is interrupted, every thread ends after the request it waits for.
    """
    by_agent: dict[str, list[Posting]] = {}
    for each in postings:
        by_agent.setdefault(each.agent, []).append(each)
    tell, ended = threading.Lock(), threading.Event()

    def act(agent: str) -> None:
        with httpx.Client(base_url=url, timeout=TIMEOUT, trust_env=False, headers=_headers(keys[agent])) as client:
            for each in by_agent[agent]:
                pace.wait()
                if ended.is_set():
                    return
                answered = send(client, each, ended)
                with tell:
                    done(answered)

    # the busiest agents first, or the last thread works alone at the end
    agents = sorted(by_agent, key=lambda agent: -len(by_agent[agent]))
    with ThreadPoolExecutor(max_workers=max(1, connections)) as pool:
        try:
            for finished in [pool.submit(act, agent) for agent in agents]:
                finished.result()
        finally:
            ended.set()


def send(client: httpx.Client, posting: Posting, ended: threading.Event) -> Answered:
    """Ask once, and again while the server says so and nothing `ended`; report what it allowed."""
    for attempt in range(ATTEMPTS):
        if ended.is_set():
            break
        begun = time.perf_counter()
        try:
            response = client.post(f"/api/v1/{posting.call}/", json=posting.body, headers=_said_with(posting))
        except httpx.TransportError:
            ended.wait(min(0.2 * 2**attempt, MOST_PATIENCE))
            continue
        seconds = time.perf_counter() - begun
        body = _document(response)
        if body.get("code") in _AGAIN and attempt < ATTEMPTS - 1:
            ended.wait(_patience(response))
            continue
        outcome = outcome_of(response.status_code, body)
        if outcome == "execute":
            report(client, posting, str(body.get("id")))
        case = str((body.get("escalation") or {}).get("id", "")) if outcome == "escalate" else ""
        action = str(body.get("id") or "") if outcome in ("execute", "escalate", "refuse") else ""
        return Answered(posting, response.status_code, outcome, seconds, _reasons(body), case, action)
    return Answered(posting, 0, "unanswered", 0.0)


def report(client: httpx.Client, posting: Posting, action: str) -> None:
    """Tell Placet what the record shows became of an allowed action. It was told before if this is a second run."""
    body = {"status": "succeeded" if posting.succeeded else "failed"}
    for attempt in range(ATTEMPTS):
        try:
            response = client.post(f"/api/v1/actions/{action}/report/", json=body)
        except httpx.TransportError:
            time.sleep(min(0.2 * 2**attempt, MOST_PATIENCE))
            continue
        if response.status_code < 500:
            return
        time.sleep(_patience(response))


def outcome_of(status: int, body: Mapping[str, Any]) -> str:
    """One word for an answer: execute, escalate, refuse, cap_exhausted, too_many_cases, rejected or server_error."""
    if status >= 500:
        return "server_error"
    if body.get("code") in ("cap_exhausted", "too_many_cases"):
        return str(body["code"])
    outcome = body.get("outcome")
    return outcome if outcome in ("execute", "escalate", "refuse") else "rejected"


def _reasons(body: Mapping[str, Any]) -> tuple[str, ...]:
    found = tuple(str(reason.get("code")) for reason in body.get("reasons", ()) if isinstance(reason, dict))
    return found or ((str(body["code"]),) if "code" in body else ())


def _document(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _patience(response: httpx.Response) -> float:
    asked = response.headers.get("Retry-After", "1")
    return min(float(asked) if asked.isdigit() else 1.0, MOST_PATIENCE)


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", "Accept": "application/json"}


def _said_with(posting: Posting) -> dict[str, str]:
    key = {"Idempotency-Key": posting.key}
    return {**key, "traceparent": posting.trace} if posting.trace else key
