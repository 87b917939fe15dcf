"""Standing on PostgreSQL: what turns it red, what ends an episode, and how it rises again."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance import catalogue, halt, narrow, permit, register
from governance.authenticate import Credential, hash_key
from governance.latches import AGENT, TYPE
from governance.locks import database_now
from governance.models import AgentState, Breach, ScopeKind, Standing
from governance.policy.tiers import Level, Tier
from governance.problems import Problem
from reviews import intake, redeem, report, rows, sweep
from reviews.answers import Answer
from reviews.explained import Again, again
from reviews.intake import ask
from tests.cast import BENCH_REFUND, BY
from tests.reviews.scene import BINDING, ORDERS, Scene, backdate, bench, entries, refused

numbers = itertools.count(1_000_000)

CLAIM: dict[str, Any] = {"claims": {"status": "cancelled"}}


def express(scene: Scene, amount: str = "20.00", **more: Any) -> Answer:
    """A refund whose facts are read first: by itself it executes."""
    return scene.ask(amount, kind="shop.express", **more)


def latch(scene: Scene, name: str) -> Standing:
    return Standing.objects.get(agent=scene.cast.refunder, latch=name)


def of_express(scene: Scene) -> Standing:
    return latch(scene, f"{TYPE}{scene.express.pk}")


def outcomes(*answers: Answer) -> list[str]:
    return [answer.body["outcome"] for answer in answers]


def passes(row: Standing, time: timedelta) -> None:
    """Let green time pass: the database's clock is the only one, so what it is compared with moves."""
    backdate(
        "update governance_standing set red_at = red_at - %s, green_since = green_since - %s where id = %s",
        time,
        time,
        row.pk,
    )


def test_a_claim_that_contradicts_the_record_turns_the_standing_red_in_the_same_transaction(scene: Scene) -> None:
    assert outcomes(express(scene)) == ["execute"]
    assert not Standing.objects.exists()
    answer = express(scene, order="W2", **CLAIM)
    row = of_express(scene)
    assert (row.strikes, row.in_episode, row.why) == (1, True, "contradicted")
    told = entries("action_decided")[-1]["standing"]
    assert told == [{"latch": row.latch, "red": True, "strikes": 1, "why": "contradicted"}]
    assert answer.body["outcome"] == "escalate"


def test_what_follows_is_escalated_though_its_own_evidence_is_green_and_ends_the_episode(scene: Scene) -> None:
    express(scene, **CLAIM)
    after = express(scene, order="W2")
    assert (after.body["outcome"], after.body["effective_tier"]) == ("escalate", "PROPOSE")
    assert after.body["bound_by"] == "standing for this action type: PROPOSE"
    (reason,) = after.body["reasons"]
    assert reason["code"] == "standing"
    assert reason["sentence"] == (
        "The standing of this agent for this action type is PROPOSE until its evidence is green again;"
        " this action needs EXECUTE."
    )
    row = of_express(scene)
    assert (row.in_episode, row.strikes) == (False, 1)
    assert row.green_since is not None


def test_it_rises_only_after_the_whole_wait_of_green(scene: Scene) -> None:
    express(scene, **CLAIM)
    express(scene, order="W2")
    passes(of_express(scene), timedelta(minutes=14, seconds=30))
    waiting = express(scene, order="W3")
    assert outcomes(waiting) == ["escalate"]
    assert " UTC at the earliest; this action needs EXECUTE." in waiting.body["reasons"][0]["sentence"]
    passes(of_express(scene), timedelta(seconds=31))
    assert outcomes(express(scene, order="W4")) == ["execute"]


def test_the_wait_doubles_with_the_second_strike(scene: Scene) -> None:
    for number in (2, 4):
        express(scene, order=f"W{number}", **CLAIM)
        express(scene, order=f"W{number + 1}")
    row = of_express(scene)
    assert row.strikes == 2
    passes(row, timedelta(minutes=29))
    assert outcomes(express(scene, order="W6")) == ["escalate"]
    passes(row, timedelta(minutes=2))
    assert outcomes(express(scene, order="W7")) == ["execute"]


