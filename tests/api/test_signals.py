"""POST signals/: what a watcher saw becomes readings, once, and only a watcher that has no use of it is heard."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from governance import halt, register
from governance.models import Agent, AgentState, LedgerEntry, ToolReading, ToolSignal
from governance.watch import end_watch, set_watch
from tests.api.conftest import Desk
from tests.cast import BY, Cast
from tests.reviews.scene import entries
from tests.support.live import Servers

UP: dict[str, Any] = {"tool": "refund_api", "outcomes": [{"status": "up"}]}


def hired(cast: Cast) -> tuple[Agent, str]:
    """A gateway that watches the tool of the bench with a heartbeat of a minute, and its key."""
    agent = register.register_agent(name="Gateway", owner=cast.joan, project=cast.refunds, by=BY)
    set_watch(agent, "refund_api", heartbeat_seconds=60, by=BY)
    return agent, register.issue_key(agent, by=BY)


@pytest.fixture
def gateway(cast: Cast) -> tuple[Agent, str]:
    return hired(cast)


@pytest.fixture
def post(desk: Desk, gateway: tuple[Agent, str]) -> Desk:
    """The gateway at the API."""
    return desk.holding(gateway[1])


def counts() -> tuple[int, int, int]:
    return ToolReading.objects.count(), ToolSignal.objects.count(), LedgerEntry.objects.count()


def test_a_signal_becomes_readings_and_one_entry(post: Desk, gateway: tuple[Agent, str]) -> None:
    outcomes = [{"status": "up", "latency_ms": 40}, {"status": "degraded"}, {"status": "down", "latency_ms": 0}]
    answer = post.post("signals/", {"tool": "refund_api", "outcomes": outcomes})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["outcomes"], told["next_by"] > told["received_at"]) == (3, True)
    columns = ("tool", "good", "degraded", "latency_ms", "source", "watcher_id")
    agent = gateway[0].pk
    assert list(ToolReading.objects.order_by("id").values_list(*columns)) == [
        ("refund_api", True, False, 40, "signal", agent),
        ("refund_api", True, True, None, "signal", agent),
        ("refund_api", False, False, 0, "signal", agent),
    ]
    assert entries("tool_signalled") == [
        {"signal": told["id"], "agent": str(agent), "tool": "refund_api", "good": 2, "total": 3}
    ]


def test_a_connector_is_signalled_by_its_own_name(post: Desk, gateway: tuple[Agent, str]) -> None:
    set_watch(gateway[0], "connector:records", by=BY)
    answer = post.post("signals/", {"connector": "records", "outcomes": [{"status": "up"}]})
    assert (answer.status_code, answer.json()["next_by"]) == (200, None)
    assert ToolReading.objects.get().tool == "connector:records"


def test_the_same_signal_again_is_the_same_answer_and_nothing_more(post: Desk) -> None:
    first = post.post("signals/", UP, key="one")
    before = counts()
    assert post.post("signals/", UP, key="one").json() == first.json()
    other = post.post("signals/", {**UP, "outcomes": [{"status": "down"}]}, key="one")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_body_changed")
    assert counts() == before


def test_sixteen_twins_at_two_servers_are_one_signal(committed_cast: Cast, servers: Servers) -> None:
    _, key = hired(committed_cast)
    addresses = [servers.start("api"), servers.start("api")]

    def send(number: int) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "twin"}
        with httpx.Client(base_url=addresses[number % 2], headers=headers, timeout=30) as client:
            answer = client.post("/api/v1/signals/", json=UP)
            return answer.status_code, answer.json()

    with ThreadPoolExecutor(16) as crew:
        answers = list(crew.map(send, range(16)))
    assert all(answer == answers[0] for answer in answers), answers
    assert answers[0][0] == 200
    assert (ToolSignal.objects.count(), ToolReading.objects.count(), len(entries("tool_signalled"))) == (1, 1, 1)


def test_an_agent_without_a_watch_is_not_heard(desk: Desk, post: Desk) -> None:
    before = counts()
    answer = desk.post("signals/", UP)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    other = post.post("signals/", {"connector": "records", "outcomes": [{"status": "up"}]})
    assert (other.status_code, other.json()["code"]) == (403, "forbidden")
    assert counts() == before


@pytest.mark.parametrize("name", ["tool", "connector"])
def test_what_nobody_knows_is_named(post: Desk, name: str) -> None:
    answer = post.post("signals/", {name: "nothing", "outcomes": [{"status": "up"}]})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{name}"]


def test_a_watch_that_ended_and_an_agent_that_is_not_active_are_not_heard(
    post: Desk, gateway: tuple[Agent, str]
) -> None:
    agent = gateway[0]
    register.change_agent(agent, state=AgentState.SUSPENDED, by=BY)
    assert post.post("signals/", UP).status_code == 403
    register.change_agent(agent, state=AgentState.ACTIVE, by=BY)
    assert post.post("signals/", UP).status_code == 200
    end_watch(agent.watches.get(), by=BY)
    assert post.post("signals/", UP).status_code == 403


def test_a_watcher_that_is_halted_is_not_heard_and_under_any_other_halt_it_is(
    post: Desk, gateway: tuple[Agent, str], cast: Cast
) -> None:
    everything = halt.halt("enterprise", cast.acme.key, reason="odd", by=BY)
    assert post.post("signals/", UP).status_code == 200
    halt.lift(everything, by=BY)
    above = register.register_agent(name="Above", owner=cast.joan, project=cast.refunds, by=BY)
    Agent.objects.filter(pk=gateway[0].pk).update(parent=above)
    before = counts()
    for stopped in (gateway[0], above):
        row = halt.halt("agent", str(stopped.pk), reason="odd", by=BY)
        assert post.post("signals/", UP).json()["code"] == "halted"
        halt.lift(row, by=BY)
    register.change_agent(above, state=AgentState.SUSPENDED, by=BY)
    assert post.post("signals/", UP).json()["code"] == "forbidden"
    assert counts()[:2] == before[:2]


HOSTILE: dict[str, Any] = {
    "nothing": {},
    "no outcomes": {"tool": "refund_api"},
    "an empty list": {**UP, "outcomes": []},
    "too many": {**UP, "outcomes": [{"status": "up"}] * 101},
    "no list": {**UP, "outcomes": {"status": "up"}},
    "neither": {"outcomes": [{"status": "up"}]},
    "both": {**UP, "connector": "records"},
    "a surplus field": {**UP, "window": 1},
    "a surplus field inside": {**UP, "outcomes": [{"status": "up", "note": "x"}]},
    "an unknown status": {**UP, "outcomes": [{"status": "green"}]},
    "a status in capitals": {**UP, "outcomes": [{"status": "UP"}]},
    "no status": {**UP, "outcomes": [{"latency_ms": 1}]},
    "null": {**UP, "outcomes": [{"status": None}]},
    "a negative latency": {**UP, "outcomes": [{"status": "up", "latency_ms": -1}]},
    "an endless latency": {**UP, "outcomes": [{"status": "up", "latency_ms": 86_400_001}]},
    "a latency as text": {**UP, "outcomes": [{"status": "up", "latency_ms": "5"}]},
    "a latency that is a flag": {**UP, "outcomes": [{"status": "up", "latency_ms": True}]},
    "a latency with a point": {**UP, "outcomes": [{"status": "up", "latency_ms": 1.5}]},
    "a tool with a colon": {**UP, "tool": "connector:records"},
    "an empty tool": {**UP, "tool": ""},
    "a tool that is null": {**UP, "tool": None},
    "a tool in other letters": {**UP, "tool": "r\u0435fund_api"},
    "a connector in capitals": {"connector": "Records", "outcomes": [{"status": "up"}]},
    "a connector that is a path": {"connector": "../records", "outcomes": [{"status": "up"}]},
    "a connector with a line break": {"connector": "records\n", "outcomes": [{"status": "up"}]},
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_signal_is_refused_and_writes_nothing(post: Desk, what: str) -> None:
    before = counts()
    answer = post.post("signals/", HOSTILE[what])
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_envelope"), answer.text
    assert answer.json()["errors"]
    assert counts() == before


def test_a_signal_needs_a_key_of_its_own(desk: Desk, gateway: tuple[Agent, str]) -> None:
    headers = {"Authorization": f"Bearer {gateway[1]}", "Content-Type": "application/json"}
    answer = desk.client.post("/api/v1/signals/", content=json.dumps(UP), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize("call", ["signals", "delegations", "agents"])
def test_whatever_an_agent_creates_counts_against_its_rate(post: Desk, gateway: tuple[Agent, str], call: str) -> None:
    register.change_agent(Agent.objects.get(pk=gateway[0].pk), requests_per_minute=1, by=BY)
    bodies: dict[str, dict[str, Any]] = {
        "signals": UP,
        "delegations": {"child": "Nobody", "action_types": ["bench.refund"], "expires_in": 60},
        "agents": {"name": "helper", "action_types": ["no.such"]},
    }
    codes = [
        post.client.post(
            f"/api/v1/{call}/",
            json=bodies[call],
            headers={"Authorization": f"Bearer {post.key}", "Idempotency-Key": f"{call}-{number}"},
        ).status_code
        for number in range(11)
    ]
    assert 429 not in codes[:10]
    assert codes[10] == 429
