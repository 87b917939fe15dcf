"""The council edits caps while they are being spent: nothing that was spent is forgotten."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance import catalogue, permit, register
from governance.authenticate import Credential, hash_key
from governance.models import Budget, Reservation, Standing
from governance.policy.tiers import Level, Tier
from governance.policy.velocity import parse_caps
from governance.problems import Code, Problem
from reviews import judge
from reviews.answers import Answer
from reviews.intake import Ask, ask
from reviews.models import Escalation
from tests.cast import BENCH_REFUND, BY, Cast, cast, committed_cast
from tests.machine import warp
from tests.reviews.rails import GUARDRAIL, policy, railed
from tests.reviews.scene import REFUND, Scene, backdate
from tests.support.fixtures import Committed
from tests.support.proof import PROVE, tell

__all__ = ["cast", "committed_cast"]

NUMBERS = itertools.count(1)
DAY = {"key": "entity", "money": "1000.00", "window": "24h"}
TWO_DAYS = {**DAY, "window": "48h"}


def edit(cast: Cast, *caps: dict[str, Any], **more: Any) -> None:
    catalogue.save_action_type({**BENCH_REFUND, "caps": list(caps), **more}, domain=cast.service, by=BY)


def refund(cast: Cast, amount: str = "480.00", *, customer: str = "c-1", key: str = "", **more: Any) -> Answer:
    number = next(NUMBERS)
    given: dict[str, Any] = {
        "action_type": "bench.refund",
        "parameters": {"customer": customer, "amount": {"amount": amount, "currency": "USD"}},
        "claims": {},
        "run": f"run-{number}",
        "subject": None,
        "body_hash": number.to_bytes(32),
        "idempotency_key": f"edited-{number}",
    }
    return ask(Credential(hash_key(key or cast.refunder_key)), Ask(**{**given, **more}))


def outcomes(*answers: Answer) -> list[str]:
    return [answer.body["outcome"] for answer in answers]


def spent_twice(cast: Cast) -> None:
    assert outcomes(refund(cast), refund(cast)) == ["execute"] * 2


def balanced() -> bool:
    """Whether every row holds exactly what the reservations say."""
    held = dict.fromkeys(Budget.objects.values_list("key", flat=True), 0)
    for reservation in Reservation.objects.filter(released_at=None):
        for name, amount in zip(reservation.budgets, reservation.amounts, strict=True):
            held[name] += amount
    return held == {budget.key: sum(budget.slots) for budget in Budget.objects.all()}


@pytest.mark.parametrize("window", ["12h", "25h", "48h", "30d"])
def test_another_window_begins_with_what_was_spent(cast: Cast, window: str) -> None:
    spent_twice(cast)
    edit(cast, {**DAY, "window": window})
    answer = refund(cast)
    assert outcomes(answer) == ["escalate"]
    assert answer.body["reasons"][0]["code"] == "cap_exceeded"
    assert balanced()


def test_back_in_the_old_window_counts_what_was_spent_meanwhile(cast: Cast) -> None:
    edit(cast, DAY)
    refund(cast)
    edit(cast, TWO_DAYS)
    refund(cast)
    edit(cast, DAY)
    fits, over, other = refund(cast, "40.00"), refund(cast), refund(cast, customer="c-2")
    assert outcomes(fits, over, other) == ["execute", "escalate", "execute"], "and nothing twice"
    assert balanced()


def test_a_cap_that_was_away_counts_what_was_spent_without_it(cast: Cast) -> None:
    edit(cast, {**DAY, "key": "agent"})
    assert outcomes(refund(cast, customer="C@X"), refund(cast, customer="C@X")) == ["execute"] * 2
    edit(cast)
    assert outcomes(refund(cast, "20.01", customer="long" * 25)) == ["execute"]
    edit(cast, {**DAY, "key": "agent"}, {**DAY, "window": "6h"})
    assert outcomes(refund(cast, "20.00", customer="c-9")) == ["escalate"]
    edit(cast, {**DAY, "money": "20.01"})
    assert outcomes(refund(cast, "0.01", customer="long" * 25)) == ["escalate"]
    assert balanced()


def test_their_order_and_their_limits_are_no_edit_of_what_was_spent(cast: Cast) -> None:
    spent_twice(cast)
    before = list(Budget.objects.order_by("key").values_list("key", "slots"))
    edit(cast, *reversed(BENCH_REFUND["caps"]))
    edit(cast, {**DAY, "money": "900.00"}, entities=["customer"])
    assert list(Budget.objects.order_by("key").values_list("key", "slots")) == before
    assert outcomes(refund(cast, "1.00")) == ["escalate"]


def test_the_open_case_of_a_key_stays_its_case_and_its_latch_stays_red(cast: Cast) -> None:
    spent_twice(cast)
    refund(cast)
    case, red = Escalation.objects.get(), Standing.objects.get()
    for window in ("48h", "60s"):
        edit(cast, {**DAY, "window": window})
        with pytest.raises(Problem) as refused:
            refund(cast)
        assert (refused.value.code, refused.value.extra["escalation"]) == (Code.CAP_EXHAUSTED, str(case.pk))
        assert refund(cast, "1.00").body["bound_by"] == "standing for this customer: PROPOSE"
    assert Standing.objects.get().red_at == red.red_at
    assert Escalation.objects.filter(cap_key=case.cap_key).count() == 1


def test_one_window_that_holds_ends_no_episode_of_a_key_that_another_is_over(cast: Cast) -> None:
    edit(cast, DAY, {**DAY, "money": "5000.00", "window": "6h"})
    spent_twice(cast)
    refund(cast)
    assert Standing.objects.get(latch__startswith="key:entity").in_episode
    with pytest.raises(Problem):
        refund(cast)
    assert Standing.objects.get(latch__startswith="key:entity").in_episode


def test_a_type_takes_its_spending_its_case_and_its_latches_to_another_family(cast: Cast) -> None:
    edit(cast, DAY)
    spent_twice(cast)
    refund(cast)
    case = Escalation.objects.get()
    edit(cast, DAY, family="payouts")
    with pytest.raises(Problem) as refused:
        refund(cast)
    assert refused.value.extra["escalation"] == str(case.pk)
    latches = {f"key:entity:customer=c-1|{family}|money" for family in ("refunds", "payouts")}
    assert set(Standing.objects.filter(in_episode=True).values_list("latch", flat=True)) == latches
    assert balanced()


def test_what_is_red_stays_red_in_a_family_that_has_known_the_key(cast: Cast) -> None:
    """There it was red long ago and is over; of the two the later holds."""
    edit(cast, DAY, family="payouts")
    spent_twice(cast)
    refund(cast)
    edit(cast, DAY)
    backdate(
        "update governance_standing set in_episode = false, red_at = red_at - interval '9 days',"
        " green_since = red_at - interval '8 days' where latch like %s",
        "%payouts%",
    )
    red = Standing.objects.get(in_episode=True)
    edit(cast, DAY, family="payouts")
    there = Standing.objects.get(latch__contains="payouts")
    assert (there.red_at, there.green_since, there.strikes, there.in_episode) == (red.red_at, None, 1, True)
    assert refund(cast, "1.00").body["bound_by"] == "standing for this customer: PROPOSE"


def test_a_type_sees_in_its_new_window_what_its_family_spent_in_the_old_one(cast: Cast) -> None:
    edit(cast, DAY)
    other = catalogue.save_action_type({**BENCH_REFUND, "key": "bench.credit", "caps": [DAY]}, domain=None, by=BY)
    permit.set_level(cast.refunder, other, level=Level.L2, by=BY)
    assert outcomes(refund(cast, action_type="bench.credit"), refund(cast)) == ["execute"] * 2
    edit(cast, TWO_DAYS)
    assert outcomes(refund(cast)) == ["escalate"]


def test_what_a_sub_agent_spent_counts_for_everybody_above_it_in_the_new_window(cast: Cast) -> None:
    register.change_agent(cast.drafter, max_tier=Tier.EXECUTE, by=BY)
    permit.set_level(cast.drafter, cast.refund, level=Level.L2, by=BY)
    edit(cast)
    assert outcomes(refund(cast, key=cast.drafter_key), refund(cast, key=cast.drafter_key)) == ["execute"] * 2
    edit(cast, {**DAY, "key": "root"})
    assert outcomes(refund(cast, customer="c-7")) == ["escalate"]


def test_a_guardrail_counts_its_grants_in_another_window(cast: Cast) -> None:
    railed(cast)
    with policy():
        assert outcomes(*(refund(cast, "5.00") for _ in range(3))) == ["execute"] * 3
        railed(cast, guardrail={**GUARDRAIL, "window": "48h"})
        assert outcomes(refund(cast, "5.00")) == ["escalate"]


def test_what_did_not_happen_is_given_back_in_every_window(scene: Scene) -> None:
    scene.approve(scene.case())
    verdict = scene.approve(scene.case(order="W2"))
    longer = [{**each, "window": "48h"} for each in REFUND["caps"]]
    catalogue.save_action_type({**REFUND, "caps": longer}, domain=scene.cast.service, by=BY)
    assert sum(sum(budget.slots) for budget in Budget.objects.filter(key__startswith="entity:subject=c-2")) == 96_000
    judge.withdraw(verdict.pk, reviewer=scene.cast.ada)
    assert not any(any(budget.slots) for budget in Budget.objects.filter(key__startswith="entity:subject=c-2"))
    assert balanced()
    longest = [{**each, "window": "72h"} for each in REFUND["caps"]]
    catalogue.save_action_type({**REFUND, "caps": longest}, domain=scene.cast.service, by=BY)
    assert not any(any(budget.slots) for budget in Budget.objects.filter(key__startswith="entity:subject=c-2"))


# -- any sequence of actions and edits against the plain list of what happened ---------------------

WINDOWS = ["60s", "10m", "3h", "24h", "48h"]
KEYS = ["entity", "agent", "run", "enterprise"]
one_cap = st.fixed_dictionaries(
    {"key": st.sampled_from(KEYS), "window": st.sampled_from(WINDOWS)},
    optional={"count": st.integers(1, 4)},
).map(lambda cap: cap if "count" in cap else {**cap, "money": "1000.00"})
asking = st.tuples(st.just("ask"), st.sampled_from(["c-1", "c-2"]), st.sampled_from([100, 250, 480]))
waiting = st.tuples(st.just("wait"), st.sampled_from([1, 59, 61, 599, 1500, 10_700, 86_400, 88_000]))
editing = st.tuples(
    st.just("edit"), st.lists(one_cap, max_size=3), st.sampled_from(["refunds", "payouts"]),
    st.sampled_from([["customer"], ["customer", "order"], ["order"]]),
)  # fmt: skip
steps = st.lists(st.one_of(asking, asking, waiting, editing), min_size=4, max_size=24)
# Further apart than a run is long; and 1,500 of them end before 2255, when microseconds leave the integers of JSON.
DAYS = itertools.count(0, 30)


class Book:
    """What was let through, as a plain list, and the rule in one sum."""

    def __init__(self, cast: Cast, key: str, now: dt.datetime) -> None:
        self.cast, self.key, self.now = cast, key, now
        self.caps = parse_caps(BENCH_REFUND["caps"])
        self.entities = ["customer"]
        self.through: list[tuple[dt.datetime, str, int]] = []

    def totals(self, customer: str, amount: int, reach: float) -> list[bool]:
        """Of each cap, whether this action would pass it, counting what is younger than `reach` windows."""
        found = []
        for cap in self.caps:
            since = self.now - reach * dt.timedelta(seconds=cap.window_seconds)
            counted = [
                each if cap.unit == "money" else 1
                for at, whom, each in self.through
                # nobody names an order: all actions share the entity that is left out
                if at > since and (cap.key != "entity" or self.entities != ["customer"] or whom == customer)
            ]
            adds = amount if cap.unit == "money" else 1
            if cap.key == "entity" and not self.entities:
                continue
            found.append(sum(counted) + adds > cap.limit)
        return found

    def step(self, kind: str, *what: Any) -> None:
        getattr(self, kind)(*what)

    def wait(self, seconds: int) -> None:
        self.now += dt.timedelta(seconds=seconds)
        warp.move(self.now)

    def edit(self, caps: list[dict[str, Any]], family: str, entities: list[str]) -> None:
        edit(self.cast, *caps, family=family, entities=entities)
        self.caps, self.entities = parse_caps(caps), entities

    def ask(self, customer: str, amount: int) -> None:
        with transaction.atomic():
            answer = refund(self.cast, f"{amount}.00", customer=customer, key=self.key, run="one")
            executed = answer.body["outcome"] == "execute"
            # a case or a latch would say more than the sums
            transaction.set_rollback(not executed)
        if executed:
            assert not any(self.totals(customer, amount * 100, 1)), "over in some window"
            self.through.append((self.now, customer, amount * 100))
        else:
            assert any(self.totals(customer, amount * 100, 61 / 60)), "held back without need"


@pytest.fixture
def slow(committed: Committed, committed_cast: Cast) -> Cast:
    """The cast in a database whose clock stands still."""
    warp.stop_the_clock(committed)
    return committed_cast


@pytest.mark.full
def test_no_sequence_of_actions_and_edits_passes_a_cap_or_loses_room(slow: Cast) -> None:
    @settings(
        max_examples=1500 if PROVE else 40,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(steps)
    def run(taken: list[tuple[Any, ...]]) -> None:
        with transaction.atomic():
            # no two runs at one time: what is parsed once is kept by the time of its edit
            book = Book(slow, "", warp.BEGINNING + dt.timedelta(days=next(DAYS)))
            book.wait(0)
            book.key = register.issue_key(slow.refunder, by=BY)
            for step in taken:
                book.step(*step)
            transaction.set_rollback(True)

    run()
    tell(size=f"{1500 if PROVE else 40:,} sequences", figure="no cap passed, no room lost")
