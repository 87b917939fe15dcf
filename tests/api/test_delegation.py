"""Sub-agents, tickets and traces over HTTP: what is answered, what is refused, and what is told of others."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from governance.models import Action, Agent, AgentKey, LedgerEntry, Ticket
from tests.api.conftest import Desk
from tests.cast import Cast
from tests.governance.family import hired

NOTHING = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def translator(cast: Cast, desk: Desk) -> Desk:
    return desk.holding(hired(cast, "Translator", shared=True, owner=cast.joan).key)


def delegated(desk: Desk, child: str = "Translator", **more: Any) -> Any:
    return desk.post("delegations/", {"child": child, "action_types": ["bench.refund"], "expires_in": 600, **more})


def test_an_agent_registers_a_sub_agent_which_asks_with_its_own_key(desk: Desk, cast: Cast) -> None:
    body = {"name": "drafter", "action_types": ["bench.refund"]}
    made = desk.post("agents/", body, key="r-1")
    assert made.status_code == 201
    lost = made.json()
    made = desk.post("agents/", body, key="r-1")
    told = made.json()
    assert (made.status_code, told["id"]) == (201, lost["id"])
    assert desk.holding(lost["key"]["bearer"]).ask().status_code == 401
    assert (told["name"], told["parent"]) == ("Refunder.drafter", str(cast.refunder.pk))
    asked = desk.holding(told["key"]["bearer"]).ask()
    assert (asked.status_code, asked.json()["outcome"], asked.json()["effective_tier"]) == (202, "escalate", "PROPOSE")
    again = desk.post("agents/", body, key="r-1")
    assert (again.status_code, again.json()) == (200, {**told, "key": None})
    assert made.headers["Cache-Control"] == "no-store"


def test_the_key_of_a_sub_agent_is_kept_nowhere(desk: Desk) -> None:
    secret = desk.post("agents/", {"name": "drafter"}).json()["key"]["bearer"].split("_", 2)[2].encode()
    assert all(secret not in bytes(entry.body) for entry in LedgerEntry.objects.all())
    assert all(secret not in bytes(key.digest) for key in AgentKey.objects.all())


def test_an_agent_issues_itself_a_successor_and_gives_the_old_key_up(desk: Desk) -> None:
    lost = desk.post("keys/", key="k-1")
    made = desk.post("keys/", {}, key="k-1")
    assert [(each.status_code, each.headers["Cache-Control"]) for each in (lost, made)] == [(201, "no-store")] * 2
    assert set(made.json()) == {"key", "former_until"}
    assert desk.holding(lost.json()["key"]["bearer"]).ask().status_code == 401
    new = desk.holding(made.json()["key"]["bearer"])
    assert new.ask().json()["outcome"] == "execute"
    assert desk.ask().status_code == 200, "the old one still works"
    again = desk.post("keys/", key="k-1")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    early = new.post("keys/")
    assert (early.status_code, 3500 < int(early.headers["Retry-After"]) <= 3601) == (409, True)
    ended = desk.post("keys/revoke/")
    assert (ended.status_code, ended.json()["prefix"]) == (200, desk.key[4:12])
    assert {desk.post(path).status_code for path in ("keys/", "keys/revoke/")} == {401}
    assert new.post("keys/").status_code == 201
    secret = made.json()["key"]["bearer"].split("_", 2)[2].encode()
    assert all(secret not in bytes(entry.body) for entry in LedgerEntry.objects.all())


def test_a_ticket_is_given_used_and_ended(desk: Desk, translator: Desk) -> None:
    given = delegated(desk)
    assert given.status_code == 201
    ticket = given.json()
    assert (ticket["action_types"], ticket["ended_at"], ticket["delegation"]) == (["bench.refund"], None, None)
    assert translator.ask(delegation=ticket["id"]).status_code == 200
    passed_on = delegated(translator, "Refunder", delegation=ticket["id"])
    assert passed_on.status_code == 404, "Refunder is not shared"
    ended = desk.post(f"delegations/{ticket['id']}/end/")
    assert ended.json()["ended_at"] is not None
    assert desk.post(f"delegations/{ticket['id']}/end/").json() == ended.json()
    refused = translator.ask(delegation=ticket["id"])
    assert (refused.status_code, refused.json()["code"]) == (403, "delegation_invalid")


def test_an_escalation_of_the_agents_own_is_asked_under_a_ticket_too(desk: Desk, translator: Desk) -> None:
    ticket = delegated(desk).json()["id"]
    body = {
        "action_type": "bench.refund",
        "parameters": {"customer": "c1", "amount": {"amount": "10.00", "currency": "USD"}},
        "run": "run-1",
        "reason": "uncertain",
        "delegation": ticket,
    }
    answer = translator.post("escalations/", body)
    assert answer.status_code == 202
    assert str(Action.objects.get(pk=answer.json()["id"]).ticket_id) == ticket
    assert desk.post("escalations/", body).json()["code"] == "delegation_invalid"


def test_the_ticket_is_part_of_what_was_asked(desk: Desk, translator: Desk) -> None:
    first, second = (delegated(desk).json()["id"] for _ in range(2))
    assert translator.ask(key="k", delegation=first).status_code == 200
    assert translator.ask(key="k", delegation=first).status_code == 200
    for other in ({"delegation": second}, {}):
        changed = translator.ask(key="k", **other)
        assert (changed.status_code, changed.json()["code"]) == (422, "idempotency_body_changed")


@pytest.mark.parametrize(
    "change",
    [
        {"delegation": ""},
        {"delegation": None},
        {"delegation": "x"},
        {"delegation": NOTHING.upper().replace("0", "A")},
        {"delegation": f"{{{NOTHING}}}"},
        {"delegation": NOTHING.replace("-", "")},
        {"delegation": [NOTHING]},
        {"delegation": 7},
        {"chain": []},
        {"parent": NOTHING},
    ],
    ids=str,
)
def test_a_misshapen_delegation_is_no_envelope(desk: Desk, change: dict[str, Any]) -> None:
    answer = desk.ask(**change)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_envelope")


HOSTILE = [
    ("agents/", {"name": "Drafter"}, "invalid_envelope"),
    ("agents/", {"name": "a" * 33}, "invalid_envelope"),
    ("agents/", {"name": "drafter\u202e"}, "invalid_envelope"),
    ("agents/", {"name": "drafter", "max_tier": "COMMIT"}, "invalid_envelope"),
    ("agents/", {"name": "drafter", "owner": "mallory"}, "invalid_envelope"),
    ("agents/", {"name": "drafter", "action_types": ["x"] * 65}, "invalid_envelope"),
    ("agents/", {"name": "drafter", "action_types": "bench.refund"}, "invalid_envelope"),
    ("agents/", {}, "invalid_envelope"),
    ("keys/", {"expires_at": "2099-01-01T00:00:00Z"}, "invalid_envelope"),
    ("keys/", {"agent": NOTHING}, "invalid_envelope"),
    ("keys/revoke/", {"prefix": "a1b2c3d4"}, "invalid_envelope"),
    ("delegations/", {"child": "Translator", "action_types": [], "expires_in": 60}, "invalid_envelope"),
    ("delegations/", {"child": "Translator", "action_types": ["bench.refund"], "expires_in": 59}, "invalid_envelope"),
    (
        "delegations/",
        {"child": "Translator", "action_types": ["bench.refund"], "expires_in": 86401},
        "invalid_envelope",
    ),
    ("delegations/", {"child": "Translator", "action_types": ["bench.refund"], "expires_in": "60"}, "invalid_envelope"),
    ("delegations/", {"child": "x' or 1=1", "action_types": ["bench.refund"], "expires_in": 60}, "invalid_envelope"),
    ("delegations/", {"child": "Nobody", "action_types": ["bench.refund"], "expires_in": 60}, "not_found"),
    ("delegations/", {"child": NOTHING, "action_types": ["bench.refund"], "expires_in": 60}, "not_found"),
    ("delegations/", {"child": "Refunder", "action_types": ["bench.refund"], "expires_in": 60}, "not_found"),
    ("delegations/", {"child": "Translator", "action_types": ["no.such.type"], "expires_in": 60}, "forbidden"),
]


@pytest.mark.parametrize(("path", "body", "code"), HOSTILE, ids=[str(place) for place in range(len(HOSTILE))])
def test_hostile_bodies_are_refused_and_write_nothing(
    desk: Desk, translator: Desk, path: str, body: dict[str, Any], code: str
) -> None:
    before = (Agent.objects.count(), Ticket.objects.count(), LedgerEntry.objects.count())
    answer = desk.post(path, body)
    assert answer.json()["code"] == code
    assert answer.status_code < 500
    assert (Agent.objects.count(), Ticket.objects.count(), LedgerEntry.objects.count()) == before


def test_a_key_is_needed_and_an_idempotency_key_too(desk: Desk) -> None:
    for path in ("agents/", "delegations/"):
        headers = {"Authorization": f"Bearer {desk.key}"}
        answer = desk.client.post(f"/api/v1/{path}", json={"name": "drafter"}, headers=headers)
        assert answer.status_code in (400, 422)
        assert desk.client.post(f"/api/v1/{path}", json={}).status_code == 401


def test_nobody_ends_the_delegation_of_somebody_else(desk: Desk, translator: Desk) -> None:
    ticket = delegated(desk).json()["id"]
    for other in (ticket, str(uuid4())):
        answer = translator.post(f"delegations/{other}/end/")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert translator.ask(delegation=ticket).status_code == 200


def test_an_answer_carries_a_trace_to_hand_on(desk: Desk, translator: Desk) -> None:
    first = desk.ask()
    carried = first.headers["traceparent"]
    assert carried == first.json()["traceparent"]
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", carried)
    second = translator.post("actions/", translator_body(), traceparent=carried)
    assert second.json()["traceparent"].split("-")[1] == carried.split("-")[1]
    action = Action.objects.get(pk=second.json()["id"])
    assert (action.trace_id, action.parent_span) == tuple(carried.split("-")[1:3])


def test_a_malformed_trace_is_ignored_and_one_begins_here(desk: Desk) -> None:
    for number, header in enumerate(["x", "00-0-0-00", f"00-{'0' * 32}-{'1' * 16}-01"]):
        answer = desk.post("actions/", translator_body(customer=f"c-{number}"), traceparent=header)
        assert answer.status_code == 200
        action = Action.objects.get(pk=answer.json()["id"])
        assert (action.trace_id, action.parent_span) == (action.pk.hex, "")


def test_the_same_request_gets_the_same_trace_and_a_dry_run_none(desk: Desk) -> None:
    first = desk.ask(key="k")
    again = desk.post("actions/", translator_body(customer="c1"), key="k", traceparent=f"00-{'1' * 32}-{'2' * 16}-01")
    assert again.headers["traceparent"] == first.headers["traceparent"]
    dry = desk.ask(dry_run=True)
    assert ("traceparent" in dry.headers, dry.json().get("traceparent")) == (False, None)


def translator_body(customer: str = "c2") -> dict[str, Any]:
    parameters = {"customer": customer, "amount": {"amount": "10.00", "currency": "USD"}}
    return {"action_type": "bench.refund", "parameters": parameters, "run": "run-1"}