def test_one_episode_costs_one_strike_whatever_the_number_of_requests(scene: Scene) -> None:
    for number in range(5):
        express(scene, order=f"W{number + 1}", **CLAIM)
    assert of_express(scene).strikes == 1
    assert [bool(body["standing"]) for body in entries("action_decided")] == [True, False, False, False, False]


def test_another_subject_in_the_same_run_turns_it_red(scene: Scene) -> None:
    express(scene, run="one")
    express(scene, order="W2", run="one")
    assert of_express(scene).why == "contradicted"


def test_who_names_nobody_acts_in_its_run_for_nobody_else_all_the_same(scene: Scene) -> None:
    """Whose the record is counts, also where the binding holds no fact against it; nothing was claimed, so no red."""
    facts = [fact for fact in BINDING["facts"] if fact["name"] != "owner"]
    catalogue.save_binding({**BINDING, "action_type": "shop.express", "facts": facts}, by=BY)
    assert outcomes(express(scene, run="one"), express(scene, run="one", subject=None)) == ["execute", "execute"]
    other = express(scene, order="W2", run="one", subject=None)
    assert (other.body["outcome"], other.body["bound_by"]) == (
        "escalate",
        "evidence: The system of record differs: run subject.",
    )
    assert not Standing.objects.exists()


@pytest.mark.parametrize("capped", [True, False], ids=["counted", "carried"])
def test_whose_record_names_nobody_shares_a_cap_whomever_the_agent_names(scene: Scene, capped: bool) -> None:
    """Also what was done before there was a cap."""
    facts = [fact for fact in BINDING["facts"] if fact["name"] != "owner"]
    catalogue.save_binding({**BINDING, "action_type": "shop.express", "facts": facts}, by=BY)
    scene.sql("update shop.orders set customer_id = null")

    def cap(*caps: dict[str, str]) -> None:
        catalogue.save_action_type({**scene.express.document, "caps": list(caps)}, domain=scene.cast.service, by=BY)

    def asked(place: int) -> Answer:
        return express(scene, "480.00", order=f"W{place}", subject=f"c-{place}", run=f"{place}")

    per_customer = {"key": "entity", "money": "1000.00", "window": "24h"}
    cap(*[per_customer] * capped)
    assert outcomes(asked(1), asked(2)) == ["execute", "execute"]
    cap(per_customer)
    third = asked(3)
    assert third.body["outcome"] == "escalate"
    assert "cap_exceeded" in [reason["code"] for reason in third.body["reasons"]]


def test_the_other_type_and_the_other_agent_stand_as_before(scene: Scene) -> None:
    express(scene, **CLAIM)
    assert Standing.objects.count() == 1
    assert scene.running().decision.effective_tier == Tier.EXECUTE


def test_a_passed_cap_lowers_the_agent_for_that_key_alone(scene: Scene) -> None:
    for _ in range(3):
        express(scene, "480.00")
    (row,) = Standing.objects.all()
    assert (row.latch, row.why) == ("key:entity:subject=c-1|shop.express|money", "cap")
    assert entries("action_decided")[-1]["standing"] == [
        {"latch": "key:entity", "red": True, "strikes": 1, "why": "cap"}
    ]
    assert outcomes(express(scene, order="W2")) == ["execute"]
    small = express(scene, "30.00")
    assert small.body["bound_by"] == "standing for this customer: PROPOSE"
    row.refresh_from_db()
    assert not row.in_episode, "it touched the key and is not over its cap"


def test_a_refusal_of_an_exhausted_cap_writes_no_standing(scene: Scene) -> None:
    for _ in range(3):
        express(scene, "480.00")
    version = Standing.objects.get().version
    with pytest.raises(Problem):
        express(scene, "480.00")
    assert Standing.objects.get().version == version


def bench_ask(scene: Scene, amount: str = "480.00", customer: str | None = None, **more: Any) -> Answer:
    """A refund that needs no record; three of 480 for one customer pass its cap."""
    number = next(numbers)
    asked = replace(bench(amount, number=number, customer=customer), **more)
    return ask(Credential(hash_key(scene.cast.refunder_key)), asked)


