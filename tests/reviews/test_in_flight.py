"""How much may be under way at once, for an agent and for whom an action concerns."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext

from governance import catalogue, permit
from governance.authenticate import Credential, hash_key
from governance.models import Action, Budget, Decision, Grant, Refusal
from governance.policy.memory import recalled
from governance.policy.tiers import Level
from governance.problems import Code, Problem
from reviews import judge, report, sweep
from reviews.answers import Answer
from reviews.intake import Ask, ask
from reviews.models import Escalation
from tests.cast import BENCH_REFUND, BY, Cast, committed_cast
from tests.governance.family import Member, hired, ticket
from tests.reviews.racers import CREW, race
from tests.reviews.scene import REFUND, Scene, backdate, entries
from tests.reviews.test_commit_races import WIDER, alter
from tests.support.fixtures import Committed

__all__ = ["committed_cast"]

NUMBERS = itertools.count(1)
ROOMY: dict[str, Any] = {**BENCH_REFUND, "caps": []}


def limit(cast: Cast, **limits: int) -> None:
    catalogue.save_action_type({**ROOMY, "in_flight": limits}, domain=cast.service, by=BY)


def asked(
    scene: Scene, customer: str | list[str], kind: str = "bench.refund", who: Member | None = None, **more: Any
) -> Answer:
    number = next(NUMBERS)
    request = Ask(
        action_type=kind,
        parameters={"customer": customer, "amount": {"amount": "1.00", "currency": "USD"}},
        claims={},
        run=f"flight-{number}",
        subject=None,
        body_hash=number.to_bytes(32),
        idempotency_key=f"flight-{number}",
        **more,
    )
    return ask(Credential(hash_key(scene.cast.refunder_key if who is None else who.key)), request)


def outcome(answer: Answer) -> str:
    codes = {reason["code"] for reason in answer.body["reasons"]}
    return "limited" if "in_flight_limit" in codes else str(answer.body["outcome"])


def test_one_at_a_time_for_a_customer_until_it_is_reported(scene: Scene) -> None:
    limit(scene.cast, entity=1)
    first = asked(scene, "c-1")
    assert outcome(first) == "execute"
    second = asked(scene, "c-1")
    assert (second.body["outcome"], outcome(second)) == ("escalate", "limited")
    sentence = "With this action 2 would be under way for this customer; the limit is 1."
    assert sentence in [reason["sentence"] for reason in second.body["reasons"]]
    assert outcome(asked(scene, "c-2")) == "execute"
    report.report(first.body["id"], caller=scene.refunder, status="failed")
    assert outcome(asked(scene, "c-1")) == "execute"


def test_five_at_a_time_for_an_agent_whomever_they_concern(scene: Scene) -> None:
    limit(scene.cast, agent=5)
    assert [outcome(asked(scene, f"c-{number}")) for number in range(6)] == ["execute"] * 5 + ["limited"]


def test_what_is_overdue_is_under_way_no_more_once_it_is_closed(scene: Scene) -> None:
    limit(scene.cast, entity=1)
    first = asked(scene, "c-1")
    late = "update governance_action set report_by = clock_timestamp() - interval '1 second' where id = %s"
    backdate(late, first.body["id"])
    assert outcome(asked(scene, "c-1")) == "limited"
    sweep.abandon_overdue()
    assert outcome(asked(scene, "c-1")) != "limited"


def test_each_member_of_a_list_is_somebody_it_concerns(scene: Scene) -> None:
    many = {**ROOMY["parameters"], "customer": {"type": "list", "of": {"type": "id"}, "max": 5}}
    document = {**ROOMY, "parameters": many, "in_flight": {"entity": 1}}
    catalogue.save_action_type(document, domain=scene.cast.service, by=BY)
    assert outcome(asked(scene, ["c-1", "c-2"])) == "execute"
    assert outcome(asked(scene, ["c-3", "c-2"])) == "limited"
    assert outcome(asked(scene, ["c-3", "c-4"])) == "execute"


def test_types_of_one_family_share_their_limits(scene: Scene) -> None:
    limit(scene.cast, entity=1)
    other = {**ROOMY, "key": "bench.credit", "in_flight": {"entity": 1}}
    credit = catalogue.save_action_type(other, domain=scene.cast.service, by=BY)
    permit.set_level(scene.cast.refunder, credit, level=Level.L2, by=BY)
    assert outcome(asked(scene, "c-1")) == "execute"
    assert outcome(asked(scene, "c-1", kind="bench.credit")) == "limited"


def test_a_type_without_limits_keeps_no_keys(scene: Scene) -> None:
    assert scene.running("1.00").in_flight is None
    limit(scene.cast, agent=5, entity=1)
    keys = Action.objects.get(pk=asked(scene, "c-1").body["id"]).in_flight
    assert keys == ["entity:customer=c-1|refunds", f"agent:{scene.cast.refunder.pk}|refunds"]


def test_over_a_limit_there_is_one_case_and_the_rest_are_counted_on_it(scene: Scene) -> None:
    limit(scene.cast, entity=1)
    first = asked(scene, "c-1")
    asked(scene, "c-1")
    case = Escalation.objects.get()
    assert case.cap_key == "flight:entity:customer=c-1|refunds"
    for _ in range(2):
        with pytest.raises(Problem) as refused:
            asked(scene, "c-1")
        assert (refused.value.code, refused.value.status, refused.value.retry_after) == (Code.CAP_EXHAUSTED, 403, 60)
        assert refused.value.extra["escalation"] == str(case.pk)
        assert refused.value.detail.startswith("As much is under way for this customer as may be, ")
    assert outcome(asked(scene, "c-2")) == "execute", "of another customer nothing is held back"
    scene.take(case)
    judge.reject(case.pk, reviewer=scene.cast.ada, reason="not_needed")
    assert entries("verdict_given")[-1]["cap_exhausted"] == {"count": 2, "amount": 200}
    assert outcome(asked(scene, "c-1")) == "limited", "the next case of the key"
    assert Escalation.objects.filter(cap_key=case.cap_key).count() == 2
    report.report(first.body["id"], caller=scene.refunder, status="failed")
    assert outcome(asked(scene, "c-1")) == "execute", "with room again its open case holds nothing back"


def test_what_a_person_approves_begins_when_there_is_room(scene: Scene, no_hold: None) -> None:
    document = {**REFUND, "caps": [], "in_flight": {"entity": 1}}
    catalogue.save_action_type(document, domain=scene.cast.service, by=BY)
    first, second = scene.approved("10.00"), scene.approved("20.00")
    scene.redeem(first)
    with pytest.raises(Problem) as waits:
        scene.redeem(second)
    assert (waits.value.code, waits.value.retry_after) == (Code.WRONG_STATE, 30), "Placet itself is well"
    second.refresh_from_db()
    assert (second.redeemed_at, second.voided_at, second.action.state) == (None, None, "escalated")
    report.report(first.action_id, caller=scene.refunder, status="succeeded")
    assert scene.redeem(second).redeemed_at is not None


def test_who_begins_waits_for_room_before_it_holds_any_standing(scene: Scene, no_hold: None) -> None:
    """As the committing statement does: else of two one could wait for the other, and that one for it."""
    document = {**REFUND, "caps": [], "in_flight": {"entity": 1}}
    catalogue.save_action_type(document, domain=scene.cast.service, by=BY)
    grant = scene.approved("10.00")
    with CaptureQueriesContext(connection) as said:
        scene.redeem(grant)
    sent = [query["sql"] for query in said.captured_queries]
    room, standing = (
        next(place for place, sql in enumerate(sent) if words in sql)
        for words in ("& 255 as place", "placet_share_standing")
    )
    assert room < standing


def test_a_line_of_agents_shares_what_its_root_may_have_under_way(scene: Scene) -> None:
    cast = scene.cast
    limit(cast, agent=3)
    root = Member(cast.refunder, cast.refunder_key)
    below, deeper = hired(cast, "Below", parent=cast.refunder), hired(cast, "Shared", shared=True)
    lone = hired(cast, "Lone")
    under = ticket(root, deeper)
    assert outcome(asked(scene, "c-1", who=below)) == "execute"
    assert outcome(asked(scene, "c-2", who=deeper, delegation=under.pk)) == "execute"
    assert outcome(asked(scene, "c-3")) == "execute"
    limited = asked(scene, "c-4", who=below)
    sentence = "With this action 4 would be under way for one agent of the chain; the limit is 3."
    assert sentence in [reason["sentence"] for reason in limited.body["reasons"]]
    with pytest.raises(Problem) as refused:
        asked(scene, "c-5")
    assert refused.value.code is Code.CAP_EXHAUSTED, "one case for the whole line"
    assert [outcome(asked(scene, f"c-{number}", who=lone)) for number in range(6, 9)] == ["execute"] * 3
    assert outcome(asked(scene, "c-9", who=deeper)) == "execute", "for itself it acts for nobody"
    assert recalled(Decision.objects.get(pk=limited.body["id"]).inputs).in_flight[1].live == 3


def test_in_another_family_what_is_under_way_counts_as_well(scene: Scene) -> None:
    limit(scene.cast, entity=1)
    asked(scene, "c-1")
    asked(scene, "c-1")
    case = Escalation.objects.get()
    document = {**ROOMY, "in_flight": {"entity": 1}, "family": "payouts"}
    catalogue.save_action_type(document, domain=scene.cast.service, by=BY)
    with pytest.raises(Problem) as refused:
        asked(scene, "c-1")
    assert refused.value.extra["escalation"] == str(case.pk)


def test_a_limit_counts_what_was_under_way_before_it(scene: Scene, no_hold: None) -> None:
    catalogue.save_action_type(ROOMY, domain=scene.cast.service, by=BY)
    first = asked(scene, "c-1")
    limit(scene.cast, agent=2)
    second = asked(scene, "c-2")
    assert [outcome(first), outcome(second), outcome(asked(scene, "c-3"))] == ["execute", "execute", "limited"]
    report.report(second.body["id"], caller=scene.refunder, status="failed")
    limit(scene.cast, entity=1)
    assert [outcome(asked(scene, "c-1")), outcome(asked(scene, "c-2"))] == ["limited", "execute"]


def test_what_was_approved_before_a_limit_begins_when_there_is_room(scene: Scene, no_hold: None) -> None:
    catalogue.save_action_type({**REFUND, "caps": []}, domain=scene.cast.service, by=BY)
    first, second = scene.approved("10.00"), scene.approved("20.00")
    waiting = scene.case("30.00")
    document = {**REFUND, "caps": [], "in_flight": {"entity": 1}}
    catalogue.save_action_type(document, domain=scene.cast.service, by=BY)
    scene.redeem(first)
    for grant in (second, Grant.objects.get(verdict_id=scene.approve(waiting).pk)):
        with pytest.raises(Problem) as waits:
            scene.redeem(grant)
        assert waits.value.code is Code.WRONG_STATE


def many_at_once(cast: Cast, *, until: Any, each: int = 10_000) -> dict[str, int]:
    terms: dict[str, Any] = {"key": cast.refunder_key, "customer": "c", "amount": "1.00", "each": each}
    return race("refunds", **CREW, until=until, **terms)


@pytest.mark.full
def test_whoever_asks_at_once_exactly_the_limit_executes(committed_cast: Cast) -> None:
    limit(committed_cast, entity=2, agent=10_000)
    outcomes = many_at_once(committed_cast, until=lambda: Refusal.objects.count() > 60)
    assert outcomes["execute"] == 2 == Action.objects.filter(state="executing").count()
    assert set(outcomes) == {"execute", "escalate", "cap_exhausted"}
    assert outcomes["escalate"] == 1 == Escalation.objects.count()
    assert not Budget.objects.exists(), "nothing else held them back"


@pytest.mark.full
def test_without_counting_again_under_the_lock_more_than_the_limit_execute(
    committed: Committed, committed_cast: Cast
) -> None:
    limit(committed_cast, entity=2)
    alter(committed, "placet_fly", ("> f.most", "> 1000000"))
    alter(committed, "placet_commit", WIDER)
    executing = Action.objects.filter(state="executing").values("parameters__customer").annotate(times=Count("pk"))

    def passed() -> bool:
        return executing.filter(times__gt=2).exists()

    many_at_once(committed_cast, until=passed, each=4)
    assert passed()
