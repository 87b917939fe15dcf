"""A guardrail grant: issued by policy for one action, counted under the lock, alerted, looked at again when used."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator

import pytest
from django.db.models import Q

from governance import catalogue, permit
from governance.authenticate import Caller, identify
from governance.models import Action, Budget, Grant, Reservation
from governance.policy.tiers import Level, Tier
from governance.problems import Problem
from reviews import redeem, report
from reviews.answers import Answer
from reviews.api import states
from reviews.intake import ask
from reviews.models import Alert, AlertKind, Escalation
from tests.cast import BY, Cast
from tests.governance.family import hired
from tests.reviews.racers import CREW, race
from tests.reviews.rails import GUARDRAIL, HIGH, policy, railed
from tests.reviews.scene import bench, entries, refused
from tests.reviews.test_commit_races import WIDER, alter
from tests.reviews.test_intake import by
from tests.support.fixtures import Committed
from tests.support.proof import PROVE


@pytest.fixture
def rails(cast: Cast) -> Iterator[Cast]:
    """Refunder inside its guardrail, while policy grants."""
    railed(cast)
    with policy():
        yield cast


def refund(cast: Cast, number: int, amount: str = "150.00") -> Answer:
    return ask(by(cast), bench(amount, number=number))


def reasons(answer: Answer) -> list[str]:
    return [reason["sentence"] for reason in answer.body["reasons"]]


def use(cast: Cast, answer: Answer) -> Grant:
    grant = Grant.objects.get(action_id=answer.body["id"])
    return redeem.redeem(grant.pk, caller=caller_of(cast), digest=str(answer.body["action_digest"]))


def caller_of(cast: Cast) -> Caller:
    caller = identify(by(cast))
    assert caller is not None
    return caller


def test_inside_the_guardrail_policy_issues_the_grant_of_one_action(rails: Cast) -> None:
    answer = refund(rails, 1)
    assert (answer.body["outcome"], answer.body["effective_tier"], answer.body["effective_risk"]) == (
        "execute",
        "COMMIT",
        "high",
    )
    assert answer.body["grant"]["issued_by"] == "policy"
    grant = Grant.objects.get()
    assert (grant.issued_by, str(grant.action_id), grant.verdict_id) == ("policy", answer.body["id"], None)
    assert (grant.expires_at - grant.not_before).total_seconds() == 60
    key = f"guardrail:{rails.refunder.pk}|bench.refund|count|86400"
    assert Reservation.objects.get().budgets == [key]
    assert sum(Budget.objects.get(key=key).slots) == 1


def test_the_amount_that_would_help_is_that_of_the_guardrail_and_it_helps(cast: Cast) -> None:
    railed(cast, risk="medium", thresholds={"amount": "100.00"})
    with policy():
        over = refund(cast, 1, "240.00")
        assert over.body["outcome"] == "escalate"
        told = states.action(Action.objects.get(pk=over.body["id"]).pk, caller=caller_of(cast))["explanation"]
        assert told["to_execute"] == ["The amount must be at most $200.00."]
        assert refund(cast, 2, "200.00").body["outcome"] == "execute"


def test_its_alert_is_written_with_it_and_the_entry_says_so(rails: Cast) -> None:
    answer = refund(rails, 1)
    alert = Alert.objects.get()
    assert (alert.kind, str(alert.action_id), alert.agent, alert.owner) == (
        AlertKind.GUARDRAIL_GRANT,
        answer.body["id"],
        rails.refunder,
        rails.mary,
    )
    assert [entry["alert"] for entry in entries("action_decided")] == ["guardrail_grant"]


def test_the_grant_is_used_once_and_is_not_counted_twice(rails: Cast) -> None:
    answers = [refund(rails, number) for number in range(3)]
    for answer in answers:
        assert use(rails, answer).redeemed_at is not None
    with pytest.raises(Problem) as again:
        use(rails, answers[0])
    assert refused(again) == "grant_used"


def test_the_agent_reads_who_issued_its_grant(rails: Cast) -> None:
    answer = refund(rails, 1)
    found = states.action(Action.objects.get(pk=answer.body["id"]).pk, caller=caller_of(rails))
    assert found["grant"]["issued_by"] == "policy"


def test_one_too_many_is_a_case_and_takes_nothing(rails: Cast) -> None:
    assert [refund(rails, number).body["outcome"] for number in range(4)] == ["execute"] * 3 + ["escalate"]
    (case,) = Escalation.objects.all()
    assert (case.cap_key, case.action.decision.bound_by) == (None, "level L3 at high risk: PROPOSE")
    assert case.action.decision.reasons[0]["code"] == "guardrail_missed"
    assert Reservation.objects.count() == Alert.objects.count() == 3


def test_over_the_amount_or_without_policy_it_is_a_case_that_says_why(rails: Cast) -> None:
    over = refund(rails, 1, "200.01")
    assert reasons(over) == ["This action is outside the guardrail of its type: $200.01 is over $200.00."]
    with policy(False):
        alone = refund(rails, 2)
    assert reasons(alone) == ["This action is outside the guardrail of its type: no policy that covers it grants it."]
    assert not Grant.objects.exists()
    assert not Alert.objects.exists()


def test_an_agents_word_that_it_did_not_act_gives_no_place_back(rails: Cast) -> None:
    first, *_ = [refund(rails, number) for number in range(3)]
    report.report(Action.objects.get(pk=first.body["id"]).pk, caller=caller_of(rails), status="not_executed")
    assert refund(rails, 3).body["outcome"] == "escalate"


def test_an_elevation_inside_the_guardrail_is_the_grant_and_outside_a_case(rails: Cast) -> None:
    inside, outside = (
        ask(by(rails), dataclasses.replace(bench(amount, number=place), elevate=True))
        for place, amount in enumerate(("150.00", "300.00"))
    )
    assert (inside.body["outcome"], inside.body["grant"]["issued_by"]) == ("execute", "policy")
    assert (outside.body["outcome"], outside.body["reasons"][0]["code"]) == ("escalate", "elevation_asked")


def test_a_dry_run_counts_and_alerts_nothing(rails: Cast) -> None:
    answer = ask(by(rails), dataclasses.replace(bench("150.00", number=1), dry_run=True))
    assert answer.body["outcome"] == "execute"
    assert not Budget.objects.exists()
    assert not Alert.objects.exists()


def test_a_policy_that_grants_no_more_stops_the_redemption(rails: Cast) -> None:
    answer = refund(rails, 1)
    with policy(False), pytest.raises(Problem) as stopped:
        use(rails, answer)
    assert (refused(stopped), Grant.objects.get().redeemed_at) == ("refused", None)


def test_a_lower_level_stops_the_redemption(rails: Cast) -> None:
    answer = refund(rails, 1)
    permit.set_level(rails.refunder, rails.refund, level=Level.L2, by=BY)
    with pytest.raises(Problem) as stopped:
        use(rails, answer)
    assert refused(stopped) == "refused"


@pytest.mark.parametrize("change", [{"count": 1}, {"money": "149.99"}], ids=["count", "money"])
def test_a_narrower_guardrail_stops_the_redemption(rails: Cast, change: dict[str, object]) -> None:
    answers = [refund(rails, number) for number in range(2)]
    catalogue.save_action_type({**HIGH, "guardrail": {**GUARDRAIL, **change}}, domain=rails.service, by=BY)
    with pytest.raises(Problem) as stopped:
        use(rails, answers[0])
    assert refused(stopped) == "refused"


def test_what_the_machine_allowed_at_medium_risk_never_becomes_a_guardrail_grant(rails: Cast) -> None:
    """A risk that was raised since is judged without the guardrail: nobody counted this action in it."""
    catalogue.save_action_type({**HIGH, "risk": "medium"}, domain=rails.service, by=BY)
    answer = refund(rails, 1)
    assert answer.body["grant"]["issued_by"] == "machine"
    catalogue.save_action_type(HIGH, domain=rails.service, by=BY)
    with pytest.raises(Problem) as stopped:
        use(rails, answer)
    assert refused(stopped) == "refused"


def test_at_medium_risk_the_alert_is_of_its_kind_and_at_low_there_is_none(rails: Cast) -> None:
    catalogue.save_action_type({**HIGH, "risk": "medium"}, domain=rails.service, by=BY)
    assert refund(rails, 1).body["outcome"] == "execute"
    assert Alert.objects.get().kind == AlertKind.MEDIUM_EXECUTION
    catalogue.save_action_type({**HIGH, "risk": "low"}, domain=rails.service, by=BY)
    assert refund(rails, 2).body["outcome"] == "execute"
    assert Alert.objects.count() == 1


def test_each_agent_and_type_has_a_count_of_its_own(rails: Cast) -> None:
    other = catalogue.save_action_type({**HIGH, "key": "bench.other"}, domain=rails.service, by=BY)
    permit.set_level(rails.refunder, other, level=Level.L3, by=BY)
    for number in range(3):
        refund(rails, number)
    answer = ask(by(rails), dataclasses.replace(bench("150.00", number=9), action_type="bench.other"))
    assert answer.body["outcome"] == "execute"
    assert Budget.objects.filter(key__startswith="guardrail:").count() == 2


def test_the_count_of_an_agent_is_not_that_of_those_it_acts_for(rails: Cast) -> None:
    below = hired(rails, "Below", parent=rails.refunder, tier=Tier.COMMIT, level=Level.L3)
    for number in range(3):
        refund(rails, number)
    answer = ask(below.credential, bench("150.00", number=9))
    assert (answer.body["outcome"], answer.body["grant"]["issued_by"]) == ("execute", "policy")


NARROW = {**GUARDRAIL, "count": 5, "window": "3s" if PROVE else "24h"}


def most_in_a_window(seconds: float) -> int:
    """The most guardrail grants of any window of this length, by the times they were reserved at."""
    times = sorted(
        Reservation.objects.filter(budgets__0__startswith="guardrail:").values_list("reserved_at", flat=True)
    )
    return max((sum(0 <= (late - each).total_seconds() < seconds for each in times) for late in times), default=0)


@pytest.mark.full
def test_i2_no_window_has_more_guardrail_grants_than_the_count(committed: Committed, committed_cast: Cast) -> None:
    railed(committed_cast, guardrail=NARROW)
    alter(committed, "placet_commit", WIDER)
    until = time.monotonic() + (12 if PROVE else 0)

    def over() -> bool:
        return time.monotonic() > until and Escalation.objects.count() > 40

    outcomes = race("granted", **CREW, until=over, key=committed_cast.refunder_key)
    granted_ = Grant.objects.filter(issued_by="policy").count()
    assert outcomes["execute"] == granted_ == Alert.objects.filter(kind="guardrail_grant").count()
    assert set(outcomes) == {"execute", "escalate"}
    assert most_in_a_window(3 if PROVE else 86_400) == 5


@pytest.mark.full
def test_without_the_check_of_the_count_the_guardrail_is_passed(committed: Committed, committed_cast: Cast) -> None:
    railed(committed_cast, guardrail={**GUARDRAIL, "count": 5})
    alter(committed, "placet_reserve", ("(select w.cap is null", "(select true"))
    alter(committed, "placet_commit", WIDER)
    race(
        "granted",
        **CREW,
        until=lambda: Escalation.objects.count() > 10,
        key=committed_cast.refunder_key,
    )
    assert Grant.objects.filter(~Q(issued_by="human")).count() > 5
