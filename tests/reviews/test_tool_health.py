"""The health of a tool at a decision: from readings alone, worst source first, gone when the tool is well again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from governance import catalogue, permit, register
from governance.authenticate import Caller, Credential, hash_key
from governance.locks import database_now
from governance.models import Agent, Grant, Standing, ToolReading
from governance.policy.tiers import Level
from governance.problems import Code, Problem
from governance.signals import Answered, Outcome, take_signal
from governance.watch import end_watch, set_watch
from reviews import health, intake, redeem, report
from reviews.answers import Answer
from reviews.models import Escalation, Verdict
from tests.cast import BENCH_REFUND, BY
from tests.reviews.scene import BINDING, REFUND, Scene, bench

TOOL, CONNECTOR = "refund_api", "connector:records"
SHOP = {
    **REFUND,
    "key": "shop.express",
    "family": "shop.express",
    "facts": "first",
    "evidence": [*REFUND["evidence"], "tool_health"],
}


@pytest.fixture
def judged(scene: Scene) -> Scene:
    """The scene where the bench and the shop's express refunds need healthy tools. Nothing was read yet."""
    save(scene, {**BENCH_REFUND, "evidence": ["contract", "velocity", "tool_health"]})
    save(scene, SHOP)
    return scene


def save(scene: Scene, document: dict[str, Any]) -> None:
    catalogue.save_action_type(document, domain=scene.cast.service, by=BY)


def granted(verdict: Verdict) -> Grant:
    return Grant.objects.get(verdict_id=verdict.pk)


def read(good: int, bad: int = 0, *, tool: str = TOOL, seconds: float = 0, **more: Any) -> None:
    """Readings of so long ago: the good ones first."""
    at = database_now() - timedelta(seconds=seconds)
    given = {"source": "connector" if ":" in tool else "report", "read_at": at, **more}
    ToolReading.objects.bulk_create(ToolReading(tool=tool, good=place < good, **given) for place in range(good + bad))


def ask(scene: Scene, number: int = 1) -> Answer:
    """A refund of the bench that needs nothing but its tool."""
    return intake.ask(Credential(hash_key(scene.cast.refunder_key)), bench(number=1000 + number))


def told(answer: Answer) -> tuple[str, list[str]]:
    return answer.body["outcome"], [reason["sentence"] for reason in answer.body["reasons"]]


def watcher(scene: Scene, name: str = "Gateway", tool: str = TOOL, heartbeat: int | None = None) -> Agent:
    agent = register.register_agent(name=name, owner=scene.cast.joan, project=scene.cast.refunds, by=BY)
    set_watch(agent, tool, heartbeat_seconds=heartbeat, by=BY)
    return agent


def signal(agent: Agent, status: Answered, times: int, key: str = "one", tool: str = TOOL) -> None:
    take_signal(
        caller=Caller(agent.pk, agent.name, b""),
        tool=tool,
        outcomes=[Outcome(status)] * times,
        idempotency_key=key,
        body_hash=b"x",
    )


UNKNOWN = "The tool that this action needs is not known to be reliable: refund_api is unknown."
AMBER = "The tool that this action needs is not known to be reliable: refund_api is amber."
RED = "The tool that this action needs is failing: refund_api."


def test_a_tool_that_nobody_has_used_is_unknown_and_people_decide(judged: Scene) -> None:
    outcome, sentences = told(ask(judged))
    assert (outcome, sentences[0]) == ("escalate", UNKNOWN)


@pytest.mark.parametrize(
    ("good", "bad", "outcome", "sentence"),
    [
        (4, 0, "escalate", UNKNOWN),
        (5, 0, "execute", "The effective tier EXECUTE covers the required tier EXECUTE."),
        (4, 1, "escalate", AMBER),
        (2, 3, "refuse", RED),
    ],
)
def test_reports_decide_what_a_tool_is(judged: Scene, good: int, bad: int, outcome: str, sentence: str) -> None:
    read(good, bad)
    answer = ask(judged)
    assert (told(answer)[0], told(answer)[1][0]) == (outcome, sentence)
    assert health.failing() == (("refund_api",) if outcome == "refuse" else ())


