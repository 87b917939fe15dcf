"""How much may be under way at once, for an agent and for whom an action concerns."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db.models import Count

from governance import catalogue, permit
from governance.authenticate import Credential, hash_key
from governance.models import Action, Budget
from governance.policy.tiers import Level
from reviews import report, sweep
from reviews.answers import Answer
from reviews.intake import Ask, ask
from tests.cast import BENCH_REFUND, BY, Cast, committed_cast
from tests.reviews.racers import race
from tests.reviews.scene import Scene, backdate
from tests.reviews.test_commit_races import WIDER, alter
from tests.support.fixtures import Committed

__all__ = ["committed_cast"]

NUMBERS = itertools.count(1)
ROOMY: dict[str, Any] = {**BENCH_REFUND, "caps": []}


def limit(cast: Cast, **limits: int) -> None:
    catalogue.save_action_type({**ROOMY, "in_flight": limits}, domain=cast.service, by=BY)


def asked(scene: Scene, customer: str | list[str], kind: str = "bench.refund") -> Answer:
    number = next(NUMBERS)
    request = Ask(
        action_type=kind,
        parameters={"customer": customer, "amount": {"amount": "1.00", "currency": "USD"}},
        claims={},
        run=f"flight-{number}",
        subject=None,
        body_hash=number.to_bytes(32),
        idempotency_key=f"flight-{number}",
    )
    return ask(Credential(hash_key(scene.cast.refunder_key)), request)


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


def many_at_once(cast: Cast, *, until: Any, each: int = 10_000) -> dict[str, int]:
    terms = {"key": cast.refunder_key, "customer": "c", "amount": "1.00", "each": each}
    return race("refunds", processes=4, threads=8, until=until, **terms)


@pytest.mark.full
def test_whoever_asks_at_once_exactly_the_limit_executes(committed_cast: Cast) -> None:
    limit(committed_cast, entity=2, agent=10_000)
    outcomes = many_at_once(committed_cast, until=lambda: Action.objects.filter(state="escalated").count() > 60)
    assert outcomes["execute"] == 2 == Action.objects.filter(state="executing").count()
    assert set(outcomes) == {"execute", "escalate"}
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
