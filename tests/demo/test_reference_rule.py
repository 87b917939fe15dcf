"""The incident that the product is named after, over HTTP: 480 again and again, each below every limit of its own."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from governance import catalogue, permit
from governance.models import Action, Refusal
from governance.policy.tiers import Level
from reviews.demo.incidents import refund_loop
from reviews.models import Escalation
from tests.cast import BENCH_REFUND, BY, Cast, committed_cast
from tests.support.live import Servers

__all__ = ["committed_cast"]

# 500 an action, 1,000 and fewer than three per customer and run in 24 hours.
RULE: dict[str, Any] = {
    **BENCH_REFUND,
    "caps": [
        {"key": "entity", "money": "1000.00", "count": 2, "window": "24h"},
        {"key": "run", "money": "1000.00", "count": 2, "window": "24h"},
    ],
}


def refund(url: str, cast: Cast, number: int, **changes: Any) -> httpx.Response:
    amount = {"amount": "480.00", "currency": "USD"}
    body = {"action_type": "bench.refund", "parameters": {"customer": "c-7", "amount": amount}, "run": "r-1", **changes}
    headers = {**cast.bearer(), "Idempotency-Key": f"refund-{number}"}
    return httpx.post(f"{url}/api/v1/actions/", json=body, headers=headers)


@pytest.fixture
def url(committed_cast: Cast, servers: Servers) -> str:
    catalogue.save_action_type(RULE, domain=committed_cast.service, by=BY)
    permit.set_level(committed_cast.refunder, committed_cast.refund, level=Level.L2, by=BY)
    return servers.start("api")


def test_four_refunds_of_480_stop_at_the_cap(url: str, committed_cast: Cast) -> None:
    answers = [refund(url, committed_cast, number) for number in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 202, 403]
    assert [answer.json().get("outcome") for answer in answers[:3]] == ["execute", "execute", "escalate"]
    exhausted = answers[3].json()
    assert exhausted["code"] == "cap_exhausted"
    assert 0 < int(answers[3].headers["Retry-After"]) <= 25 * 3600
    assert exhausted["escalation"] == answers[2].json()["escalation"]["id"]
    assert [action.amount for action in Action.objects.filter(state="executing")] == [48_000, 48_000]
    assert Escalation.objects.count() == Refusal.objects.count() == 1


def test_another_run_does_not_help(url: str, committed_cast: Cast) -> None:
    answers = [refund(url, committed_cast, number, run=f"r-{number}") for number in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 202, 403]


def test_the_demo_plays_the_same_four() -> None:
    loop = refund_loop()
    assert len(loop) == 4
    assert {(step.run, step.subject, step.parameters["amount"]["amount"]) for step in loop} == {
        ("demo-loop", "c-0007", "480.00")
    }