def pass_cap_of(scene: Scene, customer: str) -> Answer:
    return [bench_ask(scene, customer=customer) for _ in range(3)][-1]


def test_three_keys_within_an_hour_lower_the_whole_agent(scene: Scene) -> None:
    for customer in ("a", "b"):
        pass_cap_of(scene, customer)
    assert not Standing.objects.filter(latch=AGENT).exists()
    assert outcomes(express(scene)) == ["execute"]
    pass_cap_of(scene, "c")
    assert (latch(scene, AGENT).strikes, latch(scene, AGENT).why) == (1, "keys")
    assert express(scene, order="W2").body["bound_by"] == "standing of this agent: PROPOSE"


def test_a_customer_is_one_key_however_many_caps_count_it(scene: Scene) -> None:
    caps = [
        {"key": key, unit: limit, "window": "1h"}
        for key in ("entity", "run")
        for unit, limit in (("count", 1), ("money", "1.00"))
    ]
    capped = {**BENCH_REFUND, "key": "bench.capped", "family": "capped", "caps": caps}
    kind = catalogue.save_action_type(capped, domain=scene.cast.service, by=BY)
    permit.set_level(scene.cast.refunder, kind, level=Level.L2, by=BY)
    for _ in range(2):
        bench_ask(scene, "1.00", "a", action_type="bench.capped", run="one")
    assert Standing.objects.filter(latch__startswith="key:", why="cap").count() == 4
    assert not Standing.objects.filter(latch=AGENT).exists(), "a customer and a run are two"


def test_three_keys_in_more_than_an_hour_do_not(scene: Scene) -> None:
    pass_cap_of(scene, "a")
    passes(Standing.objects.get(), timedelta(minutes=61))
    for customer in ("b", "c"):
        pass_cap_of(scene, customer)
    assert not Standing.objects.filter(latch=AGENT).exists()


def test_a_cap_of_the_agent_itself_lowers_the_whole_agent(scene: Scene) -> None:
    capped = {
        **BENCH_REFUND,
        "key": "bench.capped",
        "family": "capped",
        "caps": [{"key": "agent", "count": 1, "window": "1h"}],
    }
    kind = catalogue.save_action_type(capped, domain=scene.cast.service, by=BY)
    permit.set_level(scene.cast.refunder, kind, level=Level.L2, by=BY)
    got = [bench_ask(scene, "1.00", action_type="bench.capped") for _ in range(2)]
    assert outcomes(*got) == ["execute", "escalate"]
    assert (latch(scene, AGENT).why, Standing.objects.count()) == ("agent_cap", 1)
    assert got[1].body["bound_by"].startswith("evidence: ")
    assert bench_ask(scene, "1.00").body["bound_by"] == "standing of this agent: PROPOSE"
    assert not latch(scene, AGENT).in_episode, "any type of the agent can end it"


def test_a_type_that_requires_no_evidence_of_its_own_ends_nothing_for_the_whole_agent(scene: Scene) -> None:
    empty = {**BENCH_REFUND, "key": "bench.note", "family": "notes", "caps": [], "evidence": []}
    note = catalogue.save_action_type(empty, domain=scene.cast.service, by=BY)
    permit.set_level(scene.cast.refunder, note, level=Level.L2, by=BY)
    for customer in ("a", "b", "c"):
        pass_cap_of(scene, customer)
    assert latch(scene, AGENT).in_episode
    assert bench_ask(scene, "1.00", action_type="bench.note").body["outcome"] == "escalate"
    assert latch(scene, AGENT).in_episode
    bench_ask(scene, "1.00", customer="d")
    assert not latch(scene, AGENT).in_episode


