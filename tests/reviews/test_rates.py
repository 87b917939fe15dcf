"""Amounts in other currencies count at a pinned rate, rounded up; without one they are unknown, never nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from decimal import Decimal
from typing import Any

import pytest

from governance import catalogue, mandates, rates
from governance.authenticate import Credential, hash_key
from governance.digest import canonical
from governance.locks import database_now
from governance.models import Action, Decision, Rate, Reservation
from governance.policy.money import Money
from governance.policy.tiers import Risk
from governance.problems import Problem
from reviews import decided, dossier
from reviews.answers import Answer
from reviews.intake import Ask, ask
from reviews.models import Escalation
from tests.cast import BY
from tests.reviews.scene import BINDING, REFUND, Scene, live, refused

NUMBERS = itertools.count(1)
EUR = Decimal("1.0873")


def asked(scene: Scene, amount: str, currency: str = "EUR", kind: str = "bench.refund", **more: str) -> Answer:
    parameters: dict[str, Any] = {"customer": "c-1"} if kind == "bench.refund" else {"order_id": "W1"}
    parameters |= {"amount": {"amount": amount, "currency": currency}}
    number = next(NUMBERS)
    request = Ask(
        action_type=kind,
        parameters=parameters,
        claims={},
        run=f"rate-{number}",
        subject=more.get("subject"),
        body_hash=hashlib.sha256(canonical(parameters)).digest(),
        idempotency_key=f"rate-{number}",
    )
    return ask(Credential(hash_key(scene.cast.refunder_key)), request)


def codes(answer: Answer) -> set[str]:
    return {reason["code"] for reason in answer.body["reasons"]}


def test_a_rate_counts_an_amount_at_what_it_is_worth_rounded_up(scene: Scene) -> None:
    rates.pin_rate("EUR", EUR, by=BY)
    answer = asked(scene, "100.01")
    assert answer.body["outcome"] == "execute"
    action = Action.objects.get(pk=answer.body["id"])
    assert action.amount == 10_875, "108.74087.. dollars are 108.75"
    assert action.parameters["amount"] == {"amount": "100.01", "currency": "EUR"}
    assert live("entity:customer=c-1|refunds|money%") == 10_875


def test_thresholds_and_caps_hold_in_the_reference_currency(scene: Scene) -> None:
    rates.pin_rate("EUR", EUR, by=BY)
    assert "amount_over_threshold" in codes(asked(scene, "459.90"))
    assert asked(scene, "459.85").body["outcome"] == "execute"  # $499.99...
    assert asked(scene, "459.85").body["outcome"] == "execute"
    third = asked(scene, "1.00")
    assert "cap_exceeded" in codes(third)


def test_without_a_rate_nothing_executes_and_the_answer_says_so(scene: Scene) -> None:
    answer = asked(scene, "1.00")
    assert (answer.body["outcome"], answer.body["effective_risk"]) == ("escalate", "high")
    assert "currency_unknown" in codes(answer)
    assert "amount_unknown" not in codes(answer)
    assert Action.objects.get(pk=answer.body["id"]).amount is None


@pytest.mark.parametrize(("hours", "counts"), [(7 * 24 - 1, True), (7 * 24 + 1, False)])
def test_a_rate_older_than_seven_days_is_none(scene: Scene, hours: int, counts: bool) -> None:
    then = database_now() - dt.timedelta(hours=hours)
    Rate.objects.create(currency="EUR", rate=EUR, valid_from=then, pinned_by=BY)
    assert rates.valued(Money(100, "EUR")).without_rate is not counts
    assert (asked(scene, "1.00").body["outcome"] == "execute") is counts


def test_the_newest_rate_counts_and_an_old_case_keeps_its_own(scene: Scene) -> None:
    rates.pin_rate("EUR", EUR, by=BY)
    case = Escalation.objects.get(pk=asked(scene, "480.00", kind="shop.refund", subject="c-1").body["escalation"]["id"])
    rates.pin_rate("EUR", Decimal(2), by=BY)
    assert rates.valued(Money(100, "EUR")).amount == 200
    shown = dossier.read(case.pk, viewer=scene.cast.ada.pk)
    assert shown.amount == 52_191
    assert shown.rate.startswith("EUR at 1.0873, pinned 20")
    told = decided.read(case.action_id)
    assert told.told is not None
    assert told.told.rate == shown.rate
    assert Decision.objects.get(action_id=case.action_id).inputs["rate"][:2] == ["EUR", "1.0873"]


def test_an_amount_of_the_reference_currency_looks_at_no_rate(scene: Scene, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert rates.valued(Money(100, "USD")).amount == 100
        assert rates.valued(None).amount is None


def in_euros(scene: Scene, **changes: Any) -> None:
    """Refunds whose amount stands in the record, which is kept in euros."""
    catalogue.save_action_type({**REFUND, "amount": "paid", **changes}, domain=scene.cast.service, by=BY)
    facts = [fact for fact in BINDING["facts"] if fact["name"] != "paid"]
    catalogue.save_binding({**BINDING, "facts": facts, "sentence": "Refund."}, by=BY)
    scene.sql("update shop.orders set currency = 'EUR', paid = 400 where record_id = 'W1'")


def test_an_amount_of_the_record_is_held_against_mandate_and_caps_at_its_rate(scene: Scene) -> None:
    in_euros(scene)
    mandates.set_mandate(scene.cast.ada, rank=3, money_limit=400_00, max_risk=Risk.HIGH, by=BY)
    rates.pin_rate("EUR", EUR, by=BY)
    case = scene.case()
    with pytest.raises(Problem) as problem:
        scene.approve(case)
    assert problem.value.detail == "Your mandate ends at $400.00; this is $434.92."
    mandates.set_mandate(scene.cast.ada, rank=3, money_limit=434_92, max_risk=Risk.HIGH, by=BY)
    assert scene.approve(case).approve
    assert set(Reservation.objects.get().amounts) == {434_92}


def test_a_rate_that_is_pinned_while_a_case_waits_makes_it_judgeable(scene: Scene) -> None:
    in_euros(scene)
    mandates.set_mandate(scene.cast.ada, rank=2, money_limit=500_00, max_risk=Risk.HIGH, by=BY)
    case = scene.case()
    with pytest.raises(Problem) as problem:
        scene.approve(case)
    assert problem.value.detail == "The amount is not known; that needs rank 3."
    rates.pin_rate("EUR", EUR, by=BY)
    assert scene.approve(case).approve


def test_an_amount_that_nobody_knows_passes_no_hard_cap(scene: Scene) -> None:
    in_euros(scene)
    with pytest.raises(Problem) as problem:
        scene.approve(scene.case(), scene.cast.grace)
    assert (refused(problem), problem.value.detail) == (
        "not_approvable",
        "The amount is not known, so it might pass a hard cap.",
    )


def test_an_amount_that_nobody_knows_fills_the_caps_of_the_machine(scene: Scene) -> None:
    in_euros(scene, caps=[{"key": "entity", "money": "1000.00", "count": 5, "window": "24h"}])
    assert scene.approve(scene.case(), scene.cast.grace).approve
    held = Reservation.objects.get()
    assert dict(zip(held.budgets, held.amounts, strict=True)) == {
        "entity:subject=c-1|shop.refund|money|86400": 1_000_00,
        "entity:subject=c-1|shop.refund|count|86400": 1,
    }


def test_a_rate_is_the_councils_and_in_the_ledger(scene: Scene) -> None:
    rate = rates.pin_rate("JPY", Decimal("0.0066"), by=scene.cast.mary)
    assert (rate.pinned_by, str(rate)) == ("user:mary", "JPY at 0.0066")
    with pytest.raises(Problem) as problem:
        rates.pin_rate("JPY", Decimal("0.0066"), by=scene.cast.ada)
    assert refused(problem) == "forbidden"


@pytest.mark.parametrize(
    ("currency", "rate"),
    [
        ("USD", "1"), ("XXX", "1"), ("EUR", "0"), ("EUR", "-1"), ("EUR", "NaN"), ("EUR", "Infinity"),
        ("EUR", "1000000000"), ("EUR", "0.0000000000001"),
    ],
)  # fmt: skip
def test_a_rate_that_cannot_be_is_refused(scene: Scene, currency: str, rate: str) -> None:
    with pytest.raises(Problem) as problem:
        rates.pin_rate(currency, Decimal(rate), by=BY)
    assert refused(problem) == "invalid"
    assert not Rate.objects.exists()


def test_what_is_worth_more_than_can_be_counted_is_unknown_and_no_outage(scene: Scene) -> None:
    rates.pin_rate("EUR", Decimal(999_999_999), by=BY)
    answer = asked(scene, "9999999999999.00")
    assert answer.body["outcome"] == "escalate"
    assert "amount_unknown" in codes(answer)
