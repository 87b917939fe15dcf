"""I8: one agent, one key, one body is one action and one answer, however often and wherever it is asked."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from governance.models import Action, Grant, LedgerEntry, Reservation
from tests.api.conftest import Desk, wanted
from tests.cast import Cast
from tests.support.live import Servers


def counts() -> tuple[int, int, int, int]:
    return Action.objects.count(), Grant.objects.count(), Reservation.objects.count(), LedgerEntry.objects.count()


@pytest.mark.parametrize("changes", [{}, {"elevate": True}], ids=["execute", "escalate"])
def test_i8_the_same_request_gets_the_same_answer_and_does_nothing_more(desk: Desk, changes: dict[str, Any]) -> None:
    first = desk.ask(key="one", **changes)
    before = counts()
    again = desk.ask(key="one", **changes)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers.get("location") == first.headers.get("location")
    assert counts() == before


def test_i8_the_body_is_compared_as_json_and_not_as_bytes(desk: Desk) -> None:
    body = wanted()
    first = desk.post("actions/", body, key="one")
    turned = json.dumps(dict(reversed(body.items())), indent=2).replace("bench", "\\u0062ench")
    sent = {"Authorization": f"Bearer {desk.key}", "Idempotency-Key": '"one"', "Content-Type": "application/json"}
    again = desk.client.post("/api/v1/actions/", content=turned, headers=sent)
    assert (again.status_code, again.json()) == (200, first.json())


@pytest.mark.parametrize(
    "changes",
    [
        {"run": "run-2"},
        {"subject": "c1"},
        {"note": "x"},
        {"claims": {}},
        {"uncertain": False},
        {"parameters": {"customer": "c1", "amount": {"amount": "10.01", "currency": "USD"}}},
    ],
    ids=str,
)
def test_i8_any_change_of_the_body_is_another_request(desk: Desk, changes: dict[str, Any]) -> None:
    desk.ask(key="one")
    before = counts()
    answer = desk.ask(key="one", **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_body_changed")
    assert counts() == before


def test_i8_keys_are_each_agents_own(desk: Desk, cast: Cast) -> None:
    first = desk.ask(key="one").json()
    other = desk.holding(cast.drafter_key).ask(key="one").json()
    assert first["id"] != other["id"]


def test_i8_what_was_never_decided_leaves_its_key_free(desk: Desk) -> None:
    surplus = {"parameters": {**wanted()["parameters"], "surplus": 1}}
    for body in ({"nothing": 1}, wanted() | {"action_type": "bench.nothing"}, wanted() | surplus):
        assert desk.post("actions/", body, key="one").status_code == 422
    assert desk.ask(key="one").status_code == 200


def test_i8_a_dry_run_leaves_its_key_free(desk: Desk) -> None:
    assert desk.ask(key="one", dry_run=True).status_code == 200
    assert desk.ask(key="one").json()["dry_run"] is False


def test_i8_sixteen_twins_at_two_servers_are_one_action(committed_cast: Cast, servers: Servers) -> None:
    addresses = [servers.start("api"), servers.start("api")]
    before = Action.objects.count()

    def ask(number: int) -> list[tuple[int, Any]]:
        told = []
        with httpx.Client(base_url=addresses[number % 2], timeout=30) as client:
            for turn in range(8):
                headers = {"Authorization": f"Bearer {committed_cast.refunder_key}", "Idempotency-Key": f"turn-{turn}"}
                answer = client.post("/api/v1/actions/", json=wanted("1.00", f"c{turn}"), headers=headers)
                told.append((answer.status_code, answer.json()))
        return told

    with ThreadPoolExecutor(16) as crew:
        answers = list(crew.map(ask, range(16)))
    for turn in range(8):
        told = [each[turn] for each in answers]
        assert {status for status, _ in told} == {200}
        assert all(body == told[0][1] for _, body in told)
    assert Action.objects.count() == before + 8
    assert Reservation.objects.count() == 8
    assert Grant.objects.count() == 8
