"""How often an agent may ask: counted by the database's clock, before anything is decided or written."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from governance import gather, register
from governance.authenticate import Credential, hash_key
from governance.models import Action, Agent, Breach, Budget, LedgerEntry, RequestRate
from governance.problems import Code, Problem
from reviews.intake import ask
from tests.cast import BY, Cast
from tests.governance.family import Member, hired, ticket
from tests.reviews.racers import racing, wait_for
from tests.reviews.scene import Scene, bench, refused
from tests.reviews.test_commit_races import alter
from tests.support.fixtures import Committed

BURST = 10
NUMBERS = itertools.count(1_000_000)


def pace(agent: Agent, requests: int) -> None:
    register.change_agent(Agent.objects.get(pk=agent.pk), requests_per_minute=requests, by=BY)


def later(seconds: float) -> None:
    """Let time pass for the pace alone."""
    with connection.cursor() as cursor:
        cursor.execute("update governance_requestrate set tat = tat - make_interval(secs => %s)", [seconds])


def asked_until_refused(scene: Scene, most: int = 50) -> tuple[int, Problem]:
    for count in range(most):
        try:
            scene.running("1.00")
        except Problem as problem:
            return count, problem
    raise AssertionError("never refused")


def test_ten_may_come_at_once_and_then_one_at_the_pace_of_the_agent(scene: Scene) -> None:
    pace(scene.cast.refunder, 6)
    count, problem = asked_until_refused(scene)
    assert (count, problem.code, problem.status) == (BURST, Code.RATE_LIMITED, 429)
    assert problem.retry_after is not None
    assert 8 <= problem.retry_after <= 10
    later(10)
    assert asked_until_refused(scene)[0] == 1
    later(3600)
    assert asked_until_refused(scene)[0] == BURST, "who was quiet has saved no more than the burst"


def called_until_refused(credential: Credential, most: int = 1_000) -> tuple[int, Problem]:
    for count in range(most):
        try:
            assert gather.call(credential) is not None
        except Problem as problem:
            return count, problem
    raise AssertionError("never refused")


def test_what_decides_nothing_is_counted_apart_and_as_often_as_ten_times_a_second(cast: Cast) -> None:
    pace(cast.refunder, 1)
    credential = Credential(hash_key(cast.refunder_key))
    count, problem = called_until_refused(credential)
    assert (problem.code, problem.retry_after) == (Code.RATE_LIMITED, 1)
    assert 100 <= count < 1_000
    gather.count_request(credential.digest)
    assert gather.call(Credential(hash_key(cast.drafter_key))) is not None, "another agent has a pace of its own"


def test_ten_seconds_worth_may_come_at_once(scene: Scene) -> None:
    pace(scene.cast.refunder, 180)
    count, problem = asked_until_refused(scene)
    assert 30 <= count <= 40
    assert problem.retry_after == 1


def test_a_request_that_is_refused_for_its_rate_writes_nothing_and_is_no_answer(scene: Scene) -> None:
    pace(scene.cast.refunder, 1)
    asked_until_refused(scene)
    before = (
        Action.objects.count(),
        LedgerEntry.objects.count(),
        Budget.objects.count(),
        RequestRate.objects.get().tat,
    )
    with pytest.raises(Problem) as problem:
        scene.ask("10.00", order="W9", idempotency_key="again")
    assert refused(problem) == "rate_limited"
    after = (Action.objects.count(), LedgerEntry.objects.count(), Budget.objects.count(), RequestRate.objects.get().tat)
    assert after == before, "neither a row nor a place in the queue"
    later(3600)
    assert scene.ask("10.00", order="W9", idempotency_key="again").body["id"], (
        "the same key is answered as if it had never been used"
    )


def test_a_replay_of_an_answer_counts_as_any_request(scene: Scene) -> None:
    pace(scene.cast.refunder, 1)
    for _ in range(BURST):
        scene.ask("10.00", idempotency_key="same", body_hash=b"1" * 32)
    assert Action.objects.count() == 1
    with pytest.raises(Problem) as problem:
        scene.ask("10.00", idempotency_key="same", body_hash=b"1" * 32)
    assert refused(problem) == "rate_limited"


def test_one_request_counts_once_however_often_it_is_looked_at_again(scene: Scene) -> None:
    pace(scene.cast.refunder, 60)
    later(3600)
    for kind in ("shop.express", "bench.refund"):
        RequestRate.objects.all().delete()
        if kind == "shop.express":
            scene.ask("10.00", kind=kind)  # decided twice: before and after its facts were read
        else:
            scene.running("1.00")
        made = RequestRate.objects.get()
        with connection.cursor() as cursor:
            cursor.execute("select clock_timestamp()")
            (now,) = cursor.fetchone()
        assert made.gap == dt.timedelta(seconds=1)
        assert made.tat - now <= made.gap, kind


def test_what_breaks_its_contract_counts_too(scene: Scene) -> None:
    pace(scene.cast.refunder, 1)
    codes = []
    for number in range(BURST + 1):
        with pytest.raises(Problem) as problem:
            scene.ask("10", body_hash=bytes([number]) * 32)
        codes.append(refused(problem))
    assert codes == ["contract_broken"] * BURST + ["rate_limited"]
    assert Breach.objects.count() == BURST


def test_agents_do_not_take_from_each_other(scene: Scene) -> None:
    pace(scene.cast.refunder, 1)
    asked_until_refused(scene)
    other = hired(scene.cast, "Other", level=None)
    assert scene.ask("10.00", key=other.key).body["outcome"] == "refuse", "it may not, but nobody says it is too fast"


def answered(who: Member, times: int, **more: Any) -> list[str]:
    """What an agent is told that asks so often: its outcomes, or the code of the refusal."""
    found = []
    for _ in range(times):
        try:
            asked = replace(bench("1.00", number=next(NUMBERS)), **more)
            found.append(ask(who.credential, asked).body["outcome"])
        except Problem as problem:
            found.append(problem.code.value)
    return found


def test_a_line_of_agents_shares_the_rate_of_its_root(scene: Scene) -> None:
    root = Member(scene.cast.refunder, scene.cast.refunder_key)
    below, shared = hired(scene.cast, "Below", parent=root.agent), hired(scene.cast, "Shared", shared=True)
    under = ticket(root, shared).pk
    pace(root.agent, 1)
    assert "rate_limited" not in answered(below, 5) + answered(shared, 4, delegation=under)
    assert answered(root, 2)[1] == "rate_limited"
    assert answered(below, 1) == answered(shared, 1, delegation=under) == ["rate_limited"]
    assert "rate_limited" not in answered(shared, 3), "for itself it acts for nobody"
    with pytest.raises(Problem) as broken:
        scene.ask("1", key=below.key)
    assert refused(broken) == "rate_limited", "what breaks its contract counts for the line too"


def test_who_is_too_fast_alone_takes_nothing_from_its_line(scene: Scene) -> None:
    root = Member(scene.cast.refunder, scene.cast.refunder_key)
    below = hired(scene.cast, "Below", parent=root.agent)
    pace(root.agent, 2)
    pace(below.agent, 1)
    answered(below, BURST)
    later(1)
    before = RequestRate.objects.get(agent_id=root.agent.pk).tat
    with connection.cursor() as cursor:
        cursor.execute("select placet_paced(%s)", [below.caller.digest])
        assert cursor.fetchone() == (False,)
    assert RequestRate.objects.get(agent_id=root.agent.pk).tat == before


def test_the_ticket_of_another_takes_nothing_from_who_gave_it(scene: Scene) -> None:
    root = Member(scene.cast.refunder, scene.cast.refunder_key)
    shared, thief = hired(scene.cast, "Shared", shared=True), hired(scene.cast, "Thief")
    under = ticket(root, shared).pk
    RequestRate.objects.all().delete()
    assert answered(thief, 2, delegation=under) == ["delegation_invalid"] * 2
    assert set(RequestRate.objects.values_list("agent_id", flat=True)) == {thief.agent.pk}


def test_a_rate_is_one_to_sixty_thousand(scene: Scene) -> None:
    for wrong in (0, -1, 60_001, True, 1.5):
        with pytest.raises(Problem) as problem:
            pace(scene.cast.refunder, wrong)  # type: ignore[arg-type]
        assert refused(problem) == "invalid"


def test_looking_again_for_a_person_counts_nothing(scene: Scene) -> None:
    from reviews.reconsider import reconsider

    action = scene.running("1.00")
    RequestRate.objects.all().delete()
    reconsider(action.pk, key=scene.refunder.digest)
    assert not RequestRate.objects.exists()


def test_the_rows_of_the_pace_are_in_no_log_of_the_database(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select relpersistence from pg_class where oid = 'governance_requestrate'::regclass")
        assert cursor.fetchone() == ("u",)


def test_an_unknown_key_has_no_pace(db: None) -> None:
    assert gather.gather(key=b"x" * 32, idempotency_key=None, action_type="x", caps=(), run="r", paced=True) is None
    assert not RequestRate.objects.exists()


def at_once(cast: Cast) -> dict[str, int]:
    """Two processes of eight threads ask until there were some hundred refusals."""
    pace(cast.refunder, 1)
    with racing(
        "refunds", processes=2, threads=8, key=cast.refunder_key, customer="c", amount="1.00", spread=True
    ) as out:
        wait_for(lambda: Action.objects.count() >= BURST, more=1.0)
    return out


@pytest.mark.full
def test_who_asks_at_once_from_many_processes_gets_the_burst_and_no_more(committed_cast: Cast) -> None:
    outcomes = at_once(committed_cast)
    assert outcomes["execute"] == BURST == Action.objects.count()
    assert outcomes["rate_limited"] > 100


@pytest.mark.full
def test_without_the_condition_under_the_row_lock_more_get_through(committed: Committed, committed_cast: Cast) -> None:
    alter(committed, "placet_asked", ("\nbegin\n", "\nbegin\n  perform pg_sleep(1);\n"))
    alter(committed, "placet_paced", ("where r.tat <= clock_timestamp() + placet_burst(excluded.gap)", "where true"))
    assert at_once(committed_cast)["execute"] > BURST
