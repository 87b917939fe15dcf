"""Novelty from an agent's own history: what it handled, and never what it merely asked for."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import transaction

from governance import catalogue, permit, record
from governance.authenticate import Credential, hash_key
from governance.models import Action, ActionType, Familiar, Seen
from governance.policy.tiers import Level
from reviews import report
from reviews.answers import Answer
from reviews.intake import Ask, ask
from reviews.models import Escalation
from tests.cast import BENCH_REFUND, BY
from tests.reviews.scene import Scene

NUMBERS = itertools.count(1)
PAY: dict[str, Any] = {
    **BENCH_REFUND,
    "key": "bench.pay",
    "family": "bench.pay",
    "parameters": {"customer": {"type": "email"}, "amount": {"type": "money"}},
    "caps": [],
    "evidence": ["contract", "novelty"],
    "novelty": {"values": ["customer"], "warm_up": 4},
}


@pytest.fixture(autouse=True)
def pay(scene: Scene) -> None:
    kind = catalogue.save_action_type(PAY, domain=scene.cast.service, by=BY)
    permit.set_level(scene.cast.refunder, kind, level=Level.L2, by=BY)


def asked(scene: Scene, customer: str = "ann@shop.example", amount: str = "10.00", key: str = "") -> Answer:
    number = next(NUMBERS)
    request = Ask(
        action_type="bench.pay",
        parameters={"customer": customer, "amount": {"amount": amount, "currency": "USD"}},
        claims={},
        run=f"pay-{number}",
        subject=None,
        body_hash=number.to_bytes(32),
        idempotency_key=f"pay-{number}",
    )
    return ask(Credential(hash_key(key or scene.cast.refunder_key)), request)


NEW = {"first_of_kind", "novel_value", "novel_amount", "warming_up"}


def new(answer: Answer) -> set[str]:
    """What is new in an action, by the codes of its reasons."""
    return {reason["code"] for reason in answer.body["reasons"]} & NEW


def handled(scene: Scene, status: str = "succeeded", **given: str) -> None:
    """A person let it run and the agent reports it. The two steps in between are not under test."""
    action = Action.objects.get(pk=asked(scene, **given).body["id"])
    if action.state == "escalated":
        case = Escalation.objects.get(action=action)
        with_entry(case, action)
    report.report(action.pk, caller=scene.refunder, status=status)


def with_entry(case: Escalation, action: Action) -> None:
    with transaction.atomic():
        Escalation.objects.filter(pk=case.pk).update(state="approved", closed_at=case.opened_at)
        Action.objects.filter(pk=action.pk).update(state="executing")
        record.append(event=record.Event.AGENT_CHANGED, actor=BY, body={"test": "approved"})


def test_the_first_action_of_a_kind_says_so_and_the_agent_warms_up_on_what_a_person_let_it_do(scene: Scene) -> None:
    for number in range(4):
        answer = asked(scene)
        assert answer.body["outcome"] == "escalate"
        assert new(answer) - {"novel_value"} == {"warming_up" if number else "first_of_kind"}, number
        handled(scene)
    assert asked(scene).body["outcome"] == "execute"
    assert Familiar.objects.get().handled == 4


def test_a_value_that_was_never_handled_asks_for_a_person_once(scene: Scene) -> None:
    for _ in range(4):
        handled(scene)
    fresh = asked(scene, "mal@shop.example")
    assert (fresh.body["outcome"], new(fresh)) == ("escalate", {"novel_value"})
    handled(scene, customer="mal@shop.example")
    assert asked(scene, "mal@shop.example").body["outcome"] == "execute"


def test_one_mailbox_is_one_value_however_its_address_is_spelled(scene: Scene) -> None:
    for _ in range(4):
        handled(scene)
    assert asked(scene, "Ann@shop.example").body["outcome"] == "execute"
    assert Seen.objects.count() == 1


def test_asking_often_makes_nothing_familiar(scene: Scene) -> None:
    for _ in range(4):
        handled(scene)
    for _ in range(30):
        assert new(asked(scene, "mal@shop.example")) == {"novel_value"}
    assert Familiar.objects.get().handled == 4


@pytest.mark.parametrize("status", ["failed", "not_executed"])
def test_what_did_not_succeed_was_not_handled(scene: Scene, status: str) -> None:
    handled(scene, status)
    assert not Familiar.objects.exists()
    assert not Seen.objects.exists()


def test_an_amount_far_beyond_the_history_asks_for_a_person(scene: Scene) -> None:
    for amount in ("10.00", "12.00", "14.00", "16.00"):
        handled(scene, amount=amount)
    assert asked(scene, amount="26.00").body["outcome"] == "execute"
    beyond = asked(scene, amount="26.01")
    assert new(beyond) == {"novel_amount"}
    sentence = "The amount $26.01 is beyond what is familiar to this agent: $26.00 at most."
    assert sentence in [reason["sentence"] for reason in beyond.body["reasons"]]


def test_another_agent_has_a_history_of_its_own(scene: Scene) -> None:
    for _ in range(4):
        handled(scene)
    permit.set_level(scene.cast.drafter, ActionType.objects.get(key="bench.pay"), level=Level.L0, by=BY)
    assert new(asked(scene, key=scene.cast.drafter_key)) == {"first_of_kind", "novel_value"}


def test_only_the_last_hundred_amounts_are_kept(scene: Scene) -> None:
    handled(scene)
    Familiar.objects.update(amounts=list(range(100)), handled=100)
    handled(scene, amount="10.00")
    kept = Familiar.objects.get()
    assert (kept.handled, len(kept.amounts), kept.amounts[0], kept.amounts[-1]) == (101, 100, 1, 1_000)


def test_a_type_that_does_not_ask_keeps_no_history(scene: Scene) -> None:
    report.report(scene.running().pk, caller=scene.refunder, status="succeeded")
    assert not Familiar.objects.exists()