def test_what_is_refused_or_came_after_others_moved_ends_no_episode(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal says nothing for the agent, and a green that waited for others could be older than their red."""
    for customer in ("a", "b", "c"):
        pass_cap_of(scene, customer)
    stopped = halt.halt("action_type", "bench.refund", reason="a test", by=BY)
    assert bench_ask(scene, "1.00", customer="d").body["outcome"] == "refuse"
    halt.lift(stopped, recovery=0, by=BY)
    assert latch(scene, AGENT).in_episode
    with monkeypatch.context() as moved:
        moved.setattr(intake, "MOVES", 0)
        assert "contended" in [given["code"] for given in bench_ask(scene, "1.00", customer="e").body["reasons"]]
    assert latch(scene, AGENT).in_episode
    bench_ask(scene, "1.00", customer="f")
    assert not latch(scene, AGENT).in_episode


def test_the_third_breach_in_ten_minutes_turns_it_red(scene: Scene) -> None:
    for count in (1, 2, 3, 4):
        with pytest.raises(Problem):
            bench_ask(scene, "480.000")
        assert Standing.objects.count() == (count >= 3)
    row = latch(scene, f"{TYPE}{scene.cast.refund.pk}")
    assert (row.strikes, row.in_episode, row.why) == (1, True, "breaches")
    assert [bool(body["standing"]) for body in entries("contract_breached")] == [False, False, True, False]
    assert outcomes(bench_ask(scene, "1.00")) == ["escalate"]
    assert latch(scene, row.latch).in_episode, "its contract is not green while three breaches are young"


def test_three_breaches_in_more_than_ten_minutes_do_not(scene: Scene) -> None:
    old = {"breached_at": database_now() - timedelta(minutes=10), "pointers": []}
    for number in range(2):
        Breach.objects.create(
            agent_id=scene.cast.refunder.pk, action_type_id=scene.cast.refund.pk, request=bytes([number]) * 32, **old
        )
    with pytest.raises(Problem):
        bench_ask(scene, "480.000")
    assert (Breach.objects.count(), Standing.objects.count()) == (3, 0)


def test_an_abandoned_action_turns_it_red(scene: Scene) -> None:
    action = scene.running()
    late = "update governance_action set report_by = clock_timestamp() - interval '1 second' where id = %s"
    backdate(late, action.pk)
    assert sweep.abandon_overdue() == 1
    row = latch(scene, f"{TYPE}{action.action_type_id}")
    assert (row.strikes, row.why) == (1, "abandoned")
    assert entries("action_abandoned")[-1]["standing"][0]["why"] == "abandoned"


def test_the_health_of_a_tool_never_touches_a_standing(scene: Scene) -> None:
    scene.sql("drop table shop.orders")
    for _ in range(3):
        express(scene)
    scene.sql(ORDERS)
    done = scene.running()
    report.report(done.pk, caller=scene.refunder, status="failed")
    assert not Standing.objects.exists()


def test_without_an_open_episode_an_allowed_action_writes_no_standing(scene: Scene) -> None:
    express(scene, **CLAIM)
    express(scene, order="W2")
    passes(of_express(scene), timedelta(days=1))
    before = of_express(scene).version
    bench_ask(scene, "1.00")  # a process reads the catalogue once
    with CaptureQueriesContext(connection) as captured:
        assert bench_ask(scene, "1.00").body["outcome"] == "execute"
    assert [query["sql"].split("(")[0] for query in captured] == ["select placet_asked", "select placet_commit"]
    assert express(scene, order="W3").body["outcome"] == "execute"
    assert of_express(scene).version == before


def test_a_dry_run_writes_no_standing(scene: Scene) -> None:
    express(scene, dry_run=True, **CLAIM)
    assert not Standing.objects.exists()


def test_the_constants_are_those_of_the_action_type(scene: Scene) -> None:
    document = {**scene.express.document, "standing": {"health": {"cooldown": "2m"}}}
    catalogue.save_action_type(document, domain=scene.cast.service, by=BY)
    express(scene, **CLAIM)
    express(scene, order="W2")
    passes(of_express(scene), timedelta(minutes=2, seconds=1))
    assert outcomes(express(scene, order="W3")) == ["execute"]


def test_a_child_never_stands_above_its_parent(scene: Scene) -> None:
    cast = scene.cast
    register.change_agent(cast.drafter, max_tier=Tier.EXECUTE, by=BY)
    permit.set_level(cast.drafter, scene.express, level=Level.L2, by=BY)
    assert outcomes(express(scene, key=cast.drafter_key)) == ["execute"]
    express(scene, order="W2", **CLAIM)
    below = express(scene, order="W3", key=cast.drafter_key)
    assert below.body["bound_by"] == "standing Refunder: PROPOSE"
    assert "The standing of the agent above, Refunder, is PROPOSE until" in below.body["reasons"][0]["sentence"]
    assert of_express(scene).in_episode, "what the child does ends no episode of its parent"


def test_a_grant_of_the_machine_is_not_redeemed_after_the_standing_fell(scene: Scene) -> None:
    first = express(scene)
    express(scene, order="W2", **CLAIM)
    with pytest.raises(Problem) as problem:
        redeem.redeem(UUID(first.body["grant"]["id"]), caller=scene.refunder, digest=first.body["action_digest"])
    assert refused(problem) == "refused"
    assert "standing for this action type: PROPOSE" in problem.value.detail


def test_nor_after_the_cap_of_its_customer_was_passed(scene: Scene) -> None:
    first, _, third = (bench_ask(scene, customer="a") for _ in range(3))
    assert third.body["outcome"] == "escalate"
    with pytest.raises(Problem) as problem:
        redeem.redeem(UUID(first.body["grant"]["id"]), caller=scene.refunder, digest=first.body["action_digest"])
    assert refused(problem) == "refused"


def test_what_was_decided_is_decided_again_from_what_was_stored(scene: Scene) -> None:
    express(scene, **CLAIM)
    express(scene, order="W2")
    action = UUID(express(scene, order="W3").body["id"])
    row = rows.fetch("select * from governance_decision where action_id = %s", [action])[0]
    found, told = again(row)
    assert found is Again.SAME
    assert told is not None
    assert told.changes[0].startswith(
        "The standing of this agent for this action type must rise to EXECUTE: it does at"
    )


@pytest.mark.parametrize(
    "wash",
    [
        {"name": "Refunder Two"},
        {"fingerprint": "refunder-2"},
        {"state": AgentState.SUSPENDED},
        {"project": None},
    ],
    ids=lambda wash: next(iter(wash)) + str(next(iter(wash.values()))),
)
def test_nothing_that_changes_an_agent_resets_its_standing(scene: Scene, wash: dict[str, Any]) -> None:
    cast = scene.cast
    express(scene, **CLAIM)
    if "project" in wash:
        wash = {
            "project": narrow.create_scope(
                key="other", name="Other", kind=ScopeKind.PROJECT, parent=cast.service, ceiling=Tier.COMMIT, by=BY
            )
        }
    register.change_agent(cast.refunder, by=BY, **wash)
    if "state" in wash:
        register.change_agent(cast.refunder, by=BY, state=AgentState.ACTIVE)
    assert express(scene, order="W2").body["effective_tier"] == "PROPOSE"
    assert of_express(scene).strikes == 1


def test_a_new_key_resets_nothing(scene: Scene) -> None:
    express(scene, **CLAIM)
    fresh = register.issue_key(scene.cast.refunder, by=BY)
    assert express(scene, order="W2", key=fresh).body["effective_tier"] == "PROPOSE"


def test_registering_again_under_the_same_name_gains_nothing(scene: Scene) -> None:
    cast = scene.cast
    express(scene, **CLAIM)
    register.change_agent(cast.refunder, by=BY, state=AgentState.RETIRED, name="Refunder old")
    again = register.register_agent(name="Refunder", owner=cast.mary, project=cast.refunds, by=BY)
    assert again.max_tier == Tier.PROPOSE
    key = register.issue_key(again, by=BY)
    assert "no_permission" in [each["code"] for each in express(scene, order="W2", key=key).body["reasons"]]
    permit.set_level(again, scene.express, level=Level.L0, by=BY)
    assert express(scene, order="W3", key=key).body["effective_tier"] == "PROPOSE"