def test_a_red_tool_stops_what_needs_it_and_nothing_else(judged: Scene) -> None:
    cast = judged.cast
    other = {**BENCH_REFUND, "key": "bench.other", "family": "other", "tool": "other_api"}
    careless = {**BENCH_REFUND, "key": "bench.careless", "family": "careless"}
    for document in ({**other, "evidence": ["contract", "tool_health"]}, careless):
        permit.set_level(
            cast.refunder, catalogue.save_action_type(document, domain=cast.service, by=BY), level=Level.L2, by=BY
        )
    read(0, 20)
    read(20, tool="other_api")
    credential = Credential(hash_key(cast.refunder_key))
    outcomes = {}
    for number, key in enumerate(("bench.refund", "bench.other", "bench.careless")):
        outcomes[key] = told(intake.ask(credential, replace(bench(number=number), action_type=key)))[0]
    assert outcomes == {"bench.refund": "refuse", "bench.other": "execute", "bench.careless": "execute"}


def test_what_a_tool_was_is_not_remembered_when_it_is_well_again(judged: Scene) -> None:
    read(0, 20)
    assert told(ask(judged, 1))[0] == "refuse"
    # a condition of the tool: nothing is held against the agent
    assert not Standing.objects.exists()
    read(10)
    assert told(ask(judged, 2))[1][0] == AMBER
    read(10)
    assert told(ask(judged, 3))[0] == "execute"


def test_a_failing_tool_that_fell_silent_is_tried_again_by_people(judged: Scene) -> None:
    read(0, 20, seconds=590)
    assert told(ask(judged, 1))[1][0] == RED
    read(0, 20, tool="other_api", seconds=620)
    save(judged, {**BENCH_REFUND, "tool": "other_api", "evidence": ["tool_health"]})
    outcome, sentences = told(ask(judged, 2))
    assert (outcome, sentences[0]) == ("escalate", UNKNOWN.replace("refund_api", "other_api"))


def test_readings_older_than_a_week_say_nothing(judged: Scene) -> None:
    read(20, seconds=7 * 86_400 + 60)
    assert told(ask(judged, 1))[1][0] == UNKNOWN
    read(4)
    assert told(ask(judged, 2))[1][0] == UNKNOWN
    read(1)
    assert told(ask(judged, 3))[0] == "execute"


def test_nor_does_what_a_watcher_or_a_connector_said_then(judged: Scene) -> None:
    week = 7 * 86_400 + 60
    read(20, seconds=week, source="signal", watcher_id=watcher(judged).pk)
    assert told(ask(judged))[1][0] == UNKNOWN
    read(20, tool="shop.payments")
    read(20, seconds=week, tool=CONNECTOR)
    assert "connector records is unknown." in " ".join(told(express(judged))[1])


def test_a_tool_slower_than_its_type_allows_is_amber(judged: Scene) -> None:
    read(20, latency_ms=900)
    assert told(ask(judged, 1))[0] == "execute"
    save(judged, {**BENCH_REFUND, "latency_ms": 800, "evidence": ["contract", "velocity", "tool_health"]})
    assert told(ask(judged, 2))[1][0] == AMBER
    read(16, latency_ms=800)
    assert told(ask(judged, 3))[0] == "execute"


def test_the_latency_that_an_agent_reports_is_read(judged: Scene) -> None:
    read(5)
    answer = ask(judged)
    report.report(answer.body["id"], caller=judged.refunder, status="succeeded", latency_ms=340)
    assert ToolReading.objects.latest("id").latency_ms == 340


# -- watchers -------------------------------------------------------------------------------------


def test_neither_reports_hide_what_a_gateway_sees_nor_a_gateway_what_is_reported(judged: Scene) -> None:
    gateway = watcher(judged)
    signal(gateway, Answered.DOWN, 5)
    read(200)
    assert told(ask(judged, 1))[1][0] == RED
    signal(gateway, Answered.UP, 20, "two")
    assert told(ask(judged, 2))[0] == "execute"
    read(0, 20)
    for number in range(3):
        signal(gateway, Answered.UP, 100, f"flood-{number}")
    assert told(ask(judged, 3))[1][0] == RED


def test_one_gateway_does_not_push_out_what_another_says(judged: Scene) -> None:
    signal(watcher(judged, "Probe"), Answered.DOWN, 5)
    signal(watcher(judged, "Flooder"), Answered.UP, 100)
    read(20)
    assert told(ask(judged))[1][0] == RED


def test_a_gateway_alone_is_evidence_enough_once_it_has_said_enough(judged: Scene) -> None:
    gateway = watcher(judged)
    signal(gateway, Answered.UP, 4)
    assert told(ask(judged, 1))[1][0] == UNKNOWN
    signal(gateway, Answered.UP, 1, "two")
    assert told(ask(judged, 2))[0] == "execute"


