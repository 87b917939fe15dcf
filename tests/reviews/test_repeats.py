"""The same action asked for again while its case is open joins that case: one case, one verdict, one grant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from governance import halt
from governance.authenticate import Caller, Credential, hash_key
from governance.models import Action, Grant
from governance.problems import Code, Problem
from reviews import judge, redeem, verify, withdraw
from reviews.api import states
from reviews.intake import Ask, ask
from reviews.models import Escalation, Repeat
from tests.cast import BY, Cast
from tests.reviews.racers import race_to_the_end
from tests.reviews.scene import Scene, bench, entries, overdue, snapshot_digest
from tests.reviews.test_commit_races import alter
from tests.support.fixtures import Committed
from tests.support.proof import PROVE, tell

TWINS = 64 if PROVE else 12
DOUBTS = 2_000 if PROVE else 25
# what runs by itself takes its time between the look for an open case and the commit
SLOWER = (
    "if p_flights is not null then",
    "perform pg_sleep(case when p_cases is null then 0.01 else 0 end);\n  if p_flights is not null then",
)
ALIKE = ("perform pg_advisory_xact_lock(13, hashtext(", "perform (hashtext(")
# entries of one digest are written under its lock, so their order is that of the commits
LATE = """
with told as (
  select seq, b ->> 'digest' as digest, b ->> 'outcome' as outcome
  from governance_ledgerentry, lateral (select convert_from(body, 'UTF8')::jsonb as b) x where kind = 'action_decided')
