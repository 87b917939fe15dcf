"""Lifting a halt does not jump back: what it covered proposes first, then executes, then is as before."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import connection

from governance import halt
from governance.authenticate import Credential, hash_key
from governance.models import Action, Decision
from reviews import decided, intake
from reviews.explained import Again
from tests.cast import BY
from tests.reviews.scene import Scene, bench

TARGETS = ("enterprise", "domain", "project", "agent", "action_type")


def recovering(scene: Scene, target: str = "project", *, since: int = 0, key: str = "", stages: int = 900) -> None:
    """A halt that was lifted so many seconds ago: its row as it would stand then."""
    keys = dict(zip(TARGETS, ("acme", "service", "refunds", str(scene.cast.refunder.pk), "bench.refund"), strict=True))
    row = halt.halt(target, key or keys[target], reason="test", by=BY)
    halt.lift(row, recovery=0, by=BY)
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp() - %s * interval '1 second'", [since])
        (lifted,) = cursor.fetchone()
        cursor.execute(
            "insert into governance_halt (target, key, reason, halted_at, halted_by, lifted_at, lifted_by,"
            " recovery_seconds, recovers_until) select target, key, reason, %(at)s, halted_by, %(at)s, lifted_by,"
            " %(stages)s, %(at)s + 2 * %(stages)s * interval '1 second' from governance_halt where id = %(row)s",
            {"at": lifted, "stages": stages, "row": row.pk},
        )


@pytest.fixture
def ask(scene: Scene) -> Any:
    """Ask for a refund that the machine would let run: its outcome, and why."""
    numbers = itertools.count(1)

    def one() -> tuple[str, list[str]]:
        answer = intake.ask(Credential(hash_key(scene.cast.refunder_key)), bench(number=next(numbers)))
        return answer.body["outcome"], [reason["code"] for reason in answer.body["reasons"]]

    return one


@pytest.mark.parametrize("target", TARGETS)
def test_it_recovers_in_stages_under_every_target(scene: Scene, ask: Any, target: str) -> None:
    recovering(scene, target, since=60)
    assert ask() == ("escalate", ["recovering"])


@pytest.mark.parametrize(
    ("since", "outcome"), [(0, "escalate"), (890, "escalate"), (910, "execute"), (1790, "execute"), (1810, "execute")]
)
def test_the_stages_follow_the_clock_of_the_database(scene: Scene, ask: Any, since: int, outcome: str) -> None:
    recovering(scene, since=since)
    assert ask()[0] == outcome
    limiters = [row[0] for row in Decision.objects.get().inputs["limiters"]]
    assert ("recovery" in limiters) is (since < 1800)


def test_what_recovers_elsewhere_holds_back_nothing(scene: Scene, ask: Any) -> None:
    for target, key in (("agent", str(scene.cast.drafter.pk)), ("action_type", "shop.refund")):
        recovering(scene, target, key=key)
    assert ask()[0] == "execute"


def test_a_sub_agent_recovers_with_its_parent(scene: Scene) -> None:
    recovering(scene, "agent")
    scene.ask(key=scene.cast.drafter_key)
    assert "recovery" in [row[0] for row in Decision.objects.get().inputs["limiters"]]


def test_lifting_starts_the_first_stage_and_the_council_can_end_it_or_halt_again(scene: Scene, ask: Any) -> None:
    row = halt.halt("agent", str(scene.cast.refunder.pk), reason="test", by=BY)
    assert ask() == ("refuse", ["halted"])
    halt.lift(row, by=BY)
    assert ask() == ("escalate", ["recovering"])
    halt.end_recovery(row, by=BY)
    assert ask()[0] == "execute"
    again = halt.halt("agent", str(scene.cast.refunder.pk), reason="test", by=BY)
    assert ask() == ("refuse", ["halted"])
    halt.lift(again, recovery=0, by=BY)
    assert ask()[0] == "execute"


def test_the_narrowest_of_several_recoveries_counts(scene: Scene, ask: Any) -> None:
    recovering(scene, "project", since=1000)
    recovering(scene, "agent", since=10)
    assert ask() == ("escalate", ["recovering"])


def test_a_decision_under_recovery_is_the_same_when_made_again(scene: Scene, ask: Any) -> None:
    recovering(scene)
    ask()
    shown = decided.read(Action.objects.get().pk)
    assert shown.again is Again.SAME
    assert "recovery of project Refunds" in [step.name for step in shown.steps]