def test_degraded_is_amber(judged: Scene) -> None:
    read(20)
    signal(watcher(judged), Answered.DEGRADED, 5)
    assert told(ask(judged))[1][0] == AMBER


def test_a_heartbeat_that_did_not_come_is_unknown_by_the_database_clock(judged: Scene) -> None:
    read(20)
    gateway = watcher(judged, heartbeat=60)
    assert told(ask(judged, 1))[1][0] == UNKNOWN
    read(5, source="signal", watcher=gateway, seconds=70)
    assert told(ask(judged, 2))[1][0] == UNKNOWN
    signal(gateway, Answered.UP, 1)
    assert told(ask(judged, 3))[0] == "execute"


def test_what_a_watcher_said_ends_with_its_watch_and_is_there_again_with_it(judged: Scene) -> None:
    read(20)
    gateway = watcher(judged)
    signal(gateway, Answered.DOWN, 5)
    end_watch(gateway.watches.get(), by=BY)
    assert told(ask(judged, 1))[0] == "execute"
    set_watch(gateway, TOOL, by=BY)
    assert told(ask(judged, 2))[1][0] == RED


# -- connectors -----------------------------------------------------------------------------------


def express(scene: Scene, order: str = "W1") -> Answer:
    return scene.ask("20.00", order=order, kind="shop.express")


@pytest.mark.parametrize(("good", "bad", "signal"), [(0, 20, "red"), (18, 2, "amber"), (4, 0, "unknown")])
def test_a_connector_in_doubt_leaves_it_to_people_and_halts_nothing(
    judged: Scene, good: int, bad: int, signal: str
) -> None:
    read(20, tool="shop.payments")
    # what is decided is decided before this request's own reading is kept
    read(good, bad, tool=CONNECTOR)
    outcome, sentences = told(express(judged))
    expected = f"The system of record may not be reached: connector records is {signal}."
    assert (outcome, expected in sentences) == ("escalate", True)


def test_a_connector_that_answers_lets_its_types_run(judged: Scene) -> None:
    read(20, tool="shop.payments")
    read(5, tool=CONNECTOR)
    assert told(express(judged))[0] == "execute"
    assert ToolReading.objects.filter(tool=CONNECTOR).latest("id").latency_ms is not None


def test_a_slow_connector_is_amber(judged: Scene) -> None:
    read(20, tool="shop.payments")
    read(20, tool=CONNECTOR, latency_ms=1501)
    assert "connector records is amber." in " ".join(told(express(judged))[1])


def test_a_watcher_of_a_connector_is_heard_too(judged: Scene) -> None:
    read(20, tool="shop.payments")
    read(20, tool=CONNECTOR)
    signal(watcher(judged, tool=CONNECTOR), Answered.DOWN, 5, tool=CONNECTOR)
    assert "connector records is red." in " ".join(told(express(judged))[1])


def test_a_type_without_a_binding_knows_no_connector(judged: Scene) -> None:
    read(20)
    read(0, 20, tool=CONNECTOR)
    assert told(ask(judged))[0] == "execute"


# -- from nothing ---------------------------------------------------------------------------------


def test_a_fresh_install_works_its_way_up_through_approved_actions(judged: Scene, no_hold: None) -> None:
    """No reading at all: five actions that people approved and that succeeded, and the sixth runs by itself."""
    catalogue.save_binding({**BINDING, "action_type": "shop.express"}, by=BY)
    assert not ToolReading.objects.exists()
    for number in range(1, 6):
        answer = express(judged, f"W{number}")
        assert told(answer)[0] == "escalate"
        case = Escalation.objects.get(pk=answer.body["escalation"]["id"])
        grant = judged.redeem(granted(judged.approve(case)))
        report.report(grant.action_id, caller=judged.refunder, status="succeeded", latency_ms=90)
    assert told(express(judged, "W6")) == (
        "execute", ["The effective tier EXECUTE covers the required tier EXECUTE."],
    )  # fmt: skip


def test_an_approval_waits_for_a_red_tool_and_is_used_when_it_is_well_again(judged: Scene, no_hold: None) -> None:
    answer = express(judged)
    grant = granted(judged.approve(Escalation.objects.get(pk=answer.body["escalation"]["id"])))
    read(0, 20, tool="shop.payments")
    with pytest.raises(Problem) as refused:
        judged.redeem(grant)
    assert (refused.value.code, refused.value.status) == (Code.TOOL_RED, 503)
    read(20, tool="shop.payments")
    assert redeem.redeem(grant.pk, caller=judged.refunder, digest=bytes(grant.digest).hex()).voided_at is None