select count(*) from told case_of join told ran using (digest)
where case_of.outcome = 'escalate' and ran.outcome = 'execute' and ran.seq > case_of.seq
"""


def again(scene: Scene, key: str, **more: Any) -> dict[str, Any]:
    return scene.ask("480.00", run="one", idempotency_key=key, **more).body


def test_the_second_joins_the_case_of_the_first_and_is_counted(committed_scene: Scene) -> None:
    scene = committed_scene
    first, second = again(scene, "a"), again(scene, "b")
    assert second["id"] != first["id"]
    case = Escalation.objects.get()
    assert second["escalation"] == {**first["escalation"], "joined": True}
    verify.verify(case.pk)
    assert again(scene, "c")["escalation"]["status"] == "pending"
    case.refresh_from_db()
    assert (case.action_id, case.repeats) == (UUID(first["id"]), 2)
    assert {str(each) for each in Repeat.objects.values_list("action_id", flat=True)} >= {second["id"]}
    assert Action.objects.get(pk=second["id"]).state == "superseded"
    assert [told.get("joined") for told in entries("action_decided")] == [None, True, True]
    shown = states.action(UUID(second["id"]), caller=scene.refunder)
    assert (shown["state"], shown["escalation"]["joined"]) == ("escalated", True)


def test_i8_a_repeat_answers_the_same_key_with_the_same_case_also_after_the_verdict(
    committed_scene: Scene, no_hold: None
) -> None:
    scene = committed_scene
    again(scene, "a")
    second = again(scene, "b")
    scene.approve(Escalation.objects.get())
    assert again(scene, "b") == second
    assert states.action(UUID(second["id"]), caller=scene.refunder)["state"] == "superseded"


def test_an_approval_is_one_grant_for_the_action_that_came_first(committed_scene: Scene, no_hold: None) -> None:
    scene = committed_scene
    first, second = again(scene, "a"), again(scene, "b")
    case = Escalation.objects.get()
    scene.approve(case)
    grant = Grant.objects.get()
    assert (str(grant.action_id), bytes(grant.digest).hex()) == (first["id"], second["action_digest"])
    told = states.escalation(case.pk, caller=scene.refunder)
    assert (told["action"], told["grant"]["id"]) == (first["id"], str(grant.pk))
    scene.redeem(grant)
    with pytest.raises(Problem) as problem:
        redeem.redeem(grant.pk, caller=scene.refunder, digest=second["action_digest"])
    assert problem.value.code is Code.GRANT_USED


def test_asked_after_the_verdict_it_is_a_case_of_its_own(committed_scene: Scene) -> None:
    scene = committed_scene
    again(scene, "a")
    case = Escalation.objects.get()
    scene.approve(case)
    fresh = again(scene, "b")["escalation"]
    assert "joined" not in fresh
    verdict = case.verdicts.get()
    judge.withdraw(verdict.pk, reviewer=scene.cast.ada)
    case.refresh_from_db()
    assert (case.state, case.digest) == ("open", None), "the newer case holds the digest"
    assert again(scene, "c")["escalation"]["id"] == fresh["id"]


def test_a_case_whose_time_is_over_is_joined_by_nothing(committed_scene: Scene) -> None:
    again(committed_scene, "a")
    overdue(Escalation.objects.get())
    assert "joined" not in again(committed_scene, "b")["escalation"]
    assert Escalation.objects.filter(state="open").count() == 2


@pytest.mark.parametrize("other", [{"run": "two"}, {"order": "W2"}, {"subject": "c-9"}])
def test_what_differs_in_anything_is_another_action(committed_scene: Scene, other: dict[str, Any]) -> None:
    again(committed_scene, "a")
    asked = {"run": "one", "idempotency_key": "b", **other}
    assert "joined" not in committed_scene.ask("480.00", **asked).body["escalation"]


def test_what_joined_is_withdrawn_with_the_first(committed_scene: Scene) -> None:
    scene = committed_scene
    first, second = again(scene, "a"), again(scene, "b")
    with pytest.raises(Problem) as problem:
        withdraw.withdraw(UUID(second["id"]), caller=scene.refunder)
    assert problem.value.detail == "This action joined the case of one that was asked before: withdraw that one."
    withdraw.withdraw(UUID(first["id"]), caller=scene.refunder)
    assert states.action(UUID(second["id"]), caller=scene.refunder)["escalation"]["status"] == "withdrawn"


def test_twins_that_ask_at_once_open_one_case(committed_scene: Scene) -> None:
    key = committed_scene.cast.refunder_key
    outcomes = race_to_the_end("repeaters", processes=2, threads=4, key=key, most=TWINS)
    assert outcomes["opened"] == 1, outcomes
    assert outcomes["joined"] == Escalation.objects.get().repeats == Repeat.objects.count() > TWINS
    assert set(outcomes) == {"opened", "joined", "finished"}
    assert snapshot_digest(Escalation.objects.get()) == ""


def one_bench(key: str, **more: Any) -> Ask:
    """The same small refund, which runs by itself unless doubt is stated."""
    return replace(bench(number=1), idempotency_key=key, body_hash=key.encode() * 32, **more)


def test_without_the_doubt_that_opened_its_case_it_joins_that_case_too(committed_cast: Cast) -> None:
    cast = committed_cast
    by = Credential(hash_key(cast.refunder_key))
    first = ask(by, one_bench("a", uncertain=True)).body
    tried = ask(by, one_bench("x", dry_run=True)).body
    second = ask(by, one_bench("b")).body
    case = Escalation.objects.get()
    assert second["escalation"] == {**first["escalation"], "joined": True}
    assert [reason["code"] for reason in second["reasons"]] == ["waits_for_a_person"]
    assert (tried["outcome"], tried["reasons"], second["bound_by"]) == (
        "escalate",
        second["reasons"],
        "request: The same action waits for a person in an open case already.",
    )
    stored = Action.objects.get(pk=second["id"])
    assert (stored.state, case.repeats, Grant.objects.count()) == ("superseded", 1, 0)
    told = states.action(stored.pk, caller=Caller(cast.refunder.pk, "Refunder", by.digest))
    assert told["explanation"]["to_execute"] == ["The open case of the same action must be closed."]
    overdue(case)
    assert ask(by, one_bench("c")).body["outcome"] == "execute", "nobody is asked any more"


def test_a_refusal_stays_one_while_the_same_action_waits(cast: Cast) -> None:
    by = Credential(hash_key(cast.refunder_key))
    ask(by, one_bench("a", uncertain=True))
    halt.halt("action_type", "bench.refund", reason="test", by=BY)
    assert ask(by, one_bench("b")).body["outcome"] == "refuse"
    assert Escalation.objects.get().repeats == 0


def test_who_waits_long_for_whoever_asks_the_same_asks_again(committed: Committed, committed_cast: Cast) -> None:
    alter(committed, "placet_commit", ("'2s'", "'50ms'"))
    by = Credential(hash_key(committed_cast.refunder_key))
    digest = ask(by, one_bench("a")).body["action_digest"]
    with committed.connect() as other, other.transaction():
        other.execute("select pg_advisory_xact_lock(13, hashtext(%s))", [digest])
        with pytest.raises(Problem) as problem:
            ask(by, one_bench("b"))
    assert problem.value.code is Code.IDEMPOTENCY_IN_FLIGHT
    assert Action.objects.count() == 1


def executed_beside_a_case(key: str) -> tuple[int, int]:
    """Ask for the same with and without doubt at once, ever again; how many ran, and how many too late."""
    outcomes = race_to_the_end("doubters", processes=2, threads=4, key=key, most=DOUBTS)
    assert outcomes["execute"] + outcomes["escalate"] == 8 * DOUBTS, outcomes
    with connection.cursor() as cursor:
        cursor.execute(LATE)
        (late,) = cursor.fetchone()
    return outcomes["execute"], late


@pytest.mark.full
def test_nothing_runs_by_itself_beside_an_open_case_of_the_same_action(
    committed: Committed, committed_cast: Cast
) -> None:
    alter(committed, "placet_commit", SLOWER)
    ran, late = executed_beside_a_case(committed_cast.refunder_key)
    tell(size=f"8 ask {DOUBTS:,} times", figure=f"{ran:,} ran before their case, {late} after it")
    assert ran > 0
    assert Repeat.objects.count() > 0
    assert late == 0


def test_without_the_lock_of_its_digest_an_action_runs_beside_its_case(
    committed: Committed, committed_cast: Cast
) -> None:
    alter(committed, "placet_commit", SLOWER, ALIKE)
    assert executed_beside_a_case(committed_cast.refunder_key)[1] > 0
